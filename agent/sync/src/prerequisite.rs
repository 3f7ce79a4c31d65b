//! What must be there before a run makes anything new, while it already mends what is not well.

use tokio::sync::watch;

use crate::Waiting;

/// What must be there before a run makes anything, or changes anything that is well. What is failed or in progress is
/// changed without it, since that may be the fix.
#[derive(Debug, Clone, Default)]
pub struct Prerequisite(Option<watch::Receiver<Option<Waiting>>>);

impl Prerequisite {
    /// Makes one of what is missing; `None` when it is there.
    pub fn new(missing: watch::Receiver<Option<Waiting>>) -> Self {
        Self(Some(missing))
    }

    /// Returns what is missing.
    pub(crate) fn missing(&self) -> Option<Waiting> {
        self.0.as_ref()?.borrow().clone()
    }

    /// Waits until something else is missing, or nothing any more.
    pub(crate) async fn changed(&mut self) {
        let changed = match &mut self.0 {
            Some(missing) => missing.changed().await.is_ok(),
            None => false,
        };
        if !changed {
            std::future::pending::<()>().await;
        }
    }
}
