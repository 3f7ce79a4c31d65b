//! Waiting for a condition, with what was last seen in the error.

use std::time::{Duration, Instant};

use crate::{Error, Result};

const PAUSE: Duration = Duration::from_millis(20);

/// Waits until `look` answers with a value.
///
/// `look` answers `Err` with what stands in the way.
///
/// # Errors
/// [`Error::Timeout`] with the last thing seen.
pub fn until<T>(
    condition: &str,
    limit: Duration,
    mut look: impl FnMut() -> Result<T, String>,
) -> Result<T> {
    until_unless(condition, limit, || look().map_err(Obstacle::Passing))
}

/// Why a condition is not true yet.
#[derive(Debug)]
pub enum Obstacle {
    /// It may go away by itself.
    Passing(String),
    /// It will not.
    Lasting(Error),
}

/// Waits like [`until`], and gives up at once when `look` answers with a lasting obstacle.
///
/// # Errors
/// [`Error::Timeout`], or the lasting obstacle.
pub fn until_unless<T>(
    condition: &str,
    limit: Duration,
    mut look: impl FnMut() -> Result<T, Obstacle>,
) -> Result<T> {
    let start = Instant::now();
    loop {
        match look() {
            Ok(value) => return Ok(value),
            Err(Obstacle::Lasting(error)) => return Err(error),
            Err(Obstacle::Passing(last)) if start.elapsed() >= limit => {
                return Err(Error::Timeout {
                    condition: condition.to_owned(),
                    seconds: limit.as_secs(),
                    last,
                });
            }
            Err(Obstacle::Passing(_)) => pause(),
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the pause between two looks at a condition"
)]
fn pause() {
    std::thread::sleep(PAUSE);
}
