//! One layer's task: it takes what comes, decides whether a run is due, and shows how the layer stands.

mod consent;
mod drift;
mod publish;
mod rendering;
mod request;
mod running;

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tidegate_object::{GroupKind, ObjectId};
use tidegate_source::Revision;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::parts::Parts;
use super::{Backoff, Board, Obstacle, Resource, Standings};
use crate::layer::Checked;
use crate::render::Rendering;
use crate::sources::{Shown, Subscription, Wanted};
use crate::status::{Reason, SUSPENDED, StatusWriter, Trouble, failure};
use crate::{
    HistoryEntry, LayerKey, LayerStatus, Order, Outcome, Phase, Prerequisite, Run, Trigger,
    Waiting, history,
};

use consent::Given;
use request::Sync;
use running::{News, Running};

/// A run that ends and could go on sooner than this is not taken up at once: it may only believe that it could.
const SHORTEST_RUN: SignedDuration = SignedDuration::from_secs(1);

/// One layer's task.
pub(super) struct Worker {
    parts: Arc<Parts>,
    key: LayerKey,
    told: watch::Receiver<Arc<Resource>>,
    resource: Arc<Resource>,
    wanted: Result<Checked, Trouble>,
    subscription: Option<(Wanted, Subscription)>,
    source: Shown,
    /// The newest rendering, and the newest revision that renders so.
    rendering: Option<(Rendering, Revision)>,
    /// The newest revision that was looked at, and what is wrong with it.
    looked_at: Option<Revision>,
    failure: Option<Trouble>,
    due: Option<Due>,
    /// What other layers have in its way, whether a run is due or not.
    obstacle: Option<Obstacle>,
    blocked: Option<Trouble>,
    running: Option<Running>,
    /// The run that goes on, or the last one, and what it renders.
    run: Option<Arc<Run>>,
    run_of: Option<[u8; 32]>,
    /// The rendering that has once been healthy.
    healthy_at: Option<[u8; 32]>,
    backoff: Backoff,
    retry: Option<(Instant, Timestamp)>,
    sync: Sync,
    /// The approval that was given last.
    approval: Option<Given>,
    /// The confirmation of deletes that was given last.
    confirmation: Option<Given>,
    history: Vec<HistoryEntry>,
    /// The number of the last change by others that was told.
    noticed: u64,
    last_success: Option<Timestamp>,
    status: LayerStatus,
    /// The last status that was not one of progress.
    lasting: LayerStatus,
    writer: StatusWriter,
    board: watch::Receiver<Standings>,
}

/// A run that is to begin.
#[derive(Debug, Clone)]
struct Due {
    trigger: Trigger,
    id: String,
    requested_by: Option<String>,
}

impl Due {
    fn now(trigger: Trigger) -> Self {
        Self {
            trigger,
            id: uuid::Uuid::new_v4().to_string(),
            requested_by: None,
        }
    }
}

impl Worker {
    /// Begins with a layer as the watch shows it.
    pub(super) fn new(parts: Arc<Parts>, told: watch::Receiver<Arc<Resource>>) -> Self {
        let resource = Arc::clone(&told.borrow());
        let status = resource.status.clone();
        let client = parts.cluster.client();
        let nothing_yet = Trouble::new(Reason::InvalidSpec, "the spec has not been read yet");
        Self {
            key: resource.key(),
            told,
            wanted: Err(nothing_yet),
            subscription: None,
            source: Shown::default(),
            rendering: None,
            looked_at: None,
            failure: None,
            due: None,
            obstacle: None,
            blocked: None,
            running: None,
            run: None,
            run_of: None,
            healthy_at: None,
            backoff: Backoff::new(Duration::from_secs(1)),
            retry: None,
            sync: Sync::of(&status),
            approval: status.approval.as_ref().and_then(Given::of),
            confirmation: status.confirmation.as_ref().and_then(Given::of),
            history: status.history.clone(),
            noticed: 0,
            last_success: history::last_success(&status.history),
            writer: StatusWriter::new((client, &parts.pace), &resource.owner, status.clone()),
            board: parts.board.changes(),
            lasting: status.clone(),
            status,
            resource,
            parts,
        }
    }

