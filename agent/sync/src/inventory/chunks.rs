//! The chunks of a large inventory: content-addressed Secrets that never change.

use std::collections::BTreeMap;

use futures::{StreamExt as _, TryStreamExt as _};
use serde_json::{Value, json};
use tidegate_cluster::ApiError;
use tidegate_object::Object;

use super::packed::chunk;
use super::secret::{INVENTORY_FIELD, chunk_name, field};
use super::{Inventory, InventoryError, Store};
use crate::Owner;

/// How many chunks are read or written at the same time.
const AT_ONCE: usize = 8;

/// The annotation that changes when a chunk that nobody seemed to need is used again.
const USED_AT: &str = "tidegate.dev/used-at";

/// Chunks that are there, by digest: what a delete demands of each.
pub(super) type Chunks = BTreeMap<String, Known>;

/// A chunk as it was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Known {
    uid: String,
    version: String,
}

/// What was read of the chunks that a head names.
#[derive(Default)]
pub(super) struct Read {
    pub inventory: Inventory,
    pub chunks: Chunks,
    /// The names of those that are missing, or are not what was written.
    pub damaged: Vec<String>,
}

impl Known {
    pub(super) fn of(secret: &Object) -> Self {
        Self {
            uid: secret.uid().unwrap_or_default().into(),
            version: secret.resource_version().unwrap_or_default().into(),
        }
    }
}

impl Store {
    /// Reads chunks; names those that are missing or are not what was written.
    pub(super) async fn read_chunks(
        &self,
        owner: &Owner,
        digests: Vec<String>,
    ) -> Result<Read, InventoryError> {
        let reads = futures::stream::iter(digests).map(|digest| async move {
            let id = self.id(&chunk_name(&owner.uid, &digest));
            let found = self.cluster.get(&id).await.map_err(InventoryError::Api)?;
            let read = found.and_then(|secret| {
                let bytes = field(&secret, INVENTORY_FIELD)?;
                Some((chunk(&digest, &bytes)?, Known::of(&secret)))
            });
            Ok::<_, InventoryError>((digest, read))
        });
        let mut reads = reads.buffer_unordered(AT_ONCE);
        let mut all = Read::default();
        while let Some((digest, read)) = reads.try_next().await? {
            match read {
                Some((objects, known)) => {
                    all.inventory.entries.extend(objects);
                    all.chunks.insert(digest, known);
                }
                None => all.damaged.push(chunk_name(&owner.uid, &digest)),
            }
        }
        Ok(all)
    }

    /// Writes the chunks that are not there yet; returns all that the head will name.
    pub(super) async fn write_chunks(
        &self,
        owner: &Owner,
        (wanted, known): (BTreeMap<String, Vec<u8>>, &Chunks),
    ) -> Result<Chunks, InventoryError> {
        let mut chunks = Chunks::new();
        let mut missing = Vec::new();
        for (digest, bytes) in wanted {
            match known.get(&digest) {
                Some(there) => {
                    chunks.insert(digest, there.clone());
                }
                None => missing.push((digest, bytes)),
            }
        }
        let writes = futures::stream::iter(missing).map(|(digest, bytes)| async move {
            let there = self.write_chunk(owner, (&digest, &bytes)).await?;
            Ok::<_, InventoryError>((digest, there))
        });
        let mut writes = writes.buffer_unordered(AT_ONCE);
        while let Some((digest, there)) = writes.try_next().await? {
            chunks.insert(digest, there);
        }
        Ok(chunks)
    }

    async fn write_chunk(
        &self,
        owner: &Owner,
        (digest, bytes): (&str, &[u8]),
    ) -> Result<Known, InventoryError> {
        let secret = self.chunk(owner, (digest, bytes))?;
        loop {
            match self.cluster.create(&secret).await {
                Ok(made) => return Ok(Known::of(&made)),
                Err(error) if error.code == 409 => {}
                Err(error) => return Err(self.missing_namespace(error)),
            }
            if let Some(used) = self.use_again(&secret).await? {
                return Ok(used);
            }
        }
    }

    /// Takes a chunk that is there already: from then on, who believed that nobody needs it cannot delete it.
    async fn use_again(&self, wanted: &Object) -> Result<Option<Known>, InventoryError> {
        let there = self.cluster.get(wanted.id()).await;
        let Some(there) = there.map_err(InventoryError::Api)? else {
            return Ok(None);
        };
        if there.value().get("data") != wanted.value().get("data") {
            let deleted = self.cluster.delete(&there).await;
            return deleted.map(|_| None).map_err(InventoryError::Api);
        }
        let now = jiff::Timestamp::now().to_string();
        let touched = there.map(|fields| {
            if let Some(metadata) = fields.get_mut("metadata").and_then(Value::as_object_mut) {
                metadata.remove("managedFields");
                metadata.insert("annotations".into(), json!({USED_AT: now}));
            }
        });
        let touched = touched.map_err(|error| self.malformed(&wanted.id().name, &error))?;
        match self.cluster.replace(&touched).await {
            Ok(used) => Ok(Some(Known::of(&used))),
            Err(error) if matches!(error.code, 404 | 409) => Ok(None),
            Err(error) => Err(InventoryError::Api(error)),
        }
    }

    /// Deletes the head of a layer that is gone.
    pub(super) async fn drop_head(&self, head: &Object) -> Result<(), ApiError> {
        self.cluster.delete(head).await.map(drop)
    }

    /// Deletes chunks that no head names any more, unless somebody has used them again. Those that stay are found
    /// again by the next process.
    pub(super) async fn drop_chunks(&self, owner: &Owner, chunks: Chunks) {
        let drops = futures::stream::iter(chunks).map(|(digest, known)| async move {
            let name = chunk_name(&owner.uid, &digest);
            let metadata = json!({"uid": known.uid, "resourceVersion": known.version});
            let Ok(secret) = self.secret(&name, json!({"metadata": metadata})) else {
                return;
            };
            if let Err(error) = self.cluster.delete(&secret).await {
                tracing::debug!(name, %error, "chunk of an inventory stays");
            }
        });
        drops.buffer_unordered(AT_ONCE).collect::<Vec<()>>().await;
    }
}
