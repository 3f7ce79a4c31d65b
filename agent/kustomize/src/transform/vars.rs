//! `vars`: `$(NAME)` in known fields.

use std::collections::BTreeMap;

use tidegate_yaml::{Node, NodeValue, ScalarStyle};

use crate::error::Place;
use crate::fault::{Fault, Step};
use crate::field_spec::{FieldSpec, split_dotted};
use crate::kustomization::Var;
use crate::node::{self, Kind};
use crate::resources::Resources;
use crate::{size, walk};

/// Vars by name.
pub(crate) type Vars = BTreeMap<String, Defined>;

/// A var, and where it is defined.
#[derive(Debug, Clone)]
pub(crate) struct Defined {
    pub(crate) var: Var,
    pub(crate) place: Place,
}

/// A var's value, as its field's tag says.
#[derive(Debug, Clone, PartialEq)]
enum Value {
    Text(String),
    Int(i64),
    Float(f64),
    Bool(bool),
    /// A list or a mapping, which replaces nothing.
    Other,
}

/// Marks the objects that vars read, and remembers the vars.
pub(crate) fn collect(resources: &mut Resources, vars: &mut Vars, defined: Defined) -> Step {
    let new = &defined.var;
    let mut meant = Vec::new();
    for (position, resource) in resources.list.iter().enumerate() {
        let ids = resource.previous_ids().chain([resource.id().clone()]);
        let is_meant = ids.into_iter().any(|id| {
            let is_there = new.namespace.is_empty() || {
                let wanted =
                    crate::gvk::effective_namespace(crate::gvk::Scope::Namespaced, &new.namespace);
                id.effective_namespace() == wanted
            };
            id.name == new.object && id.gvk == new.gvk && is_there
        });
        if is_meant {
            meant.push(position);
        }
    }
    match meant.as_slice() {
        [] => {}
        [only] => {
            if let Some(resource) = resources.list.get_mut(*only) {
                resource.vars.push(new.name.clone());
            }
        }
        several => {
            return Err(format!(
                "{} objects match the reference; say more about it",
                several.len()
            )
            .into());
        }
    }
    merge(vars, defined)
}

/// Adds a var, whose name must be new.
pub(crate) fn merge(vars: &mut Vars, new: Defined) -> Step {
    let name = new.var.name.clone();
    match vars.insert(name.clone(), new) {
        None => Ok(()),
        Some(first) => {
            let reason = format!("var `{name}` is defined twice, also at {}", first.place);
            Err(reason.into())
        }
    }
}

/// Puts the values of all vars in; answers those that nothing uses.
pub(crate) fn resolve<'a>(
    resources: &mut Resources,
    vars: &'a Vars,
    fields: &[FieldSpec],
) -> Step<Vec<&'a Defined>> {
    let mut values = BTreeMap::new();
    for (name, defined) in vars {
        let there = |fault: Fault| fault.at(&defined.place);
        let value = value_of(resources, &defined.var).map_err(there)?;
        values.insert(name.as_str(), value);
    }
    let mut used = std::collections::BTreeSet::new();
    if values.is_empty() {
        return Ok(Vec::new());
    }
    for resource in &mut resources.list {
        let mut set = |found: &mut Node| set(found, &values, &mut used);
        for spec in fields {
            if !resource.gvk().is_selected(&spec.selector) {
                continue;
            }
            walk::visit(spec, &mut resource.node, None, &mut set)
                .map_err(|fault| fault.within(|| resource.origin.to_string()))?;
        }
    }
    let unused = vars.values();
    Ok(unused
        .filter(|defined| !used.contains(defined.var.name.as_str()))
        .collect())
}

fn value_of(resources: &Resources, var: &Var) -> Step<Value> {
    let mut list = resources.list.iter();
    let resource = list
        .find(|resource| resource.vars.contains(&var.name))
        .ok_or_else(|| format!("var `{}` names an object that does not exist", var.name))?;
    let path = with_indexes(split_dotted(&var.field_path));
    let found = node::find(&resource.node, &path)
        .ok()
        .flatten()
        .ok_or_else(|| {
            let (name, path) = (&var.name, &var.field_path);
            format!("var `{name}`: {} has no field `{path}`", resource.origin)
        })?;
    if node::kind(found) != Kind::Scalar {
        return Ok(Value::Other);
    }
    let text = node::raw(found);
    let wrong = || format!("var `{}`: `{text}` is no {}", var.name, node::tag(found));
    Ok(match node::tag(found) {
        "!!int" => Value::Int(text.parse().map_err(|_| wrong())?),
        "!!float" => Value::Float(text.parse().map_err(|_| wrong())?),
        "!!bool" => Value::Bool(parse_bool(text).ok_or_else(wrong)?),
        _ => Value::Text(text.to_owned()),
    })
}

