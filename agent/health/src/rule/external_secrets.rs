//! External Secrets 2.9: stores, secrets from them, secrets to them.

use tidegate_object::Object;

use super::conditions::by_condition;
use crate::Neighbours;
use crate::facts::{Condition, condition};
use crate::verdict::{Verdict, no_status};

/// Ready for the reason `SecretSynced`: Ready is also True for a secret that was deleted.
pub(super) fn external_secret(object: &Object, _: &dyn Neighbours) -> Verdict {
    let Some(ready) = condition(object, "Ready") else {
        return no_status();
    };
    if !ready.is_true() || ready.reason() != "SecretSynced" {
        return trouble(ready);
    }
    // One that is made once is never synced again, whatever its generation.
    let once = object.text("/spec/refreshPolicy") == Some("CreatedOnce");
    synced(
        object,
        if once {
            ""
        } else {
            "the secret store has not been read for the latest change yet"
        },
    )
}

/// Ready for the reason `Synced`.
pub(super) fn push_secret(object: &Object, _: &dyn Neighbours) -> Verdict {
    let Some(ready) = condition(object, "Ready") else {
        return no_status();
    };
    match ready.reason() {
        "SourceDeleted" => Verdict::failed(ready.text()),
        "Synced" if ready.is_true() => synced(object, "the latest change has not been pushed yet"),
        _ => trouble(ready),
    }
}

/// Ready; its reason `ValidationUnknown` counts too.
pub(super) fn store(object: &Object, _: &dyn Neighbours) -> Verdict {
    by_condition(object, "Ready")
}

fn trouble(ready: Condition<'_>) -> Verdict {
    if ready.message().contains("immutable") {
        return Verdict::failed(ready.text());
    }
    Verdict::failing_by(ready)
}

/// `syncedResourceVersion` is `<generation>-<hash of labels and annotations>`.
fn synced(object: &Object, pending: &str) -> Verdict {
    let version = object
        .text("/status/syncedResourceVersion")
        .unwrap_or_default();
    let generation = version
        .split_once('-')
        .and_then(|(generation, _)| generation.parse().ok());
    if pending.is_empty() || generation == object.generation() {
        return Verdict::current();
    }
    Verdict::in_progress(pending)
}
