//! CloudNativePG: clusters by their phase, databases and roles by what was applied.

use jiff::SignedDuration;
use serde_json::Value;
use tidegate_object::Object;

use crate::conditions::{condition, end_of, graced, number};
use crate::{Context, Health};

/// A Cluster has no observed generation: after a write its old phase is shown for a while.
const SETTLE: SignedDuration = SignedDuration::from_secs(12);

/// A database that could not be applied is tried again each 30 s.
const GRACE: SignedDuration = SignedDuration::from_mins(3);

/// What a phase means. Every phase that is not here means that the operator is at work.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Healthy,
    Suspended,
    Failed,
    /// The operator tries again by itself: a failure only at the deadline.
    Retrying,
}

/// The phases that the operator writes (api/v1/cluster_types.go, 1.30).
const PHASES: &[(&str, Phase)] = &[
    ("Cluster in healthy state", Phase::Healthy),
    ("Waiting for user action", Phase::Suspended),
    ("Invalid cluster definition", Phase::Failed),
    (
        "Cluster has incomplete or invalid image catalog",
        Phase::Failed,
    ),
    (
        "Cluster is unrecoverable and needs manual intervention",
        Phase::Failed,
    ),
    (
        "Cluster cannot execute instance online upgrade due to missing architecture binary",
        Phase::Failed,
    ),
    ("Not enough disk space", Phase::Failed),
    (
        "Cluster cannot proceed to reconciliation due to an unknown plugin being required",
        Phase::Retrying,
    ),
    (
        "Cluster cannot proceed to reconciliation due to an error while interacting with plugins",
        Phase::Retrying,
    ),
    ("Unable to create required cluster objects", Phase::Retrying),
];

pub(crate) fn cluster(object: &Object, ctx: &Context) -> Health {
    if object.annotation("cnpg.io/reconciliationLoop") == Some("disabled") {
        return Health::suspended("its reconciliation is disabled (cnpg.io/reconciliationLoop)");
    }
    if condition(object, "cnpg.io/hibernation").is_some_and(|found| found.is_true()) {
        return Health::suspended("it is hibernated");
    }
    let Some(phase) = object
        .text("/status/phase")
        .filter(|phase| !phase.is_empty())
    else {
        return Health::in_progress("the operator has not reported on it yet");
    };
    let text = match object
        .text("/status/phaseReason")
        .filter(|reason| !reason.is_empty())
    {
        Some(reason) => format!("{phase}: {reason}"),
        None => phase.to_owned(),
    };
    match PHASES
        .iter()
        .find(|(name, _)| *name == phase)
        .map(|(_, phase)| *phase)
    {
        Some(Phase::Healthy) => settled(object, ctx),
        Some(Phase::Suspended) => Health::suspended(text),
        Some(Phase::Failed) => Health::failed(text),
        Some(Phase::Retrying) | None => Health::in_progress(text),
    }
}

fn settled(object: &Object, ctx: &Context) -> Health {
    if ctx.settle
        && let Some(end) = end_of(SETTLE, ctx)
    {
        return Health::in_progress("the operator may not have seen the last change yet")
            .until(Some(end));
    }
    let wanted = number(object, "/spec/instances", 1);
    let ready = number(object, "/status/readyInstances", 0);
    if ready < wanted {
        return Health::in_progress(format!("{ready} of {wanted} instances are ready"));
    }
    let (image, wanted) = (object.text("/status/image"), object.text("/spec/imageName"));
    if let (Some(image), Some(wanted)) = (image, wanted)
        && image != wanted
    {
        return Health::in_progress(format!("it still runs {image}"));
    }
    // The operator calls a cluster healthy whose WAL is not archived, until the disk is full.
    let ill = [
        "ContinuousArchiving",
        "LastBackupSucceeded",
        "ConsistentSystemID",
    ]
    .into_iter()
    .find_map(|name| {
        Some((
            name,
            condition(object, name).filter(|found| found.is_false())?,
        ))
    });
    match ill {
        Some((name, found)) => Health {
            message: format!("{name}: {}", found.text()),
            ..Health::current()
        },
        None => Health::current(),
    }
}

/// Databases and roles have no conditions: what counts is whether this generation was applied.
pub(crate) fn applied(object: &Object, ctx: &Context) -> Health {
    let message = object.text("/status/message").unwrap_or_default();
    match object.pointer("/status/applied").and_then(Value::as_bool) {
        None => Health::in_progress("the instance manager has not reported on it yet"),
        Some(false) => graced(format!("it could not be applied: {message}"), GRACE, ctx),
        Some(true) => {
            let observed = number(object, "/status/observedGeneration", 0);
            if object
                .generation()
                .is_some_and(|generation| observed < generation)
            {
                return Health::in_progress(
                    "the instance manager has not seen the last change yet",
                );
            }
            extensions(object, ctx)
        }
    }
}

fn extensions(object: &Object, ctx: &Context) -> Health {
    let list = object
        .pointer("/status/extensions")
        .and_then(Value::as_array);
    let failed = list
        .into_iter()
        .flatten()
        .find(|one| one.get("applied") == Some(&Value::Bool(false)));
    let Some(extension) = failed else {
        return Health::current();
    };
    let text = |field: &str| {
        extension
            .get(field)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    graced(
        format!("extension {}: {}", text("name"), text("message")),
        GRACE,
        ctx,
    )
}
