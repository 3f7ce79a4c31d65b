//! Runs that are over.

use prometheus::{HistogramOpts, HistogramVec, IntCounterVec};

use super::{Add, PREFIX, forget, opts, register};
use crate::{LayerKey, Leaving, Outcome, Run};

/// Runs that are over, how long their phases took, and what they changed.
pub(super) struct Runs {
    total: IntCounterVec,
    duration: HistogramVec,
    changes: IntCounterVec,
}

impl Runs {
    pub(super) fn new(add: &mut Add<'_>) -> Result<Self, prometheus::Error> {
        let labels = |more: &[&'static str]| [&["layer_namespace", "layer"], more].concat();
        let total = opts(
            "runs_total",
            "Runs that are over, by what began them (change, manual, dependency, retry, start) and how they ended (healthy, degraded, failed, planned, superseded)",
        );
        // Of all layers together: a histogram for each would be most of what a scrape carries.
        let duration = HistogramOpts::new(
            "run_duration_seconds",
            "How long phases of runs took, over all layers: render, preflight, apply, wait",
        )
        .namespace(PREFIX)
        .buckets(vec![
            0.01, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0,
            1800.0,
        ]);
        let changes = opts(
            "changes_total",
            "Objects that runs wrote or deleted: create, update, adopt, delete",
        );
        let trigger = labels(&["trigger", "outcome"]);
        Ok(Self {
            total: register(add, IntCounterVec::new(total, &trigger)?)?,
            duration: register(add, HistogramVec::new(duration, &["phase"])?)?,
            changes: register(add, IntCounterVec::new(changes, &labels(&["change"]))?)?,
        })
    }

    pub(super) fn ended(&self, (namespace, name): &LayerKey, run: &Run) {
        let outcome = run.outcome.map_or("", Outcome::as_str);
        let labels = [namespace, name, run.trigger.as_str(), outcome];
        self.total.with_label_values(&labels).inc();
        for (phase, seconds) in &run.durations {
            let duration = self.duration.with_label_values(&[phase.as_str()]);
            duration.observe(*seconds);
        }
        for object in run.objects.iter().filter(|object| object.was_written()) {
            let labels = [namespace, name, object.change.as_str()];
            self.changes.with_label_values(&labels).inc();
        }
        let deleted = run.leaving.iter().filter(|leaving| leaving.was_deleted());
        let labels = [namespace, name, Leaving::CHANGE];
        match deleted.count() {
            0 => {}
            count => self
                .changes
                .with_label_values(&labels)
                .inc_by(u64::try_from(count).unwrap_or(u64::MAX)),
        }
    }

    /// Drops the series of a layer that is gone.
    pub(super) fn forget(&self, (namespace, name): &LayerKey) {
        let labels = [("layer_namespace", namespace.as_str()), ("layer", name)];
        forget(&self.total, &labels);
        forget(&self.changes, &labels);
    }
}
