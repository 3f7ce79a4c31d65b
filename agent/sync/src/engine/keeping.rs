//! The inventory of a run: written before its first write, and once after it.

use std::time::Duration;

use tokio::time::Instant;

use super::execution::{End, Execution};
use super::halted::Halted;
use super::item::{Item, Stage};
use super::prune::Denial;
use crate::Guard;
use crate::inventory::{Entry, Inventory, InventoryError};

/// For how long more may be learned before it is kept.
const LEARNING: Duration = Duration::from_secs(2);

impl Execution {
    /// Keeps what is owned and what may be owned soon, before the first write.
    pub(super) async fn keep_union(&mut self) -> End {
        for item in self.items.iter().filter(|item| item.is_due()) {
            let entry = Entry {
                api_version: item.object.gvk().api_version(),
                uid: item.claim.uid.clone().unwrap_or_default(),
                digest: String::new(),
                form: String::new(),
                applied: None,
            };
            self.next.entries.entry(item.id().clone()).or_insert(entry);
        }
        match self.keep(self.promised()).await {
            Ok(end) => end,
            Err(error) => {
                self.halted = Some(Halted::By(error.to_string()));
                End::Settled
            }
        }
    }

    /// The inventory with what is to be written as not known: a run that is cut off tells nobody how far it came.
    fn promised(&self) -> Inventory {
        let mut promised = self.next.clone();
        for item in self.items.iter().filter(|item| item.is_due()) {
            if let Some(entry) = promised.entries.get_mut(item.id()) {
                entry.digest.clear();
            }
        }
        promised
    }

    /// Proves before the first delete that the inventory is still ours: whoever has written it meanwhile decides.
    pub(super) async fn fence_departures(&mut self) {
        let mut held = self.lent.memory.held.take().unwrap_or_default();
        let (store, owner) = (&self.engine.store, &self.order.owner);
        let fenced = store
            .fence(owner, &mut held, (self.promised(), &self.order.id))
            .await;
        // What somebody else wrote is read anew by the next run.
        if !matches!(fenced, Err(InventoryError::Changed(_))) {
            self.lent.memory.held = Some(held);
        }
        if let Err(error) = &fenced {
            self.halt(Halted::By(error.to_string()));
        }
        let denial = |error: InventoryError| {
            Denial::new(Guard::Leadership, format!("nothing is deleted: {error}"))
        };
        self.departures.fenced(fenced.map_err(denial));
        self.judge_leaving();
    }

    /// Keeps what was written, after the last write.
    pub(super) async fn keep_written(&mut self) {
        let never_written = |item: &&Item| {
            !matches!(item.stage, Stage::Done) && !item.attempted && item.claim.uid.is_none()
        };
        for item in self.items.iter().filter(never_written) {
            let is_mark = |entry: &Entry| entry.uid.is_empty();
            if self.next.get(item.id()).is_some_and(is_mark) {
                self.next.entries.remove(item.id());
            }
        }
        self.keep_next().await;
    }

    /// Has what was learned since then kept, soon: a restart would have to learn it again.
    pub(super) fn keep_soon(&mut self) {
        let at = Instant::now() + LEARNING;
        self.keep_at.get_or_insert(at);
    }

    pub(super) async fn keep_next(&mut self) {
        self.keep_at = None;
        let mut kept = self.keep(self.next.clone()).await;
        if let Err(InventoryError::Changed(_)) = kept {
            kept = self.keep_merged().await;
        }
        if let Err(error) = kept {
            // The next run finds the objects by their marks.
            tracing::warn!(owner = %self.order.owner, %error, "inventory not kept");
        }
    }

    /// Keeps what was written, beside what somebody else has kept meanwhile.
    async fn keep_merged(&mut self) -> Result<End, InventoryError> {
        let held = self.engine.store.load(&self.order.owner).await?;
        for (id, entry) in &held.inventory.entries {
            let entries = &mut self.next.entries;
            entries.entry(id.clone()).or_insert_with(|| entry.clone());
        }
        self.lent.memory.held = Some(held);
        self.keep(self.next.clone()).await
    }

    async fn keep(&mut self, inventory: Inventory) -> Result<End, InventoryError> {
        loop {
            let mut held = self.lent.memory.held.take().unwrap_or_default();
            let (store, owner) = (&self.engine.store, &self.order.owner);
            let kept = store.save(owner, &mut held, inventory.clone()).await;
            let error = match kept {
                Ok(()) => {
                    self.lent.memory.held = Some(held);
                    self.report.say("");
                    return Ok(End::Settled);
                }
                Err(InventoryError::Changed(name)) => return Err(InventoryError::Changed(name)),
                Err(error) => error,
            };
            self.lent.memory.held = Some(held);
            if !error.is_transient() {
                return Err(error);
            }
            self.report.say(error.to_string());
            self.report.publish(self.objects());
            let at = self.pause.failed(None, Instant::now());
            tokio::select! {
                () = tokio::time::sleep_until(at) => {}
                () = self.stop.cancelled() => return Ok(End::Stopped),
            }
        }
    }
}
