//! The key names of Secrets and ConfigMaps, never their values.

use std::collections::BTreeSet;

use serde_json::Value;
use tidegate_object::Object;

use crate::facts::list;

/// Reads a Secret's or ConfigMap's key names from its managed fields, so that a metadata-only watch is enough.
///
/// `None` if they tell nothing: the object is empty, or its managed fields were cleared. Then one read of the
/// whole object and [`key_names`] decide.
pub fn secret_keys(metadata: &Object) -> Option<BTreeSet<String>> {
    let names: BTreeSet<_> = list(metadata.value(), "/metadata/managedFields")
        .filter_map(|entry| entry.get("fieldsV1"))
        .flat_map(|fields| ["f:data", "f:binaryData"].map(|field| fields.get(field)))
        .flatten()
        .filter_map(Value::as_object)
        .flat_map(|owned| owned.keys())
        .filter_map(|key| key.strip_prefix("f:"))
        .map(Into::into)
        .collect();
    (!names.is_empty()).then_some(names)
}

/// Reads the key names of a whole Secret or ConfigMap.
pub fn key_names(object: &Object) -> BTreeSet<String> {
    ["data", "binaryData", "stringData"]
        .into_iter()
        .filter_map(|field| object.value().get(field)?.as_object())
        .flat_map(|entries| entries.keys().cloned())
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn secret(more: &Value) -> Object {
        let mut value = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}});
        value
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        Object::new(value).unwrap()
    }

    #[test]
    fn managed_fields_tell_the_key_names_of_all_writers() {
        let object = secret(&json!({"metadata": {"name": "a", "managedFields": [
            {"manager": "cnpg", "fieldsV1": {"f:data": {".": {}, "f:uri": {}, "f:password": {}}, "f:type": {}}},
            {"manager": "hand", "fieldsV1": {"f:data": {"f:extra": {}}, "f:metadata": {"f:labels": {}}}},
        ]}}));
        let names: Vec<_> = secret_keys(&object).unwrap().into_iter().collect();
        assert_eq!(names, ["extra", "password", "uri"]);
    }

    #[test]
    fn cleared_managed_fields_tell_nothing() {
        assert_eq!(
            secret_keys(&secret(&json!({"data": {"uri": "eA=="}}))),
            None
        );
    }

    #[test]
    fn a_whole_object_tells_its_key_names() {
        let object = secret(&json!({"data": {"uri": "eA=="}, "stringData": {"user": "x"}}));
        assert_eq!(
            key_names(&object).into_iter().collect::<Vec<_>>(),
            ["uri", "user"]
        );
    }
}
