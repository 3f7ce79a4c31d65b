//! External Secrets and cert-manager: a condition alone is not enough, its reason counts.

use jiff::SignedDuration;
use tidegate_object::Object;

use crate::conditions::{condition, graced};
use crate::{Context, Health};

/// The source's key may not have been pushed yet: the first rollout is eventually consistent.
const GRACE: SignedDuration = SignedDuration::from_mins(3);

pub(crate) fn external_secret(object: &Object, ctx: &Context) -> Health {
    synced(object, ctx, "SecretSynced")
}

pub(crate) fn push_secret(object: &Object, ctx: &Context) -> Health {
    synced(object, ctx, "Synced")
}

/// A store's Ready tells nothing of the backend behind it, and is never stale.
pub(crate) fn store(object: &Object, ctx: &Context) -> Health {
    match condition(object, "Ready") {
        None => Health::in_progress("its controller has not reported on it yet"),
        Some(found) if found.is_true() => Health::current(),
        Some(found) => graced(found.text(), GRACE, ctx),
    }
}

pub(crate) fn certificate(object: &Object, ctx: &Context) -> Health {
    let issuing = condition(object, "Issuing").filter(|found| found.is_true());
    match (condition(object, "Ready"), issuing) {
        (Some(found), _) if found.is_true() && !is_stale(object, found.observed) => {
            Health::current()
        }
        (_, Some(issuing)) => Health::in_progress(issuing.text()),
        (Some(found), None) => graced(found.text(), GRACE, ctx),
        (None, None) => Health::in_progress("its controller has not reported on it yet"),
    }
}

fn synced(object: &Object, ctx: &Context, good: &str) -> Health {
    let Some(found) = condition(object, "Ready") else {
        return Health::in_progress("its controller has not reported on it yet");
    };
    if !found.is_true() {
        if found.message.contains("immutable") {
            return Health::failed(found.text());
        }
        return graced(found.text(), GRACE, ctx);
    }
    if found.reason != good {
        return Health::failed(found.text());
    }
    // "<generation>-<hash>" of what was last synced.
    let synced = object
        .text("/status/syncedResourceVersion")
        .and_then(|text| text.split_once('-'));
    let generation = synced.and_then(|(generation, _)| generation.parse::<i64>().ok());
    if generation.is_some_and(|generation| object.generation().is_some_and(|now| generation < now))
    {
        return Health::in_progress("its controller has not seen the last change yet");
    }
    Health::current()
}

fn is_stale(object: &Object, observed: Option<i64>) -> bool {
    matches!((observed, object.generation()), (Some(seen), Some(now)) if seen < now)
}
