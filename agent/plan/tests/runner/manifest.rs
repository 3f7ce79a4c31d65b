//! Reads manifests.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;
use tidegate_object::{Object, Origin};

/// Reads the objects of a YAML stream. Each document counts for one line of the file.
pub(crate) fn objects(text: &str) -> Vec<Object> {
    let documents = serde_yaml::Deserializer::from_str(text).enumerate();
    let values = documents.map(|(place, document)| (place, Value::deserialize(document).unwrap()));
    values
        .filter(|(_, value)| !value.is_null())
        .map(|(place, value)| {
            let origin = Origin {
                file: Arc::from("layer.yaml"),
                document: place,
                line: place + 1,
            };
            Object::new(value).unwrap().with_origin(origin)
        })
        .collect()
}
