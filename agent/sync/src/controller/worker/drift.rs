//! Tells what others have changed of the layer's objects: in metrics, Events and the history.

use super::Worker;
use crate::status::SUSPENDED;
use crate::{Drift, Run, history};

impl Worker {
    /// Tells what was noticed since the last look.
    pub(super) fn take_drift(&mut self, run: &Run) {
        let is_new = |drift: &&Drift| drift.number > self.noticed;
        let news: Vec<&Drift> = run.drift.iter().filter(is_new).collect();
        let Some(last) = news.last() else { return };
        self.noticed = last.number;
        for drift in &news {
            self.parts.metrics.noticed(&self.key, drift);
        }
        self.parts.events.noticed(&self.resource.owner, &news);
        history::put_right(&mut self.history, run, &news);
    }

    /// Tells a run why drift is only reported now, or that it is put right again.
    pub(super) fn restrain(&self) {
        if let Some(running) = &self.running {
            running.restrain(self.restraint());
        }
    }

    /// Why drift is only reported now.
    pub(super) fn restraint(&self) -> Option<String> {
        let wanted = self.wanted.as_ref().ok()?;
        if wanted.suspend {
            return Some(SUSPENDED.into());
        }
        let until = wanted.held_until?;
        Some(format!(
            "the layer is held until {until}: `tidegate resume` takes that back"
        ))
    }
}
