//! One source: a ref of a repository that is looked at again and again.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tidegate_source::{Credentials, GitSpec, Revision, SourceError};
use tokio::sync::{Notify, watch};
use tokio_util::task::AbortOnDropHandle;

use super::secret::SourceSecret;
use super::{Head, Shown, SourceKey, Tools, Wanted};
use crate::controller::{Backoff, jittered};
use crate::metrics::{PollOutcome, SourceLabel};
use crate::status::{Passing, Reason, Trouble};

/// The first pause after a poll that failed; it grows to the interval.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// A source, followed by at least one layer; its task ends with this value.
pub(super) struct Source {
    pub(super) key: SourceKey,
    bell: Arc<Bell>,
    shown: watch::Sender<Shown>,
    _task: AbortOnDropHandle<()>,
}

/// What the layers tell the source.
#[derive(Default)]
struct Bell {
    rung: Notify,
    requests: AtomicU64,
    /// How often each layer wants to have the ref looked at.
    intervals: Mutex<BTreeMap<u64, Duration>>,
}

impl Source {
    /// Begins to follow a ref.
    pub(super) fn start(tools: &Arc<Tools>, key: SourceKey, wanted: &Wanted) -> Arc<Self> {
        let (shown, _) = watch::channel(Shown::default());
        let bell = Arc::new(Bell::default());
        let secret = wanted.secret.as_ref();
        let label = key.label();
        tools.metrics.sources.add(&label);
        let task = Task {
            secret: secret
                .map(|(namespace, name)| SourceSecret::new(&tools.cluster, namespace, name)),
            tools: Arc::clone(tools),
            spec: wanted.spec.clone(),
            label,
            bell: Arc::clone(&bell),
            shown: shown.clone(),
        };
        Arc::new(Self {
            key,
            bell,
            shown,
            _task: AbortOnDropHandle::new(tokio::spawn(task.run())),
        })
    }

    /// Takes in a layer.
    pub(super) fn join(&self, interval: Duration) -> (u64, watch::Receiver<Shown>) {
        let mut intervals = self.bell.intervals();
        let id = intervals.last_key_value().map_or(0, |(last, _)| last + 1);
        if intervals
            .values()
            .min()
            .is_some_and(|least| interval < *least)
        {
            // The pause under way is as long as those before wanted it.
            self.bell.rung.notify_one();
        }
        intervals.insert(id, interval);
        (id, self.shown.subscribe())
    }

    /// Lets a layer go; tells whether it was the last.
    pub(super) fn leave(&self, id: u64) -> bool {
        let mut intervals = self.bell.intervals();
        intervals.remove(&id);
        intervals.is_empty()
    }

    /// Asks for a look at the ref, and returns the request's number.
    pub(super) fn request(&self) -> u64 {
        let before = self.bell.requests.fetch_add(1, Ordering::AcqRel);
        self.bell.rung.notify_one();
        before + 1
    }
}

impl Bell {
    fn intervals(&self) -> MutexGuard<'_, BTreeMap<u64, Duration>> {
        self.intervals
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The shortest interval that any layer wants.
    fn interval(&self) -> Duration {
        self.intervals()
            .values()
            .min()
            .copied()
            .unwrap_or(FIRST_PAUSE)
    }
}

/// The loop behind a source.
struct Task {
    tools: Arc<Tools>,
    spec: GitSpec,
    label: SourceLabel,
    secret: Option<SourceSecret>,
    bell: Arc<Bell>,
    shown: watch::Sender<Shown>,
}

impl Drop for Task {
    fn drop(&mut self) {
        self.tools.metrics.sources.remove(&self.label);
    }
}

impl Task {
    async fn run(mut self) {
        let mut backoff = Backoff::new(FIRST_PAUSE);
        loop {
            let answered = self.bell.requests.load(Ordering::Acquire);
            let polled = self.poll().await;
            let interval = self.bell.interval();
            let pause = match &polled {
                Ok(_) => {
                    backoff = Backoff::new(FIRST_PAUSE);
                    jittered(interval)
                }
                Err(failure) => failure.pause(&mut backoff, interval),
            };
            self.show(answered, polled);
            self.rest(pause).await;
        }
    }