/// As Go's `strconv.ParseBool`.
fn parse_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

/// Takes `a[0]` apart.
fn with_indexes(parts: Vec<String>) -> Vec<String> {
    let mut split = Vec::with_capacity(parts.len());
    for part in parts {
        let index = part
            .strip_suffix(']')
            .and_then(|part| part.rsplit_once('['));
        match index.filter(|(_, index)| {
            !index.is_empty() && index.bytes().all(|byte| byte.is_ascii_digit())
        }) {
            Some((name, index)) => {
                if !name.is_empty() {
                    split.push(name.to_owned());
                }
                split.push(index.to_owned());
            }
            None => split.push(part),
        }
    }
    split
}

type Values<'a> = BTreeMap<&'a str, Value>;
type Used = std::collections::BTreeSet<String>;

fn set(found: &mut Node, values: &Values<'_>, used: &mut Used) -> Step {
    if node::is_null(found) {
        return Ok(());
    }
    match &mut found.value {
        NodeValue::Scalar(..) => {
            if node::is_string(found) {
                expand(found, values, used)?;
            }
        }
        NodeValue::Mapping(pairs) => {
            for (key, value) in pairs {
                if !node::is_string(key) {
                    return Err(format!("key `{}` is no text", node::raw(key)).into());
                }
                if node::is_string(value) {
                    expand(value, values, used)?;
                }
            }
        }
        NodeValue::Sequence(items) => {
            for item in items {
                if !node::is_string(item) {
                    return Err("an item of the list is no text".into());
                }
                expand(item, values, used)?;
            }
        }
    }
    Ok(())
}

fn expand(found: &mut Node, values: &Values<'_>, used: &mut Used) -> Step {
    let (text, tag) = match expanded(node::raw(found), values, used)? {
        Value::Text(text) => (text, node::STRING),
        Value::Int(value) => (value.to_string(), "!!int"),
        Value::Float(value) => (value.to_string(), "!!float"),
        Value::Bool(value) => (value.to_string(), "!!bool"),
        Value::Other => return Ok(()),
    };
    let mark = found.mark;
    *found = node::with_tag(Node::scalar(text, ScalarStyle::Plain), tag);
    found.mark = mark;
    Ok(())
}

/// Expands `$(NAME)`; `$$` is a dollar sign. A text that is one reference alone takes its type.
fn expanded(input: &str, values: &Values<'_>, used: &mut Used) -> Step<Value> {
    let mut output = String::with_capacity(input.len());
    let mut rest = input;
    while let Some(index) = rest.find('$') {
        let (before, found) = rest.split_at(index);
        output.push_str(before);
        let after = found.get(1..).unwrap_or_default();
        let Some(next) = after.chars().next() else {
            rest = found;
            break;
        };
        let reference = after
            .strip_prefix('(')
            .and_then(|inner| inner.split_once(')'));
        match (next, reference) {
            ('(', Some((name, behind))) => {
                let value = values.get(name).filter(|value| **value != Value::Other);
                if let Some(value) = value {
                    used.insert(name.to_owned());
                    if input.len() == name.len() + 3 {
                        return Ok(value.clone());
                    }
                    output.push_str(&printed(value));
                    size::check_size(output.len())?;
                } else {
                    output.push_str("$(");
                    output.push_str(name);
                    output.push(')');
                }
                rest = behind;
            }
            ('$', _) => {
                output.push('$');
                rest = after.get(1..).unwrap_or_default();
            }
            (next, _) => {
                output.push('$');
                output.push(next);
                rest = after.get(next.len_utf8()..).unwrap_or_default();
            }
        }
    }
    output.push_str(rest);
    Ok(Value::Text(output))
}

fn printed(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        Value::Int(value) => value.to_string(),
        Value::Bool(value) => value.to_string(),
        Value::Float(value) => crate::number::printed(*value),
        Value::Other => String::new(),
    }
}
