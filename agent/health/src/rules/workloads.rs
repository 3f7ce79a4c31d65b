//! Pods and what makes them.

use serde_json::Value;
use tidegate_object::Object;

use crate::conditions::{condition, number, unobserved};
use crate::{Context, Health};

pub(crate) fn deployment(object: &Object, _: &Context) -> Health {
    if object.pointer("/spec/paused") == Some(&Value::Bool(true)) {
        return Health::suspended("it is paused");
    }
    if let Some(health) = without_status(object).or_else(|| unobserved(object)) {
        return health;
    }
    if let Some(stuck) =
        condition(object, "Progressing").filter(|found| found.reason == "ProgressDeadlineExceeded")
    {
        return Health::failed(stuck.text());
    }
    let wanted = number(object, "/spec/replicas", 1);
    let count = |name: &str| number(object, &format!("/status/{name}"), 0);
    if let Some(failure) = condition(object, "ReplicaFailure").filter(|found| found.is_true())
        && count("updatedReplicas") < wanted
    {
        return Health::in_progress(failure.text());
    }
    let steps = [
        (count("updatedReplicas"), "updated"),
        (count("availableReplicas"), "available"),
    ];
    if let Some((have, what)) = steps.iter().find(|(have, _)| *have < wanted) {
        return Health::in_progress(format!("{have} of {wanted} replicas are {what}"));
    }
    match count("replicas") - count("updatedReplicas") {
        old if old > 0 => Health::in_progress(format!("{old} old replicas are still there")),
        _ => Health::current(),
    }
}

pub(crate) fn stateful_set(object: &Object, _: &Context) -> Health {
    if let Some(health) = without_status(object).or_else(|| unobserved(object)) {
        return health;
    }
    let wanted = number(object, "/spec/replicas", 1);
    let ready = number(object, "/status/readyReplicas", 0);
    if ready < wanted {
        return Health::in_progress(format!("{ready} of {wanted} replicas are ready"));
    }
    if object.text("/spec/updateStrategy/type") == Some("OnDelete") {
        return Health::current();
    }
    let partition = number(object, "/spec/updateStrategy/rollingUpdate/partition", 0);
    let updated = number(object, "/status/updatedReplicas", 0);
    let (current, update) = (
        object.text("/status/currentRevision"),
        object.text("/status/updateRevision"),
    );
    if current != update && updated < wanted.saturating_sub(partition) {
        return Health::in_progress(format!("{updated} of {wanted} replicas are updated"));
    }
    Health::current()
}

pub(crate) fn daemon_set(object: &Object, _: &Context) -> Health {
    if let Some(health) = without_status(object).or_else(|| unobserved(object)) {
        return health;
    }
    let wanted = number(object, "/status/desiredNumberScheduled", 0);
    let counts = [
        ("updatedNumberScheduled", "updated"),
        ("numberAvailable", "available"),
    ];
    let short = counts.iter().find_map(|(field, what)| {
        let have = number(object, &format!("/status/{field}"), 0);
        (have < wanted).then(|| format!("{have} of {wanted} pods are {what}"))
    });
    short.map_or_else(Health::current, Health::in_progress)
}

pub(crate) fn replicas(object: &Object, _: &Context) -> Health {
    if let Some(health) = without_status(object).or_else(|| unobserved(object)) {
        return health;
    }
    let wanted = number(object, "/spec/replicas", 1);
    let have = number(object, "/status/availableReplicas", 0);
    if have < wanted {
        return Health::in_progress(format!("{have} of {wanted} replicas are available"));
    }
    Health::current()
}

pub(crate) fn job(object: &Object, _: &Context) -> Health {
    if let Some(failed) = condition(object, "Failed").filter(|found| found.is_true()) {
        return Health::failed(failed.text());
    }
    if condition(object, "Complete").is_some_and(|found| found.is_true()) {
        return Health::current();
    }
    if object.pointer("/spec/suspend") == Some(&Value::Bool(true)) {
        return Health::suspended("it is suspended");
    }
    let (active, failed) = (
        number(object, "/status/active", 0),
        number(object, "/status/failed", 0),
    );
    Health::in_progress(format!(
        "it is running: {active} pods active, {failed} failed"
    ))
}

pub(crate) fn cron_job(object: &Object, _: &Context) -> Health {
    if object.pointer("/spec/suspend") == Some(&Value::Bool(true)) {
        return Health::suspended("it is suspended");
    }
    Health::current()
}

pub(crate) fn pod(object: &Object, _: &Context) -> Health {
    match object.text("/status/phase") {
        Some("Succeeded") => Health::current(),
        Some("Failed") => {
            let reason = object
                .text("/status/message")
                .or_else(|| object.text("/status/reason"));
            Health::failed(reason.unwrap_or("it has failed"))
        }
        _ => match condition(object, "Ready") {
            Some(found) if found.is_true() => Health::current(),
            Some(found) => Health::in_progress(found.text()),
            None => Health::in_progress("it is not scheduled yet"),
        },
    }
}

/// Metrics that are not there degrade an autoscaler, and block nothing: `ScalingLimited` is normal.
pub(crate) fn autoscaler(object: &Object, _: &Context) -> Health {
    match condition(object, "AbleToScale") {
        None => Health::in_progress("its controller has not reported on it yet"),
        Some(found) if found.is_false() => Health::failed(found.text()),
        Some(_) => match condition(object, "ScalingActive") {
            Some(found) if found.is_false() => Health {
                message: found.text(),
                ..Health::current()
            },
            _ => Health::current(),
        },
    }
}

/// Too few pods are no failure of the budget: it does its work.
pub(crate) fn budget(object: &Object, _: &Context) -> Health {
    if let Some(health) = without_status(object).or_else(|| unobserved(object)) {
        return health;
    }
    match condition(object, "DisruptionAllowed").filter(|found| found.reason == "SyncFailed") {
        Some(found) => Health::failed(found.text()),
        None => Health::current(),
    }
}

/// A status that its controller always writes, and that is not there, means that it has not looked.
fn without_status(object: &Object) -> Option<Health> {
    let observed = object.pointer("/status/observedGeneration");
    observed
        .is_none()
        .then(|| Health::in_progress("its controller has not reported on it yet"))
}
