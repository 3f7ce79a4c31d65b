//! A run that goes on: one loop over watch events, answers and timers.

use std::collections::HashMap;
use std::sync::Arc;

use tidegate_object::{GroupKind, ObjectId};
use tidegate_plan::Plan;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Inner;
use super::contact::Asker;
use super::evidence::Logs;
use super::gates::Keys;
use super::groups::Groups;
use super::halted::Halted;
use super::hub::Subscription;
use super::item::{Item, Retry, Stage, State};
use super::memory::Lent;
use super::prune::Departures;
use super::report::Report;
use super::work::{Done, Work};
use crate::inventory::Inventory;
use crate::{Mode, Order, Outcome, Phase, Run, RunObject, Step};

/// A run that goes on.
pub(super) struct Execution {
    pub engine: Arc<Inner>,
    pub order: Order,
    pub asker: Asker,
    pub plan: Plan,
    pub items: Vec<Item>,
    pub index: HashMap<ObjectId, usize>,
    /// Who waits for an object, in the plan or not.
    pub dependents: HashMap<ObjectId, Vec<usize>>,
    pub groups: Groups,
    pub lent: Lent,
    /// The inventory as it will be kept.
    pub next: Inventory,
    /// The owned objects that have left Git.
    pub departures: Departures,
    pub subscription: Subscription,
    pub events: mpsc::UnboundedReceiver<ObjectId>,
    pub kinds: watch::Receiver<u64>,
    pub work: Work,
    pub report: Report,
    /// The digest of the whole rendering.
    pub rendering: String,
    /// Objects that are wrong in themselves, and in no plan.
    pub refused: Vec<RunObject>,
    /// Why nothing more is written.
    pub halted: Option<Halted>,
    /// Why the plan is not carried out.
    pub planned: Option<String>,
    pub logs: Logs,
    /// The kinds of the plan's definitions, and whether they report a status.
    pub reporting: Arc<HashMap<GroupKind, bool>>,
    pub keys: Keys,
    pub mode: Doing,
    /// The pause after the inventory could not be kept.
    pub pause: Retry,
    /// When what was learned is to be kept.
    pub keep_at: Option<Instant>,
    /// When the API server was away last.
    pub outage: Option<Instant>,
    pub stop: CancellationToken,
}

/// What an execution is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doing {
    /// It asks for all answers.
    Preflight,
    /// It writes, and waits for health.
    Apply,
    /// It is over, and follows the health of its objects.
    Observe,
}

/// Why the loop ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// There is nothing more to do.
    Settled,
    /// It was told to stop.
    Stopped,
    /// Something that was set aside may go on.
    Opened,
}

impl Execution {
    /// Proves what changes, writes it, and waits until everything is well or known not to be.
    pub(super) async fn run(&mut self) -> Arc<Run> {
        self.show_before();
        self.check_offline();
        self.report.begin(Phase::Preflight);
        if self.drive(Doing::Preflight).await == End::Stopped {
            return self.finish(Outcome::Superseded);
        }
        self.report
            .unproven(self.count(|item| item.stage == Stage::Unproven));
        if self.halted.is_some() {
            return self.finish(Outcome::Failed);
        }
        if self.stays_a_plan() {
            return self.finish(Outcome::Planned);
        }
        let writes = self.items.iter().any(Item::is_due);
        if writes && self.keep_union().await == End::Stopped {
            return self.finish(Outcome::Superseded);
        }
        if self.halted.is_some() {
            return self.finish(Outcome::Failed);
        }
        self.report.begin(Phase::Apply);
        let end = self.drive(Doing::Apply).await;
        if !self.observes() {
            self.keep_written().await;
        }
        let outcome = self.outcome(end);
        self.finish(outcome)
    }

    /// Follows the health of the objects, and closes the watches that only the run needed.
    pub(super) async fn observe(&mut self) -> End {
        let leaving = self.departures.leaving();
        let leaving = leaving.iter().filter(|leaving| leaving.is_owned());
        let ids = self
            .items
            .iter()
            .map(Item::id)
            .chain(leaving.map(|leaving| &leaving.id));
        let (subscription, events) = self.subscription.only(ids);
        self.subscription = subscription;
        self.events = events;
        let causes = self.items.iter().enumerate();
        let causes: Vec<_> = causes
            .filter_map(|(index, item)| Some((index, item.cause?)))
            .collect();
        for (index, class) in causes {
            self.follow_cause(index, class);
        }
        for item in &mut self.items {
            item.drift.forget_judgement();
        }
        self.drive(Doing::Observe).await
    }

