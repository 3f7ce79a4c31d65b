//! What is known of changes that others made to an object of a run.

use jiff::Timestamp;
use tokio::time::Instant;

use super::inspection::{Differing, Seen};
use crate::engine::item::Retry;
use crate::{Drift, Verdict};

/// What is known of changes that others made to an object.
#[derive(Debug, Default)]
pub(in crate::engine) struct Watched {
    /// What is being done about it.
    pub looking: Looking,
    /// Until when it is held.
    pub held_until: Option<Timestamp>,
    /// Whether it was gone, and is being made again.
    pub is_remade: bool,
    /// Drift that stays.
    pub shown: Option<Drift>,
    /// When what could not be answered is asked again.
    pub retry: Retry,
    /// How it looked when it was left, and until when that counts.
    judged: Option<(Seen, Option<Instant>)>,
}

/// What is being done about an object that looks different.
#[derive(Debug, Default, PartialEq)]
pub(in crate::engine) enum Looking {
    /// Nothing.
    #[default]
    Not,
    /// It is to be inspected.
    Due(Seen),
    /// It is to be put right.
    Repair(Repair),
    /// The API server is being asked.
    Asking,
}

/// What is to be put right.
#[derive(Debug, PartialEq)]
pub(in crate::engine) struct Repair {
    /// What that will have been.
    pub verdict: Verdict,
    /// Where it differs.
    pub differing: Box<Differing>,
    /// How it looked.
    pub seen: Seen,
}

impl Watched {
    /// Begins anew with an object that is gone.
    pub(super) fn remade() -> Self {
        Self {
            is_remade: true,
            ..Self::default()
        }
    }

    /// Tells whether an object that looks so is left until a later look.
    pub(super) fn is_left(&self, seen: &Seen, now: Instant) -> bool {
        let waits = self.retry.not_before.is_some_and(|at| at > now);
        let counts = |(judged, until): &(Seen, Option<Instant>)| {
            judged.looks_like(seen) && until.is_none_or(|until| until > now)
        };
        waits || self.judged.as_ref().is_some_and(counts)
    }

    /// Returns when it is to be looked at again, if it is left until then.
    pub(super) fn next_look(&self, now: Instant) -> Option<Instant> {
        let until = self.judged.as_ref().and_then(|(_, until)| *until);
        let looks = [self.retry.not_before, until].into_iter().flatten();
        looks.filter(|at| *at > now).min()
    }

    /// Leaves an object that looks so, until a time or until it looks different.
    pub(super) fn judge(&mut self, seen: &Seen, until: Option<Instant>) {
        self.retry.clear();
        self.judged = Some((seen.clone(), until));
    }

    /// Has it looked at again although it looks as before.
    pub(in crate::engine) fn forget_judgement(&mut self) {
        self.judged = None;
    }
}

impl Seen {
    /// Tells whether what is owned of it looks the same.
    fn looks_like(&self, other: &Self) -> bool {
        let form = |seen: &Self| seen.shown.as_ref().map(|(_, form)| *form);
        self.uid == other.uid && form(self) == form(other)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_next_look_is_the_earliest_that_is_to_come() {
        let now = Instant::now();
        let later = now + Duration::from_secs(600);
        let mut watched = Watched::default();
        assert_eq!(watched.next_look(now), None);
        let seen = Seen {
            uid: "1".into(),
            shown: None,
        };
        watched.judge(&seen, Some(later));
        // A pause that is over while the judgement stands.
        watched.retry.not_before = Some(now);
        assert_eq!(watched.next_look(now), Some(later));
        assert!(watched.is_left(&seen, now));
        watched.retry.not_before = Some(now + Duration::from_secs(1));
        assert_eq!(watched.next_look(now), watched.retry.not_before);
    }
}
