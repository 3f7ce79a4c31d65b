//! Publishes a run while it goes on: every change, but not more often than anybody can read.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tidegate_plan::{Edge, Finding};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::{Approved, Drift, Leaving, Order, Outcome, Phase, Run, RunObject};

/// The shortest time between two publications.
const PAUSE: Duration = Duration::from_millis(100);

/// How much of what others have changed a run remembers: more than is noticed between two publications.
const NOTICED: usize = 100;

/// A run as it is published.
pub(super) struct Report {
    run: Run,
    progress: watch::Sender<Arc<Run>>,
    phase_began: Instant,
    due: Option<Instant>,
    last: Option<Instant>,
}

impl Report {
    pub(super) fn new(order: &Order, progress: watch::Sender<Arc<Run>>) -> Self {
        let run = Run::new(order);
        Self {
            run,
            progress,
            phase_began: Instant::now(),
            due: None,
            last: None,
        }
    }

    /// Begins a phase, and notes how long the one before took.
    pub(super) fn begin(&mut self, phase: Phase) {
        if self.run.phase == phase {
            return;
        }
        let now = Instant::now();
        let took = now.duration_since(self.phase_began).as_secs_f64();
        self.run.durations.push((self.run.phase, took));
        self.run.phase = phase;
        self.phase_began = now;
        self.changed();
    }

    /// Says something of the run as a whole.
    pub(super) fn say(&mut self, message: impl Into<String>) {
        let message = message.into();
        if self.run.message != message {
            self.run.message = message;
            self.changed();
        }
    }

    pub(super) fn planned(&mut self, waves: u32, edges: Vec<Edge>, findings: Vec<Finding>) {
        self.run.waves = waves;
        self.run.edges = Arc::new(edges);
        self.run.findings = Arc::new(findings);
        self.changed();
    }

    /// Shows the objects that leave, and what a confirmation of those that are held back names.
    pub(super) fn leaving(&mut self, leaving: Vec<Leaving>, confirm: Option<String>) {
        if self.run.leaving != leaving || self.run.confirm != confirm {
            self.run.leaving = leaving;
            self.run.confirm = confirm;
            self.changed();
        }
    }

    /// Shows what an approval of the plan names, if it waits for one.
    pub(super) fn approve(&mut self, hash: String) {
        self.run.approve = Some(hash);
    }

    /// Notes by which approval the plan is carried out.
    pub(super) fn approved(&mut self, approved: Approved) {
        self.run.approved = Some(approved);
    }

    pub(super) fn confirmed_by(&mut self, by: Option<String>) {
        self.run.confirmed_by = by;
    }

    /// Notes what others have changed, and what became of it; the newest are kept.
    pub(super) fn noticed(&mut self, drift: Drift) {
        self.run.drift.push(drift);
        let surplus = self.run.drift.len().saturating_sub(NOTICED);
        self.run.drift.drain(..surplus);
        self.changed();
    }

    pub(super) fn unproven(&mut self, count: usize) {
        self.run.unproven = u32::try_from(count).unwrap_or(u32::MAX);
    }

    pub(super) fn phase(&self) -> Phase {
        self.run.phase
    }

    /// Notes that something is to be published, and when.
    pub(super) fn changed(&mut self) {
        let now = Instant::now();
        let due = self.last.map_or(now, |last| (last + PAUSE).max(now));
        self.due.get_or_insert(due);
    }

    /// Returns when to publish; `None` if nothing changed.
    pub(super) fn due(&self) -> Option<Instant> {
        self.due
    }

    pub(super) fn publish(&mut self, objects: Vec<RunObject>) {
        self.run.objects = objects;
        self.due = None;
        self.last = Some(Instant::now());
        self.progress.send_replace(Arc::new(self.run.clone()));
    }

    /// Ends the run.
    pub(super) fn end(&mut self, outcome: Outcome, objects: Vec<RunObject>) -> Arc<Run> {
        self.begin(Phase::Done);
        self.run.outcome = Some(outcome);
        self.run.ended = Some(Timestamp::now());
        self.publish(objects);
        Arc::new(self.run.clone())
    }
}
