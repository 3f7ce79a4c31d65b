//! Taking over the fields of earlier tools, so that what leaves Git leaves the cluster too.

use http::{Method, Request};
use serde_json::{Map, Value, json};
use tidegate_object::Object;

use crate::owned::fields;
use crate::{ApiError, Cluster};

impl Cluster {
    /// Makes one manager's apply own what other managers own of a live object, unless that changed meanwhile.
    ///
    /// Entries of subresources and of other versions stay. Nothing is sent if there is nothing to take. It is the way
    /// of `csaupgrade` in client-go.
    ///
    /// # Errors
    /// With code 409 if the object was changed meanwhile; answers about Secrets without values.
    pub async fn take_over(
        &self,
        live: &Object,
        manager: &str,
        is_earlier: impl Fn(&str) -> bool,
    ) -> Result<(), ApiError> {
        let Some(entries) = taken_over(live, manager, is_earlier) else {
            return Ok(());
        };
        let patch = json!([
            {"op": "replace", "path": "/metadata/managedFields", "value": entries},
            {"op": "replace", "path": "/metadata/resourceVersion", "value": live.resource_version()},
        ]);
        let kind = self.kinds().resolve(live.gvk());
        let kind = kind.ok_or_else(|| ApiError::unknown_kind(&live.gvk().to_string()))?;
        let request = Request::builder()
            .method(Method::PATCH)
            .uri(kind.path(live.id().namespace.as_deref(), &live.id().name))
            .header(http::header::CONTENT_TYPE, "application/json-patch+json")
            .body(patch.to_string().into_bytes())
            .map_err(|error| ApiError::malformed(&error.to_string()))?;
        let answer = self.send(request).await;
        answer.map(drop).map_err(|error| {
            if live.id().kind.is("", "Secret") {
                error.without_values()
            } else {
                error
            }
        })
    }
}

/// Returns the managed fields after the take-over; `None` if nobody has anything to take.
fn taken_over(
    live: &Object,
    manager: &str,
    is_earlier: impl Fn(&str) -> bool,
) -> Option<Vec<Value>> {
    let api_version = live.gvk().api_version();
    let text = |entry: &Value, field: &str| {
        let value = entry.get(field).and_then(Value::as_str);
        value.unwrap_or_default().to_owned()
    };
    let is_whole = |entry: &Value| {
        text(entry, "apiVersion") == api_version && text(entry, "subresource").is_empty()
    };
    let is_taken = |entry: &&Value| is_whole(entry) && is_earlier(&text(entry, "manager"));
    let is_own = |entry: &&Value| {
        is_whole(entry) && text(entry, "manager") == manager && text(entry, "operation") == "Apply"
    };
    let all = live.pointer("/metadata/managedFields")?.as_array()?;
    if !all.iter().any(|entry| is_taken(&entry)) {
        return None;
    }
    let mut fields = Map::new();
    for entry in all.iter().filter(|entry| is_taken(entry) || is_own(entry)) {
        if let Some(owned) = entry.get("fieldsV1").and_then(Value::as_object) {
            fields::unite(&mut fields, owned);
        }
    }
    let own = json!({
        "manager": manager,
        "operation": "Apply",
        "apiVersion": api_version,
        "fieldsType": "FieldsV1",
        "fieldsV1": fields,
    });
    let others = all
        .iter()
        .filter(|entry| !is_taken(entry) && !is_own(entry));
    Some(others.cloned().chain([own]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(manager: &str, operation: &str, fields: &Value) -> Value {
        json!({"manager": manager, "operation": operation, "apiVersion": "v1", "fieldsType": "FieldsV1",
               "fieldsV1": fields})
    }

    fn taken(entries: &Value) -> Option<Value> {
        let live = json!({"apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": "a", "managedFields": entries}});
        let live = Object::new(live).unwrap();
        taken_over(&live, "tidegate:1", |manager| manager == "kapp").map(Value::Array)
    }

    #[test]
    fn fields_of_earlier_tools_become_one_managers() {
        let before = json!([
            entry("kapp", "Update", &json!({"f:data": {".": {}, "f:a": {}}})),
            entry("tidegate:1", "Apply", &json!({"f:data": {"f:b": {}}})),
            entry("somebody", "Update", &json!({"f:data": {"f:c": {}}})),
        ]);
        let after = json!([
            entry("somebody", "Update", &json!({"f:data": {"f:c": {}}})),
            entry(
                "tidegate:1",
                "Apply",
                &json!({"f:data": {".": {}, "f:a": {}, "f:b": {}}})
            ),
        ]);
        assert_eq!(taken(&before), Some(after));
    }

    #[test]
    fn subresources_other_versions_and_others_are_left_alone() {
        let mut status = entry("kapp", "Update", &json!({"f:status": {}}));
        status["subresource"] = json!("status");
        let mut older = entry("kapp", "Update", &json!({"f:data": {}}));
        older["apiVersion"] = json!("v1beta1");
        assert_eq!(taken(&json!([status, older])), None);
    }
}
