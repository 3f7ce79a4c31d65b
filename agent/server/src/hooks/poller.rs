//! Requests for polls, coalesced: the first goes at once, those that follow it closely go together.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tidegate_sync::Fleet;
use tokio::sync::Notify;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

/// The time between two requests to the fleet.
const PAUSE: Duration = Duration::from_millis(500);
/// With more URLs than these, all sources are polled.
const URLS: usize = 64;

/// Takes requests for polls. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Poller {
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    pending: Mutex<Option<Pending>>,
    wake: Notify,
}

/// What is to be polled; no URL means all.
#[derive(Debug, PartialEq, Eq)]
struct Pending(BTreeSet<String>);

impl Poller {
    /// Asks for a poll of the sources with these URLs; no URL means all.
    pub(crate) fn request(&self, urls: Vec<String>) {
        let mut pending = self.lock();
        *pending = Some(match pending.take() {
            None => Pending(urls.into_iter().collect()),
            Some(before) => before.and(urls),
        });
        drop(pending);
        self.inner.wake.notify_one();
    }

    /// Passes requests on, until `stop` or the end of the fleet.
    pub(crate) async fn run(&self, fleet: &Fleet, stop: &CancellationToken) {
        while stop
            .run_until_cancelled(self.inner.wake.notified())
            .await
            .is_some()
        {
            let pending = self.lock().take();
            let Some(Pending(urls)) = pending else {
                continue;
            };
            let sent = fleet.poll(urls.into_iter().collect());
            if !matches!(stop.run_until_cancelled(sent).await, Some(Ok(()))) {
                return;
            }
            stop.run_until_cancelled(sleep(PAUSE)).await;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Pending>> {
        let pending = self.inner.pending.lock();
        pending.unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pending {
    /// Adds a request to one that waits.
    fn and(mut self, urls: Vec<String>) -> Self {
        if self.0.is_empty() || urls.is_empty() {
            return Self(BTreeSet::new());
        }
        self.0.extend(urls);
        if self.0.len() > URLS {
            self.0.clear();
        }
        self
    }
}
