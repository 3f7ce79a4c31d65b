//! The fingerprint of what an owner has of a live object: all that is remembered of it at rest.

use std::sync::Arc;

use serde_json::{Value, json};
use tidegate_cluster::{Former, normal_form};
use tidegate_object::Object;
use tokio::sync::OnceCell;

use crate::digest::DigestKey;
use crate::{Owner, marks};

/// Returns the fingerprint of a marked object's normal form; `None` for one without marks.
///
/// Where it is not known what is owned, it is that of the whole object: every change of it is then looked at.
pub(in crate::engine) fn form(key: &DigestKey, live: &Object) -> Option<u64> {
    let manager = Owner::manager_of(live.label(marks::LAYER_LABEL)?);
    let known = normal_form(live, &manager);
    let known = known.unwrap_or_else(|| whole(live, &manager));
    key.fingerprint(&known)
}

/// Makes what a live view remembers of each object. Before the key is known, nothing is.
pub(in crate::engine) fn former(key: Arc<OnceCell<DigestKey>>) -> Former {
    Arc::new(move |live| form(key.get()?, live))
}

/// An object without what changes although nobody changed what is wanted of it.
fn whole(live: &Object, manager: &str) -> Value {
    let mut value = live.value().clone();
    if let Some(fields) = value.as_object_mut() {
        fields.remove("status");
    }
    let mut entries = Vec::new();
    if let Some(metadata) = value.get_mut("metadata").and_then(Value::as_object_mut) {
        let all = metadata.remove("managedFields");
        let all = all.as_ref().and_then(Value::as_array);
        let own = all.into_iter().flatten();
        let own = own.filter(|entry| entry.get("manager").and_then(Value::as_str) == Some(manager));
        entries.extend(own.filter_map(|entry| entry.get("fieldsV1").cloned()));
        metadata.remove("resourceVersion");
        metadata.remove("generation");
    }
    json!(["whole", value, entries])
}
