//! Keeps inventories: chunks first, then the head by compare-and-swap, then what no head names any more goes.

use std::sync::Arc;

use tidegate_cluster::Cluster;
use tokio::sync::OnceCell;

use super::catalog::Catalog;
use super::chunks::{Chunks, Known};
use super::packed::{Head, Packed};
use super::secret::{INVENTORY_FIELD, chunk_name, field, name};
use super::{Inventory, InventoryError};
use crate::Owner;

/// Where inventories are kept: a namespace of the agent.
#[derive(Clone)]
pub(crate) struct Store {
    pub(super) cluster: Cluster,
    pub(super) namespace: String,
    /// What there was when this process first asked.
    catalog: Arc<OnceCell<Catalog>>,
}

/// An inventory as it is kept.
#[derive(Debug, Clone, Default)]
pub(crate) struct Held {
    /// The objects.
    pub inventory: Inventory,
    /// The version of the head; `None` if there is none yet.
    version: Option<String>,
    /// The chunks that the head names.
    chunks: Chunks,
    /// Chunks that no head names.
    strays: Chunks,
    /// Whether a part of it is lost.
    is_damaged: bool,
}

impl Held {
    /// Tells whether nothing was kept yet, or a part of it is lost.
    pub(crate) fn is_incomplete(&self) -> bool {
        self.version.is_none() || self.is_damaged
    }

    /// Tells whether a part of what was kept is lost.
    pub(crate) fn is_damaged(&self) -> bool {
        self.is_damaged
    }
}

impl Store {
    /// Keeps inventories in a namespace, with the agent's own rights.
    pub(crate) fn new(cluster: Cluster, namespace: String) -> Self {
        Self {
            cluster,
            namespace,
            catalog: Arc::default(),
        }
    }

    /// Returns the namespace in which inventories are kept.
    pub(crate) fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Reads an owner's inventory; an empty one if there is none.
    pub(crate) async fn load(&self, owner: &Owner) -> Result<Held, InventoryError> {
        let name = name(&owner.uid);
        let id = self.id(&name);
        loop {
            let found = self.cluster.get(&id).await.map_err(InventoryError::Api)?;
            let Some(secret) = found else {
                return Ok(Held::default());
            };
            let version = secret.resource_version().map(ToOwned::to_owned);
            let bytes = field(&secret, INVENTORY_FIELD);
            let said = bytes.map_or_else(
                || Head::Damaged(format!("it has no field `{INVENTORY_FIELD}`")),
                |bytes| Head::read(&bytes),
            );
            let found = self.assemble(owner, said).await?;
            // Somebody who wrote it meanwhile has taken the old chunks away.
            if found.is_damaged && self.is_newer(owner, version.as_deref()).await? {
                continue;
            }
            return Ok(Held { version, ..found });
        }
    }

    /// Puts an inventory together from what its head says.
    async fn assemble(&self, owner: &Owner, said: Head) -> Result<Held, InventoryError> {
        let name = self.full_name(&name(&owner.uid));
        let mut found = Held::default();
        match said {
            Head::Newer(found) => return Err(InventoryError::Newer { name, found }),
            Head::Whole(inventory) => found.inventory = inventory,
            Head::Damaged(problem) => {
                tracing::warn!(name, problem, "inventory damaged");
                found.is_damaged = true;
            }
            Head::Chunks(digests) => {
                let read = self.read_chunks(owner, digests).await?;
                found.is_damaged = !read.damaged.is_empty();
                found.strays = self.strays(owner, &read.chunks).await?;
                (found.inventory, found.chunks) = (read.inventory, read.chunks);
                if found.is_damaged {
                    let chunks = read.damaged.join(", ");
                    tracing::warn!(name, chunks, "chunks of an inventory missing or damaged");
                }
            }
        }
        Ok(found)
    }

    async fn is_newer(&self, owner: &Owner, version: Option<&str>) -> Result<bool, InventoryError> {
        let id = self.id(&name(&owner.uid));
        let found = self.cluster.get_metadata(&id).await;
        let found = found.map_err(InventoryError::Api)?;
        Ok(found.is_none_or(|secret| secret.resource_version() != version))
    }

    /// Finds chunks that a process has left before its head was written.
    async fn strays(&self, owner: &Owner, chunks: &Chunks) -> Result<Chunks, InventoryError> {
        let catalog = self.catalog.get_or_try_init(|| self.list()).await;
        let catalog = catalog.map_err(InventoryError::Api)?;
        let there = catalog.chunks.get(&owner.uid).into_iter().flatten();
        let prefix = chunk_name(&owner.uid, "");
        let digests = there.filter_map(|secret| {
            let digest = secret.id().name.strip_prefix(&prefix)?;
            Some((digest.to_owned(), Known::of(secret)))
        });
        Ok(digests
            .filter(|(digest, _)| !chunks.contains_key(digest))
            .collect())
    }

    /// Keeps an owner's inventory, if it is still the one that was read. Nothing is written if nothing changed.
    pub(crate) async fn save(
        &self,
        owner: &Owner,
        held: &mut Held,
        inventory: Inventory,
    ) -> Result<(), InventoryError> {
        if !held.is_incomplete() && held.inventory == inventory {
            return Ok(());
        }
        self.write(owner, held, (inventory, None)).await
    }

    /// Writes an owner's inventory in the name of a run, even if nothing changed, if it is still the one that was read.
    pub(crate) async fn fence(
        &self,
        owner: &Owner,
        held: &mut Held,
        (inventory, run): (Inventory, &str),
    ) -> Result<(), InventoryError> {
        self.write(owner, held, (inventory, Some(run))).await
    }

    /// Deletes an owner's inventory, as it was read.
    pub(crate) async fn remove(&self, owner: &Owner, held: &Held) -> Result<(), InventoryError> {
        let id = self.id(&name(&owner.uid));
        let there = self.cluster.get_metadata(&id).await;
        if let Some(there) = there.map_err(InventoryError::Api)? {
            let version = there.resource_version().map(ToOwned::to_owned);
            if version != held.version {
                return Err(InventoryError::Changed(self.full_name(&name(&owner.uid))));
            }
            self.drop_head(&there).await.map_err(InventoryError::Api)?;
        }
        let mut chunks = held.chunks.clone();
        chunks.extend(held.strays.clone());
        self.drop_chunks(owner, chunks).await;
        Ok(())
    }

    async fn write(
        &self,
        owner: &Owner,
        held: &mut Held,
        (inventory, run): (Inventory, Option<&str>),
    ) -> Result<(), InventoryError> {
        let packed =
            Packed::of(&inventory).map_err(|error| self.malformed(&name(&owner.uid), &error))?;
        let written = self.write_chunks(owner, (packed.chunks, &held.chunks));
        let chunks = written.await?;
        let secret = self.head(owner, (&packed.head, held.version.as_deref()), run)?;
        let kept = match held.version {
            None => self.cluster.create(&secret).await,
            Some(_) => self.cluster.replace(&secret).await,
        };
        let kept = kept.map_err(|error| self.refused(owner, error))?;
        let before = std::mem::replace(
            held,
            Held {
                inventory,
                version: kept.resource_version().map(Into::into),
                chunks,
                ..Held::default()
            },
        );
        let mut old = before.chunks;
        old.extend(before.strays);
        old.retain(|digest, _| !held.chunks.contains_key(digest));
        self.drop_chunks(owner, old).await;
        Ok(())
    }
}
