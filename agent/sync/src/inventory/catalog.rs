//! Which inventories there are, as one list shows: whose they are, and which chunks.

use std::collections::BTreeMap;

use tidegate_cluster::ApiError;
use tidegate_object::{GroupKind, Object};

use super::Store;
use super::secret::{CHUNK_OF, MANAGED_BY, MANAGER, OF_OWNER, PREFIX};
use crate::Owner;

/// Which inventories there are.
#[derive(Debug, Clone, Default)]
pub(super) struct Catalog {
    /// The owner's name and uid of each.
    owners: Vec<(String, String)>,
    /// The chunks of each owner, by its uid: their metadata.
    pub(super) chunks: BTreeMap<String, Vec<Object>>,
}

impl Catalog {
    fn of(secrets: Vec<Object>) -> Self {
        let mut catalog = Self::default();
        for secret in secrets {
            if let Some(uid) = secret.label(CHUNK_OF) {
                let uid = uid.to_owned();
                catalog.chunks.entry(uid).or_default().push(secret);
            } else if let (Some(owner), Some(uid)) = (
                secret.annotation(OF_OWNER),
                secret.id().name.strip_prefix(PREFIX),
            ) {
                catalog.owners.push((owner.into(), uid.into()));
            }
        }
        catalog
    }
}

impl Store {
    /// Finds the uid of an owner by the name on its inventory.
    pub(crate) async fn uid_of(&self, owner: &Owner) -> Result<Option<String>, ApiError> {
        let (catalog, name) = (self.list().await?, owner.to_string());
        let mut owners = catalog.owners.into_iter();
        Ok(owners.find_map(|(of, uid)| (of == name).then_some(uid)))
    }

    /// Lists what there is.
    pub(super) async fn list(&self) -> Result<Catalog, ApiError> {
        let kind = GroupKind::new("", "Secret");
        let selector = format!("{MANAGED_BY}={MANAGER}");
        let secrets = self
            .cluster
            .list_metadata(&kind, Some(&self.namespace), &selector);
        Ok(Catalog::of(secrets.await?))
    }
}
