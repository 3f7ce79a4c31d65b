//! Runs that are over.

use prometheus::{HistogramOpts, HistogramVec, IntCounterVec, Registry};

use super::{PREFIX, opts, register};
use crate::{LayerKey, Leaving, Outcome, Phase, Run, Trigger};

/// Runs that are over, how long their phases took, and what they changed.
pub(super) struct Runs {
    total: IntCounterVec,
    duration: HistogramVec,
    changes: IntCounterVec,
}

impl Runs {
    pub(super) fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let labels = |more: &[&'static str]| [&["layer_namespace", "layer"], more].concat();
        let total = IntCounterVec::new(
            opts("runs_total", "Runs that are over"),
            &labels(&["trigger", "outcome"]),
        )?;
        let duration = HistogramOpts::new("run_duration_seconds", "Time that phases of runs took")
            .namespace(PREFIX)
            .buckets(vec![
                0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0,
            ]);
        let duration = HistogramVec::new(duration, &labels(&["phase"]))?;
        let changes = IntCounterVec::new(
            opts("changes_total", "Objects that runs wrote or deleted"),
            &labels(&["change"]),
        )?;
        Ok(Self {
            total: register(registry, total)?,
            duration: register(registry, duration)?,
            changes: register(registry, changes)?,
        })
    }

    pub(super) fn ended(&self, (namespace, name): &LayerKey, run: &Run) {
        let outcome = run.outcome.map_or("", Outcome::as_str);
        let labels = [namespace, name, run.trigger.as_str(), outcome];
        self.total.with_label_values(&labels).inc();
        for (phase, seconds) in &run.durations {
            let labels = [namespace, name, phase.as_str()];
            let duration = self.duration.with_label_values(&labels);
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
        let triggers = [
            Trigger::Change,
            Trigger::Manual,
            Trigger::Dependency,
            Trigger::Retry,
            Trigger::Start,
        ];
        let outcomes = [
            Outcome::Healthy,
            Outcome::Degraded,
            Outcome::Failed,
            Outcome::Superseded,
        ];
        let phases = [
            Phase::Fetch,
            Phase::Render,
            Phase::Preflight,
            Phase::Apply,
            Phase::Wait,
        ];
        for trigger in triggers {
            for outcome in outcomes {
                let labels = [namespace, name, trigger.as_str(), outcome.as_str()];
                // A series that never was is none to drop.
                let _ = self.total.remove_label_values(&labels);
            }
        }
        for phase in phases {
            let _ = self
                .duration
                .remove_label_values(&[namespace, name, phase.as_str()]);
        }
        for change in ["create", "update", "adopt", Leaving::CHANGE] {
            let _ = self.changes.remove_label_values(&[namespace, name, change]);
        }
    }
}
