//! One object that leaves, and how far that has come.

use std::time::Duration;

use jiff::Timestamp;
use tidegate_cluster::Live;
use tidegate_object::ObjectId;
use tidegate_plan::{Departure, Difference, consequences};
use tokio::time::Instant;

use super::guards::Denial;
use super::removal::Removed;
use crate::engine::item::Retry;
use crate::{Fate, Guard, Leaving};

/// One object that leaves.
pub(super) struct Leaver {
    pub departure: Departure,
    /// Its uid; empty if it is not known.
    pub uid: String,
    pub turn: Turn,
    pub retry: Retry,
    pub shown: Leaving,
    /// Until when it is waited for, once it is being deleted.
    going_until: Option<Instant>,
}

/// Whose turn it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// It goes when nothing holds it back.
    Open,
    /// The API server is being asked.
    Asked,
    /// It is being deleted, and waited for until then.
    Going(Instant),
    /// It is being deleted, and not waited for any more.
    Hung,
    /// Nothing more happens to it in this run.
    Settled,
}

impl Leaver {
    pub(super) fn new(departure: Departure, uid: String, live: &Live) -> Self {
        let consequences = live.object().map_or_else(Vec::new, |live| {
            consequences(&live.id().kind, Difference::Removed(live.value()))
        });
        let shown = Leaving {
            id: departure.id.clone(),
            uid: uid.clone(),
            fate: Fate::Waiting,
            consequences,
            guard: None,
            confirmable: false,
            message: String::new(),
            since: Timestamp::now(),
        };
        Self {
            departure,
            uid,
            turn: Turn::Open,
            retry: Retry::default(),
            shown,
            going_until: None,
        }
    }

    pub(super) fn id(&self) -> &ObjectId {
        &self.departure.id
    }

    pub(super) fn is_settled(&self) -> bool {
        match self.turn {
            Turn::Open => self.retry.not_before.is_none(),
            Turn::Asked | Turn::Going(_) => false,
            Turn::Hung | Turn::Settled => true,
        }
    }

    /// Shows what holds it back.
    pub(super) fn hold(&mut self, denial: &Denial) {
        self.show(Fate::Held, Some(denial.guard), &denial.message);
    }

    /// Shows what it waits for.
    pub(super) fn wait(&mut self, message: &str) {
        self.show(Fate::Waiting, None, message);
    }

    fn show(&mut self, fate: Fate, guard: Option<Guard>, message: &str) {
        let shown = &self.shown;
        if shown.fate == fate && shown.guard == guard && shown.message == message {
            return;
        }
        self.shown = Leaving {
            id: self.departure.id.clone(),
            uid: self.uid.clone(),
            fate,
            consequences: std::mem::take(&mut self.shown.consequences),
            guard,
            confirmable: false,
            message: message.into(),
            since: Timestamp::now(),
        };
    }

    /// Ends it.
    pub(super) fn end(&mut self, fate: Fate, message: &str) {
        self.turn = Turn::Settled;
        self.show(fate, None, message);
    }

    /// Takes what became of it; returns when to look at it again.
    pub(super) fn take(&mut self, removed: Removed, timeout: Duration) -> Option<Instant> {
        let now = Instant::now();
        match removed {
            Removed::Deleted => self.end(Fate::Pruned, ""),
            Removed::Gone if self.going_until.is_some() => self.end(Fate::Pruned, ""),
            Removed::Gone => self.end(Fate::Forgotten, "it is gone already"),
            Removed::Foreign(message) => self.end(Fate::Forgotten, &message),
            Removed::Held(denial) => {
                self.turn = Turn::Settled;
                self.hold(&denial);
            }
            Removed::Stopped => self.turn = Turn::Open,
            Removed::Going(message) => return Some(self.goes(&message, now + timeout)),
            Removed::Failed(error) => {
                self.turn = Turn::Open;
                let at = self.retry.failed(error.retry_after, now);
                self.wait(&error.message);
                return Some(at);
            }
        }
        self.retry.clear();
        None
    }

    /// It goes: how long it is waited for counts from the first answer.
    fn goes(&mut self, message: &str, until: Instant) -> Instant {
        let until = *self.going_until.get_or_insert(until);
        self.turn = Turn::Going(until);
        self.show(Fate::Going, None, message);
        until
    }
}
