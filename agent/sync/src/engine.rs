//! Executes orders: proves what changes, writes it along the edges of the plan, waits for health, and says so.
//!
//! ```text
//! Order ──Survey──► Execution ──Preflight──► Apply ──► Wait ──► Finished ──observe──► (follows health)
//!         desired, inventory,   dry-runs,    writes along open gates,
//!         live, changes, plan   all answers  health by watch events
//! ```
//!
//! An execution is one loop over watch events, answers and timers. An object that may have changed is marked; each
//! turn looks at the marked ones alone, and starts what nothing holds back any more.

mod answers;
mod approval;
mod cause;
mod connect;
mod contact;
mod dissolution;
mod drift;
mod evidence;
mod execution;
mod facts;
mod gates;
mod groups;
mod halted;
mod hub;
mod item;
mod judge;
mod keeping;
mod memory;
mod offline;
mod preview;
mod prune;
mod report;
mod sightings;
mod survey;
mod work;

use std::sync::Arc;
use std::time::Duration;

use tidegate_cluster::{ApiError, Cluster, Kinds, LiveView, Tenure};
use tokio::sync::{OnceCell, Semaphore, mpsc, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::digest::DigestKey;
use crate::inventory::Store;
use crate::{Order, Owner, Run, marks};
pub(crate) use dissolution::{Dissolution, Dissolved};
use execution::{End, Execution};
use hub::Hub;
use memory::Memories;
pub use preview::{Preview, Previewed, comes_with_it, plain};
use sightings::Sightings;
use survey::Survey;

/// How many dry-runs and writes of all runs go on at the same time.
const ROOM: usize = 64;

/// The pause before discovery is asked again after it failed.
const DISCOVERY_PAUSE: Duration = Duration::from_millis(500);

/// How long a kind may be established and not discovered.
const DISCOVERY_LAG: Duration = Duration::from_secs(3);

/// Executes orders on one cluster. Cheap to clone; its watches end with the last clone.
///
/// Orders of different owners are executed side by side. Of one owner, at most one execution goes on at a
/// time: cancel its token, and wait for it to return, before the next.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

struct Inner {
    reader: Cluster,
    hub: Arc<Hub>,
    store: Store,
    key: Arc<OnceCell<DigestKey>>,
    memories: Arc<Memories>,
    sightings: Sightings,
    room: Arc<Semaphore>,
    /// Whether this process leads; `None` where nobody else could.
    tenure: Option<Tenure>,
    _discovery: AbortOnDropHandle<()>,
}

/// A run that is over. Its objects can be followed on.
pub struct Finished {
    run: Arc<Run>,
    execution: Option<Execution>,
}

/// Why the objects of a finished run are no longer followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Observed {
    /// It was told to stop.
    Stopped,
    /// What an object waited for has come after all: a new run would go on.
    Opened,
}

impl Engine {
    /// Makes an engine on a cluster; inventories and the key of digests are kept in a namespace.
    ///
    /// Nothing is asked of the API server until the first order. Must be called within a tokio runtime.
    pub fn new(cluster: Cluster, namespace: &str) -> Self {
        Self::with(cluster, namespace, None)
    }

    /// Makes an engine that deletes only while a Lease is held by this process, and is otherwise as [`Engine::new`] makes it.
    pub fn leading(cluster: Cluster, namespace: &str, tenure: Tenure) -> Self {
        Self::with(cluster, namespace, Some(tenure))
    }

    fn with(cluster: Cluster, namespace: &str, tenure: Option<Tenure>) -> Self {
        let (sender, events) = mpsc::unbounded_channel();
        let key = Arc::new(OnceCell::new());
        let former = drift::former(Arc::clone(&key));
        let live = LiveView::new(cluster.clone(), marks::LAYER_LABEL, former, sender);
        let discovery = tokio::spawn(keep_fresh(cluster.kinds().clone()));
        let inner = Inner {
            hub: Hub::start(live, events),
            store: Store::new(cluster.clone(), namespace.into()),
            reader: cluster,
            key,
            memories: Arc::default(),
            sightings: Sightings::default(),
            room: Arc::new(Semaphore::new(ROOM)),
            tenure,
            _discovery: AbortOnDropHandle::new(discovery),
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// Executes an order, and publishes the run on every change, at most every 100 ms.
    ///
    /// It ends when every object is well, has failed, or is set aside, or when `stop` is cancelled: then no
    /// new write begins, those under way end, and the outcome is `Superseded`. Whatever goes wrong stands in
    /// the run.
    pub async fn run(
        &self,
        order: Order,
        progress: watch::Sender<Arc<Run>>,
        stop: CancellationToken,
    ) -> Finished {
        let survey = Survey::new(Arc::clone(&self.inner), order, progress, stop);
        match survey.prepare().await {
            Ok(mut execution) => Finished {
                run: execution.run().await,
                execution: Some(*execution),
            },
            Err(run) => Finished {
                run,
                execution: None,
            },
        }
    }

    /// Forgets what is remembered of an owner that is gone. Nothing in the cluster changes.
    pub fn forget(&self, owner: &Owner) {
        self.inner.memories.forget(&owner.uid);
    }

    /// Returns the owner of a person's one-shot applies under a name: the one of before, or a new one.
    ///
    /// # Errors
    /// If the Secrets of the engine's namespace cannot be listed.
    pub async fn one_shot(&self, name: &str) -> Result<Owner, ApiError> {
        self.inner.reader.kinds().refresh().await?;
        self.inner.store.one_shot(name).await
    }

    /// Returns the live objects that are followed.
    pub fn live(&self) -> &LiveView {
        self.inner.hub.live()
    }
}

impl Finished {
    /// Returns the run as it ended.
    pub fn run(&self) -> &Arc<Run> {
        &self.run
    }

    /// Follows the health of the run's objects by watch events, and publishes the run when it changes, with the
    /// outcome that it ended with. Asks nothing of the API server while nothing happens.
    pub async fn observe(self, stop: CancellationToken) -> Observed {
        let Some(mut execution) = self.execution else {
            stop.cancelled().await;
            return Observed::Stopped;
        };
        execution.stop = stop;
        match execution.observe().await {
            End::Opened => Observed::Opened,
            End::Settled | End::Stopped => Observed::Stopped,
        }
    }
}

/// Reads discovery anew whenever somebody found it to be out of date, and once more when that is over: a kind is
/// discovered a moment after its definition is established, and nothing tells of that moment.
async fn keep_fresh(kinds: Kinds) {
    loop {
        kinds.expired().await;
        read_kinds(&kinds).await;
        while tokio::time::timeout(DISCOVERY_LAG, kinds.expired())
            .await
            .is_ok()
        {
            read_kinds(&kinds).await;
        }
        read_kinds(&kinds).await;
    }
}

async fn read_kinds(kinds: &Kinds) {
    while let Err(error) = kinds.refresh().await {
        tracing::debug!(%error, "discovery failed");
        tokio::time::sleep(DISCOVERY_PAUSE).await;
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Finished {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Finished")
            .field("outcome", &self.run.outcome)
            .finish_non_exhaustive()
    }
}