    /// Works until it is stopped; a run that goes on is then ended, and waited for.
    pub(super) async fn run(mut self, stop: CancellationToken) {
        self.take_resource().await;
        while !stop.is_cancelled() {
            self.step();
            self.publish();
            tokio::select! {
                () = stop.cancelled() => break,
                changed = self.told.changed() => match changed {
                    Ok(()) => self.take_resource().await,
                    Err(_) => break,
                },
                () = shown(self.subscription.as_mut()) => self.take_source().await,
                news = running::news(self.running.as_mut()) => self.take_news(news),
                () = rest(self.retry.as_ref()) => self.take_retry(),
                () = held(self.wanted.as_ref().ok()) => self.take_resource().await,
                () = obstacle_changed(&mut self.board, (&self.parts.board, &self.key), self.obstacle.as_ref()) => {}
            }
        }
        if let Some(running) = self.running.take() {
            running.end().await;
        }
        // Whoever runs the layer next begins with what the cluster has.
        self.parts.engine.forget(&self.resource.owner);
    }

    /// Takes a spec or a request.
    async fn take_resource(&mut self) {
        let resource = Arc::clone(&self.told.borrow_and_update());
        let polls = self.resource.poll != resource.poll;
        self.resource = resource;
        let before = self.wanted.clone().ok();
        self.wanted = self.checked();
        if let Ok(wanted) = self.wanted.clone() {
            self.take_wanted(wanted, before.as_ref()).await;
        } else {
            self.subscription = None;
            self.due = None;
            self.retry = None;
        }
        if let Some((_, subscription)) = self.subscription.as_ref().filter(|_| polls) {
            subscription.poll();
        }
        if before.is_some_and(|before| !before.suspend) && self.is_suspended() {
            self.note_suspension();
        }
        self.take_request();
        self.take_consents();
    }

    fn checked(&self) -> Result<Checked, Trouble> {
        let wrong = |problem: String| Trouble::new(Reason::InvalidSpec, problem);
        let spec = self
            .resource
            .spec
            .as_ref()
            .map_err(|problem| wrong(problem.clone()))?;
        let checked = Checked::new(spec, &self.key.0, self.parts.concurrency);
        checked.map_err(|error| wrong(error.to_string()))
    }

    async fn take_wanted(&mut self, wanted: Checked, before: Option<&Checked>) {
        let source = wanted.source;
        if self
            .subscription
            .as_ref()
            .is_none_or(|(known, _)| *known != source)
        {
            // The new one first, so that a source that stays is not closed in between.
            let subscription = self.parts.sources.subscribe(&source);
            self.subscription = Some((source, subscription));
            self.looked_at = None;
            self.sync.repeat();
        }
        if before.is_none_or(|before| before.retry != wanted.retry) {
            self.backoff = Backoff::new(wanted.retry);
        }
        if before.is_some_and(|before| before.path != wanted.path) {
            self.looked_at = None;
        }
        let is_resumed = |before: &Checked| before.suspend && !wanted.suspend;
        if before.is_some_and(|before| before.settings != wanted.settings || is_resumed(before)) {
            self.want(Trigger::Change);
        }
        self.take_source().await;
    }

    /// Takes what the source shows.
    async fn take_source(&mut self) {
        let Some((_, subscription)) = &mut self.subscription else {
            return;
        };
        self.source = subscription.shown();
        self.render().await;
        self.take_answer();
    }

    /// Notes that a run is due; a manual one that is pending already comes to the same.
    fn want(&mut self, trigger: Trigger) {
        if self.rendering.is_none() {
            return;
        }
        if trigger == Trigger::Change {
            self.restart_backoff();
        }
        let is_manual = |due: &Due| due.trigger == Trigger::Manual;
        if !self.due.as_ref().is_some_and(is_manual) {
            self.due = Some(Due::now(trigger));
        }
    }

    fn restart_backoff(&mut self) {
        self.retry = None;
        if let Ok(wanted) = &self.wanted {
            self.backoff = Backoff::new(wanted.retry);
        }
    }

    fn take_retry(&mut self) {
        self.retry = None;
        self.want(Trigger::Retry);
    }

