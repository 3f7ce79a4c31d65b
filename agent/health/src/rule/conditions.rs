//! Kinds that say how they are by conditions, and kinds that say nothing.
//!
//! Follows kstatus (`sigs.k8s.io/cli-utils/pkg/kstatus`), but for an object without a status, which
//! kstatus takes for current.

use tidegate_object::Object;

use crate::Neighbours;
use crate::facts::{self, Condition, condition, is_set};
use crate::verdict::{Verdict, no_status};

/// A kind that is well as soon as it is there.
pub(super) fn exists(_: &Object, _: &dyn Neighbours) -> Verdict {
    Verdict::current()
}

/// A kind of which nothing is known: `spec.suspend` or `spec.paused`, then the conditions Stalled,
/// Reconciling, Ready and Available, in this order.
pub(super) fn generic(object: &Object, neighbours: &dyn Neighbours) -> Verdict {
    for field in ["suspend", "paused"] {
        if is_set(object, &format!("/spec/{field}")) {
            return Verdict::suspended(format!("suspended (spec.{field})"));
        }
    }
    if !facts::has_status(object) {
        return match neighbours.reports_status(&object.id().kind) {
            Some(true) => no_status(),
            Some(false) => Verdict::current(),
            None => Verdict::silent(),
        };
    }
    if let Some(stalled) = fresh(object, "Stalled").filter(|stalled| stalled.is_true()) {
        return Verdict::failed(stalled.text());
    }
    if let Some(moving) = fresh(object, "Reconciling").filter(|moving| moving.is_true()) {
        return Verdict::in_progress(moving.text());
    }
    let Some(verdict) = condition(object, "Ready").or_else(|| condition(object, "Available"))
    else {
        return Verdict::current();
    };
    if verdict.is_true() && !verdict.is_stale(object) {
        return Verdict::current();
    }
    // Unknown controllers use False for "not yet" too: the deadline tells the two apart.
    Verdict::in_progress(verdict.text())
}

/// A kind whose Ready condition says all.
pub(super) fn ready(object: &Object, _: &dyn Neighbours) -> Verdict {
    by_condition(object, "Ready")
}

/// A kind whose Available condition says all.
pub(super) fn available(object: &Object, _: &dyn Neighbours) -> Verdict {
    by_condition(object, "Available")
}

/// Judges by one condition: True is current, False fails after the kind's grace.
pub(super) fn by_condition(object: &Object, name: &str) -> Verdict {
    let Some(found) = condition(object, name) else {
        return no_status();
    };
    if found.is_stale(object) {
        return Verdict::in_progress(format!("its {name} condition is of an older generation"));
    }
    match (found.is_true(), found.is_false()) {
        (true, _) => Verdict::current(),
        (_, true) => Verdict::failing_by(found),
        _ => Verdict::in_progress(found.text()),
    }
}

fn fresh<'a>(object: &'a Object, name: &str) -> Option<Condition<'a>> {
    condition(object, name).filter(|found| !found.is_stale(object))
}
