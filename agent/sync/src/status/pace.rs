//! The pace at which progress is written: often for a few layers, seldom for many at once.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// The pause before a layer's progress is written.
const OF_LAYER: Duration = Duration::from_secs(1);

/// The pause between two writes of progress of any layers.
const OF_ALL: Duration = Duration::from_millis(200);

/// Gives out the times at which progress may be written.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    last: Mutex<Option<Instant>>,
}

impl Pace {
    /// Takes the next time that is free.
    pub(super) fn next(&self) -> Instant {
        let soonest = Instant::now() + OF_LAYER;
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let free = last.map_or(soonest, |last| soonest.max(last + OF_ALL));
        *last = Some(free);
        free
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_layers_share_the_pace_and_one_alone_has_it_for_itself() {
        let pace = Pace::default();
        let begin = Instant::now();
        let first = pace.next();
        assert!(first >= begin + OF_LAYER);
        let last = (0..40).map(|_| pace.next()).last();
        assert!(last >= Some(first + 40 * OF_ALL));
    }
}
