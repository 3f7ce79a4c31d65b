//! What a plan needs to know of the cluster, and the manifests do not say.

use tidegate_object::{Object, ObjectId};

use crate::{Change, Consequence};

/// What is known of the cluster; `None` is "not known", which no rule takes for an answer.
///
/// Offline, where nothing is known, `&()` does: every change is then [`Change::Unknown`].
pub trait Facts {
    /// Tells whether an object that the plan does not hold is there.
    fn exists(&self, id: &ObjectId) -> Option<bool> {
        let _ = id;
        None
    }

    /// Tells what happens to a planned object.
    fn change(&self, object: &Object) -> Change {
        let _ = object;
        Change::Unknown
    }

    /// Returns what the change of a planned object does to what runs.
    fn consequences(&self, object: &Object) -> Vec<Consequence> {
        let _ = object;
        Vec::new()
    }

    /// Returns a planned object as it was last applied, to tell new references from old ones.
    fn applied(&self, id: &ObjectId) -> Option<&Object> {
        let _ = id;
        None
    }
}

/// Knows nothing of the cluster.
impl Facts for () {}
