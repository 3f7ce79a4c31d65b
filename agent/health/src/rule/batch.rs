//! Jobs and CronJobs.

use tidegate_object::Object;

use crate::Neighbours;
use crate::facts::{condition, is_set, number};
use crate::verdict::Verdict;

/// Complete is current, Failed is failed; a running Job is in progress, unlike in kstatus.
pub(super) fn job(object: &Object, _: &dyn Neighbours) -> Verdict {
    let holds = |name| condition(object, name).filter(|found| found.is_true());
    if holds("Complete").is_some() {
        return Verdict::current();
    }
    if let Some(failed) = holds("Failed") {
        return Verdict::failed(failed.text());
    }
    if is_set(object, "/spec/suspend") {
        return Verdict::suspended("suspended (spec.suspend)");
    }
    if let Some(failing) = holds("FailureTarget") {
        return Verdict::in_progress(format!("its pods are ending after {}", failing.text()));
    }
    Verdict::in_progress(progress(object))
}

/// Being there is health, unless it is suspended.
pub(super) fn cron_job(object: &Object, _: &dyn Neighbours) -> Verdict {
    if is_set(object, "/spec/suspend") {
        return Verdict::suspended("suspended (spec.suspend)");
    }
    Verdict::current()
}

fn progress(object: &Object) -> String {
    let status = |field| number(object, &format!("/status/{field}")).unwrap_or(0);
    if object.pointer("/status/startTime").is_none() {
        return "not started yet".into();
    }
    let wanted = number(object, "/spec/completions").unwrap_or(1);
    let failed = match (status("failed"), number(object, "/spec/backoffLimit")) {
        (0, _) => String::new(),
        (failed, Some(limit)) => format!(", {failed} tries failed (at most {limit} may)"),
        (failed, None) => format!(", {failed} tries failed"),
    };
    format!("running: {} of {wanted} done{failed}", status("succeeded"))
}
