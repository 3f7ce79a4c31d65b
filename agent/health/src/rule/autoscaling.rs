//! Autoscalers and disruption budgets.

use tidegate_object::Object;

use crate::Neighbours;
use crate::facts::{condition, conditions};
use crate::verdict::{Verdict, no_status};

/// Able to scale is current; missing metrics are a warning, being at a limit is normal.
pub(super) fn autoscaler(object: &Object, _: &dyn Neighbours) -> Verdict {
    if conditions(object).next().is_none() {
        return no_status();
    }
    let unable = condition(object, "AbleToScale").filter(|found| found.is_false());
    if let Some(found) = unable.filter(|found| found.reason().starts_with("Failed")) {
        return Verdict::failing_by(found);
    }
    let inactive = condition(object, "ScalingActive").filter(|found| found.is_false());
    let blind = inactive.filter(|found| found.reason() != "ScalingDisabled");
    Verdict::current().warning(blind.map(|found| format!("does not scale: {}", found.text())))
}

/// Evaluated is current; that too few pods are up to allow a disruption is no fault of the budget.
pub(super) fn disruption_budget(object: &Object, _: &dyn Neighbours) -> Verdict {
    let allowed = condition(object, "DisruptionAllowed");
    match allowed.filter(|found| found.is_false() && found.reason() == "SyncFailed") {
        Some(failed) => Verdict::failed(failed.text()),
        None => Verdict::current(),
    }
}
