//! The finalizer of Layers whose objects go with them: it stands only while `deletionPolicy: delete`.

use std::time::Duration;

use serde_json::{Value, json};
use tidegate_cluster::{ApiError, Cluster};
use tidegate_object::{GroupKind, Object, ObjectId};
use tokio_util::sync::CancellationToken;

use super::Backoff;
use crate::Owner;

/// The finalizer that stands on a Layer while its objects go with it.
pub const FINALIZER: &str = "tidegate.dev/objects";

/// The first pause after a write that failed.
const PAUSE: Duration = Duration::from_secs(1);

/// Puts the finalizer on a Layer, or takes it off, as its spec says; tries on until it is so.
pub(super) async fn settle(cluster: Cluster, owner: Owner, stop: CancellationToken) {
    let mut backoff = Backoff::new(PAUSE);
    while let Err(error) = try_to_settle(&cluster, &owner).await {
        tracing::warn!(layer = %owner, %error, "finalizer not set");
        tokio::select! {
            () = tokio::time::sleep(backoff.pause()) => {}
            () = stop.cancelled() => return,
        }
    }
}

async fn try_to_settle(cluster: &Cluster, owner: &Owner) -> Result<(), ApiError> {
    let Some(layer) = live(cluster, owner).await? else {
        return Ok(());
    };
    let is_going = layer.text("/metadata/deletionTimestamp").is_some();
    let is_wanted = layer.text("/spec/deletionPolicy") == Some("delete");
    // Whoever is going already gets no finalizer any more, and loses it when its objects are gone.
    if is_going || is_wanted == is_on(&layer) {
        return Ok(());
    }
    if !is_wanted {
        return take_off(cluster, &layer).await;
    }
    let mut names = names(&layer);
    names.push(FINALIZER.into());
    let change = json!({"metadata": {"finalizers": names}});
    cluster.merge(&layer, change).await.map(drop)
}

/// Takes the finalizer off an owner's Layer, if that is still there.
pub(super) async fn release(cluster: &Cluster, owner: &Owner) -> Result<(), ApiError> {
    match live(cluster, owner).await? {
        Some(layer) => take_off(cluster, &layer).await,
        None => Ok(()),
    }
}

/// Takes the finalizer off a Layer.
///
/// # Errors
/// With code 409 if the Layer was changed meanwhile.
pub async fn take_off(cluster: &Cluster, layer: &Object) -> Result<(), ApiError> {
    if !is_on(layer) {
        return Ok(());
    }
    let mut names = names(layer);
    names.retain(|name| name != FINALIZER);
    let change = json!({"metadata": {"finalizers": names}});
    match cluster.merge(layer, change).await {
        Err(error) if error.code != 404 => Err(error),
        _ => Ok(()),
    }
}

/// Tells whether the finalizer stands on a Layer.
pub fn is_on(layer: &Object) -> bool {
    names(layer).iter().any(|name| name == FINALIZER)
}

async fn live(cluster: &Cluster, owner: &Owner) -> Result<Option<Object>, ApiError> {
    let kind = GroupKind::new("tidegate.dev", "Layer");
    let id = ObjectId::new(kind, Some(&owner.namespace), &owner.name);
    if cluster.kinds().preferred(&id.kind).is_none() {
        cluster.kinds().refresh().await?;
    }
    let found = cluster.get(&id).await?;
    Ok(found.filter(|layer| layer.uid() == Some(&owner.uid)))
}

fn names(layer: &Object) -> Vec<String> {
    let names = layer
        .pointer("/metadata/finalizers")
        .and_then(Value::as_array);
    let names = names.into_iter().flatten().filter_map(Value::as_str);
    names.map(Into::into).collect()
}
