//! Following a field specification into an object, through lists, to every field that it means.

use tidegate_yaml::{Node, NodeValue};

use crate::fault::Step;
use crate::field_spec::{FieldSpec, Missing};
use crate::node::{self, Kind};

/// What is made where a field is missing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Create {
    pub(crate) kind: Kind,
    pub(crate) tag: &'static str,
}

/// Calls `set` on every field that a specification means in an object that it is for.
pub(crate) fn visit(
    spec: &FieldSpec,
    object: &mut Node,
    create: Option<Create>,
    set: &mut dyn FnMut(&mut Node) -> Step,
) -> Step {
    let create = create.filter(|_| spec.missing == Missing::Create);
    walk(&spec.parts, object, create, set)
        .map_err(|fault| fault.within(|| format!("field `{}`", spec.path)))
}

fn walk(
    parts: &[String],
    object: &mut Node,
    create: Option<Create>,
    set: &mut dyn FnMut(&mut Node) -> Step,
) -> Step {
    let Some((first, rest)) = parts.split_first() else {
        return set(object);
    };
    if node::is_null(object) {
        return Ok(());
    }
    match &mut object.value {
        NodeValue::Sequence(items) => {
            let mut items = items.iter_mut();
            items.try_for_each(|item| walk(parts, item, create, set))
        }
        NodeValue::Mapping(_) => match field((first, rest), object, create)? {
            Some(found) => walk(rest, found, create, set),
            None => Ok(()),
        },
        NodeValue::Scalar(..) => Err("expected a list or a mapping, found a scalar".into()),
    }
}

/// The field of a path's part; null becomes what the path expects there.
fn field<'a>(
    (part, rest): (&str, &[String]),
    object: &'a mut Node,
    create: Option<Create>,
) -> Step<Option<&'a mut Node>> {
    let name = part.strip_suffix("[]").unwrap_or(part);
    let is_sequence = name.len() != part.len();
    if name.is_empty() {
        return Err("a field needs a name".into());
    }
    let (kind, tag, made) = match create {
        Some(create) if !is_sequence && rest.is_empty() => {
            (Some(create.kind), create.tag, Some(create.kind))
        }
        Some(_) if !is_sequence => (Some(Kind::Mapping), "", Some(Kind::Mapping)),
        _ => (is_sequence.then_some(Kind::Sequence), "", None),
    };
    let Some(found) = node::lookup(object, &[name], made)? else {
        return Ok(None);
    };
    if let Some(kind) = kind.filter(|_| node::is_null(found)) {
        become_kind(found, kind, tag);
    }
    Ok(Some(found))
}

/// Makes a null something else; a scalar keeps its text.
fn become_kind(found: &mut Node, kind: Kind, tag: &str) {
    if kind != Kind::Scalar {
        found.value = node::empty(kind).value;
        found.tag = None;
        return;
    }
    found.mark.line = 0;
    found.tag = (!tag.is_empty()).then(|| tag.into());
}
