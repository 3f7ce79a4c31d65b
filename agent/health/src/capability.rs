//! Whether a gate is open: what its target can do, never how its provider is.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use tidegate_object::Object;
use tidegate_plan::Gate;

use crate::facts::{self, condition, list, number};
use crate::{Context, Status, health, key_names, secret_keys};

/// Whether a gate is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", tag = "state")]
pub enum Capability {
    /// What the edge waits for is there.
    Open,
    /// It is not.
    #[serde(rename_all = "camelCase")]
    Closed {
        /// What is missing, in words that follow the target's name.
        reason: String,
        /// When time alone may open the gate.
        #[serde(skip_serializing_if = "Option::is_none")]
        recheck_at: Option<Timestamp>,
    },
    /// The object says nothing against it, and only a dry-run through the webhook can tell: the caller's task.
    DryRun,
}

/// Tells whether a gate is open for a live target; `None` is a target that is not there.
///
/// Discovery of an established kind and the dry-run through a webhook are the caller's to check.
pub fn capability(gate: &Gate, live: Option<&Object>, ctx: &Context<'_>) -> Capability {
    let Some(object) = live else {
        return closed("not there");
    };
    if let Some(deletion) = facts::deletion(object) {
        return closed(deletion);
    }
    match gate {
        Gate::Exists => Capability::Open,
        Gate::Keys { keys } => has_keys(
            keys,
            &secret_keys(object).unwrap_or_else(|| key_names(object)),
        ),
        Gate::Established | Gate::Active | Gate::Healthy => healthy(object, ctx),
        Gate::Serving => serving(object, ctx),
        Gate::WebhookAnswers => match serving(object, ctx) {
            Capability::Open => Capability::DryRun,
            closed => closed,
        },
    }
}

/// Tells whether a Secret or ConfigMap has the keys that are read of it, by their names.
pub fn has_keys(wanted: &[String], present: &BTreeSet<String>) -> Capability {
    let missing: Vec<_> = wanted
        .iter()
        .filter(|key| !present.contains(*key))
        .map(String::as_str)
        .collect();
    match missing.as_slice() {
        [] => Capability::Open,
        [key] => closed(format!("has no key `{key}`")),
        keys => closed(format!("has no keys `{}`", keys.join("`, `"))),
    }
}

impl Capability {
    /// Tells whether the gate is open.
    pub fn is_open(&self) -> bool {
        *self == Self::Open
    }
}

/// Tells whether an object can do its work now, which one failing replica does not change.
fn serving(object: &Object, ctx: &Context<'_>) -> Capability {
    let kind = &object.id().kind;
    let at_least_one = |pointer| match number(object, pointer) {
        Some(ready) if ready > 0 => Capability::Open,
        _ => closed("no replica is ready"),
    };
    match (kind.group.as_str(), kind.kind.as_str()) {
        ("apps", "Deployment") => available(object),
        ("apps", "StatefulSet" | "ReplicaSet") => at_least_one("/status/readyReplicas"),
        ("apps", "DaemonSet") => at_least_one("/status/numberAvailable"),
        ("postgresql.cnpg.io", "Cluster") => accepts_connections(object),
        ("", "Service") => endpoints(object, ctx),
        _ => healthy(object, ctx),
    }
}

fn available(object: &Object) -> Capability {
    match condition(object, "Available") {
        Some(found) if found.is_true() => Capability::Open,
        Some(found) => closed(format!("not available: {}", found.text())),
        None => closed("not available yet"),
    }
}

/// A primary that is among the healthy instances accepts connections, whatever its replicas do.
fn accepts_connections(object: &Object) -> Capability {
    let primary = object.text("/status/currentPrimary").unwrap_or_default();
    let phase = || object.text("/status/phase").unwrap_or("no status yet");
    if primary.is_empty() || number(object, "/status/readyInstances").unwrap_or(0) == 0 {
        return closed(format!("no primary accepts connections: {}", phase()));
    }
    let mut healthy = list(object.value(), "/status/instancesStatus/healthy").peekable();
    if healthy.peek().is_some() && !healthy.any(|name| name.as_str() == Some(primary)) {
        return closed(format!("its primary {primary} is not healthy: {}", phase()));
    }
    Capability::Open
}

/// A Service without a selector, and one of whose endpoints nothing is known, serve as far as one can tell.
fn endpoints(object: &Object, ctx: &Context<'_>) -> Capability {
    let selects = object
        .pointer("/spec/selector")
        .and_then(Value::as_object)
        .is_some_and(|all| !all.is_empty());
    let ns = object.id().namespace.as_deref().unwrap_or_default();
    if selects && ctx.neighbours.has_ready_endpoint(ns, &object.id().name) == Some(false) {
        return closed("has no ready endpoint");
    }
    Capability::Open
}

fn healthy(object: &Object, ctx: &Context<'_>) -> Capability {
    let found = health(object, ctx);
    if found.status == Status::Current {
        return Capability::Open;
    }
    let reason = facts::joined(&found.status.to_string(), &found.message);
    Capability::Closed {
        reason,
        recheck_at: found.recheck_at,
    }
}

fn closed(reason: impl Into<String>) -> Capability {
    Capability::Closed {
        reason: reason.into(),
        recheck_at: None,
    }
}
