//! What a verdict needs and the object does not hold.

use jiff::Timestamp;
use tidegate_object::{GroupKind, Object};

/// What a verdict needs and the object does not hold.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The time at which to judge.
    pub now: Timestamp,
    /// Since when this uid and generation is waited for; `None` reads it from the object's managed fields.
    pub since: Option<Timestamp>,
    /// Whether the status may still be of the time before a change made at `since`.
    pub settle: Settle,
    /// Facts about other objects.
    pub neighbours: &'a dyn Neighbours,
}

/// Whether an object's status may still be of the time before a change.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Settle {
    /// Nothing changed.
    #[default]
    No,
    /// The object was changed at [`Context::since`]. Kinds that report no `observedGeneration` get 15 s.
    AfterChange,
    /// The operator or CRD behind the object was changed at [`Context::since`]. Every kind with a status gets 15 s.
    AfterProvider,
}

/// Facts about other objects; `None` is "not known", which no rule takes for an answer.
pub trait Neighbours {
    /// Tells whether a StorageClass binds volumes only when a pod uses them ([`waits_for_consumer`]).
    fn waits_for_consumer(&self, storage_class: &str) -> Option<bool> {
        let _ = storage_class;
        None
    }

    /// Tells whether a Service has a ready endpoint ([`has_ready_endpoint`]).
    fn has_ready_endpoint(&self, namespace: &str, service: &str) -> Option<bool> {
        let _ = (namespace, service);
        None
    }

    /// Tells whether objects of a kind report a status ([`reports_status`]).
    fn reports_status(&self, kind: &GroupKind) -> Option<bool> {
        let _ = kind;
        None
    }
}

/// Knows nothing of other objects.
impl Neighbours for () {}

impl Context<'_> {
    /// Judges at a time, with nothing known but the object.
    pub fn at(now: Timestamp) -> Context<'static> {
        Context {
            now,
            since: None,
            settle: Settle::No,
            neighbours: &(),
        }
    }
}

/// Reads from a StorageClass whether it binds volumes only when a pod uses them.
pub fn waits_for_consumer(storage_class: &Object) -> bool {
    storage_class.text("/volumeBindingMode") == Some("WaitForFirstConsumer")
}

/// Reads from the EndpointSlices of a Service whether one endpoint is ready.
pub fn has_ready_endpoint(slices: &[Object]) -> bool {
    slices
        .iter()
        .filter_map(|slice| slice.pointer("/endpoints")?.as_array())
        .flatten()
        // An endpoint without the condition counts as ready (discovery.k8s.io/v1).
        .any(|endpoint| {
            endpoint
                .pointer("/conditions/ready")
                .and_then(serde_json::Value::as_bool)
                != Some(false)
        })
}

/// Reads from a CustomResourceDefinition whether a version of its kind reports conditions in its status.
pub fn reports_status(crd: &Object, version: &str) -> bool {
    crd.pointer("/spec/versions")
        .and_then(serde_json::Value::as_array)
        .into_iter()
        .flatten()
        .find(|found| found.get("name").and_then(serde_json::Value::as_str) == Some(version))
        .is_some_and(|found| found.pointer(CONDITIONS).is_some())
}

const CONDITIONS: &str = "/schema/openAPIV3Schema/properties/status/properties/conditions";