    /// Begins the run that is due, if nothing is in the way.
    fn step(&mut self) {
        self.write_on_board();
        self.board.mark_unchanged();
        self.obstacle = self.parts.board.obstacle(&self.key);
        self.restrain();
        if self.is_suspended() {
            return self.pause();
        }
        self.blocked = self.block();
        if let Some(running) = self.running.as_ref().filter(|running| running.is_held())
            && self.blocked.is_none()
        {
            running.open();
        }
        let Some(order) = self.order() else { return };
        if let Some(running) = &self.running {
            running.stop();
            return;
        }
        let missing = self.blocked.as_ref();
        if missing.is_some_and(|trouble| trouble.reason.is_lasting() || !self.may_need_mending()) {
            return;
        }
        let missing = missing.and_then(|trouble| trouble.waits_for.as_deref().cloned());
        self.begin(order, missing);
    }

    pub(super) fn is_suspended(&self) -> bool {
        self.wanted.as_ref().is_ok_and(|wanted| wanted.suspend)
    }

    /// Ends what goes on, and begins nothing. What was under way is due when the layer is resumed.
    fn pause(&mut self) {
        // A run that is over writes nothing while the layer is suspended; its objects are followed on.
        let is_over = self.run.as_ref().is_some_and(|run| run.outcome.is_some());
        if let Some(running) = self.running.as_ref().filter(|_| !is_over) {
            running.stop();
            if self.due.is_none() {
                self.due = Some(Due::now(Trigger::Change));
            }
        }
        let manual = self.due.take_if(|due| due.trigger == Trigger::Manual);
        if let Some(due) = manual {
            self.refuse(due, SUSPENDED.into());
            self.due = Some(Due::now(Trigger::Change));
        }
        let due = self.due.as_ref();
        self.blocked = due.map(|_| Trouble::new(Reason::Suspended, SUSPENDED));
    }

    /// What is to be done, if a run is due.
    fn order(&self) -> Option<Order> {
        let (Some(due), Ok(wanted), Some((rendering, revision))) =
            (&self.due, &self.wanted, &self.rendering)
        else {
            return None;
        };
        Some(Order {
            id: due.id.clone(),
            trigger: due.trigger,
            requested_by: due.requested_by.clone(),
            owner: self.resource.owner.clone(),
            revision: Some(revision.clone()),
            rendered: Arc::clone(&rendering.rendered),
            prerequisite: Prerequisite::default(),
            claims: self.parts.board.claims(&self.key),
            consents: self.consents(),
            restraint: crate::Restraint::default(),
            settings: wanted.settings.clone(),
        })
    }

    fn begin(&mut self, order: Order, missing: Option<Waiting>) {
        tracing::info!(layer = %self.resource.owner, run = order.id, trigger = order.trigger.as_str(), "run began");
        self.run_of = self.rendering.as_ref().map(|(rendering, _)| rendering.key);
        self.sync.began(&order.id);
        history::succeeded(&mut self.history, &order.id);
        self.due = None;
        self.retry = None;
        let running = Running::start(&self.parts.engine, order, (missing, self.restraint()));
        self.run = Some(running.beginning());
        self.running = Some(running);
    }

    /// Tells whether objects of the layer are there that are not well: their fix waits for no other layer.
    fn may_need_mending(&self) -> bool {
        let inventory = self.status.inventory.as_ref();
        inventory.is_some_and(|owned| owned.healthy < owned.objects.saturating_sub(owned.left_git))
    }

    /// Says what keeps a run from making anything new. A circle of dependencies is always wrong.
    fn block(&mut self) -> Option<Trouble> {
        let obstacle = self.obstacle.as_ref()?;
        let is_held = self.running.as_ref().is_some_and(Running::is_held);
        if self.due.is_none() && !is_held && !matches!(obstacle, Obstacle::Cycle(_)) {
            return None;
        }
        if let Some(due) = self
            .due
            .as_mut()
            .filter(|due| due.trigger != Trigger::Manual)
        {
            due.trigger = Trigger::Dependency;
        }
        let reason = match obstacle {
            Obstacle::Cycle(_) => Reason::DependencyCycle,
            _ => Reason::DependencyNotReady,
        };
        let message = obstacle.to_string();
        let before = self
            .blocked
            .as_ref()
            .and_then(|blocked| blocked.waits_for.as_ref());
        let waits_for = obstacle.layer().map(|(namespace, name)| Waiting {
            object: layer_id(namespace, name),
            reason: message.clone(),
            since: before.map_or_else(Timestamp::now, |wait| wait.since),
        });
        Some(Trouble {
            reason,
            message,
            waits_for: waits_for.map(Box::new),
        })
    }

