//! Decides when each layer runs: one task a layer, fed by its source, its spec and the layers that come first.
//!
//! ```text
//! watch of Layers ──► Resource ─┐
//! Sources ──────────► Shown ────┤
//! Board ────────────► Obstacle ─┼──► Worker (one a layer) ──► Order ──Engine──► Run
//! pauses, requests ─────────────┘        └──► status, Fleet, metrics, events
//! ```

mod backoff;
mod board;
mod control;
mod desk;
mod dissolving;
pub mod finalizer;
mod parts;
mod relay;
mod resource;
mod watch;
mod worker;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use tidegate_cluster::Cluster;
use tokio::sync::{mpsc, watch as channel};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::claims::Claim;
use crate::layer::{Checked, depends_on};
use crate::sources::SourceKey;
use crate::{DeletionPolicy, Fleet, LayerKey, LayerView, Request};

pub(crate) use backoff::{Backoff, jittered};
use board::Standing;
pub(crate) use board::{Board, DependsOn, Obstacle, Standings};
pub use control::Control;
use desk::Desk;
use dissolving::Dissolving;
use parts::Parts;
pub use parts::{ControllerOptions, Mirror};
use resource::Resource;
pub use resource::{APPROVE, CONFIRM, REQUESTED_BY, SYNC_REQUESTED};
use watch::{Seen, watch_layers};
use worker::Worker;

/// Runs the layers while this replica leads, and shows them while it does not.
pub struct Controller {
    parts: Arc<Parts>,
    requests: mpsc::Receiver<Request>,
    layers: HashMap<LayerKey, Arc<Resource>>,
    workers: HashMap<LayerKey, Employed>,
    tasks: TaskTracker,
    desk: Desk,
    leads: bool,
    /// Ends what goes on besides the workers.
    ceasing: CancellationToken,
}

/// A worker, and how it is told things.
struct Employed {
    resource: channel::Sender<Arc<Resource>>,
    stop: CancellationToken,
    task: JoinHandle<()>,
    /// Whether it takes the layer apart.
    dissolves: bool,
}

impl Controller {
    /// Prepares to run the layers of a cluster; `requests` is the fleet's other end.
    pub fn new(
        cluster: &Cluster,
        fleet: (Fleet, mpsc::Receiver<Request>),
        options: ControllerOptions,
    ) -> Self {
        let (fleet, requests) = fleet;
        Self {
            parts: Arc::new(Parts::new(cluster, fleet, options)),
            requests,
            layers: HashMap::new(),
            workers: HashMap::new(),
            tasks: TaskTracker::new(),
            desk: Desk::default(),
            leads: false,
            ceasing: CancellationToken::new(),
        }
    }

    /// Works until it is stopped; runs that go on are then ended, and waited for. Calls `listed` when the fleet holds
    /// all layers.
    pub async fn run(
        mut self,
        mut leads: channel::Receiver<bool>,
        listed: &(dyn Fn() + Send + Sync),
        stop: CancellationToken,
    ) {
        let mut seen = watch_layers(self.parts.cluster.client());
        loop {
            let lead = *leads.borrow_and_update();
            match (self.leads, lead) {
                (false, true) => self.begin_to_lead(),
                (true, false) => self.cease_to_lead().await,
                _ => {}
            }
            tokio::select! {
                () = stop.cancelled() => break,
                changed = leads.changed() => if changed.is_err() { break },
                Some(event) = seen.recv() => self.take(event, listed),
                Some(request) = self.requests.recv() => self.answer(request),
                () = self.desk.answer() => {}
            }
        }
        self.cease_to_lead().await;
    }

    fn begin_to_lead(&mut self) {
        tracing::info!("this replica leads");
        self.leads = true;
        self.parts.metrics.begin_to_lead();
        let layers: Vec<_> = self.layers.values().cloned().collect();
        for resource in &layers {
            self.reserve(resource);
        }
        for resource in layers {
            self.settle_finalizer(&resource);
            self.employ(resource);
        }
    }

    /// Ends what goes on, waits for it, and shows the layers as their resources do.
    async fn cease_to_lead(&mut self) {
        if !std::mem::take(&mut self.leads) {
            return;
        }
        tracing::info!("this replica does not lead any more");
        std::mem::take(&mut self.ceasing).cancel();
        for (_, employed) in self.workers.drain() {
            employed.stop.cancel();
        }
        self.tasks.close();
        self.tasks.wait().await;
        self.tasks = TaskTracker::new();
        self.parts.metrics.cease_to_lead();
        for resource in self.layers.values() {
            self.parts.board.remove(&resource.key());
            self.show(resource);
        }
    }

    fn take(&mut self, seen: Seen, listed: &(dyn Fn() + Send + Sync)) {
        match seen {
            Seen::Listed(resources) => {
                self.take_all(resources);
                listed();
            }
            Seen::There(resource) => self.take_one(*resource),
            Seen::Gone(key) => self.forget(&key),
        }
    }

    /// Takes a whole list: what is not in it is gone.
    fn take_all(&mut self, resources: Vec<Resource>) {
        let there: HashSet<LayerKey> = resources.iter().map(Resource::key).collect();
        let gone = self.layers.keys().filter(|key| !there.contains(key));
        for key in gone.cloned().collect::<Vec<_>>() {
            self.forget(&key);
        }
        if self.leads {
            let is_new = |resource: &&Resource| !self.workers.contains_key(&resource.key());
            resources
                .iter()
                .filter(is_new)
                .for_each(|it| self.reserve(it));
        }
        for resource in resources {
            self.take_one(resource);
        }
    }

