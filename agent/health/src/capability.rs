//! Whether a gate's capability is there: what the target can do, never how its provider is.

use std::collections::BTreeSet;

use serde_json::Value;
use tidegate_object::Object;
use tidegate_plan::Gate;

use crate::conditions::{Condition, condition, number};
use crate::{Context, health};

/// Whether a gate is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Capability {
    /// It is.
    Open,
    /// It is not, and why.
    Closed {
        /// What is missing.
        reason: String,
    },
}

/// Looks at a gate's target. [`Gate::WebhookAnswers`] is open here as soon as the webhook's
/// configuration is there: whether it answers, only the request itself can tell.
pub fn capability(gate: &Gate, live: Option<&Object>, ctx: &Context) -> Capability {
    let Some(live) = live else {
        return closed("it is not there");
    };
    if live.text("/metadata/deletionTimestamp").is_some() {
        return closed("it is being deleted");
    }
    match gate {
        Gate::Exists | Gate::WebhookAnswers => Capability::Open,
        Gate::Keys { keys } => has_keys(live, keys),
        Gate::Established => holds(condition(live, "Established"), "it is not established yet"),
        Gate::Active => match live.text("/status/phase") {
            Some("Active") => Capability::Open,
            _ => closed("it is not active yet"),
        },
        Gate::Serving => serves(live, ctx),
        Gate::Healthy => {
            let found = health(live, ctx);
            if found.status.is_done() {
                Capability::Open
            } else {
                closed(&found.message)
            }
        }
    }
}

/// Names the keys of a Secret or ConfigMap: from its data, or, of metadata alone, from what its
/// managers own (`f:data`). Values are never looked at.
pub fn secret_keys(live: &Object) -> BTreeSet<String> {
    let data = ["/data", "/binaryData"]
        .into_iter()
        .filter_map(|field| live.pointer(field)?.as_object());
    let named = data.flat_map(|fields| fields.keys().cloned());
    let managers = live
        .pointer("/metadata/managedFields")
        .and_then(Value::as_array);
    let owned = managers
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.pointer("/fieldsV1/f:data")?.as_object())
        .flat_map(|fields| {
            fields
                .keys()
                .filter_map(|key| key.strip_prefix("f:"))
                .map(ToOwned::to_owned)
        });
    named.chain(owned).collect()
}

fn has_keys(live: &Object, keys: &[String]) -> Capability {
    let there = secret_keys(live);
    let missing: Vec<&str> = keys
        .iter()
        .filter(|key| !there.contains(*key))
        .map(String::as_str)
        .collect();
    if missing.is_empty() {
        return Capability::Open;
    }
    closed(&format!("it has no key {}", missing.join(", ")))
}

fn serves(live: &Object, ctx: &Context) -> Capability {
    let kind = &live.id().kind;
    match (kind.group.as_str(), kind.kind.as_str()) {
        ("apps", "Deployment") => holds(condition(live, "Available"), "it is not available yet"),
        ("apps", "StatefulSet") => at_least_one(live, "/status/readyReplicas", "replica is ready"),
        ("apps", "DaemonSet") => at_least_one(live, "/status/numberAvailable", "pod is available"),
        ("apiregistration.k8s.io", "APIService") => {
            holds(condition(live, "Available"), "it is not available yet")
        }
        ("postgresql.cnpg.io", "Cluster") => accepts_connections(live),
        ("external-secrets.io" | "cert-manager.io", _) => {
            holds(condition(live, "Ready"), "it is not ready yet")
        }
        _ => capability(&Gate::Healthy, Some(live), ctx),
    }
}

/// A cluster with a primary takes connections, even while a replica is failing.
fn accepts_connections(live: &Object) -> Capability {
    let primary = live
        .text("/status/currentPrimary")
        .is_some_and(|name| !name.is_empty());
    if primary && number(live, "/status/readyInstances", 0) > 0 {
        return Capability::Open;
    }
    let phase = live
        .text("/status/phase")
        .unwrap_or("the operator has not reported on it yet");
    closed(&format!("it accepts no connections yet: {phase}"))
}

fn at_least_one(live: &Object, pointer: &str, what: &str) -> Capability {
    if number(live, pointer, 0) > 0 {
        Capability::Open
    } else {
        closed(&format!("no {what}"))
    }
}

fn holds(found: Option<Condition<'_>>, otherwise: &str) -> Capability {
    match found {
        Some(found) if found.is_true() => Capability::Open,
        Some(found) if !found.text().is_empty() => closed(&found.text()),
        _ => closed(otherwise),
    }
}

fn closed(reason: &str) -> Capability {
    Capability::Closed {
        reason: reason.into(),
    }
}