    fn take_news(&mut self, news: News) {
        match news {
            News::Run(run) => self.take_run(&run),
            News::Over => self.running = None,
            News::Opened => {
                self.running = None;
                self.go_on();
            }
            News::Broken(problem) => {
                self.running = None;
                self.break_off(&problem);
            }
        }
    }

    /// Takes a run as far as it has come.
    fn take_run(&mut self, run: &Arc<Run>) {
        self.note_approved(run);
        self.take_drift(run);
        let known = self.run.replace(Arc::clone(run));
        let was_over = known.is_some_and(|known| known.id == run.id && known.outcome.is_some());
        if let Some(outcome) = run.outcome.filter(|_| !was_over) {
            self.take_end(run, outcome);
        }
    }

    /// Ends a run that did not come to its end.
    fn break_off(&mut self, problem: &str) {
        let Some(run) = self.run.clone() else { return };
        self.take_run(&Arc::new(Run {
            phase: Phase::Done,
            outcome: Some(Outcome::Failed),
            ended: Some(Timestamp::now()),
            message: format!("the run broke off: {problem}"),
            ..Run::clone(&run)
        }));
    }

    fn take_end(&mut self, run: &Run, outcome: Outcome) {
        let message = match outcome {
            Outcome::Degraded | Outcome::Failed => failure(run),
            Outcome::Healthy | Outcome::Planned | Outcome::Superseded => run.message.clone(),
        };
        tracing::info!(layer = %self.resource.owner, run = run.id, outcome = outcome.as_str(), message, "run ended");
        self.parts.metrics.run_ended(&self.key, run);
        self.sync.ended(&run.id, outcome);
        history::record(&mut self.history, run);
        match outcome {
            Outcome::Healthy => {
                self.healthy_at = self.run_of;
                self.last_success = run.ended;
                self.restart_backoff();
            }
            Outcome::Degraded | Outcome::Failed => self.try_again_later(),
            Outcome::Planned | Outcome::Superseded => {}
        }
    }

    /// Takes up a run that gave something up: at once, unless it ended just now.
    fn go_on(&mut self) {
        let ended = self.run.as_ref().and_then(|run| run.ended);
        let is_long_ago = |ended| Timestamp::now().duration_since(ended) > SHORTEST_RUN;
        if ended.is_none_or(is_long_ago) {
            self.want(Trigger::Retry);
        } else {
            self.try_again_later();
        }
    }

    fn try_again_later(&mut self) {
        let pause = self.backoff.pause();
        let at = Timestamp::now()
            .checked_add(pause)
            .unwrap_or(Timestamp::MAX);
        self.retry = Some((Instant::now() + pause, at));
    }
}

/// The Layer as an object.
fn layer_id(namespace: &str, name: &str) -> ObjectId {
    ObjectId::new(
        GroupKind::new("tidegate.dev", "Layer"),
        Some(namespace),
        name,
    )
}

/// Waits until the source shows something else.
async fn shown(subscription: Option<&mut (Wanted, Subscription)>) {
    match subscription {
        Some((_, subscription)) => subscription.changed().await,
        None => std::future::pending().await,
    }
}

/// Waits until other layers have something else in the way of this one.
async fn obstacle_changed(
    changes: &mut watch::Receiver<Standings>,
    (board, layer): (&Board, &LayerKey),
    known: Option<&Obstacle>,
) {
    loop {
        if changes.changed().await.is_err() {
            return std::future::pending().await;
        }
        if board.obstacle(layer).as_ref() != known {
            return;
        }
    }
}

/// Waits until a hold ends.
async fn held(wanted: Option<&Checked>) {
    match wanted.and_then(|wanted| wanted.held_until) {
        Some(until) => {
            let left = until.duration_since(Timestamp::now());
            tokio::time::sleep(left.try_into().unwrap_or_default()).await;
        }
        None => std::future::pending().await,
    }
}

/// Waits until a run is to be tried again.
async fn rest(retry: Option<&(Instant, Timestamp)>) {
    match retry {
        Some((at, _)) => tokio::time::sleep_until(*at).await,
        None => std::future::pending().await,
    }
}
