//! Writers who change what is put right again and again: how often, and for how long they are left alone.

use std::time::Duration;

use tokio::time::Instant;

/// After this long, half of the repairs are forgotten.
const HALF_LIFE: Duration = Duration::from_secs(60);

/// So many repairs in a short time are a fight.
const LIMIT: f64 = 4.0;

/// The first pause in a fight; it doubles.
const FIRST_PAUSE: Duration = Duration::from_secs(30);

/// The longest such pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(600);

/// How often an object was put right lately.
#[derive(Debug, Clone)]
pub(in crate::engine) struct Fight {
    repairs: f64,
    last: Instant,
    pause: Duration,
    until: Option<Instant>,
}

impl Fight {
    /// Begins with no repair.
    pub(in crate::engine) fn new(now: Instant) -> Self {
        Self {
            repairs: 0.0,
            last: now,
            pause: FIRST_PAUSE,
            until: None,
        }
    }

    /// Notes a repair that is due, and allows it.
    ///
    /// # Errors
    /// Until when to leave the object alone, in a fight.
    pub(in crate::engine) fn enter(&mut self, now: Instant) -> Result<(), Instant> {
        if let Some(until) = self.until.filter(|until| *until > now) {
            return Err(until);
        }
        self.decay(now);
        self.repairs += 1.0;
        if self.repairs <= LIMIT {
            return Ok(());
        }
        // One repair is tried after the pause; the next pause is longer.
        self.repairs = LIMIT - 1.0;
        let until = now + self.pause;
        self.last = until;
        self.until = Some(until);
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        Err(until)
    }

    /// Tells whether somebody fights, or did until a short while ago.
    pub(in crate::engine) fn goes_on(&self, now: Instant) -> bool {
        self.until.is_some_and(|until| now < until + HALF_LIFE)
    }

    /// Returns when it is over if nothing more happens.
    pub(in crate::engine) fn ends(&self) -> Option<Instant> {
        self.until.map(|until| until + HALF_LIFE)
    }

    fn decay(&mut self, now: Instant) {
        let quiet = now.saturating_duration_since(self.last);
        self.repairs *= 0.5_f64.powf(quiet.as_secs_f64() / HALF_LIFE.as_secs_f64());
        self.last = now;
        if quiet > self.pause + HALF_LIFE {
            self.pause = FIRST_PAUSE;
            self.until = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Puts an object right whenever that is allowed and due, every so many seconds; returns when.
    fn repairs(every: u64, for_seconds: u64) -> Vec<u64> {
        let begin = Instant::now();
        let mut fight = Fight::new(begin);
        let times = (0..for_seconds).step_by(usize::try_from(every).unwrap());
        times
            .filter(|second| fight.enter(begin + Duration::from_secs(*second)).is_ok())
            .collect()
    }

    #[test]
    fn rare_changes_are_always_put_right() {
        assert_eq!(repairs(30, 600).len(), 20);
    }

    #[test]
    fn a_fight_is_left_alone_for_longer_and_longer() {
        let at = repairs(1, 600);
        assert_eq!(at[..4], [0, 1, 2, 3]);
        assert!(at.len() < 12, "{at:?}");
        let pauses: Vec<u64> = at[3..].windows(2).map(|two| two[1] - two[0]).collect();
        assert!(pauses.iter().all(|pause| *pause >= 1), "{pauses:?}");
        assert!(pauses.last() > pauses.first(), "{pauses:?}");
    }
}
