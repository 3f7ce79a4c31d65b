//! `stringData` of a Secret: folded into `data`, as the API server does, but before anything is compared.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

/// Folds `stringData` into `data`. Errors name keys, never values.
pub(super) fn fold(fields: &mut Map<String, Value>) -> Result<(), String> {
    let is =
        |field: &str, expected: &str| fields.get(field).and_then(Value::as_str) == Some(expected);
    if !(is("apiVersion", "v1") && is("kind", "Secret")) {
        return Ok(());
    }
    let Some(texts) = fields.remove("stringData") else {
        return Ok(());
    };
    let Value::Object(texts) = texts else {
        return Err("stringData is no mapping: write `key: text` lines below it".into());
    };
    let data = fields.entry("data").or_insert_with(|| json!({}));
    let Value::Object(data) = data else {
        return Err("data is no mapping: write `key: base64` lines below it".into());
    };
    for (key, text) in texts {
        let Value::String(text) = text else {
            return Err(format!("stringData.{key} is no text: put it in quotes"));
        };
        data.insert(key, Value::String(STANDARD.encode(text)));
    }
    Ok(())
}
