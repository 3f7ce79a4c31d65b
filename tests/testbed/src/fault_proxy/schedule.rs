//! Faults by chance, the same for the same seed.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::fault::{Fault, REFUSALS};
use super::script::Seen;

/// The variable whose value replays the chances of an earlier test.
pub const SEED_VARIABLE: &str = "TIDEGATE_FAULT_SEED";

/// A generator of chances (`SplitMix64`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seed(u64);

/// Strikes some requests by chance.
#[derive(Debug, Clone)]
pub struct Schedule {
    seed: Seed,
    /// One request of so many is struck.
    one_in: u64,
    faults: Vec<Fault>,
}

impl Seed {
    /// The seed of the environment, or a new one.
    pub fn from_environment() -> Self {
        let given = std::env::var(SEED_VARIABLE).ok();
        let given = given.and_then(|text| text.trim().parse().ok());
        Self(given.unwrap_or_else(now))
    }

    /// The seed for one part of a test, so that parts do not depend on the order in which they run.
    #[must_use]
    pub fn part(self, index: u64) -> Self {
        let mut part = Self(self.0 ^ index.wrapping_mul(0xd6e8_feb8_6659_fd93));
        part.next();
        part
    }

    /// A number from 0 up to, but not with, `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.next().checked_rem(end).unwrap_or_default()
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }
}

impl std::fmt::Display for Seed {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{SEED_VARIABLE}={}", self.0)
    }
}

impl Schedule {
    /// Strikes one request of `one_in` with one of all faults that pass by themselves.
    pub fn new(seed: Seed, one_in: u64) -> Self {
        let refusals = REFUSALS.iter().map(|refusal| Fault::Refuse(*refusal));
        let others = [
            Fault::Delay(Duration::from_millis(30)),
            Fault::CutBefore,
            Fault::CutAfter,
            Fault::Twice,
        ];
        Self {
            seed,
            one_in,
            faults: refusals.chain(others).collect(),
        }
    }

    pub(super) fn next(&mut self, seen: &Seen) -> Option<Fault> {
        let is_struck = self.seed.below(self.one_in) == 0;
        let fault = self.seed.below(self.faults.len() as u64);
        let fault = usize::try_from(fault)
            .ok()
            .and_then(|index| self.faults.get(index))?;
        // A watch has no single answer to lose or to repeat.
        let fits = !seen.is_watch() || !matches!(fault, Fault::CutAfter | Fault::Twice);
        (is_struck && fits).then_some(*fault)
    }
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(1, |since| {
        since.as_secs() * 1_000 + u64::from(since.subsec_millis())
    })
}
