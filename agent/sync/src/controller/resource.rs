//! A Layer as the watch shows it, readable or not.

use kube::ResourceExt as _;
use kube::api::DynamicObject;
use serde::Deserialize;
use serde_json::Value;

use super::finalizer::FINALIZER;
use crate::{LayerKey, LayerSpec, LayerStatus, Owner};

/// The annotation that asks for a sync; its value is the run's id.
pub const SYNC_REQUESTED: &str = "tidegate.dev/sync-requested-at";

/// The annotation by which one replica has another look at the source; any other value than before does.
pub(crate) const POLL_REQUESTED: &str = "tidegate.dev/poll-requested-at";

/// The annotation by which a person approves a plan: its hash, and behind a space the id of the run that is to carry it
/// out. The same hash under another id is another approval.
pub const APPROVE: &str = "tidegate.dev/approve";

/// The annotation by which a person confirms deletes that are held back: the hash of what was shown to them, and
/// behind a space the id of the run that is to make them. The same hash under another id is another confirmation.
pub const CONFIRM: &str = "tidegate.dev/confirm";

/// The annotation that says who asks.
pub const REQUESTED_BY: &str = "tidegate.dev/requested-by";

/// A Layer as the watch shows it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Resource {
    /// Namespace, name and uid.
    pub(crate) owner: Owner,
    /// Whether it is being deleted.
    pub(crate) is_going: bool,
    /// Whether our finalizer stands on it.
    pub(crate) has_finalizer: bool,
    /// The generation of the spec.
    pub(crate) generation: i64,
    /// The spec, or why it cannot be read.
    pub(crate) spec: Result<LayerSpec, String>,
    /// The status; empty if it cannot be read.
    pub(crate) status: LayerStatus,
    /// The sync that is asked for: its id, and who asks.
    pub(crate) request: Option<(String, Option<String>)>,
    /// The approval that was given last.
    pub(crate) approve: Option<Asked>,
    /// The confirmation of deletes that was given last.
    pub(crate) confirm: Option<Asked>,
    /// The last look at the source that was asked for.
    pub(crate) poll: Option<String>,
}

/// What somebody agrees to, by annotation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    /// The hash of what was shown to them.
    pub(crate) hash: String,
    /// The id of the run that they want.
    pub(crate) run: Option<String>,
    /// Who it is, if they say so.
    pub(crate) by: Option<String>,
}

impl Asked {
    fn read(value: &str, by: Option<String>) -> Option<Self> {
        let mut words = value.split_whitespace();
        Some(Self {
            hash: words.next()?.into(),
            run: words.next().map(Into::into),
            by,
        })
    }
}

impl Resource {
    /// Reads a Layer. One that cannot be read is still a layer, so that somebody can be told.
    pub(crate) fn new(object: &DynamicObject) -> Self {
        let annotation = |name: &str| object.annotations().get(name).cloned();
        let owner = Owner {
            namespace: object.namespace().unwrap_or_default(),
            name: object.name_any(),
            uid: object.uid().unwrap_or_default(),
        };
        let status = object.data.get("status").cloned().unwrap_or_default();
        let id = annotation(SYNC_REQUESTED).filter(|id| !id.is_empty());
        let asked = |name: &str| Asked::read(&annotation(name)?, annotation(REQUESTED_BY));
        Self {
            owner,
            is_going: object.metadata.deletion_timestamp.is_some(),
            has_finalizer: object.finalizers().iter().any(|name| name == FINALIZER),
            generation: object.metadata.generation.unwrap_or_default(),
            spec: spec(object.data.get("spec")),
            status: LayerStatus::deserialize(status).unwrap_or_default(),
            request: id.map(|id| (id, annotation(REQUESTED_BY))),
            approve: asked(APPROVE),
            confirm: asked(CONFIRM),
            poll: annotation(POLL_REQUESTED),
        }
    }

    /// Namespace and name.
    pub(crate) fn key(&self) -> LayerKey {
        (self.owner.namespace.clone(), self.owner.name.clone())
    }

    /// Tells whether somebody wants something else than before; the status is ours.
    pub(crate) fn wants_the_same(&self, other: &Self) -> bool {
        self.generation == other.generation
            && self.request == other.request
            && self.approve == other.approve
            && self.confirm == other.confirm
            && self.poll == other.poll
            && self.spec == other.spec
    }

    /// The spec as it is shown: that of a Layer that cannot be read is empty.
    pub(crate) fn shown_spec(&self) -> LayerSpec {
        self.spec.clone().unwrap_or_default()
    }
}

fn spec(value: Option<&Value>) -> Result<LayerSpec, String> {
    let value = value.ok_or("spec: it is missing")?;
    LayerSpec::deserialize(value).map_err(|error| format!("spec: {error}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(object: Value) -> Resource {
        Resource::new(&serde_json::from_value(object).unwrap())
    }

    #[test]
    fn a_layer_that_cannot_be_read_is_still_a_layer() {
        let resource = read(json!({
            "apiVersion": "tidegate.dev/v2",
            "kind": "Layer",
            "metadata": {"namespace": "team", "name": "web", "uid": "1"},
            "spec": {"source": {"git": {"address": "https://git.example.com/platform.git"}}},
            "status": {"history": "none"},
        }));
        assert_eq!(resource.key(), ("team".into(), "web".into()));
        let error = resource.spec.unwrap_err();
        assert_eq!(error, "spec: missing field `url`");
        assert_eq!(resource.status, LayerStatus::default());
    }

    #[test]
    fn the_status_is_nothing_that_anybody_wants() {
        let layer = |status: Value, annotation: &str| {
            read(json!({
                "apiVersion": "tidegate.dev/v1alpha1",
                "kind": "Layer",
                "metadata": {"name": "web", "annotations": {SYNC_REQUESTED: annotation}},
                "spec": {"source": {"git": {"url": "https://git.example.com/platform.git"}}},
                "status": status,
            }))
        };
        let before = layer(json!({}), "1");
        assert!(before.wants_the_same(&layer(json!({"observedGeneration": 1}), "1")));
        assert!(!before.wants_the_same(&layer(json!({}), "2")));
    }
}
