//! The Secrets in which inventories and the key of their digests are kept.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tidegate_cluster::{ApiError, Class, Cluster};
use tidegate_object::{GroupKind, Object, ObjectId};

use super::{Inventory, InventoryError};
use crate::Owner;
use crate::digest::DigestKey;

/// The Secret that holds the key of digests.
const KEY_SECRET: &str = "tidegate-digest-key";

/// The most that the data of a Secret may have (`MaxSecretSize` in the API's types).
const LARGEST: usize = 1 << 20;

/// What the names of inventories begin with; the owner's uid follows.
const PREFIX: &str = "tidegate-inventory-";

/// The annotation that names the owner, for people and for one-shot applies.
const OF_OWNER: &str = "tidegate.dev/inventory-of";

/// The annotation that names the run that wrote it last before it deleted something.
const OF_RUN: &str = "tidegate.dev/fenced-by";

const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
const MANAGER: &str = "tidegate";
const KEY_FIELD: &str = "key";
const INVENTORY_FIELD: &str = "inventory";

/// Where inventories are kept: a namespace of the agent.
#[derive(Clone)]
pub(crate) struct Store {
    cluster: Cluster,
    namespace: String,
}

/// An inventory as it is kept.
#[derive(Debug, Clone, Default)]
pub(crate) struct Held {
    /// The objects.
    pub inventory: Inventory,
    /// The version of the Secret that holds them; `None` if there is none yet.
    version: Option<String>,
}

impl Held {
    /// Tells whether nothing was kept yet.
    pub(crate) fn is_new(&self) -> bool {
        self.version.is_none()
    }
}

impl Store {
    /// Keeps inventories in a namespace, with the agent's own rights.
    pub(crate) fn new(cluster: Cluster, namespace: String) -> Self {
        Self { cluster, namespace }
    }

    /// Finds the uid of an owner by the name on its inventory.
    pub(crate) async fn uid_of(&self, owner: &Owner) -> Result<Option<String>, ApiError> {
        let kind = GroupKind::new("", "Secret");
        let selector = format!("{MANAGED_BY}={MANAGER}");
        let secrets = self
            .cluster
            .list_metadata(&kind, Some(&self.namespace), &selector);
        let name = owner.to_string();
        let found = secrets.await?.into_iter().find_map(|secret| {
            let of = secret.annotation(OF_OWNER)?;
            let uid = secret.id().name.strip_prefix(PREFIX)?;
            (of == name).then(|| uid.to_owned())
        });
        Ok(found)
    }

    /// Reads an owner's inventory; an empty one if there is none.
    pub(crate) async fn load(&self, owner: &Owner) -> Result<Held, InventoryError> {
        let id = self.id(&name(&owner.uid));
        let found = self.cluster.get(&id).await.map_err(InventoryError::Api)?;
        let Some(secret) = found else {
            return Ok(Held::default());
        };
        let name = format!("{}/{}", self.namespace, id.name);
        let bytes = field(&secret, INVENTORY_FIELD).ok_or_else(|| InventoryError::Malformed {
            name: name.clone(),
            problem: format!("it has no field `{INVENTORY_FIELD}`"),
        })?;
        Ok(Held {
            inventory: Inventory::read(&name, &bytes)?,
            version: secret.resource_version().map(Into::into),
        })
    }

    /// Keeps an owner's inventory, if it is still the one that was read. Nothing is written if nothing changed.
    pub(crate) async fn save(
        &self,
        owner: &Owner,
        held: &mut Held,
        inventory: Inventory,
    ) -> Result<(), InventoryError> {
        if held.version.is_some() && held.inventory == inventory {
            return Ok(());
        }
        let secret = self.secret(owner, &inventory, held.version.as_deref())?;
        self.write(owner, held, (secret, inventory)).await
    }

    async fn write(
        &self,
        owner: &Owner,
        held: &mut Held,
        (secret, inventory): (Object, Inventory),
    ) -> Result<(), InventoryError> {
        let kept = match held.version {
            None => self.cluster.create(&secret).await,
            Some(_) => self.cluster.replace(&secret).await,
        };
        let kept = kept.map_err(|error| self.refused(owner, error))?;
        *held = Held {
            inventory,
            version: kept.resource_version().map(Into::into),
        };
        Ok(())
    }

