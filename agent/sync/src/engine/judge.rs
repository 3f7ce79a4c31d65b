//! How well an object is: its kind's rule, its deadline, and the cluster's own reason.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use tidegate_cluster::Live;
use tidegate_health::{Context, Evidence, Health, deadline, explain};
use tidegate_object::{GroupKind, Object};
use tidegate_plan::Standing;

use super::evidence::Surroundings;
use super::execution::Execution;
use super::gates::instant;
use super::item::{Item, Stage, State};
use crate::Step;

/// Kinds that operators run as.
const WORKLOADS: &[&str] = &["DaemonSet", "Deployment", "StatefulSet"];

impl Execution {
    /// Shows how well an object is that is as Git says, and whether it still is.
    pub(super) fn judge(&mut self, index: usize) {
        self.judge_health(index);
        self.look_for_drift(index);
    }

    fn judge_health(&mut self, index: usize) {
        let Some(health) = self.assess(index) else {
            self.show_unseen(index);
            return;
        };
        let answered = self
            .items
            .get(index)
            .and_then(|item| item.answered.as_ref());
        if let Some(answered) = answered {
            self.work.mark_at(answered.until, index);
        }
        if let Some(at) = health.recheck_at {
            self.work.mark_at(instant(at), index);
        }
        if health.status.is_done() {
            self.show_ready(index, health);
            return;
        }
        let message = self.reason(index, &health);
        if health.status.is_failed() {
            self.show_health(index, Step::Failed, Health { message, ..health });
        } else if let Some(late) = self.late(index, &message) {
            self.show_health(index, Step::Failed, late);
        } else {
            self.show_health(index, Step::Applied, Health { message, ..health });
        }
    }

    fn show_health(&mut self, index: usize, step: Step, health: Health) {
        let state = State {
            step,
            health: health.status,
            message: health.message,
        };
        self.show(index, state);
    }

    fn show_ready(&mut self, index: usize, health: Health) {
        let was_ready = self
            .items
            .get(index)
            .is_some_and(|item| item.step() == Step::Ready);
        self.show_health(index, Step::Ready, health);
        if was_ready {
            return;
        }
        let namespace = self
            .items
            .get(index)
            .and_then(|item| item.id().namespace.clone());
        self.look_away(namespace.as_deref());
        self.operator_changed(index);
    }

    /// Shows that nothing is known of an object: not yet, or because it may not be watched.
    fn show_unseen(&mut self, index: usize) {
        let item = self.items.get(index);
        let trouble = item.and_then(|item| self.engine.hub.live().trouble(item.id()));
        let (step, message) = match trouble {
            Some(error) if error.class.is_transient() => (Step::Applied, error.message),
            Some(error) => (
                Step::Ready,
                format!("its health is not known: {}", error.message),
            ),
            None => (Step::Applied, "not seen yet".into()),
        };
        self.show_health(index, step, Health::unknown(message));
    }

    /// Judges a live object by its kind's rule; `None` if it was not seen yet.
    pub(super) fn assess(&mut self, index: usize) -> Option<Health> {
        let object = match self.current(index) {
            Live::Unknown => return None,
            Live::Absent => return Some(Health::missing()),
            Live::Present(object) => object,
        };
        Some(self.health_of(&object))
    }

    fn health_of(&mut self, object: &Object) -> Health {
        let now = Timestamp::now();
        let wait = self.lent.memory.wait(object, now);
        let ctx = Context {
            now,
            since: Some(wait.since),
            settle: wait.settle,
            neighbours: &self.neighbours(),
        };
        tidegate_health::health(object, &ctx)
    }

    /// Returns the failure of an object whose deadline has passed; else it is looked at again when it does.
    fn late(&mut self, index: usize, reason: &str) -> Option<Health> {
        let Live::Present(object) = self.current(index) else {
            return None;
        };
        let now = Timestamp::now();
        let timeout = SignedDuration::try_from(self.order.settings.timeout);
        let timeout = deadline(&object, timeout.unwrap_or(SignedDuration::MAX));
        let since = self.lent.memory.wait(&object, now).since;
        let ends = since.checked_add(timeout).ok()?;
        if ends <= now {
            return Some(Health::late(timeout, reason));
        }
        self.work.mark_at(instant(ends), index);
        None
    }

