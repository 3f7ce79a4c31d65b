//! Who wrote what of a live object, from its managed fields (FieldsV1, KEP-555).

use serde::Serialize;
use serde_json::{Map, Value};
use tidegate_object::Object;

/// How many fields of a writer are named.
const NAMED: usize = 12;

/// Somebody who wrote fields of an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Writer {
    /// The field manager's name.
    pub manager: String,
    /// `Apply` or `Update`.
    pub operation: String,
    /// The subresource that was written; empty for the object itself.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub subresource: String,
    /// When, if that is recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// The first fields that it owns, at most 12.
    pub fields: Vec<String>,
    /// How many more there are.
    pub more: usize,
}

impl Writer {
    /// Returns who wrote an object, the last one first.
    pub fn of(live: &Object) -> Vec<Self> {
        let entries = live.pointer("/metadata/managedFields");
        let entries = entries.and_then(Value::as_array).into_iter().flatten();
        let mut writers: Vec<Self> = entries.map(writer).collect();
        writers.sort_by(|one, other| other.time.cmp(&one.time));
        writers
    }
}

fn writer(entry: &Value) -> Writer {
    let text = |key: &str| entry.get(key).and_then(Value::as_str).unwrap_or_default();
    let mut fields = Vec::new();
    if let Some(set) = entry.get("fieldsV1").and_then(Value::as_object) {
        collect(set, "", &mut fields);
    }
    let more = fields.len().saturating_sub(NAMED);
    fields.truncate(NAMED);
    Writer {
        manager: text("manager").into(),
        operation: text("operation").into(),
        subresource: text("subresource").into(),
        time: Some(text("time"))
            .filter(|time| !time.is_empty())
            .map(Into::into),
        fields,
        more,
    }
}

/// Takes the deepest fields of a set.
fn collect(set: &Map<String, Value>, path: &str, fields: &mut Vec<String>) {
    for (key, below) in set {
        let Some((kind, name)) = key.split_once(':') else {
            continue;
        };
        let path = match kind {
            "f" if path.is_empty() => name.to_owned(),
            "f" => format!("{path}.{name}"),
            _ => format!("{path}[{}]", item(name)),
        };
        match below.as_object() {
            Some(below) if below.keys().any(|key| key != ".") => collect(below, &path, fields),
            _ => fields.push(path),
        }
    }
}

/// An item of a list, by the values of its keys.
fn item(name: &str) -> String {
    let Ok(Value::Object(keys)) = serde_json::from_str(name) else {
        return name.to_owned();
    };
    let values = keys.values().map(|value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    });
    values.collect::<Vec<String>>().join(",")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_last_writer_comes_first_and_names_its_fields() {
        let live = Object::new(json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "managedFields": [
                {"manager": "tidegate", "operation": "Apply", "time": "2026-11-25T08:00:00Z", "fieldsV1": {
                    "f:spec": {"f:template": {"f:spec": {"f:containers": {"k:{\"name\":\"app\"}": {".": {}, "f:image": {}}}}}}}},
                {"manager": "kubectl-edit", "operation": "Update", "time": "2026-11-25T09:00:00Z",
                    "fieldsV1": {"f:spec": {"f:replicas": {}}, "f:metadata": {"f:finalizers": {"v:\"keep\"": {}}}}},
                {"manager": "old"},
            ]},
        }))
        .unwrap();
        let said: Vec<String> = Writer::of(&live)
            .iter()
            .map(|it| format!("{} {} {}", it.manager, it.operation, it.fields.join(" ")))
            .collect();
        assert_eq!(
            said,
            [
                "kubectl-edit Update metadata.finalizers[\"keep\"] spec.replicas",
                "tidegate Apply spec.template.spec.containers[app].image",
                "old  ",
            ]
        );
    }

    #[test]
    fn fields_are_bounded() {
        let set: Map<String, Value> = (0..40).map(|it| (format!("f:{it}"), json!({}))).collect();
        let found = writer(&json!({"manager": "a", "fieldsV1": set}));
        assert_eq!((found.fields.len(), found.more), (12, 28));
    }
}
