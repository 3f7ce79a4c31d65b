//! Takes requests for a sync: each is kept on the Layer before it is answered.

use std::collections::HashMap;
use std::time::Duration;

use kube::api::{ApiResource, DynamicObject, Patch, PatchParams};
use kube::{Api, ResourceExt as _};
use serde_json::json;
use tidegate_cluster::{ApiError, Cluster};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use super::Resource;
use super::resource::{REQUESTED_BY, SYNC_REQUESTED};
use crate::{Fleet, Layer, LayerKey, RequestError, SyncRequest, Ticket};

/// The deadline of reading and writing a request.
const DEADLINE: Duration = Duration::from_secs(10);

/// Whoever waits for an answer.
type Answer = oneshot::Sender<Result<Ticket, RequestError>>;

/// Where requests are taken, those for one layer one after the other.
#[derive(Default)]
pub(super) struct Desk {
    waiting: HashMap<LayerKey, Vec<Answer>>,
    calls: JoinSet<(LayerKey, Result<Ticket, RequestError>)>,
}

impl Desk {
    /// Takes a request. Those that come while one is being kept get its answer.
    pub(super) fn take(
        &mut self,
        (cluster, fleet): (&Cluster, &Fleet),
        layer: LayerKey,
        (by, answer): (String, Answer),
    ) {
        if let Some(waiting) = self.waiting.get_mut(&layer) {
            waiting.push(answer);
            return;
        }
        self.waiting.insert(layer.clone(), vec![answer]);
        let (cluster, fleet) = (cluster.clone(), fleet.clone());
        self.calls.spawn(async move {
            let kept = tokio::time::timeout(DEADLINE, keep(&cluster, &fleet, (&layer, &by)));
            let late = "the API server does not answer in time".to_owned();
            let kept = kept.await.unwrap_or(Err(RequestError::Unavailable(late)));
            (layer, kept)
        });
    }

    /// Answers whom it can, as soon as it can.
    pub(super) async fn answer(&mut self) {
        let Some(done) = self.calls.join_next().await else {
            return std::future::pending().await;
        };
        // A call that panicked drops who waits for it, which is an answer too.
        let Ok((layer, kept)) = done else { return };
        let mut is_first = true;
        for answer in self.waiting.remove(&layer).unwrap_or_default() {
            let ticket = kept.clone().map(|ticket| Ticket {
                pending: ticket.pending || !is_first,
                ..ticket
            });
            is_first = false;
            // Who no longer waits needs no answer.
            let _ = answer.send(ticket);
        }
    }
}

/// Keeps a request, unless one is pending already.
async fn keep(
    cluster: &Cluster,
    fleet: &Fleet,
    (layer, by): (&LayerKey, &str),
) -> Result<Ticket, RequestError> {
    let (namespace, name) = layer;
    let resource = ApiResource::erase::<Layer>(&());
    let api: Api<DynamicObject> = Api::namespaced_with(cluster.client(), namespace, &resource);
    let failed = |error: kube::Error| RequestError::Unavailable(ApiError::of(&error).message);
    loop {
        let Some(live) = api.get_opt(name).await.map_err(failed)? else {
            return Err(RequestError::NoLayer(namespace.clone(), name.clone()));
        };
        let answered = fleet.layer(layer).and_then(|view| view.status.sync.clone());
        if let Some(run) = pending(&Resource::new(&live), answered.as_ref()) {
            return Ok(Ticket { run, pending: true });
        }
        let run = uuid::Uuid::new_v4().to_string();
        let version = live.resource_version();
        let annotations = json!({SYNC_REQUESTED: run, REQUESTED_BY: by});
        let metadata = json!({"annotations": annotations, "resourceVersion": version});
        let patch = Patch::Merge(json!({"metadata": metadata}));
        match api.patch(name, &PatchParams::default(), &patch).await {
            Ok(_) => {
                let pending = false;
                return Ok(Ticket { run, pending });
            }
            // Somebody wrote in between, perhaps a request.
            Err(kube::Error::Api(answer)) if answer.code == 409 => {}
            Err(error) => return Err(failed(error)),
        }
    }
}

/// Returns the request on a Layer that has not begun.
fn pending(resource: &Resource, answered: Option<&SyncRequest>) -> Option<String> {
    let (id, _) = resource.request.as_ref()?;
    let is_pending = match answered {
        Some(sync) if sync.id == *id => sync.state == PENDING,
        _ => true,
    };
    is_pending.then(|| id.clone())
}

/// The state of a request that has not begun.
pub(super) const PENDING: &str = "pending";
/// The state of a request whose run goes on.
pub(super) const RUNNING: &str = "running";
