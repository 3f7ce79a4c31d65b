//! The reference of the Layer resource in the documentation, written from the schema of its definition.

use std::fmt::Write as _;

use kube::CustomResourceExt as _;
use serde_json::Value;

use super::Layer;

const COMMITTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference/layer.md");
const HEAD: &str = "\
<!-- Generated from the Rust types of agent/sync/src/layer: `make generate` writes it anew. -->

# The Layer resource

`tidegate.dev/v1alpha1`, kind `Layer`, namespaced. `kubectl explain layer.spec` shows the same.

The API server refuses a spec with an unknown value, a value out of bounds, or one that breaks a rule below. Fields without
a default that are not marked *required* may be left out. Durations are written as `30s`, `10m` or `1h30m`, at least `1s`.
";

/// A field of the schema, by its path, for example `spec.dependsOn[].name`.
struct Field<'a> {
    path: String,
    schema: &'a Value,
    is_required: bool,
}

fn page() -> String {
    let definition = serde_json::to_value(Layer::crd()).unwrap();
    let version = &definition["spec"]["versions"][0];
    let schema = &version["schema"]["openAPIV3Schema"];
    let mut page = String::from(HEAD);
    page.push_str("\n## spec\n\n| field | type | default | meaning |\n|---|---|---|---|\n");
    for field in fields(&schema["properties"]["spec"], "") {
        let (kind, default) = (kind(field.schema), default(&field));
        let meaning = meaning(field.schema);
        let _ = writeln!(
            page,
            "| `{}` | {kind} | {default} | {meaning} |",
            field.path
        );
    }
    page.push_str("\n## status\n\n| field | type | meaning |\n|---|---|---|\n");
    for field in fields(&schema["properties"]["status"], "") {
        // Kubernetes' own: every resource has the same.
        if field.path.starts_with("conditions[].") {
            continue;
        }
        let (kind, meaning) = (kind(field.schema), meaning(field.schema));
        let _ = writeln!(page, "| `{}` | {kind} | {meaning} |", field.path);
    }
    page.push_str("\n## Rules\n\n| field | rule |\n|---|---|\n");
    rules(&mut page, "(the whole)", schema);
    for field in fields(&schema["properties"]["spec"], "") {
        rules(&mut page, &format!("`{}`", field.path), field.schema);
    }
    columns(&mut page, &version["additionalPrinterColumns"]);
    page
}

/// Lists the fields below a schema, each before what is in it.
fn fields<'a>(schema: &'a Value, path: &str) -> Vec<Field<'a>> {
    let required: Vec<&str> = schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let mut all = Vec::new();
    for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
        let path = if path.is_empty() {
            name.clone()
        } else {
            format!("{path}.{name}")
        };
        let (inner, below) = match &schema["items"] {
            Value::Null => (schema, path.clone()),
            items => (items, format!("{path}[]")),
        };
        all.push(Field {
            path,
            schema,
            is_required: required.contains(&name.as_str()),
        });
        all.extend(fields(inner, &below));
    }
    all
}

fn default(field: &Field<'_>) -> String {
    match &field.schema["default"] {
        _ if field.is_required => "*required*".into(),
        Value::Null => String::new(),
        Value::String(text) if text.is_empty() => "`\"\"`".into(),
        Value::String(text) => format!("`{text}`"),
        other => format!("`{other}`"),
    }
}

fn meaning(schema: &Value) -> String {
    let meaning = schema["description"].as_str().unwrap_or_default();
    meaning.replace('\n', " ").replace('|', "\\|")
}

fn kind(schema: &Value) -> String {
    if let Some(values) = schema["enum"].as_array() {
        let values = values.iter().filter_map(Value::as_str);
        let values = values.map(|value| format!("`{value}`"));
        return values.collect::<Vec<_>>().join(", ");
    }
    let items = &schema["items"];
    match schema["type"].as_str().unwrap_or("any") {
        "array" => format!("list of {}s", items["type"].as_str().unwrap_or_default()),
        "object" if schema["additionalProperties"].is_object() => {
            let value = &schema["additionalProperties"]["type"];
            format!("map of {}s", value.as_str().unwrap_or_default())
        }
        other => other.into(),
    }
}

fn rules(page: &mut String, name: &str, schema: &Value) {
    let rules = schema["x-kubernetes-validations"].as_array();
    for rule in rules.into_iter().flatten() {
        let message = rule["message"].as_str().unwrap_or_default();
        let _ = writeln!(page, "| {name} | {message} |");
    }
    if let Some(pattern) = schema["pattern"].as_str() {
        let _ = writeln!(page, "| {name} | must match `{pattern}` |");
    }
    let bounds = [
        ("minLength", "at least", "letters"),
        ("maxLength", "at most", "letters"),
        ("maxItems", "at most", "items"),
    ];
    for (bound, how, what) in bounds {
        if let Some(bound) = schema[bound].as_u64().filter(|bound| *bound > 1) {
            let _ = writeln!(page, "| {name} | {how} {bound} {what} |");
        }
    }
}

fn columns(page: &mut String, columns: &Value) {
    page.push_str("\n## `kubectl get layers`\n\n| column | meaning |\n|---|---|\n");
    for column in columns.as_array().into_iter().flatten() {
        let name = column["name"].as_str().unwrap_or_default();
        let meaning = column["description"]
            .as_str()
            .unwrap_or("How old the Layer is.");
        let _ = writeln!(page, "| {} | {meaning} |", name.to_uppercase());
    }
}

#[test]
fn the_committed_reference_is_current() {
    let current = page();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(COMMITTED, &current).unwrap();
    }
    let committed = std::fs::read_to_string(COMMITTED).unwrap_or_default();
    assert_eq!(committed, current, "run `make generate`");
}
