//! One node of a structural schema (KEP-1002).

use serde_json::{Map, Value};

use crate::meta;

/// One node of a structural schema.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Schema<'a> {
    value: &'a Value,
    /// Whether `apiVersion`, `kind` and `metadata` are declared without being named.
    is_object: bool,
}

/// The type that a schema asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Type {
    /// Anything.
    Any,
    /// A whole number or a text.
    IntOrString,
    Array,
    Boolean,
    Integer,
    Number,
    Object,
    String,
}

impl<'a> Schema<'a> {
    /// The schema of whole objects of a kind.
    pub(crate) fn of_object(value: &'a Value) -> Self {
        Self {
            value,
            is_object: true,
        }
    }

    fn new(value: &'a Value) -> Self {
        Self {
            value,
            is_object: value.get("x-kubernetes-embedded-resource") == Some(&Value::Bool(true)),
        }
    }

    pub(crate) fn of_type(self) -> Type {
        if self.is_set("x-kubernetes-int-or-string") {
            return Type::IntOrString;
        }
        match self.get("type").and_then(Value::as_str) {
            Some("array") => Type::Array,
            Some("boolean") => Type::Boolean,
            Some("integer") => Type::Integer,
            Some("number") => Type::Number,
            Some("object") => Type::Object,
            Some("string") => Type::String,
            _ => Type::Any,
        }
    }

    /// Tells whether fields that are not declared are no error. Where none is, an apply is read without a type, and what
    /// nobody declared is dropped in silence.
    pub(crate) fn takes_unknown(self) -> bool {
        let declares_none = !self.is_object && self.declared().is_none();
        (declares_none && self.get("additionalProperties").is_none())
            || self.is_set("x-kubernetes-preserve-unknown-fields")
            || self.get("additionalProperties") == Some(&Value::Bool(true))
    }

    /// The schema of a field of an object; `None` if it is not declared.
    pub(crate) fn field(self, name: &str) -> Option<Self> {
        // Where a definition declares parts of metadata, these only narrow what is allowed.
        let common = meta::field(name).filter(|_| self.is_object).map(Self::new);
        common
            .or_else(|| self.declared()?.get(name).map(Schema::new))
            .or_else(|| self.additional())
    }

    /// The schema of the fields of a map.
    fn additional(self) -> Option<Self> {
        let additional = self.get("additionalProperties");
        additional
            .filter(|schema| schema.is_object())
            .map(Schema::new)
    }

    /// The fields that are declared by name.
    pub(crate) fn declared(self) -> Option<&'a Map<String, Value>> {
        self.get("properties").and_then(Value::as_object)
    }

    /// The schema of a list's items.
    pub(crate) fn items(self) -> Option<Self> {
        self.get("items").map(Schema::new)
    }

    pub(crate) fn get(self, keyword: &str) -> Option<&'a Value> {
        self.value.get(keyword)
    }

    pub(crate) fn is_set(self, keyword: &str) -> bool {
        self.get(keyword) == Some(&Value::Bool(true))
    }
}
