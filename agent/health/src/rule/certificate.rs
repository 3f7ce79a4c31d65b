//! cert-manager's Certificates and requests for them.

use tidegate_object::Object;

use super::conditions::by_condition;
use crate::Neighbours;
use crate::facts::{condition, number};
use crate::verdict::{Class, Verdict};

/// Ready of the latest generation, and not being issued; a first issue that is under way is no failure.
pub(super) fn certificate(object: &Object, _: &dyn Neighbours) -> Verdict {
    let issuing = condition(object, "Issuing").filter(|found| found.is_true());
    let tried = number(object, "/status/failedIssuanceAttempts").is_some_and(|tries| tries > 0);
    match (by_condition(object, "Ready"), issuing) {
        (
            Verdict {
                class: Class::Failing,
                ..
            },
            Some(issuing),
        ) if !tried => Verdict::in_progress(issuing.text()),
        (
            Verdict {
                class: Class::Failing,
                message,
                ..
            },
            None,
        ) if !tried => Verdict::in_progress(message),
        (
            Verdict {
                class: Class::Current,
                ..
            },
            Some(issuing),
        ) => Verdict::in_progress(issuing.text()),
        (verdict, _) => verdict,
    }
}

/// Ready; a denied, invalid or failed request never gets ready.
pub(super) fn request(object: &Object, _: &dyn Neighbours) -> Verdict {
    let ready = condition(object, "Ready");
    let over =
        ready.filter(|found| ["Denied", "Failed", "InvalidRequest"].contains(&found.reason()));
    match (over, ready) {
        (Some(over), _) => Verdict::failed(over.text()),
        (None, Some(ready)) if ready.is_true() => Verdict::current(),
        (None, Some(ready)) => Verdict::in_progress(ready.text()),
        (None, None) => Verdict::in_progress("no status yet"),
    }
}
