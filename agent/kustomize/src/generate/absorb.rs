//! Adding a generated object, or merging it into the one that has its id.

use tidegate_yaml::Node;

use crate::build_origin;
use crate::fault::Step;
use crate::node;
use crate::resource::{Behavior, Resource};
use crate::resources::Resources;

/// Adds, replaces or merges, as the object's behaviour says (`appendReplaceOrMerge`).
pub(crate) fn absorb(resources: &mut Resources, mut new: Resource) -> Step {
    let behavior = new.history.behavior.unwrap_or_default();
    let position = match resources.positions(new.id()).as_slice() {
        [] if behavior == Behavior::Create => return resources.append(new),
        [] => {
            return Err(format!("there is no `{}` to merge into or to replace", new.id()).into());
        }
        [position] => *position,
        several => {
            let count = several.len();
            return Err(format!("{count} objects are or were `{}`", new.id()).into());
        }
    };
    let Some(old) = resources.list.get(position) else {
        return Ok(());
    };
    if behavior == Behavior::Create {
        return Err(format!(
            "`{}` exists already, in {}; set `behavior: merge` or `replace`",
            new.id(),
            old.origin
        )
        .into());
    }
    take_metadata(&mut new, old)?;
    if behavior == Behavior::Merge {
        build_origin::restore(&mut new, build_origin::of(old))?;
        for field in ["data", "binaryData"] {
            let merged = merged(texts(&old.node, field), texts(&new.node, field));
            set_texts(&mut new.node, field, merged)?;
        }
    }
    resources.replace(position, new);
    Ok(())
}

/// Takes over name, namespace, history and what the new object does not say of labels and annotations.
fn take_metadata(new: &mut Resource, old: &Resource) -> Step {
    let labels = merged(old.labels(), new.labels());
    node::set_metadata_map(&mut new.node, "labels", labels)?;
    let annotations = merged(old.annotations(), new.annotations());
    node::set_metadata_map(&mut new.node, "annotations", annotations)?;
    let id = old.id().clone();
    new.set_name(&id.name)?;
    new.set_namespace(&id.namespace)?;
    let needs_hash = old.history.needs_hash && new.history.needs_hash;
    new.history = old.history.clone();
    new.history.needs_hash = needs_hash;
    new.vars.clone_from(&old.vars);
    Ok(())
}

type Pairs = Vec<(String, String)>;

fn merged(mut old: Pairs, new: Pairs) -> Pairs {
    old.retain(|(key, _)| new.iter().all(|(name, _)| name != key));
    old.extend(new);
    old
}

fn texts(object: &Node, field: &str) -> Pairs {
    let pairs = object.get(field).and_then(Node::pairs).unwrap_or_default();
    let mut texts: Pairs = Vec::with_capacity(pairs.len());
    for (key, value) in pairs {
        let (key, value) = (node::value(key).to_owned(), node::value(value).to_owned());
        if texts.iter().all(|(known, _)| *known != key) {
            texts.push((key, value));
        }
    }
    texts
}

fn set_texts(object: &mut Node, field: &str, mut texts: Pairs) -> Step {
    node::clear(object, field)?;
    if texts.is_empty() {
        return Ok(());
    }
    texts.sort();
    let texts = texts.into_iter();
    let mapping = super::mapping(texts.map(|(key, value)| (key, super::text(&value))));
    node::set_field(object, field, mapping).map(drop)
}
