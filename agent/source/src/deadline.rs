//! The end of an operation.

use std::time::{Duration, Instant};

use crate::Problem;

/// When an operation has to be over.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline {
    start: Instant,
    length: Duration,
}

impl Deadline {
    pub(crate) fn after(length: Duration) -> Self {
        let start = Instant::now();
        Self { start, length }
    }

    /// How long is left.
    ///
    /// # Errors
    /// [`Problem::Late`] if nothing is.
    pub(crate) fn left(&self) -> Result<Duration, Problem> {
        self.length
            .checked_sub(self.start.elapsed())
            .filter(|left| !left.is_zero())
            .ok_or_else(|| self.passed())
    }

    pub(crate) fn passed(&self) -> Problem {
        Problem::Late(self.length)
    }
}
