//! A limit on calls per time.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Calls that may come at once.
const BURST: u32 = 60;
/// How long it takes until one more may come.
const REFILL: Duration = Duration::from_millis(100);

/// A token bucket: each call takes a token, and time brings new ones.
pub(crate) struct Bucket {
    /// When the bucket is full again; the later, the emptier it is.
    full_at: Mutex<Instant>,
}

impl Bucket {
    /// A full bucket.
    pub(crate) fn full(now: Instant) -> Self {
        Self {
            full_at: Mutex::new(now),
        }
    }

    /// Takes a token, if there is one.
    pub(crate) fn take(&self, now: Instant) -> bool {
        let mut full_at = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        let then = (*full_at).max(now) + REFILL;
        let is_left = then - now <= REFILL * BURST;
        if is_left {
            *full_at = then;
        }
        is_left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_runs_dry_and_fills_again() {
        let now = Instant::now();
        let bucket = Bucket::full(now);
        let taken = |now, calls| (0..calls).filter(|_| bucket.take(now)).count();
        assert_eq!(taken(now, 100), 60);
        assert_eq!(taken(now + REFILL * 2, 100), 2);
    }
}
