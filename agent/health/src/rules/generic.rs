//! Kinds that have no rule of their own: the conditions that controllers agree on (KEP-1623).

use jiff::SignedDuration;
use tidegate_object::Object;

use crate::conditions::{condition, graced, unobserved};
use crate::{Context, Health};

/// How long `Ready=False` is no failure after a change.
const GRACE: SignedDuration = SignedDuration::from_mins(3);

/// Judges by Stalled, Reconciling and Ready; without any of them, existence is health.
pub(crate) fn conditions(object: &Object, ctx: &Context) -> Health {
    if let Some(health) = unobserved(object) {
        return health;
    }
    if let Some(stalled) = condition(object, "Stalled").filter(|found| found.is_true()) {
        return Health::failed(stalled.text());
    }
    if let Some(moving) = condition(object, "Reconciling").filter(|found| found.is_true()) {
        return Health::in_progress(moving.text());
    }
    match condition(object, "Ready").or_else(|| condition(object, "Available")) {
        Some(found) if found.is_false() => graced(found.text(), GRACE, ctx),
        Some(found) if !found.is_true() => Health::in_progress(found.text()),
        _ => Health::current(),
    }
}

/// Judges a kind that always gets a Ready condition: until it is there, the kind is in progress.
pub(crate) fn ready(object: &Object, ctx: &Context) -> Health {
    match condition(object, "Ready") {
        None => Health::in_progress("its controller has not reported on it yet"),
        Some(_) => conditions(object, ctx),
    }
}
