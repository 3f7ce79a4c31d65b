//! The proof that an object's whole layer is being deleted, and is to take its objects along.

use std::collections::HashSet;

use serde_json::Value;
use tidegate_cluster::{ApiError, Cluster};
use tidegate_object::{GroupKind, Object, ObjectId};

use super::guards::{ANNOTATION, Denial, carries_agent, is_protected};
use super::proof::Refusal;
use super::removal::Proof;
use crate::{Guard, Owner};

/// A Layer that is being deleted and says `deletionPolicy: delete`, as the API server shows it.
#[derive(Debug, Clone)]
pub(in crate::engine) struct Doomed(());

/// An object of such a layer. It can be made only of a [`Doomed`].
#[derive(Debug)]
pub(in crate::engine) struct LayerDeleted {
    id: ObjectId,
    uid: String,
    /// Whether the definition of its kind protects it.
    is_protected: bool,
}

impl Doomed {
    /// Looks whether the Layer of an owner is being deleted, and is to take its objects along.
    pub(in crate::engine) async fn look(
        reader: &Cluster,
        owner: &Owner,
    ) -> Result<Option<Self>, ApiError> {
        let kind = GroupKind::new("tidegate.dev", "Layer");
        let id = ObjectId::new(kind, Some(&owner.namespace), &owner.name);
        let layer = reader.get(&id).await?;
        Ok(layer
            .is_some_and(|layer| {
                layer.uid() == Some(&owner.uid)
                    && layer.text("/metadata/deletionTimestamp").is_some()
                    && layer.text("/spec/deletionPolicy") == Some("delete")
                    && layer.text("/spec/mode") != Some("observe")
                    && layer.pointer("/spec/suspend") != Some(&Value::Bool(true))
            })
            .then_some(Self(())))
    }
}

impl LayerDeleted {
    /// Establishes that an object goes with its layer.
    pub(in crate::engine) fn establish(
        _layer: &Doomed,
        (id, uid): (&ObjectId, &str),
        (namespace, protected): (&str, &HashSet<GroupKind>),
    ) -> Result<Self, Denial> {
        if carries_agent(id, namespace) {
            return Err(Denial::new(Guard::Agent, "the agent lives on it"));
        }
        Ok(Self {
            id: id.clone(),
            uid: uid.into(),
            is_protected: protected.contains(&id.kind),
        })
    }
}

impl Proof for LayerDeleted {
    fn id(&self) -> &ObjectId {
        &self.id
    }

    fn uid(&self) -> &str {
        &self.uid
    }

    fn admits(&self, live: &Object) -> Result<(), Refusal> {
        match live.annotation(ANNOTATION) {
            Some("never") => Err(Refusal::Never),
            Some("allow") => Ok(()),
            _ if self.is_protected || is_protected(live) => {
                let text = format!("{} is a protected kind", live.id().kind.kind);
                Err(Refusal::Held(Denial::new(Guard::Protected, text)))
            }
            _ => Ok(()),
        }
    }
}
