//! The pause before a run that did not end well is tried again.

use std::time::Duration;

/// The longest pause between two runs.
const LONGEST: Duration = Duration::from_secs(300);

/// The first and the longest pause before a broken watch is opened again.
const OF_WATCH: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(10));

/// A pause that doubles with each try up to the longest, and is never the same for two layers.
#[derive(Debug, Clone)]
pub(crate) struct Backoff {
    first: Duration,
    longest: Duration,
    tries: u32,
}

impl Backoff {
    /// The pauses between runs: up to five minutes.
    pub(crate) fn new(first: Duration) -> Self {
        Self {
            first,
            longest: LONGEST,
            tries: 0,
        }
    }

    /// The pauses before a broken watch is opened again: short, since nothing is seen meanwhile.
    pub(crate) fn of_watch() -> Self {
        let (first, longest) = OF_WATCH;
        Self {
            first,
            longest,
            tries: 0,
        }
    }

    /// Returns the next pause.
    pub(crate) fn pause(&mut self) -> Duration {
        let factor = 2_u32.saturating_pow(self.tries.min(16));
        self.tries = self.tries.saturating_add(1);
        jittered(self.first.saturating_mul(factor).min(self.longest))
    }
}

impl Iterator for Backoff {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        Some(self.pause())
    }
}

impl kube::runtime::utils::Backoff for Backoff {
    fn reset(&mut self) {
        self.tries = 0;
    }
}

/// Moves a pause by up to a tenth, so that what failed together is not tried again together.
pub(crate) fn jittered(pause: Duration) -> Duration {
    let (random, _) = uuid::Uuid::new_v4().as_u64_pair();
    let share = u32::try_from(random % 1000).unwrap_or_default();
    pause.mul_f64(0.9 + f64::from(share) / 5000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_five_minutes() {
        let mut backoff = Backoff::new(Duration::from_secs(15));
        for expected in [15.0, 30.0, 60.0, 120.0, 240.0, 300.0, 300.0] {
            let pause = backoff.pause().as_secs_f64();
            assert!(
                (pause / expected - 1.0).abs() <= 0.1,
                "{pause} for {expected}"
            );
        }
    }
}