    /// Looks at everything that may have changed, until there is nothing more to wait for.
    async fn drive(&mut self, doing: Doing) -> End {
        self.mode = doing;
        self.mark_all();
        loop {
            if let Some(end) = self.turn() {
                if self.report.due().is_some() {
                    self.report.publish(self.objects());
                }
                return end;
            }
            if self.departures.wants_fence() {
                self.fence_departures().await;
                continue;
            }
            let stopping = self.stop.is_cancelled();
            self.publish_if_due();
            let keep_due = self.keep_due();
            if keep_due.is_some_and(|at| at <= Instant::now()) {
                self.keep_next().await;
                continue;
            }
            let due = [self.work.next_timer(), self.report.due(), keep_due];
            let timer = due.into_iter().flatten().min();
            tokio::select! {
                () = self.stop.cancelled(), if !stopping => {}
                Some(id) = self.events.recv() => self.saw(&id),
                done = self.work.next_done() => self.answered(done),
                () = sleep(timer) => self.work.fire(Instant::now()),
                Ok(()) = self.kinds.changed() => self.kinds_changed(),
                () = self.order.prerequisite.changed() => self.mark_all(),
                () = self.order.claims.changed() => {}
                () = self.order.restraint.changed() => self.restraint_changed(),
            }
            // One look for all that has come meanwhile.
            while let Ok(id) = self.events.try_recv() {
                self.saw(&id);
            }
        }
    }

    /// Returns when what was learned is kept; a run keeps it when it ends.
    fn keep_due(&self) -> Option<Instant> {
        let may_keep = self.mode == Doing::Observe && !self.observes() && !self.stop.is_cancelled();
        self.keep_at.filter(|_| may_keep)
    }

    pub(super) fn mark_all(&mut self) {
        (0..self.items.len()).for_each(|index| self.work.mark(index));
    }

    /// Advances what is to be looked at; tells whether the loop is over.
    fn turn(&mut self) -> Option<End> {
        if self.stop.is_cancelled() {
            self.work.clear_queue();
            return (!self.work.is_running()).then_some(End::Stopped);
        }
        while let Some(index) = self.work.next_dirty() {
            if self.advance(index) {
                return Some(End::Opened);
            }
        }
        let may_delete = self.planned.is_none() && !self.observes();
        if self.mode == Doing::Apply && may_delete {
            self.depart();
        }
        if self.mode == Doing::Observe && may_delete && self.may_depart() {
            return Some(End::Opened);
        }
        self.pump();
        if self.mode != Doing::Observe && self.is_settled() {
            return Some(End::Settled);
        }
        None
    }

    /// Moves one object on; tells whether one that was set aside may go on while the run is over.
    fn advance(&mut self, index: usize) -> bool {
        let Some(stage) = self.items.get(index).map(|item| item.stage) else {
            return false;
        };
        match (self.mode, stage) {
            (Doing::Preflight, Stage::Unproven) => self.ask_in_preflight(index),
            (Doing::Apply, Stage::Unproven | Stage::Proven) if self.halted.is_none() => {
                self.try_to_write(index);
            }
            (Doing::Observe, Stage::Unproven | Stage::Proven) if self.is_remade(index) => {
                self.try_to_write(index);
            }
            (Doing::Observe, Stage::Unproven | Stage::Proven) if self.planned.is_none() => {
                return self.may_go_on(index);
            }
            (_, Stage::Ended) if self.halted.is_none() && self.is_cured(index) => {
                if self.mode == Doing::Observe {
                    return true;
                }
                self.begin_anew(index);
            }
            (_, Stage::Done) => self.judge(index),
            _ => {}
        }
        false
    }

    fn is_remade(&self, index: usize) -> bool {
        let item = self.items.get(index);
        item.is_some_and(|item| item.drift.is_remade)
    }

    fn ask_in_preflight(&mut self, index: usize) {
        let is_asked = |item: &Item| item.group.is_none() && item.retry.not_before.is_none();
        if self.items.get(index).is_some_and(is_asked) {
            self.work.enqueue(index);
        }
    }