    /// Waits until it is time to look again.
    async fn rest(&mut self, pause: Duration) {
        let bell = Arc::clone(&self.bell);
        let changed = async {
            match &mut self.secret {
                Some(secret) => secret.changed().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = bell.rung.notified() => {}
            () = changed => {}
        }
    }

    /// Looks at the ref, and fetches its commit if that is new.
    async fn poll(&mut self) -> Result<Option<Head>, Failure> {
        let credentials = match &mut self.secret {
            Some(secret) => secret.credentials().await?,
            None => Credentials::default(),
        };
        let polled = self.look(credentials).await;
        if let (Err(Failure::Source(error)), Some(secret)) = (&polled, &mut self.secret)
            && !error.is_transient()
        {
            secret.forget();
        }
        polled
    }

    async fn look(&self, credentials: Credentials) -> Result<Option<Head>, Failure> {
        // The semaphore is never closed.
        let permit = Arc::clone(&self.tools.readers).acquire_owned().await.ok();
        let known = self
            .shown
            .borrow()
            .head
            .as_ref()
            .map(|head| head.revision.clone());
        let (tools, spec, label) = (
            Arc::clone(&self.tools),
            self.spec.clone(),
            self.label.clone(),
        );
        let looked = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            read(&tools, &spec, (&credentials, known.as_ref(), &label))
        });
        match looked.await {
            Ok(looked) => Ok(looked?),
            Err(error) => Err(Failure::Ended(error.to_string())),
        }
    }

    fn show(&self, answered: u64, polled: Result<Option<Head>, Failure>) {
        let outcome = match &polled {
            Ok(Some(_)) => PollOutcome::Changed,
            Ok(None) => PollOutcome::Unchanged,
            Err(_) => PollOutcome::Failed,
        };
        self.tools.metrics.sources.polled(&self.label, outcome);
        self.shown.send_if_modified(|shown| {
            let before = (shown.answered, shown.trouble.clone());
            shown.answered = answered;
            let mut is_new = false;
            match polled {
                Ok(head) => {
                    is_new = head.is_some();
                    shown.head = head.or(shown.head.take());
                    shown.trouble = None;
                }
                Err(failure) => shown.trouble = Some(failure.trouble()),
            }
            is_new || before != (shown.answered, shown.trouble.clone())
        });
    }
}

/// Lists the refs, and reads the commit unless it is the known one.
fn read(
    tools: &Tools,
    spec: &GitSpec,
    (credentials, known, label): (&Credentials, Option<&Revision>, &SourceLabel),
) -> Result<Option<Head>, SourceError> {
    let revision = tools.repositories.resolve(spec, credentials)?;
    if known == Some(&revision) {
        return Ok(None);
    }
    let start = Instant::now();
    let tree = tools.repositories.tree(spec, credentials, &revision)?;
    tools.metrics.sources.fetched(label, start.elapsed());
    Ok(Some(Head { revision, tree }))
}

/// A poll that failed.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error("{}", .0.message)]
    Secret(Trouble),
    /// The thread that read it did not come back.
    #[error("the source was not read to its end: {0}")]
    Ended(String),
}

impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Self {
        Self::Secret(trouble)
    }
}

impl Failure {
    /// How long to wait before the next look: what the server asks for, or a pause that grows to the interval.
    fn pause(&self, backoff: &mut Backoff, interval: Duration) -> Duration {
        let asked = match self {
            Self::Source(error) => error.retry_after(),
            Self::Secret(_) | Self::Ended(_) => None,
        };
        asked.unwrap_or_else(|| backoff.pause().min(interval))
    }

    fn trouble(self) -> Trouble {
        match self {
            Self::Source(error) => {
                let passing = if error.is_transient() {
                    Passing::Yes
                } else {
                    Passing::No
                };
                Trouble::new(Reason::Source(error.reason(), passing), error.to_string())
            }
            Self::Secret(trouble) => trouble,
            Self::Ended(problem) => {
                Trouble::new(Reason::Source("ReadFailed", Passing::Yes), problem)
            }
        }
    }
}
