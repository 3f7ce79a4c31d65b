//! The proof without which nothing is deleted. It can be made only where what it says is established.

use std::collections::HashSet;

use tidegate_cluster::{Live, LiveView};
use tidegate_object::{GroupKind, Object, ObjectId};

use super::confirmation::Deed;
use super::disabled;
use super::guards::{ANNOTATION, Denial, agent, carries_agent, is_protected, protected};
use super::removal::Proof;
use crate::claims::{Claimant, Held};
use crate::{Claims, Guard, PruneWhen};

/// Why a live object is not deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::engine) enum Refusal {
    /// A guard holds it back.
    Held(Denial),
    /// It says itself that it stays.
    Never,
}

/// An object has left Git: the current rendering is complete and does not hold it, and neither does any other layer's.
#[derive(Debug)]
pub(super) struct Pruned {
    id: ObjectId,
    uid: String,
    /// Whether the definition of its kind protects it.
    is_protected: bool,
    /// Whether somebody has confirmed that it goes.
    is_confirmed: bool,
}

/// All that has to be known before an object counts as one that has left Git.
pub(super) struct Case<'a> {
    pub rendering: &'a Held,
    /// Why no object of the run may go.
    pub denial: Option<&'a Denial>,
    pub when: Option<PruneWhen>,
    pub claims: &'a Claims,
    pub live: &'a LiveView,
    /// The agent's own namespace.
    pub namespace: &'a str,
    /// Kinds whose definitions protect their objects.
    pub protected: &'a HashSet<GroupKind>,
    /// What somebody has confirmed of the object.
    pub confirmed: Option<&'a Deed>,
}

impl Pruned {
    /// Establishes that an owned object has left Git, and that nobody else wants it.
    pub(super) fn establish(case: &Case<'_>, id: &ObjectId, uid: &str) -> Result<Self, Denial> {
        if case.when.is_none() {
            return Err(disabled());
        }
        if let Some(denial) = case.denial {
            return Err(denial.clone());
        }
        if case.rendering.has(id) {
            let text = "an object of its kind and name is in Git, and may be this one: set its namespace as its kind wants it";
            return Err(Denial::new(Guard::Render, text));
        }
        if carries_agent(id, case.namespace) {
            return Err(agent());
        }
        if matches!(case.live.get(id), Live::Unknown) {
            let text = format!(
                "objects of kind {} cannot be watched now: it is deleted when they can",
                id.kind
            );
            return Err(Denial::new(Guard::Unsynced, text));
        }
        let proof = || Self {
            id: id.clone(),
            uid: uid.into(),
            is_protected: case.protected.contains(&id.kind),
            is_confirmed: case.confirmed.is_some(),
        };
        match case.claims.claimant(id) {
            Claimant::Nobody => Ok(proof()),
            Claimant::Behind(layer)
                if case.confirmed.is_some_and(|deed| deed.is_against(&layer)) =>
            {
                Ok(proof())
            }
            Claimant::Layer((namespace, name)) => {
                let text =
                    format!("layer {namespace}/{name} holds it: it is handed over, not deleted");
                Err(Denial::new(Guard::Handover, text))
            }
            Claimant::Behind((namespace, name)) => {
                let text = format!(
                    "layer {namespace}/{name} follows the same repository and ref, and has not rendered this commit: it is \
                     deleted when that layer has, and does not hold it, or when `tidegate confirm` says so"
                );
                Err(Denial::new(Guard::Handover, text))
            }
        }
    }
}

impl Proof for Pruned {
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
            _ if self.is_confirmed => Ok(()),
            _ if self.is_protected || is_protected(live) => {
                Err(Refusal::Held(protected(live.id())))
            }
            _ => Ok(()),
        }
    }
}