    /// Sends what is queued, as far as there is room.
    fn pump(&mut self) {
        while let Some(index) = self.work.next_queued(Instant::now()) {
            let Some(item) = self.items.get_mut(index) else {
                continue;
            };
            let (asker, object, claim) = (
                self.asker.clone(),
                Arc::clone(&item.object),
                item.claim.clone(),
            );
            match item.stage {
                Stage::Unproven => {
                    item.stage = Stage::Asking;
                    self.work.start(async move {
                        let _room = asker.room().await;
                        Done::Asked(index, asker.ask(&object, claim).await)
                    });
                }
                Stage::Proven => {
                    item.stage = Stage::Writing;
                    self.work.start(async move {
                        let _room = asker.room().await;
                        Done::Written(index, asker.write(&object, &claim).await)
                    });
                }
                _ => self.start_look(index),
            }
        }
    }

    fn is_settled(&self) -> bool {
        let over = self.mode == Doing::Preflight || self.halted.is_some();
        let all = || self.items.iter().all(Item::is_settled) && self.departures.is_settled();
        self.work.is_idle() && (over || all() && !self.departures.wants_fence())
    }

    /// Has everything looked at that an event concerns.
    fn saw(&mut self, id: &ObjectId) {
        if let Some(index) = self.index.get(id) {
            self.work.mark(*index);
        }
        self.mark_dependents(id);
        self.saw_evidence(id);
        let definition = id
            .kind
            .is("apiextensions.k8s.io", "CustomResourceDefinition");
        if definition && self.items.iter().any(|item| !self.is_served(item)) {
            self.engine.reader.kinds().expire();
        }
    }

    pub(super) fn mark_dependents(&mut self, id: &ObjectId) {
        for index in self.dependents.get(id).into_iter().flatten() {
            self.work.mark(*index);
        }
    }

    fn kinds_changed(&mut self) {
        for (index, item) in self.items.iter().enumerate() {
            if item.is_due() || item.step() == Step::Blocked {
                self.work.mark(index);
            }
        }
    }

    /// Shows where an object stands, and has those looked at who wait for it.
    pub(super) fn show(&mut self, index: usize, state: State) {
        let Some(item) = self.items.get_mut(index) else {
            return;
        };
        if state.step != Step::Waiting && !item.shown.waiting_for.is_empty() {
            item.shown.waiting_for.clear();
            self.report.changed();
        }
        if item.take(state) {
            let id = item.id().clone();
            self.mark_dependents(&id);
            self.report.changed();
        }
        let applying = self.report.phase() == Phase::Apply;
        if applying && !self.items.iter().any(Item::is_due) {
            self.report.begin(Phase::Wait);
        }
    }

    fn publish_if_due(&mut self) {
        if self.report.due().is_some_and(|due| due <= Instant::now()) {
            self.report.publish(self.objects());
        }
    }

    /// Tells whether nothing is ever written.
    pub(super) fn observes(&self) -> bool {
        self.order.settings.mode == Mode::Observe
    }

    fn outcome(&self, end: End) -> Outcome {
        match end {
            End::Stopped => Outcome::Superseded,
            _ if self.halted.is_some() => Outcome::Failed,
            _ if self.items.iter().any(Item::has_failed) || !self.refused.is_empty() => {
                Outcome::Degraded
            }
            _ => Outcome::Healthy,
        }
    }

    fn finish(&mut self, outcome: Outcome) -> Arc<Run> {
        let unseen = self.items.iter().filter_map(|item| {
            let answered = item.answered.clone()?;
            Some((item.id().clone(), answered))
        });
        let (known, now) = (&mut self.lent.memory.unseen, Instant::now());
        // What this rendering does not hold may come back with the next.
        known.retain(|id, answered| answered.until > now && !self.index.contains_key(id));
        known.extend(unseen);
        let planned = self.planned.clone();
        self.report
            .say(planned.unwrap_or_else(|| self.halted_text()));
        self.report.end(outcome, self.objects())
    }

    pub(super) fn objects(&self) -> Vec<RunObject> {
        let planned = self.items.iter().map(Item::report);
        self.refused.iter().cloned().chain(planned).collect()
    }

    fn count(&self, fits: impl Fn(&Item) -> bool) -> usize {
        self.items.iter().filter(|item| fits(item)).count()
    }
}

async fn sleep(until: Option<Instant>) {
    match until {
        Some(until) => tokio::time::sleep_until(until).await,
        None => std::future::pending().await,
    }
}
