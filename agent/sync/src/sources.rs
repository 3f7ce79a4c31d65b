//! The sources of all layers: those with the same repository, ref and credentials share one cache and one poll.

mod key;
mod secret;
mod source;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tidegate_cluster::Cluster;
use tidegate_source::{GitSpec, GitTree, Repositories, Revision};
use tokio::sync::{Semaphore, watch};

use crate::Metrics;
use crate::status::Trouble;

pub(crate) use key::SourceKey;
use source::Source;

pub(crate) use secret::read_credentials;

/// How many repositories are read at the same time.
const READERS: usize = 8;

/// What a layer wants of a source.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Wanted {
    /// The repository and the ref.
    pub(crate) spec: GitSpec,
    /// How often the ref is looked at.
    pub(crate) interval: Duration,
    /// The Secret of the credentials: namespace and name.
    pub(crate) secret: Option<(String, String)>,
}

/// What a source has shown a layer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shown {
    /// The last request that a poll has answered.
    pub(crate) answered: u64,
    /// The newest commit of the ref that could be read.
    pub(crate) head: Option<Head>,
    /// Why the last poll failed.
    pub(crate) trouble: Option<Trouble>,
}

/// The newest commit of a ref.
#[derive(Clone)]
pub(crate) struct Head {
    /// The ref and the commit.
    pub(crate) revision: Revision,
    /// Its files.
    pub(crate) tree: GitTree,
}

/// The sources of all layers. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Sources {
    inner: Arc<Inner>,
}

struct Inner {
    tools: Arc<Tools>,
    open: Mutex<HashMap<SourceKey, Arc<Source>>>,
}

/// What every source works with.
struct Tools {
    cluster: Cluster,
    repositories: Arc<Repositories>,
    metrics: Arc<Metrics>,
    readers: Arc<Semaphore>,
}

/// A layer's part in a source; it ends with this value.
pub(crate) struct Subscription {
    inner: Arc<Inner>,
    source: Arc<Source>,
    id: u64,
    shown: watch::Receiver<Shown>,
}

impl Sources {
    /// Makes sources that keep what they fetch in `repositories`.
    pub(crate) fn new(
        cluster: Cluster,
        repositories: Arc<Repositories>,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self {
            inner: Arc::new(Inner {
                tools: Arc::new(Tools {
                    cluster,
                    repositories,
                    metrics,
                    readers: Arc::new(Semaphore::new(READERS)),
                }),
                open: Mutex::default(),
            }),
        }
    }

    /// Follows a ref of a repository. The first to do so has it looked at, at once.
    pub(crate) fn subscribe(&self, wanted: &Wanted) -> Subscription {
        let key = SourceKey::of(wanted);
        let mut open = self.inner.lock();
        let source = open
            .entry(key)
            .or_insert_with_key(|key| Source::start(&self.inner.tools, key.clone(), wanted));
        let source = Arc::clone(source);
        let (id, shown) = source.join(wanted.interval);
        Subscription {
            inner: Arc::clone(&self.inner),
            source,
            id,
            shown,
        }
    }

    /// Looks at the repositories with these URLs now; no URL means all.
    pub(crate) fn poll(&self, urls: &[String]) {
        for source in self.inner.lock().values() {
            if source.key.is_among(urls) {
                source.request();
            }
        }
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, HashMap<SourceKey, Arc<Source>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Subscription {
    /// Returns what the source has shown.
    pub(crate) fn shown(&mut self) -> Shown {
        self.shown.borrow_and_update().clone()
    }

    /// Waits until the source shows something else.
    pub(crate) async fn changed(&mut self) {
        if self.shown.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Asks for a look at the ref now, and returns the number that [`Shown::answered`] has when it is done.
    pub(crate) fn poll(&self) -> u64 {
        self.source.request()
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let mut open = self.inner.lock();
        if self.source.leave(self.id) {
            open.remove(&self.source.key);
        }
    }
}

impl std::fmt::Debug for Head {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Head")
            .field("revision", &self.revision)
            .finish_non_exhaustive()
    }
}
