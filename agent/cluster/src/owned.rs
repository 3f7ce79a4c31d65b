//! What a manager owns of a live object (FieldsV1, KEP-555), and the values that it has there: the learned normal form.
//!
//! The projection needs no schema: FieldsV1 names the items of lists by their keys. It holds of each owned field its
//! value, of a list the order of the owned items, and of `.` that the field is there.

mod difference;
pub(crate) mod fields;

use serde_json::{Map, Value, json};
use tidegate_object::Object;

pub use difference::{FieldPath, Writer, differences};
use fields::Element;

/// A set of owned fields, as FieldsV1 has it.
type Fields = Map<String, Value>;

/// What one manager's apply owns of a live object.
#[derive(Debug, Clone, PartialEq)]
pub struct Owned {
    set: Fields,
    /// What others own, as far as it can tell how much of a value is ours.
    others: Vec<Fields>,
}

impl Owned {
    /// Reads what a manager's apply owns, from the object's managed fields.
    ///
    /// `None` if it owns nothing, or if its entry is of another version or cannot be read: then nothing is known.
    pub fn of(live: &Object, manager: &str) -> Option<Self> {
        let entries = live.pointer("/metadata/managedFields")?.as_array()?;
        let is_own = |entry: &&Value| {
            text(entry, "manager") == manager
                && text(entry, "operation") == "Apply"
                && text(entry, "subresource").is_empty()
        };
        let own = entries.iter().find(is_own)?;
        if text(own, "apiVersion") != live.gvk().api_version() {
            return None;
        }
        let others = entries.iter().filter(|entry| !is_own(entry));
        let others = others.filter_map(|entry| entry.get("fieldsV1")?.as_object().cloned());
        Some(Self {
            set: fields::canonical(own.get("fieldsV1")?.as_object()?)?,
            others: others.collect(),
        })
    }

    /// Tells whether two managers' sets are the same, whatever others own.
    pub fn is_same_set(&self, other: &Self) -> bool {
        self.set == other.set
    }

    /// Returns everything that is in one of two sets.
    #[must_use]
    pub fn united(&self, more: &Self) -> Self {
        let mut set = self.set.clone();
        fields::unite(&mut set, &more.set);
        let others = self.others.iter().chain(&more.others);
        Self {
            set,
            others: others.cloned().collect(),
        }
    }

    /// Returns the values that an object has at the owned fields.
    pub fn project(&self, object: &Object) -> Value {
        let others: Vec<&Fields> = self.others.iter().collect();
        project_below(&self.set, object.value(), &others)
    }
}

/// Returns what a manager's normal form is made of: the object's uid, what is owned, and the values there.
///
/// Of a Secret the values are left out, so that its metadata is enough. Another writer's change of one takes the field
/// out of the set. `None` where nothing is known, as for [`Owned::of`].
pub fn normal_form(live: &Object, manager: &str) -> Option<Value> {
    let owned = Owned::of(live, manager)?;
    let values = if live.id().kind.is("", "Secret") {
        Value::Null
    } else {
        owned.project(live)
    };
    Some(json!([live.uid()?, owned.set, values]))
}

fn project(set: &Fields, value: &Value, others: &[&Fields]) -> Value {
    if !set.is_empty() {
        return project_below(set, value, others);
    }
    // Of an empty mapping or list that others have put something into, only that it is there is ours.
    let is_container = value.is_object() || value.is_array();
    let shared = others.iter().any(|other| others_below(other));
    if is_container && shared {
        json!([])
    } else {
        json!([value])
    }
}

/// Whether a set names anything but the field itself.
fn others_below(set: &Fields) -> bool {
    set.keys().any(|element| element != ".")
}

/// Projects what stands below a field: each owned part under its name, and the order of list items.
fn project_below(set: &Fields, value: &Value, others: &[&Fields]) -> Value {
    let mut found = Map::new();
    let mut order: Vec<(usize, &str)> = Vec::new();
    for (name, below) in set {
        let Some(element) = Element::parse(name) else {
            continue;
        };
        let others: Vec<&Fields> = others
            .iter()
            .filter_map(|other| other.get(name)?.as_object())
            .collect();
        let below = below.as_object().unwrap_or(&EMPTY);
        let matching = element.of(value);
        order.extend(
            matching
                .iter()
                .filter_map(|(index, _)| Some(((*index)?, name.as_str()))),
        );
        let mut parts: Vec<Value> = matching
            .into_iter()
            .map(|(_, part)| match element {
                // That it is there is all that `.` says, and an item of a set is its own value.
                Element::Itself | Element::Value(_) => json!([]),
                _ => project(below, part, &others),
            })
            .collect();
        match parts.len() {
            0 => {}
            1 => drop(found.insert(name.clone(), parts.swap_remove(0))),
            _ => drop(found.insert(name.clone(), json!({"#": parts}))),
        }
    }
    if order.len() > 1 {
        order.sort_unstable();
        let names: Vec<&str> = order.into_iter().map(|(_, name)| name).collect();
        found.insert("#".into(), json!(names));
    }
    Value::Object(found)
}

static EMPTY: std::sync::LazyLock<Fields> = std::sync::LazyLock::new(Map::new);

fn text<'a>(entry: &'a Value, field: &str) -> &'a str {
    entry.get(field).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests;
