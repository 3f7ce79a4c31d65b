//! The CustomResourceDefinition of Layer, generated from the Rust types.

use kube::CustomResourceExt as _;
use serde_json::Value;

use super::Layer;

/// Returns the CustomResourceDefinition as the YAML that is installed.
///
/// # Errors
/// Only if the schema cannot be written as YAML.
pub fn crd_yaml() -> Result<String, serde_yaml::Error> {
    let mut crd = serde_json::to_value(Layer::crd()).unwrap_or_default();
    tidy(&mut crd);
    Ok(format!(
        "# Generated from the Rust types of agent/sync/src/layer: `make generate` writes it anew.\n{}",
        serde_yaml::to_string(&crd)?
    ))
}

/// Takes out what the API server has no use for: Rust's number formats, and nulls, which nobody writes.
fn tidy(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            if fields
                .get("format")
                .is_some_and(|format| format == "uint32")
            {
                fields.insert("format".into(), "int64".into());
                fields.insert("minimum".into(), 0.into());
            }
            fields.retain(|name, value| !(name == "nullable" && value.is_boolean()));
            fields.values_mut().for_each(tidy);
        }
        Value::Array(items) => items.iter_mut().for_each(tidy),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMITTED: &str = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../manifests/tidegate/crd.yaml"
    );

    #[test]
    fn the_committed_crd_is_current() {
        let current = crd_yaml().unwrap();
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(COMMITTED, &current).unwrap();
        }
        let committed = std::fs::read_to_string(COMMITTED).unwrap_or_default();
        assert_eq!(committed, current, "run `make generate`");
    }
}
