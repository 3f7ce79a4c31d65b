//! Passes a request for a poll on to the replica that leads, through one Layer of each source.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use kube::Api;
use kube::api::{ApiResource, DynamicObject, Patch, PatchParams};
use serde_json::json;

use super::Resource;
use super::parts::Parts;
use super::resource::POLL_REQUESTED;
use crate::layer::Checked;
use crate::sources::SourceKey;
use crate::{Layer, Owner};

/// The deadline of one write.
const DEADLINE: Duration = Duration::from_secs(10);

/// Asks the leader to look at the sources with these URLs; no URL means all. Nobody waits for it.
pub(super) fn poll<'a>(
    parts: &Parts,
    layers: impl Iterator<Item = &'a Arc<Resource>>,
    urls: &[String],
) {
    let mut one_of_each: HashMap<SourceKey, &Owner> = HashMap::new();
    for resource in layers {
        let Ok(spec) = &resource.spec else { continue };
        if let Ok(checked) = Checked::new(spec, &resource.owner.namespace, parts.concurrency) {
            one_of_each.insert(SourceKey::of(&checked.source), &resource.owner);
        }
    }
    one_of_each.retain(|key, _| key.is_among(urls));
    for owner in one_of_each.into_values() {
        let resource = ApiResource::erase::<Layer>(&());
        let api = Api::namespaced_with(parts.cluster.client(), &owner.namespace, &resource);
        tokio::spawn(ask(api, owner.clone()));
    }
}

async fn ask(api: Api<DynamicObject>, owner: Owner) {
    let now = Timestamp::now().to_string();
    let patch = json!({"metadata": {"uid": owner.uid, "annotations": {POLL_REQUESTED: now}}});
    let params = PatchParams::default();
    let patch = Patch::Merge(patch);
    let written = api.patch(&owner.name, &params, &patch);
    match tokio::time::timeout(DEADLINE, written).await {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => tracing::warn!(layer = %owner, %error, "failed to ask for a poll"),
        Err(_) => tracing::warn!(layer = %owner, "failed to ask for a poll in time"),
    }
}
