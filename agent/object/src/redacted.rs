//! An object that may be shown: what a Secret holds is masked.

use std::fmt;

use serde::Serialize;
use serde_json::{Value, json};

use crate::Object;

/// What stands in the place of a secret value. It tells nothing of it, not even its length.
pub const MASK: &str = "***";

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
    fn other_kinds_are_shown_whole() {
        let text = shown(json!({
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"k": "v"}
        }));
        assert!(text.contains("\"k\":\"v\""), "{text}");
    }
}
