//! What every worker works with.

use std::sync::Arc;

use tidegate_cluster::Cluster;
use tidegate_kustomize::{Cache, Tree};
use tidegate_source::Repositories;
use tokio::sync::Semaphore;

use super::Board;
use crate::events::Events;
use crate::sources::Sources;
use crate::status::Pace;
use crate::{Engine, Fleet, Metrics};

/// How many layers are rendered at the same time.
const RENDERERS: usize = 4;
/// How many bytes of files are kept as objects for the next rendering of all layers.
const CACHED_BYTES: usize = 4 << 20;

/// Where pinned remote files are, by their sha256.
pub type Mirror = Arc<dyn Tree>;

/// What a controller is made of.
pub struct ControllerOptions {
    /// What executes runs.
    pub engine: Engine,
    /// Where sources are cached.
    pub repositories: Arc<Repositories>,
    /// Where pinned remote files are.
    pub mirror: Option<Mirror>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// The name of this process in Events.
    pub instance: String,
    /// How many objects of a layer are written at the same time.
    pub concurrency: usize,
}

/// What every worker works with.
pub(super) struct Parts {
    pub cluster: Cluster,
    pub engine: Engine,
    pub sources: Sources,
    pub board: Board,
    pub fleet: Fleet,
    pub metrics: Arc<Metrics>,
    pub events: Events,
    pub pace: Arc<Pace>,
    pub mirror: Option<Mirror>,
    pub cache: Arc<Cache>,
    pub renderers: Arc<Semaphore>,
    pub concurrency: usize,
}

impl Parts {
    pub(super) fn new(cluster: &Cluster, fleet: Fleet, options: ControllerOptions) -> Self {
        let metrics = options.metrics;
        Self {
            cluster: cluster.clone(),
            engine: options.engine,
            sources: Sources::new(cluster.clone(), options.repositories, Arc::clone(&metrics)),
            board: Board::new(),
            fleet,
            pace: Arc::default(),
            events: Events::new(cluster.client(), &options.instance),
            metrics,
            mirror: options.mirror,
            cache: Arc::new(Cache::new(CACHED_BYTES)),
            renderers: Arc::new(Semaphore::new(RENDERERS)),
            concurrency: options.concurrency,
        }
    }
}
