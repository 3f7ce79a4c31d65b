//! Namespaces.

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