    /// Writes an owner's inventory in the name of a run, even if nothing changed, if it is still the one that was read.
    pub(crate) async fn fence(
        &self,
        owner: &Owner,
        held: &mut Held,
        (inventory, run): (Inventory, &str),
    ) -> Result<(), InventoryError> {
        let secret = self.secret(owner, &inventory, held.version.as_deref())?;
        let secret = secret.map(|fields| {
            let annotations = fields
                .get_mut("metadata")
                .and_then(|it| it.get_mut("annotations"));
            if let Some(annotations) = annotations.and_then(Value::as_object_mut) {
                annotations.insert(OF_RUN.into(), run.into());
            }
        });
        let secret = secret.map_err(|error| InventoryError::Malformed {
            name: format!("{}/{}", self.namespace, name(&owner.uid)),
            problem: error.to_string(),
        })?;
        self.write(owner, held, (secret, inventory)).await
    }

    /// Returns the namespace in which inventories are kept.
    pub(crate) fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Reads the key of digests; the first who asks makes it.
    pub(crate) async fn key(&self) -> Result<DigestKey, InventoryError> {
        let id = self.id(KEY_SECRET);
        loop {
            let found = self.cluster.get(&id).await.map_err(InventoryError::Api)?;
            if let Some(secret) = found {
                let bytes = field(&secret, KEY_FIELD).filter(|bytes| bytes.len() >= 32);
                return bytes
                    .map(DigestKey::from_bytes)
                    .ok_or_else(|| InventoryError::Malformed {
                        name: format!("{}/{KEY_SECRET}", self.namespace),
                        problem: format!("its field `{KEY_FIELD}` is no key"),
                    });
            }
            let key = DigestKey::random();
            let secret = self.key_secret(&key)?;
            match self.cluster.create(&secret).await {
                Ok(_) => return Ok(key),
                // Another one made it first: theirs counts.
                Err(error) if error.code == 409 => {}
                Err(error) => return Err(self.missing_namespace(error)),
            }
        }
    }

    fn secret(
        &self,
        owner: &Owner,
        inventory: &Inventory,
        version: Option<&str>,
    ) -> Result<Object, InventoryError> {
        let name = name(&owner.uid);
        let malformed = |problem: String| InventoryError::Malformed {
            name: format!("{}/{name}", self.namespace),
            problem,
        };
        let bytes = inventory
            .write()
            .map_err(|error| malformed(error.to_string()))?;
        if bytes.len() > LARGEST {
            let objects = inventory.entries.len();
            return Err(InventoryError::TooLarge { objects });
        }
        let mut metadata = json!({
            "name": name,
            "namespace": self.namespace,
            "labels": {MANAGED_BY: MANAGER},
            "annotations": {OF_OWNER: owner.to_string()},
        });
        if let (Some(fields), Some(version)) = (metadata.as_object_mut(), version) {
            fields.insert("resourceVersion".into(), Value::String(version.into()));
        }
        let secret = json!({
            "apiVersion": "v1",
            "kind": "Secret",
            "type": "tidegate.dev/inventory",
            "metadata": metadata,
            "data": {INVENTORY_FIELD: STANDARD.encode(bytes)},
        });
        Object::new(secret).map_err(|error| malformed(error.to_string()))
    }

    fn key_secret(&self, key: &DigestKey) -> Result<Object, InventoryError> {
        let secret = json!({
            "apiVersion": "v1",
            "kind": "Secret",
            "type": "tidegate.dev/digest-key",
            "metadata": {"name": KEY_SECRET, "namespace": self.namespace,
                         "labels": {MANAGED_BY: MANAGER}},
            "data": {KEY_FIELD: STANDARD.encode(key.bytes())},
        });
        Object::new(secret).map_err(|error| InventoryError::Malformed {
            name: format!("{}/{KEY_SECRET}", self.namespace),
            problem: error.to_string(),
        })
    }

    fn refused(&self, owner: &Owner, error: ApiError) -> InventoryError {
        // Gone (404 on a replace) is a change by somebody else, too.
        if error.code == 409 || error.class == Class::NotFound {
            return InventoryError::Changed(format!("{}/{}", self.namespace, name(&owner.uid)));
        }
        self.missing_namespace(error)
    }

    fn missing_namespace(&self, error: ApiError) -> InventoryError {
        if error.class != Class::MissingNamespace {
            return InventoryError::Api(error);
        }
        InventoryError::Api(ApiError {
            message: format!(
                "the namespace {} for inventories does not exist: create it",
                self.namespace
            ),
            ..error
        })
    }

    fn id(&self, name: &str) -> ObjectId {
        ObjectId::new(GroupKind::new("", "Secret"), Some(&self.namespace), name)
    }
}

fn name(uid: &str) -> String {
    format!("{PREFIX}{uid}")
}

fn field(secret: &Object, name: &str) -> Option<Vec<u8>> {
    let text = secret.value().get("data")?.get(name)?.as_str()?;
    STANDARD.decode(text).ok()
}
