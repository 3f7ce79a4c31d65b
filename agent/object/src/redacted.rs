//! An object that may be shown: what a Secret holds is masked.

use std::fmt;

use serde::Serialize;
use serde_json::{Value, json};

use crate::Object;

/// What stands in the place of a secret value. It tells nothing of it, not even its length.
pub const MASK: &str = "***";

/// What stands in the place of a secret value that is about to change.
const MASK_BEFORE: &str = "*** (before)";
/// What stands in the place of a secret value that is another than before.
const MASK_AFTER: &str = "*** (after)";

/// The annotation in which kubectl keeps a copy of all it applied, secrets included.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// A copy of an object without secret values: the only form in which an object is shown.
#[derive(Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Redacted(Value);

impl Redacted {
    /// Returns the masked object.
    pub fn value(&self) -> &Value {
        &self.0
    }

    /// Shows both sides of a change: of a Secret, a value that changes is seen to do so, and nothing else of it.
    pub fn pair(before: &Object, after: &Object) -> (Self, Self) {
        let (mut one, mut other) = (Self::from(before), Self::from(after));
        for field in ["data", "stringData"] {
            let values = (before.value().get(field), after.value().get(field));
            one.tell_apart((field, MASK_BEFORE), values);
            other.tell_apart((field, MASK_AFTER), (values.1, values.0));
        }
        (one, other)
    }

    /// Leaves out fields, each by its JSON pointer.
    #[must_use]
    pub fn without(mut self, pointers: &[&str]) -> Self {
        for (parent, field) in pointers.iter().filter_map(|it| it.rsplit_once('/')) {
            if let Some(Value::Object(fields)) = self.0.pointer_mut(parent) {
                fields.remove(field);
            }
        }
        self
    }

    fn tell_apart(
        &mut self,
        (field, mask): (&str, &str),
        (own, other): (Option<&Value>, Option<&Value>),
    ) {
        let Some(Value::Object(entries)) = self.0.get_mut(field) else {
            return;
        };
        for (key, shown) in entries
            .iter_mut()
            .filter(|(_, shown)| **shown == json!(MASK))
        {
            let value = |side: Option<&Value>| side.and_then(|side| side.get(key)).cloned();
            if value(own) != value(other) {
                *shown = json!(mask);
            }
        }
    }
}

impl From<&Object> for Redacted {
    fn from(object: &Object) -> Self {
        let mut value = object.value().clone();
        if let Some(copy) = value
            .pointer_mut("/metadata/annotations")
            .and_then(|a| a.get_mut(LAST_APPLIED))
        {
            *copy = json!(MASK);
        }
        if object.id().kind.is("", "Secret") {
            for field in ["data", "stringData"] {
                mask_values(value.get_mut(field));
            }
        }
        Self(value)
    }
}

impl fmt::Debug for Redacted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

fn mask_values(field: Option<&mut Value>) {
    match field {
        Some(Value::Object(entries)) => entries.values_mut().for_each(|value| *value = json!(MASK)),
        // A malformed `data` is refused by the API server, but may still be a secret.
        Some(other) if !other.is_null() => *other = json!(MASK),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(value: Value) -> String {
        format!("{:?}", Redacted::from(&Object::new(value).unwrap()))
    }

    #[test]
    fn a_secret_shows_its_keys_and_no_value() {
        let text = shown(json!({
            "apiVersion": "v1", "kind": "Secret",
            "metadata": {"name": "a", "annotations": {LAST_APPLIED: "canary"}},
            "data": {"password": "canary"}, "stringData": "canary"
        }));
        assert!(
            !text.contains("canary") && text.contains("password"),
            "{text}"
        );
    }

    #[test]
    fn a_secret_that_changes_shows_which_keys_do() {
        let secret = |data: Value| {
            let value = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "data": data});
            Object::new(value).unwrap()
        };
        let before = secret(json!({"same": "c2FtZQ==", "password": "b2xk", "gone": "eA=="}));
        let after = secret(json!({"same": "c2FtZQ==", "password": "bmV3"}));
        let (before, after) = Redacted::pair(&before, &after);
        assert_eq!(
            before.without(&["/metadata/name"]).value(),
            &json!({"apiVersion": "v1", "kind": "Secret", "metadata": {},
                "data": {"same": "***", "password": "*** (before)", "gone": "*** (before)"}})
        );
        let data = json!({"same": "***", "password": "*** (after)"});
        assert_eq!(after.value()["data"], data);
    }

    #[test]
    fn other_kinds_are_shown_whole() {
        let text = shown(json!({
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"k": "v"}
        }));
        assert!(text.contains("\"k\":\"v\""), "{text}");
    }
}
