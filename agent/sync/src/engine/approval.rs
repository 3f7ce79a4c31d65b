//! Whether a plan is carried out: the layer's mode, what the plan does to what runs, and who has approved it.

use std::fmt::Write as _;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tidegate_cluster::Live;
use tidegate_object::ObjectId;
use tidegate_plan::{Consequence, ConsequenceKind, Difference, consequences};

use super::execution::Execution;
use super::item::{Item, Stage};
use crate::{Approved, Leaving, Mode};

/// One change of a plan, as far as an approval names it: the object, what happens to it, and what is wanted of it or the
/// uid of what goes.
type Change = (ObjectId, &'static str, String);

impl Execution {
    /// Decides after preflight, and before the first write, whether the plan is only shown.
    pub(super) fn stays_a_plan(&mut self) -> bool {
        self.foresee_unproven();
        let changes = self.changes();
        if changes.is_empty() {
            return false;
        }
        let why = match self.order.settings.mode {
            Mode::Observe => {
                let text = format!(
                    "{} in mode observe: nothing is written",
                    counted(changes.len())
                );
                self.planned = Some(text);
                return true;
            }
            Mode::Approve => counted(changes.len()),
            Mode::Auto => match self.gravest() {
                Some((id, consequence)) => format!("{id} {}, and the plan", consequence.message),
                None => return false,
            },
        };
        let hash = self.plan_hash(&changes);
        if self.is_approved(&hash) {
            return false;
        }
        let owner = &self.order.owner;
        let (namespace, name) = (&owner.namespace, &owner.name);
        self.planned = Some(format!(
            "{why} waits for approval: `tidegate approve {namespace}/{name}` shows and approves it"
        ));
        self.report.approve(hash);
        true
    }

    /// Takes the order's approval, if it is of these changes, or of the rendering of which they are what is left.
    fn is_approved(&mut self, hash: &str) -> bool {
        let Some(consent) = &self.order.consents.approved else {
            return false;
        };
        let is_begun = consent.rendering.as_ref() == Some(&self.rendering);
        if consent.hash != hash && !is_begun {
            return false;
        }
        let by = consent.by.clone();
        tracing::info!(owner = %self.order.owner, hash, by, "plan approved");
        let rendering = self.rendering.clone();
        self.report.approved(Approved { by, rendering });
        true
    }

    /// All that is to be written or deleted, by object.
    fn changes(&self) -> Vec<Change> {
        let written = self.items.iter().filter(|item| item.is_due());
        let written =
            written.map(|item| (item.id().clone(), item.change.as_str(), item.digest.clone()));
        let leaving = self.departures.going();
        let deleted = leaving.map(|shown| (shown.id.clone(), Leaving::CHANGE, shown.uid.clone()));
        let mut changes: Vec<Change> = written.chain(deleted).collect();
        changes.sort();
        changes
    }

    /// SHA-256 over the owner's uid and the changes: neither the revision nor what is live voids an approval.
    fn plan_hash(&self, changes: &[Change]) -> String {
        let lines = changes.iter();
        let lines = lines.map(|(id, change, of)| json!([id.to_string(), change, of]));
        let lines: Vec<Value> = lines.collect();
        let text = json!([self.order.owner.uid, lines]).to_string();
        let mut hash = String::new();
        for byte in Sha256::digest(text) {
            let _ = write!(hash, "{byte:02x}");
        }
        hash
    }

    /// The gravest consequence for which the plan waits. A delete that somebody has allowed or confirmed is none.
    fn gravest(&self) -> Option<(String, Consequence)> {
        let waits = |kind: ConsequenceKind| self.order.settings.approve_when.contains(&kind);
        let written = self.items.iter().filter(|item| item.is_due());
        let written = written.map(|item| (item.id(), &item.consequences));
        let deleted = self
            .departures
            .going()
            .filter(|shown| !self.is_let_go(shown));
        let deleted = deleted.map(|shown| (&shown.id, &shown.consequences));
        let all = written.chain(deleted).flat_map(|(id, all)| {
            let grave = all.iter().filter(|one| waits(one.kind));
            grave.map(move |one| (one.kind, id, one))
        });
        let (_, id, consequence) = all.min()?;
        Some((id.to_string(), consequence.clone()))
    }

    /// What no dry-run could tell is worked out from what Git says: it is better to ask once too often.
    fn foresee_unproven(&mut self) {
        let live = self.engine.hub.live().clone();
        let unproven = |item: &&mut Item| item.stage == Stage::Unproven;
        for item in self.items.iter_mut().filter(unproven) {
            let Live::Present(before) = live.get(item.id()) else {
                continue;
            };
            let mut after = before.value().clone();
            overlay(&mut after, item.object.value());
            let difference = Difference::Changed(before.value(), &after);
            item.consequences = consequences(&item.id().kind, difference);
        }
    }
}

/// Lays what Git says over what is live, as far as that can be done without a schema.
fn overlay(live: &mut Value, wanted: &Value) {
    match (live, wanted) {
        (Value::Object(live), Value::Object(wanted)) => {
            for (name, wanted) in wanted {
                match live.get_mut(name) {
                    Some(live) => overlay(live, wanted),
                    None => drop(live.insert(name.clone(), wanted.clone())),
                }
            }
        }
        (live, wanted) => *live = wanted.clone(),
    }
}

fn counted(changes: usize) -> String {
    match changes {
        1 => "a plan of 1 change".into(),
        changes => format!("a plan of {changes} changes"),
    }
}
