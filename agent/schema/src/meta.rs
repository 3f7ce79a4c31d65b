//! The fields of every object, which no definition declares.

use std::sync::OnceLock;

use serde_json::{Value, json};

/// The schema of `apiVersion`, `kind` or `metadata`, as the API server adds it (ObjectMeta of apimachinery).
pub(crate) fn field(name: &str) -> Option<&'static Value> {
    static FIELDS: OnceLock<Value> = OnceLock::new();
    FIELDS.get_or_init(fields).get(name)
}

fn fields() -> Value {
    let text = json!({"type": "string"});
    let number = json!({"type": "integer"});
    let texts = json!({"type": "object", "additionalProperties": {"type": "string"}});
    let any = json!({"x-kubernetes-preserve-unknown-fields": true});
    let reference = json!({"type": "object", "properties": {
        "apiVersion": text, "kind": text, "name": text, "uid": text,
        "controller": {"type": "boolean"}, "blockOwnerDeletion": {"type": "boolean"},
    }});
    json!({
        "apiVersion": text,
        "kind": text,
        "metadata": {"type": "object", "properties": {
            "name": text, "generateName": text, "namespace": text, "selfLink": text, "uid": text,
            "resourceVersion": text, "generation": number,
            "creationTimestamp": text, "deletionTimestamp": text, "deletionGracePeriodSeconds": number,
            "labels": texts, "annotations": texts,
            "ownerReferences": {"type": "array", "items": reference},
            "finalizers": {"type": "array", "items": text},
            "managedFields": {"type": "array", "items": any},
        }},
    })
}
