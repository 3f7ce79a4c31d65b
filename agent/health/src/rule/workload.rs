//! Workloads that keep a number of pods: Deployment, StatefulSet, DaemonSet, ReplicaSet.

use tidegate_object::Object;

use crate::Neighbours;
use crate::facts::{condition, is_set, number};
use crate::verdict::Verdict;

/// All replicas updated and available, no old one left. The live `spec.replicas` counts, which an
/// autoscaler may have written.
pub(super) fn deployment(object: &Object, _: &dyn Neighbours) -> Verdict {
    if is_set(object, "/spec/paused") {
        return Verdict::suspended("its rollout is paused (spec.paused)");
    }
    let progressing = condition(object, "Progressing");
    if let Some(late) = progressing.filter(|found| found.reason() == "ProgressDeadlineExceeded") {
        return Verdict::failed(late.text());
    }
    let desired = desired(object);
    let updated = status(object, "updatedReplicas");
    if updated < desired {
        return short_of(object, (updated, desired), "updated");
    }
    let old = status(object, "replicas") - updated;
    if old > 0 {
        return Verdict::in_progress(format!("{old} of the old replicas still there"));
    }
    enough(
        object,
        (status(object, "availableReplicas"), desired),
        "available",
    )
}

/// All replicas ready, and on the update revision as far as the update strategy brings them there.
pub(super) fn stateful_set(object: &Object, _: &dyn Neighbours) -> Verdict {
    let desired = desired(object);
    let ready = status(object, "readyReplicas");
    if ready < desired {
        return short_of(object, (ready, desired), "ready");
    }
    let surplus = status(object, "replicas") - desired;
    if surplus > 0 {
        return Verdict::in_progress(format!("{surplus} of the replicas still to go"));
    }
    let available = status(object, "availableReplicas");
    if number(object, "/spec/minReadySeconds").is_some_and(|least| least > 0) && available < desired
    {
        return short_of(object, (available, desired), "available");
    }
    revision(object, desired)
}

/// All scheduled pods updated and available.
pub(super) fn daemon_set(object: &Object, _: &dyn Neighbours) -> Verdict {
    let Some(desired) = number(object, "/status/desiredNumberScheduled") else {
        return Verdict::in_progress("its controller has not counted its nodes yet");
    };
    let updated = status(object, "updatedNumberScheduled");
    if !updates_by_hand(object) && updated < desired {
        return short_of(object, (updated, desired), "updated");
    }
    enough(
        object,
        (status(object, "numberAvailable"), desired),
        "available",
    )
}

/// All replicas available.
pub(super) fn replica_set(object: &Object, _: &dyn Neighbours) -> Verdict {
    let (desired, present) = (desired(object), status(object, "replicas"));
    if present > desired {
        return Verdict::in_progress(format!("{} of the replicas still to go", present - desired));
    }
    enough(
        object,
        (status(object, "availableReplicas"), desired),
        "available",
    )
}

fn revision(object: &Object, desired: i64) -> Verdict {
    if updates_by_hand(object) {
        return Verdict::current();
    }
    let partition = number(object, "/spec/updateStrategy/rollingUpdate/partition").unwrap_or(0);
    let to_update = (desired - partition).max(0);
    let updated = status(object, "updatedReplicas");
    let same = object.text("/status/currentRevision") == object.text("/status/updateRevision");
    if same || (partition > 0 && updated >= to_update) {
        return Verdict::current();
    }
    Verdict::in_progress(format!("{updated} of {to_update} replicas updated"))
}

fn updates_by_hand(object: &Object) -> bool {
    object.text("/spec/updateStrategy/type") == Some("OnDelete")
}

fn desired(object: &Object) -> i64 {
    number(object, "/spec/replicas").unwrap_or(1)
}

fn status(object: &Object, field: &str) -> i64 {
    number(object, &format!("/status/{field}")).unwrap_or(0)
}

fn enough(object: &Object, (have, desired): (i64, i64), what: &str) -> Verdict {
    if have < desired {
        return short_of(object, (have, desired), what);
    }
    Verdict::current()
}

/// Says what is missing, and why pods cannot be made if that is why.
fn short_of(object: &Object, (have, desired): (i64, i64), what: &str) -> Verdict {
    let count = format!("{have} of {desired} replicas {what}");
    match condition(object, "ReplicaFailure").filter(|found| found.is_true()) {
        Some(failure) => Verdict::in_progress(format!("{count}; {}", failure.text())),
        None => Verdict::in_progress(count),
    }
}
