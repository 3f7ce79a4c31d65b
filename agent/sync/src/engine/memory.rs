//! What is remembered of an owner between runs: since when objects are waited for, and what was applied.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use tidegate_health::Settle;
use tidegate_object::{Object, ObjectId};

use super::drift::Fight;
use super::item::Written;
use super::prune::Deeds;
use crate::inventory::Held;

/// What is remembered of an owner between runs.
#[derive(Default)]
pub(super) struct Memory {
    /// The inventory as it was kept last; `None` until it was read.
    pub held: Option<Held>,
    /// The objects as they were applied last.
    pub applied: HashMap<ObjectId, Arc<Object>>,
    /// Objects that were refused as invalid.
    refused: HashMap<ObjectId, Refused>,
    /// Objects that were written, and that the watch has not shown yet.
    pub unseen: HashMap<ObjectId, Written>,
    /// Objects from elsewhere that were seen.
    pub seen: HashSet<ObjectId>,
    /// Deletes that somebody has confirmed, and that are not made yet.
    pub confirmed: Deeds,
    /// How often objects were put right lately.
    pub fights: HashMap<ObjectId, Fight>,
    /// How many changes by others were noticed.
    pub noticed: u64,
    waits: HashMap<ObjectId, Wait>,
}

/// An object that was refused as invalid.
#[derive(Debug, Clone)]
pub(super) struct Refused {
    /// What was refused: the object's digest, or what is wrong with it.
    pub digest: String,
    /// The digest of the first rendering that held it so.
    pub rendering: String,
}

/// Since when a generation of an object is waited for.
#[derive(Debug, Clone)]
pub(super) struct Wait {
    uid: String,
    generation: Option<i64>,
    pub since: Timestamp,
    pub settle: Settle,
}

impl Memory {
    /// Notes a refusal; tells whether it is of something that an older rendering did not hold so.
    pub(super) fn is_news(&mut self, id: &ObjectId, refused: Refused) -> bool {
        let known = self.refused.get(id);
        if let Some(known) = known.filter(|known| known.digest == refused.digest) {
            return known.rendering == refused.rendering;
        }
        self.refused.insert(id.clone(), refused);
        true
    }

    /// Returns since when this generation of an object is waited for: since now, if it was not known.
    pub(super) fn wait(&mut self, live: &Object, now: Timestamp) -> Wait {
        let known = self.waits.get(live.id()).filter(|wait| wait.is_of(live));
        if let Some(wait) = known {
            return wait.clone();
        }
        let wait = Wait::new(live, now, Settle::No);
        self.waits.insert(live.id().clone(), wait.clone());
        wait
    }

    /// Notes that this run wrote an object, and that its status may still be of the time before.
    pub(super) fn wrote(&mut self, live: &Object, now: Timestamp) {
        let known = self
            .waits
            .get(live.id())
            .is_some_and(|wait| wait.is_of(live));
        if !known {
            let wait = Wait::new(live, now, Settle::AfterChange);
            self.waits.insert(live.id().clone(), wait);
        }
    }

    /// Notes that what is behind an object was changed, so that its status counts only when it was looked at anew.
    pub(super) fn provider_changed(&mut self, live: &Object, now: Timestamp) {
        let wait = Wait::new(live, now, Settle::AfterProvider);
        self.waits.insert(live.id().clone(), wait);
    }
}

impl Wait {
    fn new(live: &Object, since: Timestamp, settle: Settle) -> Self {
        Self {
            uid: live.uid().unwrap_or_default().into(),
            generation: live.generation(),
            since,
            settle,
        }
    }

    fn is_of(&self, live: &Object) -> bool {
        Some(self.uid.as_str()) == live.uid() && self.generation == live.generation()
    }
}

/// The memories of all owners, by uid.
#[derive(Default)]
pub(super) struct Memories {
    all: Mutex<HashMap<String, Memory>>,
}

/// An owner's memory while a run uses it; it goes back when that ends.
pub(super) struct Lent {
    pub memory: Memory,
    uid: String,
    memories: Arc<Memories>,
}

impl Memories {
    /// Lends an owner's memory to a run.
    pub(super) fn lend(self: &Arc<Self>, uid: &str) -> Lent {
        Lent {
            memory: self.with(|all| all.remove(uid)).unwrap_or_default(),
            uid: uid.into(),
            memories: Arc::clone(self),
        }
    }

    /// Forgets an owner.
    pub(super) fn forget(&self, uid: &str) {
        self.with(|all| all.remove(uid));
    }

    fn with<T>(&self, change: impl FnOnce(&mut HashMap<String, Memory>) -> T) -> T {
        change(&mut self.all.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let memory = std::mem::take(&mut self.memory);
        self.memories
            .with(|all| all.insert(self.uid.clone(), memory));
    }
}
