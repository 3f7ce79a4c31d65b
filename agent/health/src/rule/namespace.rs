//! Namespaces and their quotas.

use serde_json::Value;
use tidegate_object::Object;

use crate::Neighbours;
use crate::verdict::{Verdict, no_status};

/// Active is current. A namespace that is being deleted carries a deletionTimestamp, as all objects do.
pub(super) fn namespace(object: &Object, _: &dyn Neighbours) -> Verdict {
    match object.text("/status/phase") {
        Some("Active") => Verdict::current(),
        Some(phase) => Verdict::in_progress(format!("phase {phase}")),
        None => no_status(),
    }
}

/// Counted, for all that it limits: until then the API server refuses what the quota is about.
pub(super) fn quota(object: &Object, _: &dyn Neighbours) -> Verdict {
    let limits = |pointer| object.pointer(pointer).and_then(Value::as_object);
    let counted = limits("/status/hard");
    let mut names = limits("/spec/hard")
        .into_iter()
        .flatten()
        .map(|(name, _)| name);
    let missing = names.find(|name| counted.is_none_or(|counted| !counted.contains_key(*name)));
    match missing {
        Some(name) => Verdict::in_progress(format!("{name} is not counted yet")),
        None => Verdict::current(),
    }
}
