//! Why a Service has nobody who answers.

use serde_json::Value;
use tidegate_object::Object;

use super::{Cause, Reason, diagnose};
use crate::has_ready_endpoint;

/// A Service with what stands behind it.
#[derive(Debug, Clone, Copy)]
pub struct ServiceView<'a> {
    /// The Service.
    pub service: &'a Object,
    /// Its EndpointSlices.
    pub slices: &'a [Object],
    /// The pods that its selector matches.
    pub pods: &'a [Object],
}

/// Finds out why a Service has no ready endpoint; empty if it has one, or selects no pods itself.
pub fn explain_service(view: ServiceView<'_>) -> Vec<Reason> {
    let selector = view
        .service
        .pointer("/spec/selector")
        .and_then(Value::as_object);
    let Some(selector) = selector.filter(|labels| !labels.is_empty()) else {
        return Vec::new();
    };
    if has_ready_endpoint(view.slices) {
        return Vec::new();
    }
    let message = match view.pods.len() {
        0 => format!("no pod has the labels {}", shown(selector)),
        1 => "none of 1 pod is ready".into(),
        pods => format!("none of {pods} pods is ready"),
    };
    let own = Reason::new(Cause::Reported, view.service.id().clone(), message);
    let mut reasons = diagnose(view.pods, &[]);
    reasons.push(own);
    reasons
}

fn shown(selector: &serde_json::Map<String, Value>) -> String {
    let pairs: Vec<_> = selector
        .iter()
        .map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()))
        .collect();
    pairs.join(",")
}