    fn take_one(&mut self, resource: Resource) {
        let key = resource.key();
        let resource = Arc::new(resource);
        let before = self.layers.insert(key.clone(), Arc::clone(&resource));
        if !self.leads {
            self.show(&resource);
            return;
        }
        let is_same = |before: &Arc<Resource>| before.owner.uid == resource.owner.uid;
        // Whoever began to settle it tries on by itself.
        let is_settled = |before: &Arc<Resource>| {
            is_same(before)
                && before.generation == resource.generation
                && before.has_finalizer == resource.has_finalizer
        };
        if !before.as_ref().is_some_and(is_settled) {
            self.settle_finalizer(&resource);
        }
        match self.workers.get(&key) {
            Some(employed) if resource.is_going && !employed.dissolves => {
                let before = self.workers.remove(&key);
                self.dissolve(resource, before);
            }
            Some(employed) if before.as_ref().is_some_and(is_same) => {
                employed.resource.send_if_modified(|known| {
                    let differs = !known.wants_the_same(&resource);
                    if differs {
                        known.clone_from(&resource);
                    }
                    differs
                });
            }
            // Made anew under its name: another layer.
            Some(_) => {
                self.dismiss(&key);
                self.employ(resource);
            }
            None => self.employ(resource),
        }
    }

    /// Has the finalizer put on or taken off, as the spec says.
    fn settle_finalizer(&self, resource: &Resource) {
        let Ok(spec) = &resource.spec else {
            return;
        };
        let is_wanted = spec.deletion_policy == DeletionPolicy::Delete;
        if resource.is_going || is_wanted == resource.has_finalizer {
            return;
        }
        let (cluster, owner) = (self.parts.cluster.clone(), resource.owner.clone());
        self.tasks
            .spawn(finalizer::settle(cluster, owner, self.ceasing.clone()));
    }

    /// Takes apart a layer that is being deleted, once whoever ran it has ended.
    fn dissolve(&mut self, resource: Arc<Resource>, before: Option<Employed>) {
        let key = resource.key();
        if let Some(before) = &before {
            before.stop.cancel();
        }
        self.parts.board.remove(&key);
        self.announce(&resource);
        let stop = CancellationToken::new();
        let (tell, told) = channel::channel(resource);
        let dissolving = Dissolving {
            parts: Arc::clone(&self.parts),
            told,
            before: before.map(|before| before.task),
        };
        let task = self.tasks.spawn(dissolving.run(stop.clone()));
        let employed = Employed {
            resource: tell,
            stop,
            task,
            dissolves: true,
        };
        self.workers.insert(key, employed);
    }

    /// Says that a layer is on its way, before any of those that it depends on goes.
    fn announce(&self, resource: &Resource) {
        let Ok(spec) = &resource.spec else { return };
        let key = resource.key();
        let standing = Standing {
            depends_on: depends_on(spec, &key.0),
            is_leaving: spec.deletion_policy == DeletionPolicy::Delete,
            ..Standing::default()
        };
        self.parts.board.write(&key, standing);
    }

    fn forget(&mut self, key: &LayerKey) {
        self.layers.remove(key);
        self.dismiss(key);
        self.parts.fleet.remove(key);
        self.parts.metrics.forget(key);
    }

    /// Notes what a layer follows before any layer of its source runs: it may hold what another is about to delete.
    fn reserve(&self, resource: &Resource) {
        if resource.is_going {
            return self.announce(resource);
        }
        let Ok(spec) = &resource.spec else { return };
        let concurrency = self.parts.concurrency;
        let Ok(checked) = Checked::new(spec, &resource.owner.namespace, concurrency) else {
            return;
        };
        let claim = Claim {
            uid: resource.owner.uid.clone(),
            follows: SourceKey::of(&checked.source).follows(),
            ..Claim::default()
        };
        self.parts.board.claim(&resource.key(), claim);
    }

    fn employ(&mut self, resource: Arc<Resource>) {
        if resource.is_going {
            return self.dissolve(resource, None);
        }
        self.reserve(&resource);
        let stop = CancellationToken::new();
        let key = resource.key();
        let (tell, told) = channel::channel(resource);
        let worker = Worker::new(Arc::clone(&self.parts), told);
        let task = self.tasks.spawn(worker.run(stop.clone()));
        let employed = Employed {
            resource: tell,
            stop,
            task,
            dissolves: false,
        };
        self.workers.insert(key, employed);
    }

    fn dismiss(&mut self, key: &LayerKey) {
        if let Some(employed) = self.workers.remove(key) {
            employed.stop.cancel();
        }
        self.parts.board.remove(key);
    }

    /// Shows a layer as its resource does: somebody else runs it.
    fn show(&self, resource: &Resource) {
        self.parts.fleet.put(LayerView {
            rendering: None,
            namespace: resource.owner.namespace.clone(),
            name: resource.owner.name.clone(),
            uid: resource.owner.uid.clone(),
            spec: resource.shown_spec(),
            status: resource.status.clone(),
            run: None,
        });
    }

    fn answer(&mut self, request: Request) {
        match request {
            Request::Poll { urls } if self.leads => self.parts.sources.poll(&urls),
            Request::Poll { urls } => relay::poll(&self.parts, self.layers.values(), &urls),
            Request::Sync { layer, by, answer } => {
                let tools = (&self.parts.cluster, &self.parts.fleet);
                self.desk.take(tools, layer, (by, answer));
            }
            Request::Control {
                layer,
                control,
                by,
                answer,
            } => {
                let cluster = self.parts.cluster.clone();
                tokio::spawn(async move {
                    let kept = control.keep(&cluster, (&layer, &by)).await;
                    // Who no longer waits needs no answer.
                    let _ = answer.send(kept);
                });
            }
        }
    }
}

impl std::fmt::Debug for Controller {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Controller")
            .field("layers", &self.layers.len())
            .field("leads", &self.leads)
            .finish_non_exhaustive()
    }
}
