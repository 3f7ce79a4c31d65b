//! The deletes that a person may confirm although guards hold them back, and those that somebody has confirmed.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write as _;

use jiff::Timestamp;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use tidegate_object::ObjectId;

use super::leaver::Leaver;
use super::proof::{Case, Pruned};
use crate::claims::Claimant;
use crate::engine::execution::Execution;
use crate::{Consent, Fate, Guard, LayerKey};

/// Guards that a person may overrule, or that stand only for another object that one of these holds.
const OVERRULED: [Guard; 4] = [
    Guard::Fraction,
    Guard::Protected,
    Guard::Handover,
    Guard::Needed,
];

/// Deletes that somebody has confirmed, by object.
#[derive(Debug, Default)]
pub(in crate::engine) struct Deeds(HashMap<ObjectId, Confirmed>);

#[derive(Debug)]
struct Confirmed {
    deed: Deed,
    by: Option<String>,
    until: Timestamp,
}

/// One delete, as far as a confirmation names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Deed {
    uid: String,
    /// The layer that may hold the object at this commit, and cannot say so.
    against: Option<LayerKey>,
}

impl Deed {
    /// Tells whether it was confirmed that the object goes although a layer may hold it.
    pub(super) fn is_against(&self, layer: &LayerKey) -> bool {
        self.against.as_ref() == Some(layer)
    }
}

impl Execution {
    /// Forgets confirmed deletes of objects that are back in Git, are others now, or whose time is over.
    pub(super) fn keep_confirmed(&mut self) {
        let uids: HashSet<(&ObjectId, &str)> = self
            .departures
            .all
            .iter()
            .map(|leaver| (leaver.id(), leaver.uid.as_str()))
            .collect();
        let now = Timestamp::now();
        let known = &mut self.lent.memory.confirmed.0;
        known
            .retain(|id, known| known.until > now && uids.contains(&(id, known.deed.uid.as_str())));
        if let Some(known) = known.values().next() {
            self.report.confirmed_by(known.by.clone());
        }
    }

    /// Lets go what the order's confirmation names, if that is exactly what is held back now.
    pub(super) fn take_confirmation(&mut self) {
        let Some(consent) = self.order.consents.confirmed.clone() else {
            return;
        };
        let deeds = self.confirmable();
        if deeds.is_empty() || self.hash(&deeds) != consent.hash {
            return;
        }
        let Consent {
            by, until, hash, ..
        } = consent;
        let count = deeds.len();
        tracing::info!(owner = %self.order.owner, hash, by, count, "deletes confirmed");
        self.report.confirmed_by(by.clone());
        let confirmed = deeds.into_iter().map(|(id, deed)| {
            let by = by.clone();
            (id, Confirmed { deed, by, until })
        });
        self.lent.memory.confirmed.0.extend(confirmed);
        self.judge_leaving();
    }

    /// Returns what somebody has confirmed of an object.
    pub(super) fn confirmed(&self, leaver: &Leaver) -> Option<&Deed> {
        let known = self.lent.memory.confirmed.0.get(leaver.id())?;
        (known.deed.uid == leaver.uid).then_some(&known.deed)
    }

    /// Marks the deletes that may be confirmed; returns what a confirmation of them names.
    pub(super) fn mark_confirmable(&mut self) -> Option<String> {
        let deeds = self.confirmable();
        for leaver in &mut self.departures.all {
            leaver.shown.confirmable = deeds.contains_key(leaver.id());
        }
        (!deeds.is_empty()).then(|| self.hash(&deeds))
    }

    /// Finds the deletes that go if a person confirms them.
    fn confirmable(&self) -> BTreeMap<ObjectId, Deed> {
        let overruled = self.departures.all.iter().filter(|leaver| {
            let guard = leaver.shown.guard.filter(|guard| OVERRULED.contains(guard));
            leaver.shown.fate == Fate::Held && guard.is_some() && !leaver.uid.is_empty()
        });
        let mut deeds: BTreeMap<ObjectId, Deed> = overruled
            .filter_map(|leaver| Some((leaver.id().clone(), self.deed(leaver)?)))
            .collect();
        // What something needs that stays all the same stays with it.
        loop {
            let is_held = |id: &ObjectId| {
                let other = self.departures.get(id);
                other.is_some_and(|other| other.shown.fate == Fate::Held) && !deeds.contains_key(id)
            };
            let stays = |id: &&ObjectId| {
                let leaver = self.departures.get(id);
                leaver.is_some_and(|leaver| leaver.departure.after.iter().any(is_held))
            };
            let stay: Vec<ObjectId> = deeds.keys().filter(stays).cloned().collect();
            if stay.is_empty() {
                return deeds;
            }
            deeds.retain(|id, _| !stay.contains(id));
        }
    }

    /// What a confirmation would name, if the object then goes.
    fn deed(&self, leaver: &Leaver) -> Option<Deed> {
        let own = (&self.order.owner.namespace, &self.order.owner.name);
        let against = match self.order.claims.claimant(leaver.id()) {
            Claimant::Behind(layer) if (&layer.0, &layer.1) != own => Some(layer),
            _ => None,
        };
        let deed = Deed {
            uid: leaver.uid.clone(),
            against,
        };
        let case = Case {
            confirmed: Some(&deed),
            ..self.case()
        };
        let proof = Pruned::establish(&case, leaver.id(), &leaver.uid);
        proof.is_ok().then_some(deed)
    }

    fn hash(&self, deeds: &BTreeMap<ObjectId, Deed>) -> String {
        let lines = deeds.iter().map(|(id, deed)| {
            let against = deed.against.as_ref();
            let against = against.map(|(namespace, name)| format!("{namespace}/{name}"));
            json!([id.to_string(), deed.uid, against])
        });
        let lines: Vec<_> = lines.collect();
        let text = json!([self.order.owner.uid, lines]).to_string();
        let mut hash = String::new();
        for byte in Sha256::digest(text) {
            let _ = write!(hash, "{byte:02x}");
        }
        hash
    }
}
