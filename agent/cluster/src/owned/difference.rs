//! Where two objects differ in what is owned, and who wrote it.

use std::fmt::Write as _;

use serde_json::{Map, Value};
use tidegate_object::Object;

use super::Owned;
use super::fields::Element;

/// The path of an owned field, as its elements.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct FieldPath(pub(super) Vec<String>);

/// Who wrote a field, as the managed fields have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Writer {
    /// The field manager.
    pub manager: String,
    /// When, in RFC 3339; empty if that is not known.
    pub at: String,
    /// Through which subresource; empty for the object itself.
    pub subresource: String,
}

/// Returns the owned fields at which two objects differ, in order: the deepest that say so.
pub fn differences(owned: &Owned, one: &Object, other: &Object) -> Vec<FieldPath> {
    let mut found = Vec::new();
    let (one, other) = (owned.project(one), owned.project(other));
    collect(&mut Vec::new(), (Some(&one), Some(&other)), &mut found);
    found.sort();
    found
}

fn collect(
    path: &mut Vec<String>,
    (one, other): (Option<&Value>, Option<&Value>),
    found: &mut Vec<FieldPath>,
) {
    match (one, other) {
        (Some(Value::Object(one)), Some(Value::Object(other))) if !has_duplicates(one, other) => {
            collect_below(path, (one, other), found);
        }
        (one, other) if one == other => {}
        _ => found.push(FieldPath(path.clone())),
    }
}

fn has_duplicates(one: &Map<String, Value>, other: &Map<String, Value>) -> bool {
    one.len() == 1 && one.contains_key("#") || other.len() == 1 && other.contains_key("#")
}

fn collect_below(
    path: &mut Vec<String>,
    (one, other): (&Map<String, Value>, &Map<String, Value>),
    found: &mut Vec<FieldPath>,
) {
    let before = found.len();
    let more = other.keys().filter(|name| !one.contains_key(*name));
    for name in one.keys().chain(more).filter(|name| *name != "#") {
        path.push(name.clone());
        collect(path, (one.get(name), other.get(name)), found);
        path.pop();
    }
    // An order that differs says something only where the items are the same.
    if found.len() == before && one.get("#") != other.get("#") {
        found.push(FieldPath(path.clone()));
    }
}

impl FieldPath {
    /// Makes the path of a field below others.
    pub fn of(names: &[&str]) -> Self {
        Self(names.iter().map(|name| format!("f:{name}")).collect())
    }

    /// Tells whether a set in FieldsV1 holds the field, or anything above it as a whole.
    fn is_in(&self, set: &Map<String, Value>) -> bool {
        let mut at = set;
        for element in self.0.iter().filter(|element| *element != ".") {
            match at.get(element).and_then(Value::as_object) {
                Some(below) if below.is_empty() => return true,
                Some(below) => at = below,
                None => return false,
            }
        }
        true
    }

    /// Names who wrote a field last, as the managed fields have it, besides a manager and the writers of status.
    ///
    /// A field that was taken away has no owner: then it is whoever wrote the object last.
    pub fn writer(&self, live: &Object, manager: &str) -> Option<Writer> {
        let entries = live.pointer("/metadata/managedFields")?.as_array()?;
        let text = |entry: &Value, field: &str| {
            let value = entry.get(field).and_then(Value::as_str);
            value.unwrap_or_default().to_owned()
        };
        let is_other = |entry: &&Value| {
            text(entry, "manager") != manager && text(entry, "subresource") != "status"
        };
        let others: Vec<&Value> = entries.iter().filter(is_other).collect();
        let owns = |entry: &&&Value| {
            let set = entry.get("fieldsV1").and_then(Value::as_object);
            set.is_some_and(|set| self.is_in(set))
        };
        let latest = |entry: &&&Value| text(entry, "time");
        let owner = others.iter().filter(owns).max_by_key(latest);
        let writer = owner.or_else(|| others.iter().max_by_key(latest));
        writer.map(|entry| Writer {
            manager: text(entry, "manager"),
            at: text(entry, "time"),
            subresource: text(entry, "subresource"),
        })
    }
}

impl std::fmt::Display for FieldPath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut text = String::new();
        for element in &self.0 {
            match Element::parse(element) {
                Some(Element::Field(name)) if is_plain(name) => {
                    let dot = if text.is_empty() { "" } else { "." };
                    let _ = write!(text, "{dot}{name}");
                }
                Some(Element::Field(name)) => drop(write!(text, "[{name}]")),
                Some(Element::Keys(keys)) => drop(write!(text, "[{}]", keys_text(&keys))),
                Some(Element::Value(value)) => drop(write!(text, "[{}]", scalar(&value))),
                Some(Element::Index(index)) => drop(write!(text, "[{index}]")),
                Some(Element::Itself) | None => {}
            }
        }
        f.write_str(&text)
    }
}

fn is_plain(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    name.chars().all(plain)
}

fn keys_text(keys: &Map<String, Value>) -> String {
    let pairs = keys
        .iter()
        .map(|(key, value)| format!("{key}={}", scalar(value)));
    pairs.collect::<Vec<_>>().join(",")
}

fn scalar(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), ToOwned::to_owned)
}
