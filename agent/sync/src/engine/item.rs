//! One object of a run, and how far it has come.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tidegate_cluster::{Class, Live, LiveView};
use tidegate_health::Status;
use tidegate_object::{Object, ObjectId};
use tidegate_plan::{Change, Consequence};
use tokio::time::Instant;

use super::contact::Claim;
use super::drift::Watched;
use crate::{RunObject, Step, Waiting};

/// The first pause before a request that failed is sent again; it doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// How long a watch may be behind a write.
const WATCH_LAG: Duration = Duration::from_secs(30);

/// The longest such pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// One object of a run.
pub(super) struct Item {
    pub object: Arc<Object>,
    pub digest: String,
    pub wave: u32,
    pub claim: Claim,
    pub change: Change,
    /// What the change does to what runs; known once it is proven.
    pub consequences: Vec<Consequence>,
    pub stage: Stage,
    /// What must be written before a dry-run means anything; shared by a group.
    pub group: Option<usize>,
    /// The newest answer of the API server to a write, until the watch has shown as much.
    pub answered: Option<Written>,
    /// Whether it was written in this run.
    pub is_written: bool,
    pub retry: Retry,
    /// Since when closed gates hold it back.
    pub waits_since: Option<Instant>,
    /// Soft edges that count no more, by target.
    pub dropped: HashSet<ObjectId>,
    /// Webhooks that have answered for this object, by target.
    pub answering: HashSet<ObjectId>,
    /// Webhooks through which the dry-run under way goes, by target.
    pub asking_through: Vec<ObjectId>,
    /// What kept it from being written, if a change elsewhere may cure that.
    pub cause: Option<Class>,
    /// Whether it was seen to be deleted before it could be written.
    pub is_going: bool,
    /// Whether a write was sent of which nobody knows how it ended.
    pub attempted: bool,
    /// What is known of changes that others made.
    pub drift: Watched,
    pub shown: Shown,
}

/// What the API server answered to a write.
#[derive(Debug, Clone)]
pub(super) struct Written {
    pub object: Arc<Object>,
    /// Until when it counts although the watch has not shown it.
    pub until: Instant,
}

/// What everybody sees of an object.
pub(super) struct Shown {
    pub state: State,
    pub waiting_for: Vec<Waiting>,
    pub since: Timestamp,
}

/// What there is to say of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct State {
    pub step: Step,
    pub health: Status,
    pub message: String,
}

/// How far an object has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// It is to be dry-run first.
    Unproven,
    /// Its dry-run is under way.
    Asking,
    /// It may be written when its gates are open.
    Proven,
    /// It is being written.
    Writing,
    /// It is as Git says; its health counts.
    Done,
    /// It is not written in this run.
    Ended,
}

/// When a failed request is sent again.
#[derive(Debug, Default)]
pub(super) struct Retry {
    pub not_before: Option<Instant>,
    /// Since when it fails.
    pub failing_since: Option<Instant>,
    pause: Option<Duration>,
}

impl Written {
    pub(super) fn new(object: Arc<Object>) -> Self {
        Self {
            object,
            until: Instant::now() + WATCH_LAG,
        }
    }

    /// Tells whether it is newer than what the watch shows.
    pub(super) fn is_newer_than(&self, shown: &Live, live: &LiveView) -> bool {
        let version = self.object.resource_version().unwrap_or_default();
        let is_shown =
            matches!(shown, Live::Present(shown) if shown.resource_version() == Some(version));
        !is_shown && self.until > Instant::now() && !live.has_seen(self.object.id(), version)
    }
}

impl Item {
    pub(super) fn new(object: Object, digest: String, claim: Claim) -> Self {
        Self {
            object: Arc::new(object),
            digest,
            wave: 1,
            change: claim.change,
            consequences: Vec::new(),
            claim,
            stage: Stage::Unproven,
            group: None,
            answered: None,
            is_written: false,
            retry: Retry::default(),
            waits_since: None,
            dropped: HashSet::new(),
            answering: HashSet::new(),
            asking_through: Vec::new(),
            cause: None,
            is_going: false,
            attempted: false,
            drift: Watched::default(),
            shown: Shown {
                state: State {
                    step: Step::Pending,
                    health: Status::Unknown,
                    message: String::new(),
                },
                waiting_for: Vec::new(),
                since: Timestamp::now(),
            },
        }
    }

    pub(super) fn id(&self) -> &ObjectId {
        self.object.id()
    }

    pub(super) fn step(&self) -> Step {
        self.shown.state.step
    }

    /// Tells whether it is still to be written.
    pub(super) fn is_due(&self) -> bool {
        !matches!(self.stage, Stage::Done | Stage::Ended)
    }

    /// Tells whether nothing more is expected of it.
    pub(super) fn is_settled(&self) -> bool {
        !matches!(self.step(), Step::Pending | Step::Waiting | Step::Applied)
            && !matches!(self.stage, Stage::Asking | Stage::Writing)
    }

    /// Tells whether it will not be there, or not be well, unless something changes.
    pub(super) fn has_failed(&self) -> bool {
        matches!(self.step(), Step::Blocked | Step::Failed | Step::SetAside)
    }

    /// Takes what there is to say of it; tells whether that is news.
    pub(super) fn take(&mut self, state: State) -> bool {
        if self.shown.state == state {
            return false;
        }
        if self.shown.state.step != state.step {
            self.shown.since = Timestamp::now();
        }
        self.shown.state = state;
        true
    }

    /// Returns what everybody sees of it.
    pub(super) fn report(&self) -> RunObject {
        RunObject {
            id: self.id().clone(),
            wave: self.wave,
            change: self.change,
            consequences: self.consequences.clone(),
            step: self.step(),
            health: self.shown.state.health,
            message: self.shown.state.message.clone(),
            waiting_for: self.shown.waiting_for.clone(),
            since: self.shown.since,
            drift: self.drift.shown.clone(),
            held_until: self.drift.held_until,
            origin: self.object.origin().cloned(),
        }
    }
}

impl Retry {
    /// Notes a failure, and returns when to try again: not before what the server asks for.
    pub(super) fn failed(&mut self, asked: Option<Duration>, now: Instant) -> Instant {
        let pause = self.pause.map_or(FIRST_PAUSE, |pause| pause * 2);
        let pause = pause.min(LONGEST_PAUSE);
        self.pause = Some(pause);
        self.failing_since.get_or_insert(now);
        let at = now + pause.max(asked.unwrap_or_default());
        self.not_before = Some(at);
        at
    }

    /// Forgets failures.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_limit_and_are_never_shorter_than_asked() {
        let now = Instant::now();
        let mut retry = Retry::default();
        let mut pause = |asked| retry.failed(asked, now).duration_since(now).as_millis();
        let pauses: Vec<_> = (0..8).map(|_| pause(None)).collect();
        assert_eq!(pauses, [200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]);
        assert_eq!(pause(Some(Duration::from_secs(60))), 60_000);
        retry.clear();
        let first = retry.failed(None, now).duration_since(now);
        assert_eq!(first, FIRST_PAUSE);
    }
}
