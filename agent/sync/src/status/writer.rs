//! Writes a layer's status: only what changed, and progress at a pace that all layers share.

use std::sync::Arc;
use std::time::Duration;

use kube::Api;
use kube::api::{ApiResource, DynamicObject, Patch, PatchParams};
use serde_json::json;
use tidegate_cluster::ApiError;
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

use super::{Pace, find};
use crate::controller::Backoff;
use crate::{Layer, LayerStatus, Owner};

/// The first pause after a write that failed.
const PAUSE: Duration = Duration::from_secs(1);

/// The deadline of one write.
const DEADLINE: Duration = Duration::from_secs(30);

/// The field manager of the status.
const MANAGER: &str = "tidegate";

/// Writes a layer's status in a task of its own, which ends with this value.
pub(crate) struct StatusWriter {
    wanted: watch::Sender<LayerStatus>,
    written: watch::Receiver<LayerStatus>,
    _task: AbortOnDropHandle<()>,
}

impl StatusWriter {
    /// Begins with the status that the Layer has.
    pub(crate) fn new(
        (client, pace): (kube::Client, &Arc<Pace>),
        owner: &Owner,
        has: LayerStatus,
    ) -> Self {
        let (wanted, changes) = watch::channel(has.clone());
        let (tell, written) = watch::channel(has);
        let resource = ApiResource::erase::<Layer>(&());
        let task = Task {
            // The answer is not read: it may be a Layer that cannot be.
            api: Api::namespaced_with(client, &owner.namespace, &resource),
            pace: Arc::clone(pace),
            owner: owner.clone(),
            written: tell,
            changes,
        };
        Self {
            wanted,
            written,
            _task: AbortOnDropHandle::new(tokio::spawn(task.run())),
        }
    }

    /// Returns the status that the Layer has.
    pub(crate) fn written(&self) -> LayerStatus {
        self.written.borrow().clone()
    }

    /// Sets the status that is to be written.
    pub(crate) fn write(&self, status: &LayerStatus) {
        self.wanted.send_if_modified(|wanted| {
            let differs = wanted != status;
            if differs {
                wanted.clone_from(status);
            }
            differs
        });
    }
}

struct Task {
    api: Api<DynamicObject>,
    pace: Arc<Pace>,
    owner: Owner,
    written: watch::Sender<LayerStatus>,
    changes: watch::Receiver<LayerStatus>,
}

impl Task {
    async fn run(mut self) {
        let mut backoff = Backoff::new(PAUSE);
        while self.changes.changed().await.is_ok() {
            self.settle().await;
            loop {
                let wanted = self.changes.borrow_and_update().clone();
                if wanted == *self.written.borrow() {
                    break;
                }
                match self.patch(&wanted).await {
                    Ok(()) => {
                        self.written.send_replace(wanted);
                        backoff = Backoff::new(PAUSE);
                        break;
                    }
                    // A layer that is gone, or was made anew under its name, has another writer.
                    Err(WriteError::Gone) => return,
                    Err(WriteError::Failed(error)) => {
                        tracing::warn!(layer = %self.owner, %error, "failed to write the status");
                        tokio::time::sleep(backoff.pause()).await;
                    }
                }
            }
        }
    }

    /// Waits a little while there is only progress to tell, since the end may be near.
    async fn settle(&mut self) {
        if is_settled(&self.changes.borrow()) {
            return;
        }
        let settled = self.changes.wait_for(is_settled);
        // Either is a reason to write.
        let _ = tokio::time::timeout_at(self.pace.next(), settled).await;
    }

    async fn patch(&self, status: &LayerStatus) -> Result<(), WriteError> {
        let Owner {
            namespace,
            name,
            uid,
        } = &self.owner;
        let patch = json!({
            "apiVersion": "tidegate.dev/v1alpha1",
            "kind": "Layer",
            "metadata": {"namespace": namespace, "name": name, "uid": uid},
            "status": status,
        });
        let params = PatchParams::apply(MANAGER).force();
        let patch = Patch::Apply(patch);
        let write = self.api.patch_status(name, &params, &patch);
        match tokio::time::timeout(DEADLINE, write).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(kube::Error::Api(answer))) if matches!(answer.code, 404 | 409) => {
                Err(WriteError::Gone)
            }
            Ok(Err(error)) => Err(WriteError::Failed(ApiError::of(&error).message)),
            Err(_) => Err(WriteError::Failed("no answer in time".into())),
        }
    }
}

enum WriteError {
    Gone,
    Failed(String),
}

/// Tells whether a status is one that lasts, and not one of progress.
pub(crate) fn is_settled(status: &LayerStatus) -> bool {
    find(&status.conditions, "Ready").is_some_and(|ready| ready.status != "Unknown")
}
