//! The Secrets that inventories are made of.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tidegate_cluster::{ApiError, Class};
use tidegate_object::{GroupKind, Object, ObjectId};

use super::{InventoryError, Store};
use crate::Owner;

/// What the names of inventories begin with; the owner's uid follows.
pub(super) const PREFIX: &str = "tidegate-inventory-";

/// The annotation of a head that names the owner, for people and for one-shot applies.
pub(super) const OF_OWNER: &str = "tidegate.dev/inventory-of";

/// The label of a chunk; its value is the owner's uid.
pub(super) const CHUNK_OF: &str = "tidegate.dev/inventory-chunk-of";

/// The annotation that names the run that wrote it last before it deleted something.
const OF_RUN: &str = "tidegate.dev/fenced-by";

pub(super) const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
pub(super) const MANAGER: &str = "tidegate";
pub(super) const INVENTORY_FIELD: &str = "inventory";

/// The name of an owner's head.
pub(super) fn name(uid: &str) -> String {
    format!("{PREFIX}{uid}")
}

/// The name of a chunk.
pub(super) fn chunk_name(uid: &str, digest: &str) -> String {
    format!("{PREFIX}{uid}-{digest}")
}

/// Reads a field of a Secret.
pub(super) fn field(secret: &Object, name: &str) -> Option<Vec<u8>> {
    let text = secret.value().get("data")?.get(name)?.as_str()?;
    STANDARD.decode(text).ok()
}

impl Store {
    /// Makes the head of an inventory, in the name of a run if that is about to delete something.
    pub(super) fn head(
        &self,
        owner: &Owner,
        (bytes, version): (&[u8], Option<&str>),
        run: Option<&str>,
    ) -> Result<Object, InventoryError> {
        let mut annotations = json!({OF_OWNER: owner.to_string()});
        if let (Some(annotations), Some(run)) = (annotations.as_object_mut(), run) {
            annotations.insert(OF_RUN.into(), run.into());
        }
        let mut metadata = json!({
            "labels": {MANAGED_BY: MANAGER},
            "annotations": annotations,
        });
        if let (Some(fields), Some(version)) = (metadata.as_object_mut(), version) {
            fields.insert("resourceVersion".into(), version.into());
        }
        let rest = json!({
            "type": "tidegate.dev/inventory",
            "metadata": metadata,
            "data": {INVENTORY_FIELD: STANDARD.encode(bytes)},
        });
        self.secret(&name(&owner.uid), rest)
    }

    /// Makes a chunk.
    pub(super) fn chunk(
        &self,
        owner: &Owner,
        (digest, bytes): (&str, &[u8]),
    ) -> Result<Object, InventoryError> {
        let rest = json!({
            "type": "tidegate.dev/inventory-chunk",
            "immutable": true,
            "metadata": {"labels": {MANAGED_BY: MANAGER, CHUNK_OF: owner.uid}},
            "data": {INVENTORY_FIELD: STANDARD.encode(bytes)},
        });
        self.secret(&chunk_name(&owner.uid, digest), rest)
    }

    /// Makes a Secret of the namespace.
    pub(super) fn secret(&self, name: &str, mut rest: Value) -> Result<Object, InventoryError> {
        if let Some(fields) = rest.as_object_mut() {
            fields.insert("apiVersion".into(), "v1".into());
            fields.insert("kind".into(), "Secret".into());
        }
        if let Some(metadata) = rest.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.insert("name".into(), name.into());
            metadata.insert("namespace".into(), self.namespace.as_str().into());
        }
        Object::new(rest).map_err(|error| self.malformed(name, &error))
    }

    pub(super) fn malformed(
        &self,
        name: &str,
        problem: &(dyn std::fmt::Display + '_),
    ) -> InventoryError {
        InventoryError::Malformed {
            name: self.full_name(name),
            problem: problem.to_string(),
        }
    }

    pub(super) fn refused(&self, owner: &Owner, error: ApiError) -> InventoryError {
        // Gone (404 on a replace) is a change by somebody else, too.
        if error.code == 409 || error.class == Class::NotFound {
            return InventoryError::Changed(self.full_name(&name(&owner.uid)));
        }
        self.missing_namespace(error)
    }

    pub(super) fn missing_namespace(&self, error: ApiError) -> InventoryError {
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

    /// The name of a Secret for people.
    pub(super) fn full_name(&self, name: &str) -> String {
        format!("{}/{name}", self.namespace)
    }

    pub(super) fn id(&self, name: &str) -> ObjectId {
        ObjectId::new(GroupKind::new("", "Secret"), Some(&self.namespace), name)
    }
}
