//! The task of a Layer that is being deleted: its objects go first, if it says so, and then its finalizer.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tidegate_object::ObjectId;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::finalizer;
use super::parts::Parts;
use super::{Backoff, Resource};
use crate::engine::{Dissolution, Dissolved};
use crate::layer::Checked;
use crate::sources::SourceKey;
use crate::status::{Reason, Situation, StatusWriter, Trouble};
use crate::{DeletionPolicy, LayerStatus, LayerView, Mode};

/// The first pause before it is tried again.
const PAUSE: Duration = Duration::from_secs(1);

/// How many objects that stay an event names.
const NAMED: usize = 10;

/// The task of a Layer that is being deleted.
pub(super) struct Dissolving {
    pub parts: Arc<Parts>,
    pub told: watch::Receiver<Arc<Resource>>,
    /// The task that ran the layer before.
    pub before: Option<JoinHandle<()>>,
}

/// What is to be done now.
enum Next {
    /// Its objects go.
    Dissolve(Box<Dissolution>),
    /// Its objects stay, and why.
    Release(&'static str),
    /// Something comes first.
    Wait(String),
}

impl Dissolving {
    /// Works until the Layer may go, or until it is told to stop.
    pub(super) async fn run(mut self, stop: CancellationToken) {
        if let Some(before) = self.before.take() {
            // A task that broke off has ended, too.
            let _ = before.await;
        }
        let resource = Arc::clone(&self.told.borrow());
        let client = self.parts.cluster.client();
        let writer = StatusWriter::new(
            (client, &self.parts.pace),
            &resource.owner,
            resource.status.clone(),
        );
        let mut backoff = Backoff::new(PAUSE);
        let mut board = self.parts.board.changes();
        while !stop.is_cancelled() {
            let resource = Arc::clone(&self.told.borrow_and_update());
            board.mark_unchanged();
            let message = match self.next(&resource) {
                Next::Wait(message) => message,
                Next::Release(why) => match self.release(&resource, why).await {
                    Ok(()) => return,
                    Err(message) => message,
                },
                Next::Dissolve(wanted) => {
                    self.show(&resource, &writer, "its objects are deleted");
                    match self.dissolve(&resource, (*wanted, &stop)).await {
                        Ok(true) => return,
                        Ok(false) => continue,
                        Err(message) => message,
                    }
                }
            };
            self.show(&resource, &writer, &message);
            tokio::select! {
                () = stop.cancelled() => {}
                changed = self.told.changed() => if changed.is_err() { return },
                _ = board.changed() => {}
                () = tokio::time::sleep(backoff.pause()) => {}
            }
        }
    }

    fn next(&self, resource: &Resource) -> Next {
        let key = resource.key();
        let Ok(spec) = &resource.spec else {
            return Next::Release("its spec cannot be read");
        };
        if spec.deletion_policy == DeletionPolicy::Orphan {
            return Next::Release("spec.deletionPolicy is orphan");
        }
        if spec.suspend {
            return Next::Release("it is suspended");
        }
        if spec.mode == Mode::Observe {
            return Next::Release("its mode is observe");
        }
        let Ok(checked) = Checked::new(spec, &key.0, self.parts.concurrency) else {
            return Next::Release("its spec is wrong");
        };
        if let Some((namespace, name)) = self.parts.board.leaves_first(&key) {
            return Next::Wait(format!(
                "layer {namespace}/{name}, which depends on it, is deleted first"
            ));
        }
        let account = checked.settings.account;
        Next::Dissolve(Box::new(Dissolution {
            owner: resource.owner.clone(),
            account: account.unwrap_or_else(|| (key.0.clone(), spec.service_account_name.clone())),
            references: checked.settings.references,
            timeout: checked.settings.timeout,
            claims: self.parts.board.claims(&key),
            follows: SourceKey::of(&checked.source).follows(),
        }))
    }

    /// Lets the objects go; tells whether the Layer is gone, too.
    async fn dissolve(
        &mut self,
        resource: &Resource,
        (wanted, stop): (Dissolution, &CancellationToken),
    ) -> Result<bool, String> {
        let within = stop.child_token();
        let work = self.parts.engine.dissolve(wanted, within.clone());
        tokio::pin!(work);
        let dissolved = tokio::select! {
            dissolved = &mut work => dissolved,
            // Another spec may say that they stay.
            changed = self.told.changed() => {
                within.cancel();
                let dissolved = work.await;
                if changed.is_err() || !matches!(dissolved, Dissolved::Done(..)) {
                    return Ok(changed.is_err());
                }
                dissolved
            }
        };
        match dissolved {
            Dissolved::Done(deleted, stays) => {
                let note = farewell(deleted, &stays);
                self.parts.engine.forget(&resource.owner);
                self.let_go(resource, (Reason::LayerDeleted, &note)).await?;
                Ok(true)
            }
            Dissolved::Waits(message) => Err(message),
            Dissolved::Revoked => Err("its spec was changed".into()),
            Dissolved::Stopped => Err("another replica goes on".into()),
        }
    }

    /// Lets the Layer go without its objects.
    async fn release(&self, resource: &Resource, why: &str) -> Result<(), String> {
        let note = format!("its objects stay: {why}");
        self.let_go(resource, (Reason::LayerDeleted, &note)).await
    }

    async fn let_go(
        &self,
        resource: &Resource,
        (reason, note): (Reason, &str),
    ) -> Result<(), String> {
        let released = finalizer::release(&self.parts.cluster, &resource.owner).await;
        released.map_err(|error| format!("its finalizer cannot be taken off: {error}"))?;
        tracing::info!(layer = %resource.owner, note, "layer deleted");
        self.parts.events.say(&resource.owner, (reason, note));
        Ok(())
    }

    /// Shows what it waits for.
    fn show(&self, resource: &Resource, writer: &StatusWriter, message: &str) {
        let trouble = Trouble::new(Reason::Terminating, message);
        let situation = Situation {
            generation: resource.generation,
            trouble: Some(&trouble),
            was_applied: true,
            history: &resource.status.history,
            sync: resource.status.sync.clone(),
            ..Situation::default()
        };
        let written = writer.written();
        let status: LayerStatus = situation.status((&resource.status, &written), Timestamp::now());
        writer.write(&status);
        self.parts.fleet.put(LayerView {
            rendering: None,
            namespace: resource.owner.namespace.clone(),
            name: resource.owner.name.clone(),
            uid: resource.owner.uid.clone(),
            spec: resource.shown_spec(),
            status,
            run: None,
        });
    }
}

/// What became of the objects of a layer.
fn farewell(deleted: usize, stays: &[(ObjectId, String)]) -> String {
    let named = stays.iter().take(NAMED);
    let named: Vec<String> = named.map(|(id, why)| format!("{id} ({why})")).collect();
    let mut note = format!("{deleted} objects deleted");
    if !named.is_empty() {
        note = format!("{note}; {} stay: {}", stays.len(), named.join(", "));
    }
    note
}
