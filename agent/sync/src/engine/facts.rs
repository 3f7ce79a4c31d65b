//! What the plan asks of the cluster, answered from what was found before.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use tidegate_cluster::{Live, LiveView};
use tidegate_object::{Object, ObjectId};
use tidegate_plan::{Change, Facts};

use super::Inner;

/// What the plan asks of the cluster. Questions that have no answer yet are kept.
pub(super) struct Known {
    live: LiveView,
    changes: HashMap<ObjectId, Change>,
    /// The objects as they were applied last.
    pub applied: HashMap<ObjectId, Arc<Object>>,
    /// Objects from elsewhere, and whether they are there.
    pub found: HashMap<ObjectId, bool>,
    asked: Mutex<BTreeSet<ObjectId>>,
}

impl Known {
    pub(super) fn new(engine: &Inner, changes: HashMap<ObjectId, Change>) -> Self {
        Self {
            live: engine.hub.live().clone(),
            changes,
            applied: HashMap::new(),
            found: HashMap::new(),
            asked: Mutex::default(),
        }
    }

    /// Returns the questions that had no answer.
    pub(super) fn take_asked(&self) -> BTreeSet<ObjectId> {
        std::mem::take(&mut self.asked.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Facts for Known {
    fn exists(&self, id: &ObjectId) -> Option<bool> {
        if let Some(there) = self.found.get(id) {
            return Some(*there);
        }
        // Only a labelled object is in the view of its kind: that it is not there proves nothing.
        if let Live::Present(_) = self.live.get(id) {
            return Some(true);
        }
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.insert(id.clone());
        None
    }

    fn change(&self, object: &Object) -> Change {
        let known = self.changes.get(object.id());
        known.copied().unwrap_or(Change::Unknown)
    }

    fn applied(&self, id: &ObjectId) -> Option<&Object> {
        self.applied.get(id).map(AsRef::as_ref)
    }
}
