//! An object: a JSON value that is known to have apiVersion, kind and name.

use std::fmt;

use serde_json::{Map, Value};
use thiserror::Error;

use crate::{Gvk, ObjectId, Origin};

/// A Kubernetes object.
///
/// Guarantees a non-empty `apiVersion`, `kind` and `metadata.name`. It can hold secrets, so its
/// `Debug` prints the identity alone, and it has no `Display`.
#[derive(Clone, PartialEq)]
pub struct Object {
    gvk: Gvk,
    id: ObjectId,
    value: Value,
    origin: Option<Origin>,
}

/// A value that is no Kubernetes object.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ObjectError {
    /// The value is a list or a scalar.
    #[error("not a mapping")]
    NotAMapping,
    /// A field that every object has is absent, empty or no text.
    #[error("field `{0}` is missing or not a text")]
    Missing(&'static str),
}

impl Object {
    /// Checks that `value` is an object, and takes it.
    pub fn new(value: Value) -> Result<Self, ObjectError> {
        if !value.is_object() {
            return Err(ObjectError::NotAMapping);
        }
        let field = |path: &'static str, found: Option<&Value>| match found.and_then(Value::as_str)
        {
            Some(text) if !text.is_empty() => Ok(text.to_owned()),
            _ => Err(ObjectError::Missing(path)),
        };
        let metadata = value.get("metadata");
        let name = field("metadata.name", metadata.and_then(|m| m.get("name")))?;
        let api_version = field("apiVersion", value.get("apiVersion"))?;
        let kind = field("kind", value.get("kind"))?;
        let namespace = metadata
            .and_then(|m| m.get("namespace"))
            .and_then(Value::as_str);
        let gvk = Gvk::from_type_meta(&api_version, &kind);
        let id = ObjectId::new(
            gvk.group_kind(),
            namespace.filter(|ns| !ns.is_empty()),
            &name,
        );
        Ok(Self {
            gvk,
            id,
            value,
            origin: None,
        })
    }

    /// Remembers where the object stands in Git.
    #[must_use]
    pub fn with_origin(mut self, origin: Origin) -> Self {
        self.origin = Some(origin);
        self
    }

    /// Returns the object's identity.
    pub fn id(&self) -> &ObjectId {
        &self.id
    }

    /// Returns group, version and kind.
    pub fn gvk(&self) -> &Gvk {
        &self.gvk
    }

    /// Returns where the object stands in Git; `None` for a live object.
    pub fn origin(&self) -> Option<&Origin> {
        self.origin.as_ref()
    }

    /// Returns the whole object, a mapping. It may hold secrets: never format it, show [`crate::Redacted`].
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// Takes the object apart into a JSON value, for sending it.
    pub fn into_value(self) -> Value {
        self.value
    }

    /// Follows a JSON pointer (RFC 6901) into the object.
    pub fn pointer(&self, pointer: &str) -> Option<&Value> {
        self.value.pointer(pointer)
    }

    /// Returns the text at a JSON pointer.
    pub fn text(&self, pointer: &str) -> Option<&str> {
        self.pointer(pointer)?.as_str()
    }

    /// Returns an annotation's value.
    pub fn annotation(&self, name: &str) -> Option<&str> {
        self.value
            .get("metadata")?
            .get("annotations")?
            .get(name)?
            .as_str()
    }

    /// Returns a label's value.
    pub fn label(&self, name: &str) -> Option<&str> {
        self.value
            .get("metadata")?
            .get("labels")?
            .get(name)?
            .as_str()
    }

    /// Returns `metadata.uid`, which only a live object has.
    pub fn uid(&self) -> Option<&str> {
        self.text("/metadata/uid")
    }

    /// Returns `metadata.resourceVersion`, which only a live object has.
    pub fn resource_version(&self) -> Option<&str> {
        self.text("/metadata/resourceVersion")
    }

    /// Returns `metadata.generation`.
    pub fn generation(&self) -> Option<i64> {
        self.pointer("/metadata/generation")?.as_i64()
    }

    /// Changes the fields, then checks the object again.
    pub fn map(self, change: impl FnOnce(&mut Map<String, Value>)) -> Result<Self, ObjectError> {
        let Self {
            mut value, origin, ..
        } = self;
        if let Value::Object(fields) = &mut value {
            change(fields);
        }
        let changed = Self::new(value)?;
        Ok(Self { origin, ..changed })
    }
}

impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Object({})", self.id)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_without_a_name_is_no_object() {
        let value = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {}});
        assert_eq!(
            Object::new(value),
            Err(ObjectError::Missing("metadata.name"))
        );
    }

    #[test]
    fn debug_shows_no_field() {
        let secret = Object::new(json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a", "namespace": "b"},
            "data": {"password": "aHVudGVyMg=="}
        }));
        assert_eq!(format!("{:?}", secret.unwrap()), "Object(core/Secret/b/a)");
    }

    #[test]
    fn pointers_reach_nested_and_top_level_fields() {
        let object = Object::new(json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": {"a/b": [1]}
        }))
        .unwrap();
        assert_eq!(object.pointer("/spec/a~1b/0"), Some(&json!(1)));
        assert_eq!(object.text("/kind"), Some("Pod"));
    }
}
