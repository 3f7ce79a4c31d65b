//! Admission webhooks.

use serde_json::Value;
use tidegate_object::Object;

use crate::Neighbours;
use crate::facts::{list, text};
use crate::verdict::Verdict;

/// Every webhook that a Service serves has a CA bundle, which its operator writes, and a ready endpoint.
pub(super) fn webhooks(object: &Object, neighbours: &dyn Neighbours) -> Verdict {
    let trouble = list(object.value(), "/webhooks").find_map(|webhook| closed(webhook, neighbours));
    trouble.map_or_else(Verdict::current, Verdict::in_progress)
}

fn closed(webhook: &Value, neighbours: &dyn Neighbours) -> Option<String> {
    let service = webhook.pointer("/clientConfig/service")?;
    let (ns, name) = (text(service, "/namespace"), text(service, "/name"));
    if text(webhook, "/clientConfig/caBundle").is_empty() {
        return Some(format!(
            "webhook {} has no CA bundle yet",
            text(webhook, "/name")
        ));
    }
    if neighbours.has_ready_endpoint(ns, name) == Some(false) {
        return Some(format!(
            "service {ns}/{name} of webhook {} has no ready endpoint",
            text(webhook, "/name")
        ));
    }
    None
}
