//! All layers as everybody sees them: what the API, the metrics and the command line read.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use serde::Serialize;
use thiserror::Error;
use tokio::sync::{broadcast, mpsc, oneshot};

use crate::{Control, LayerSpec, LayerStatus, Run};

/// How many changes a slow reader may be behind before it must read anew.
const BACKLOG: usize = 1024;

/// A layer's namespace and name.
pub type LayerKey = (String, String);

/// A layer as it stands.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LayerView {
    /// The Layer's namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its uid.
    pub uid: String,
    /// What is wanted of it.
    pub spec: LayerSpec,
    /// Its status, as the Layer resource shows it.
    pub status: LayerStatus,
    /// The run that goes on, or the last one.
    #[serde(skip)]
    pub run: Option<Arc<Run>>,
}

/// All layers. Cheap to clone.
#[derive(Clone)]
pub struct Fleet {
    inner: Arc<Inner>,
}

struct Inner {
    layers: RwLock<BTreeMap<LayerKey, Arc<LayerView>>>,
    changes: broadcast::Sender<LayerKey>,
    requests: mpsc::Sender<Request>,
}

/// What somebody asks of the controller.
#[derive(Debug)]
pub enum Request {
    /// A sync of a layer, now.
    Sync {
        /// The layer.
        layer: LayerKey,
        /// Who asks, as the API server knows them.
        by: String,
        /// Where the answer goes.
        answer: oneshot::Sender<Result<Ticket, RequestError>>,
    },
    /// A layer is to be suspended, resumed or held.
    Control {
        /// The layer.
        layer: LayerKey,
        /// What is to be done.
        control: Control,
        /// Who asks, as the API server knows them.
        by: String,
        /// Where the answer goes: the run that comes of it, if one does.
        answer: oneshot::Sender<Result<Option<String>, RequestError>>,
    },
    /// A poll of sources, now.
    Poll {
        /// The repositories' URLs, compared without scheme, userinfo, port and `.git`; none means all sources.
        urls: Vec<String>,
    },
}

/// A sync that was accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Ticket {
    /// The run's id.
    pub run: String,
    /// Whether it was asked for before, and is still pending.
    pub pending: bool,
}

/// A sync that was not accepted.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RequestError {
    /// There is no such layer.
    #[error("there is no layer {0}/{1}: see `tidegate get`")]
    NoLayer(String, String),
    /// The request could not be kept.
    #[error("the request cannot be kept: {0}: try again")]
    Unavailable(String),
}

impl Fleet {
    /// Makes an empty fleet, and the end at which the controller takes requests.
    pub fn new() -> (Self, mpsc::Receiver<Request>) {
        let (requests, taken) = mpsc::channel(64);
        let (changes, _) = broadcast::channel(BACKLOG);
        let inner = Inner {
            layers: RwLock::default(),
            changes,
            requests,
        };
        (
            Self {
                inner: Arc::new(inner),
            },
            taken,
        )
    }

    /// Returns all layers, by namespace and name.
    pub fn layers(&self) -> Vec<Arc<LayerView>> {
        let layers = self.inner.layers.read();
        let layers = layers.unwrap_or_else(PoisonError::into_inner);
        layers.values().cloned().collect()
    }

    /// Returns a layer.
    pub fn layer(&self, key: &LayerKey) -> Option<Arc<LayerView>> {
        let layers = self.inner.layers.read();
        let layers = layers.unwrap_or_else(PoisonError::into_inner);
        layers.get(key).cloned()
    }

    /// Takes a layer as it stands now, and tells everybody who listens.
    pub fn put(&self, view: LayerView) {
        let key = (view.namespace.clone(), view.name.clone());
        self.change(key, |layers, key| {
            layers.insert(key.clone(), Arc::new(view));
        });
    }

    /// Forgets a layer that is gone.
    pub fn remove(&self, key: &LayerKey) {
        self.change(key.clone(), |layers, key| {
            layers.remove(key);
        });
    }

    /// Returns a signal that names each layer that changes.
    pub fn changes(&self) -> broadcast::Receiver<LayerKey> {
        self.inner.changes.subscribe()
    }

    /// Asks for a sync of a layer, and returns the run to follow. The request is persisted first.
    ///
    /// # Errors
    /// If there is no such layer, or the request cannot be persisted.
    pub async fn sync(&self, layer: LayerKey, by: &str) -> Result<Ticket, RequestError> {
        let (answer, answered) = oneshot::channel();
        let by = by.to_owned();
        self.send(Request::Sync { layer, by, answer }).await?;
        let gone = |_| RequestError::Unavailable("the agent is stopping".into());
        answered.await.map_err(gone)?
    }

    /// Suspends, resumes or holds a layer, and returns the run to follow, if one comes of it. It stands in the Layer's
    /// spec when this returns.
    ///
    /// # Errors
    /// If there is no such layer, or it cannot be written.
    pub async fn control(
        &self,
        layer: LayerKey,
        (control, by): (Control, &str),
    ) -> Result<Option<String>, RequestError> {
        let (answer, answered) = oneshot::channel();
        let by = by.to_owned();
        self.send(Request::Control {
            layer,
            control,
            by,
            answer,
        })
        .await?;
        let gone = |_| RequestError::Unavailable("the agent is stopping".into());
        answered.await.map_err(gone)?
    }

    /// Asks for a poll of the sources with these URLs; no URL means all.
    ///
    /// # Errors
    /// If the agent is stopping.
    pub async fn poll(&self, urls: Vec<String>) -> Result<(), RequestError> {
        self.send(Request::Poll { urls }).await
    }

    async fn send(&self, request: Request) -> Result<(), RequestError> {
        let sent = self.inner.requests.send(request).await;
        sent.map_err(|_| RequestError::Unavailable("the agent is stopping".into()))
    }

    fn change(
        &self,
        key: LayerKey,
        change: impl FnOnce(&mut BTreeMap<LayerKey, Arc<LayerView>>, &LayerKey),
    ) {
        {
            let layers = self.inner.layers.write();
            change(&mut layers.unwrap_or_else(PoisonError::into_inner), &key);
        }
        // Nobody may be listening.
        let _ = self.inner.changes.send(key);
    }
}

impl std::fmt::Debug for Fleet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fleet").finish_non_exhaustive()
    }
}
