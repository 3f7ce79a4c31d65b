//! Bare pods.

use tidegate_object::Object;

use crate::Neighbours;
use crate::diagnosis::{Cause, diagnose};
use crate::facts::{Condition, condition, joined};
use crate::verdict::{Verdict, no_status};

/// A pod that restarts must be ready, one that does not must succeed. Failed is failed, unlike in kstatus.
pub(super) fn pod(object: &Object, _: &dyn Neighbours) -> Verdict {
    let restarts = object.text("/spec/restartPolicy").unwrap_or("Always") == "Always";
    let ready = condition(object, "Ready").is_some_and(Condition::is_true);
    match object.text("/status/phase") {
        Some("Succeeded") => Verdict::current(),
        Some("Failed") => Verdict::failed(failure(object)),
        Some("Running") if restarts && ready => Verdict::current(),
        Some(phase) => trouble(object, phase),
        None => no_status(),
    }
}

fn trouble(object: &Object, phase: &str) -> Verdict {
    let reasons = diagnose(std::slice::from_ref(object), &[]);
    let Some(worst) = reasons.first() else {
        return Verdict::in_progress(phase.to_lowercase());
    };
    match worst.cause {
        Cause::Image | Cause::Crash | Cause::OutOfMemory => Verdict::failing(&worst.text),
        _ => Verdict::in_progress(&worst.text),
    }
}

fn failure(object: &Object) -> String {
    let said = joined(
        object.text("/status/reason").unwrap_or_default(),
        object.text("/status/message").unwrap_or_default(),
    );
    let first = || {
        Some(
            diagnose(std::slice::from_ref(object), &[])
                .first()?
                .text
                .clone(),
        )
    };
    match said {
        said if said.is_empty() => first().unwrap_or_else(|| "the pod failed".into()),
        said => said,
    }
}