    /// Finds the cluster's own reason why an object is not well.
    fn reason(&mut self, index: usize, health: &Health) -> String {
        let Live::Present(object) = self.current(index) else {
            return health.message.clone();
        };
        self.look_around(&object);
        let (pods, events) = self.around(&object);
        let now = Timestamp::now();
        let wait = self.lent.memory.wait(&object, now);
        let ctx = Context {
            now,
            since: Some(wait.since),
            settle: wait.settle,
            neighbours: &self.neighbours(),
        };
        let around = Evidence {
            pods: &pods,
            events: &events,
        };
        let reasons = explain(&object, around, &ctx);
        match reasons.first() {
            Some(reason) if reason.object == *object.id() => reason.text.clone(),
            Some(reason) => self.with_log(reason),
            None => health.message.clone(),
        }
    }

    /// What is known of a planned object: the watch, or the answer to a write that it has not shown yet.
    pub(super) fn current(&mut self, index: usize) -> Live {
        let Some(item) = self.items.get_mut(index) else {
            return Live::Unknown;
        };
        let shown = self.engine.hub.live().get(item.id());
        match &item.answered {
            Some(answered) if answered.is_newer_than(&shown, self.engine.hub.live()) => {
                Live::Present(Arc::clone(&answered.object))
            }
            _ => {
                item.answered = None;
                shown
            }
        }
    }

    /// How an object stands while its write is due.
    pub(super) fn standing(&mut self, index: usize) -> Standing {
        let live = self.current(index);
        let met = self
            .items
            .get(index)
            .and_then(|item| item.claim.live.clone());
        let health = match (live.object(), met) {
            (Some(object), _) => self.health_of(object),
            (None, Some(object)) => self.health_of(&object),
            (None, None) => return Standing::Absent,
        };
        if health.status.is_done() {
            Standing::Healthy
        } else {
            Standing::Unhealthy
        }
    }

    /// Shows how well objects are that are still to be written, as they are now.
    pub(super) fn show_before(&mut self) {
        for index in 0..self.items.len() {
            let Some(health) = self.assess(index) else {
                continue;
            };
            if let Some(item) = self.items.get_mut(index) {
                item.shown.state.health = health.status;
            }
        }
    }

    /// A workload that changed, and serves: custom resources that need it are well only when it has looked at them.
    fn operator_changed(&mut self, index: usize) {
        let Some(operator) = self.items.get(index).filter(|item| item.is_written) else {
            return;
        };
        if !WORKLOADS.contains(&operator.id().kind.kind.as_str())
            || operator.id().kind.group != "apps"
        {
            return;
        }
        let waiting = self.dependents.get(operator.id()).cloned();
        for at in waiting.unwrap_or_default() {
            let is_custom = |item: &Item| {
                item.id().kind.group.contains('.') && !item.id().kind.group.ends_with(".k8s.io")
            };
            let unchanged =
                |item: &Item| item.stage == Stage::Done && !item.is_written && is_custom(item);
            if self.items.get(at).is_some_and(unchanged) {
                self.look_anew(at);
            }
        }
    }

    /// What is behind an object has changed: its status counts once that was looked at.
    fn look_anew(&mut self, index: usize) {
        if let Live::Present(live) = self.current(index) {
            let memory = &mut self.lent.memory;
            memory.provider_changed(&live, Timestamp::now());
        }
        self.work.mark(index);
    }

    /// A definition that changed: its unchanged objects are well only when the operator has looked at them anew.
    pub(super) fn definition_changed(&mut self, index: usize) {
        self.engine.reader.kinds().expire();
        let Some(definition) = self.items.get(index) else {
            return;
        };
        let kind = kind_of(&definition.object);
        for at in 0..self.items.len() {
            let unchanged = |item: &Item| item.id().kind == kind && item.stage == Stage::Done;
            if !self.items.get(at).is_some_and(unchanged) {
                continue;
            }
            self.look_anew(at);
        }
    }

    pub(super) fn neighbours(&self) -> Surroundings {
        Surroundings {
            reporting: Arc::clone(&self.reporting),
            live: self.engine.hub.live().clone(),
        }
    }
}

fn kind_of(definition: &Object) -> GroupKind {
    let text = |pointer| definition.text(pointer).unwrap_or_default();
    GroupKind::new(text("/spec/group"), text("/spec/names/kind"))
}
