//! What others have changed of owned objects.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use prometheus::IntCounterVec;

use super::{Add, forget, opts, register};
use crate::{Drift, LayerKey, Verdict};

/// The longest name of a manager in a label, in characters.
const LONGEST: usize = 64;

/// How many managers have series of their own; anybody may write under any name.
const MOST: usize = 50;

/// What stands for all further managers.
const OTHER: &str = "other";

/// What others have changed of owned objects, and what came of it.
pub(super) struct Drifts {
    drift: IntCounterVec,
    relearned: IntCounterVec,
    reclaimed: IntCounterVec,
    managers: Mutex<BTreeSet<String>>,
}

impl Drifts {
    pub(super) fn new(add: &mut Add<'_>) -> Result<Self, prometheus::Error> {
        let mut counter = |name, help, labels: &[&str]| {
            register(add, IntCounterVec::new(opts(name, help), labels)?)
        };
        let kind = &["layer_namespace", "layer", "kind"];
        Ok(Self {
            drift: counter(
                "drift_total",
                "Changes that others made to what a layer owns of an object, and deletions, by kind and field manager (unknown if the object was gone)",
                &["layer_namespace", "layer", "kind", "manager"],
            )?,
            relearned: counter(
                "relearned_total",
                "Objects that looked different and needed no change",
                kind,
            )?,
            reclaimed: counter(
                "ownership_reclaimed_total",
                "Objects whose fields were as applied, and were taken back from other managers",
                kind,
            )?,
            managers: Mutex::default(),
        })
    }

    pub(super) fn noticed(&self, (namespace, name): &LayerKey, drift: &Drift) {
        let kind = drift.object.kind.kind.as_str();
        let labels = [namespace, name, kind];
        match drift.verdict {
            Verdict::Relearned => self.relearned.with_label_values(&labels).inc(),
            Verdict::Reclaimed => self.reclaimed.with_label_values(&labels).inc(),
            Verdict::HoldEnded => {}
            _ => {
                let manager = drift.writer.as_deref().unwrap_or("unknown");
                let manager = self.label(manager.chars().take(LONGEST).collect());
                let labels = [namespace, name, kind, &manager];
                self.drift.with_label_values(&labels).inc();
            }
        }
    }

    /// Returns the manager's name, or what stands for those that are too many.
    fn label(&self, manager: String) -> String {
        let mut known = self.managers.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() < MOST || known.contains(&manager) {
            known.insert(manager.clone());
            return manager;
        }
        OTHER.into()
    }

    /// Drops the series of a layer that is gone.
    pub(super) fn forget(&self, (namespace, name): &LayerKey) {
        let labels = [("layer_namespace", namespace.as_str()), ("layer", name)];
        for metric in [&self.drift, &self.relearned, &self.reclaimed] {
            forget(metric, &labels);
        }
    }
}

#[cfg(test)]
mod tests {
    use prometheus::Registry;

    use super::*;

    #[test]
    fn so_many_managers_have_series_of_their_own() {
        let registry = Registry::new();
        let drifts = Drifts::new(&mut |collector| registry.register(collector)).unwrap();
        let name = |number: usize| format!("manager-{number}");
        for number in 0..MOST {
            assert_eq!(drifts.label(name(number)), name(number));
        }
        assert_eq!(drifts.label(name(MOST)), OTHER);
        assert_eq!(drifts.label(name(0)), name(0));
    }
}
