//! All layers as everybody sees them: what the API, the metrics and the command line read.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, PoisonError, RwLock};

use serde::Serialize;
use thiserror::Error;
use tidegate_kustomize::Rendered;
use tidegate_source::Revision;
use tokio::sync::{broadcast, mpsc, oneshot};

use crate::{Control, LayerSpec, LayerStatus, Run};

/// How many changes a slow reader may be behind before it must read anew.
const BACKLOG: usize = 1024;

/// How many layers that are gone are remembered, for readers who come back.
const GONE: usize = 1024;

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
    /// The newest revision that could be rendered, and what it renders.
    #[serde(skip)]
    pub rendering: Option<(Arc<Rendered>, Revision)>,
}

/// All layers. Cheap to clone.
#[derive(Clone)]
pub struct Fleet {
    inner: Arc<Inner>,
}

struct Inner {
    layers: RwLock<Layers>,
    /// Tells this fleet's numbers from those of another process.
    epoch: String,
    changes: broadcast::Sender<LayerKey>,
    requests: mpsc::Sender<Request>,
}

/// Each change has a number, so that a reader who comes back gets what changed meanwhile.
#[derive(Default)]
struct Layers {
    known: BTreeMap<LayerKey, (u64, Arc<LayerView>)>,
    number: u64,
    gone: VecDeque<(u64, LayerKey)>,
    /// The last change of which the layer that went is forgotten.
    forgotten: u64,
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
            epoch: uuid::Uuid::new_v4().to_string(),
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
        layers
            .known
            .values()
            .map(|(_, view)| Arc::clone(view))
            .collect()
    }

    /// Returns a layer.
    pub fn layer(&self, key: &LayerKey) -> Option<Arc<LayerView>> {
        let layers = self.inner.layers.read();
        let layers = layers.unwrap_or_else(PoisonError::into_inner);
        layers.known.get(key).map(|(_, view)| Arc::clone(view))
    }

    /// Takes a layer as it stands now, and tells everybody who listens.
    pub fn put(&self, view: LayerView) {
        let key = (view.namespace.clone(), view.name.clone());
        self.change(key, |layers, key| {
            let numbered = (layers.number, Arc::new(view));
            layers.known.insert(key.clone(), numbered);
        });
    }

    /// Forgets a layer that is gone.
    pub fn remove(&self, key: &LayerKey) {
        self.change(key.clone(), |layers, key| {
            layers.known.remove(key);
            layers.gone.push_back((layers.number, key.clone()));
            if layers.gone.len() > GONE
                && let Some((number, _)) = layers.gone.pop_front()
            {
                layers.forgotten = number;
            }
        });
    }

    /// Returns a mark of how all layers stand now. Every change until now has been told.
    pub fn mark(&self) -> String {
        let layers = self.inner.layers.read();
        let layers = layers.unwrap_or_else(PoisonError::into_inner);
        format!("{}.{}", self.inner.epoch, layers.number)
    }

    /// Returns the layers that changed or went since a mark; `None` if that is no longer known.
    pub fn since(&self, mark: &str) -> Option<Vec<LayerKey>> {
        let (epoch, number) = mark.rsplit_once('.')?;
        let number: u64 = number.parse().ok()?;
        let layers = self.inner.layers.read();
        let layers = layers.unwrap_or_else(PoisonError::into_inner);
        if epoch != self.inner.epoch || number < layers.forgotten || number > layers.number {
            return None;
        }
        let changed = layers.known.iter().filter(|(_, (at, _))| *at > number);
        let gone = layers.gone.iter().filter(|(at, _)| *at > number);
        let changed = changed.map(|(key, _)| key.clone());
        Some(changed.chain(gone.map(|(_, key)| key.clone())).collect())
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

    fn change(&self, key: LayerKey, change: impl FnOnce(&mut Layers, &LayerKey)) {
        let layers = self.inner.layers.write();
        let mut layers = layers.unwrap_or_else(PoisonError::into_inner);
        layers.number = layers.number.saturating_add(1);
        change(&mut layers, &key);
        // Told before the number can be read, so that a mark counts nothing that is not told. Nobody may be listening.
        let _ = self.inner.changes.send(key);
    }
}

impl std::fmt::Debug for Fleet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fleet").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(name: &str) -> LayerView {
        LayerView {
            namespace: "team".into(),
            name: name.into(),
            uid: name.into(),
            spec: LayerSpec::default(),
            status: LayerStatus::default(),
            run: None,
            rendering: None,
        }
    }

    fn since(fleet: &Fleet, mark: &str) -> Option<Vec<String>> {
        let keys = fleet.since(mark)?;
        Some(keys.into_iter().map(|(_, name)| name).collect())
    }

    #[test]
    fn who_comes_back_gets_what_changed_and_what_went() {
        let (fleet, _requests) = Fleet::new();
        for name in ["a", "b", "c"] {
            fleet.put(view(name));
        }
        let mark = fleet.mark();
        assert_eq!(since(&fleet, &mark), Some(vec![]));
        fleet.put(view("b"));
        fleet.remove(&("team".into(), "a".into()));
        assert_eq!(since(&fleet, &mark), Some(vec!["b".into(), "a".into()]));
        assert_eq!(since(&fleet, &fleet.mark()), Some(vec![]));
    }

    #[test]
    fn who_knows_another_process_or_was_away_for_too_long_reads_anew() {
        let (fleet, _requests) = Fleet::new();
        let (other, _requests) = Fleet::new();
        let mark = fleet.mark();
        assert_eq!(since(&fleet, &other.mark()), None);
        assert_eq!(since(&fleet, "nonsense"), None);
        for number in 0..=GONE {
            fleet.remove(&("team".into(), number.to_string()));
        }
        assert_eq!(since(&fleet, &mark), None);
    }
}
