//! What holds an object back: the gates of its edges, and what its dry-run needs.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use jiff::Timestamp;
use tidegate_cluster::{ApiError, Live};
use tidegate_health::{Capability, Context, capability, has_keys, key_names, secret_keys};
use tidegate_object::{Object, ObjectId};
use tidegate_plan::{Edge, EdgeClass, Gate, Standing};
use tokio::time::Instant;

use super::contact::Claim;
use super::execution::Execution;
use super::item::{Item, Stage, State};
use super::work::Done;
use crate::{Step, Waiting};

/// How long a soft edge may hold an object back.
const SOFT_WAIT: Duration = Duration::from_secs(30);

/// The pause before discovery is asked again for a kind whose definition is established.
const DISCOVERY_PAUSE: Duration = Duration::from_millis(250);

/// The pause before a wait that is overdue is looked at again while something is on its way.
const OVERDUE_PAUSE: Duration = Duration::from_secs(5);

/// The pause before the endpoints of a Service are looked at whose watch has not shown any yet.
const ENDPOINTS_PAUSE: Duration = Duration::from_millis(100);

/// The pause before the keys of a Secret are read again after that failed.
const UNREADABLE_PAUSE: Duration = Duration::from_secs(5);

/// What holds an object back.
enum Hold {
    /// Nothing.
    Open,
    /// Closed gates.
    Closed(Vec<Closed>),
    /// What comes before the run.
    Before(Waiting),
    /// Something that does not come in this run.
    Hopeless(String),
}

/// A closed gate.
struct Closed {
    target: ObjectId,
    reason: String,
    soft: bool,
    recheck: Option<Instant>,
    /// Since when the target is being deleted: who waits for that waits since then.
    going_since: Option<Timestamp>,
}

/// The key names of Secrets at a resourceVersion, or why they are not known.
pub(super) type Keys = HashMap<ObjectId, (String, Result<BTreeSet<String>, Unreadable>)>;

/// A Secret whose keys cannot be read now.
pub(super) struct Unreadable {
    reason: String,
    again: Timestamp,
}

impl From<ApiError> for Unreadable {
    fn from(error: ApiError) -> Self {
        Self {
            reason: format!("its keys cannot be read: {}", error.message),
            again: Timestamp::now() + UNREADABLE_PAUSE,
        }
    }
}

impl Execution {
    /// Has an object proven or written, if nothing holds it back.
    pub(super) fn try_to_write(&mut self, index: usize) {
        let Some(item) = self.items.get(index) else {
            return;
        };
        let in_group = item.stage == Stage::Unproven && self.groups.awaits(index, item.group);
        let hold = if let Some(going) = self.is_going(index) {
            Hold::Closed(vec![going])
        } else if in_group {
            self.group_hold(index)
        } else {
            self.hold(index)
        };
        match hold {
            Hold::Hopeless(message) => self.hold_back(index, Step::SetAside, message),
            Hold::Before(missing) => self.wait_before(index, missing),
            Hold::Closed(closed) => self.wait(index, closed),
            Hold::Open => self.go_on(index),
        }
    }

    /// An object that is being deleted is waited for: what is written to it goes with it.
    fn is_going(&mut self, index: usize) -> Option<Closed> {
        let live = self.current(index);
        let item = self.items.get_mut(index)?;
        match live {
            Live::Present(live) if live.text("/metadata/deletionTimestamp").is_some() => {
                item.is_going = true;
                Some(Closed {
                    target: item.id().clone(),
                    reason: tidegate_health::health(&live, &Context::at(Timestamp::now())).message,
                    soft: false,
                    recheck: None,
                    going_since: going_since(&live),
                })
            }
            Live::Absent if item.is_going => {
                item.is_going = false;
                item.claim = Claim::new();
                item.stage = Stage::Unproven;
                None
            }
            _ => None,
        }
    }

    /// Tells whether an object that was set aside is held back by nothing any more.
    pub(super) fn may_go_on(&mut self, index: usize) -> bool {
        let set_aside = |item: &Item| item.step() == Step::SetAside;
        self.halted.is_none()
            && self.items.get(index).is_some_and(set_aside)
            && matches!(self.hold(index), Hold::Open)
    }

    fn go_on(&mut self, index: usize) {
        let now = Instant::now();
        let Some(item) = self.items.get_mut(index) else {
            return;
        };
        item.waits_since = None;
        if let Some(at) = item.retry.not_before.filter(|at| *at > now) {
            self.work.mark_at(at, index);
            return;
        }
        if item.stage == Stage::Proven && !self.groups.is_answered(item.group) {
            let message = "it is written once all objects that need the same are proven";
            self.hold_back(index, Step::Waiting, message.into());
            return;
        }
        if !item.shown.waiting_for.is_empty() {
            item.shown.waiting_for.clear();
            self.report.changed();
        }
        self.work.enqueue(index);
    }

    /// Shows why an object is not written now, with its health as it was.
    fn hold_back(&mut self, index: usize, step: Step, message: String) {
        let Some(item) = self.items.get(index) else {
            return;
        };
        let state = State {
            step,
            health: item.shown.state.health,
            message,
        };
        self.show(index, state);
    }

    /// Waits for what comes before the run, without a deadline.
    fn wait_before(&mut self, index: usize, missing: Waiting) {
        let Some(item) = self.items.get_mut(index) else {
            return;
        };
        item.waits_since = None;
        let message = missing.reason.clone();
        let waiting = vec![missing];
        if item.shown.waiting_for != waiting {
            item.shown.waiting_for = waiting;
            self.report.changed();
        }
        self.hold_back(index, Step::Waiting, message);
    }

    fn wait(&mut self, index: usize, closed: Vec<Closed>) {
        let now = Instant::now();
        let timeout = self.order.settings.timeout;
        let Some(item) = self.items.get_mut(index) else {
            return;
        };
        let since = *item.waits_since.get_or_insert(now);
        let soft_ends = since + SOFT_WAIT;
        if closed.iter().any(|gate| gate.soft) && soft_ends <= now {
            let soft = closed.into_iter().filter(|gate| gate.soft);
            item.dropped.extend(soft.map(|gate| gate.target));
            self.work.mark(index);
            return;
        }
        let waiting = merged(&item.shown.waiting_for, &closed);
        let news = item.shown.waiting_for != waiting;
        item.shown.waiting_for = waiting;
        if news {
            self.report.changed();
        }
        let going_since = closed.iter().filter_map(|gate| gate.going_since);
        let since = going_since.map(past_instant).fold(since, Instant::min);
        let ends = since + timeout;
        let is_over = ends <= now && !self.is_anything_on_its_way();
        let rechecks = closed.iter().filter_map(|gate| gate.recheck);
        let soft = closed.iter().any(|gate| gate.soft).then_some(soft_ends);
        let ends = match (is_over, ends > now) {
            (true, _) => None,
            (false, true) => Some(ends),
            (false, false) => Some(now + OVERDUE_PAUSE),
        };
        if let Some(at) = rechecks.chain(soft).chain(ends).min() {
            self.work.mark_at(at, index);
        }
        let Some(first) = closed.first() else {
            return;
        };
        if is_over {
            let waited = jiff::SignedDuration::try_from(timeout).unwrap_or_default();
            let id = first.target.short();
            let message = format!("waited {waited:#} for {id}: {}", first.reason);
            self.hold_back(index, Step::SetAside, message);
        } else {
            self.hold_back(index, Step::Waiting, said(first));
        }
    }

    /// Tells whether something of this run is on its way that may still open a gate.
    fn is_anything_on_its_way(&self) -> bool {
        let moves = |item: &Item| {
            let asked = matches!(item.stage, Stage::Asking | Stage::Writing);
            asked || matches!(item.step(), Step::Pending | Step::Applied)
        };
        self.items.iter().any(moves)
    }

    /// What holds back the dry-run of an object whose group waits for changes of this plan.
    fn group_hold(&mut self, index: usize) -> Hold {
        let group = self.items.get(index).and_then(|item| item.group);
        let needs: Vec<usize> = self.groups.needs(group).collect();
        let mut closed = Vec::new();
        for need in needs {
            let Some(needed) = self.items.get(need) else {
                continue;
            };
            if needed.has_failed() {
                // What cannot come is no reason to wait: the edges or the API server decide.
                return self.hold(index);
            }
            let gate = match needed.id().kind.kind.as_str() {
                "CustomResourceDefinition" => Gate::Established,
                "Namespace" => Gate::Active,
                _ => Gate::Exists,
            };
            let target = needed.id().clone();
            closed.extend(self.gate(index, &target, &gate));
        }
        if closed.is_empty() {
            Hold::Open
        } else {
            Hold::Closed(closed)
        }
    }

    /// What holds an object back.
    fn hold(&mut self, index: usize) -> Hold {
        let Some(item) = self.items.get(index) else {
            return Hold::Open;
        };
        let id = item.id().clone();
        let standing = self.standing(index);
        let missing = self.order.prerequisite.missing();
        if let Some(missing) = missing.filter(|_| standing != Standing::Unhealthy) {
            return Hold::Before(missing);
        }
        let edges: Vec<Edge> = self.plan.delaying(&id, standing).cloned().collect();
        let mut closed = Vec::new();
        for edge in edges {
            let soft = edge.class == EdgeClass::Soft;
            if self.is_dropped(index, &edge) {
                continue;
            }
            let target = self.index.get(&edge.to).and_then(|at| self.items.get(*at));
            if let Some(target) = target.filter(|target| target.has_failed()) {
                if soft {
                    continue;
                }
                return Hold::Hopeless(because_of(target));
            }
            let gate = self.gate(index, &edge.to, &edge.gate);
            closed.extend(gate.map(|gate| Closed { soft, ..gate }));
        }
        if closed.is_empty() {
            Hold::Open
        } else {
            Hold::Closed(closed)
        }
    }

    fn is_dropped(&self, index: usize, edge: &Edge) -> bool {
        let item = self.items.get(index);
        edge.class == EdgeClass::Soft && item.is_some_and(|item| item.dropped.contains(&edge.to))
    }

    /// Returns a gate if it is closed.
    fn gate(&mut self, index: usize, target: &ObjectId, gate: &Gate) -> Option<Closed> {
        let closed = |reason: &str| Closed {
            target: target.clone(),
            reason: reason.into(),
            soft: false,
            recheck: None,
            going_since: None,
        };
        let planned = self.index.get(target).copied();
        let is_due = |at: usize| self.items.get(at).is_some_and(Item::is_due);
        if planned.is_some_and(is_due) {
            return Some(closed("not applied yet"));
        }
        let live = match planned {
            Some(at) => self.current(at),
            None => self.elsewhere(target),
        };
        if let Live::Unknown = live {
            let trouble = self.engine.hub.live().trouble(target);
            let reason = trouble.map_or_else(|| "not seen yet".into(), |error| error.message);
            return Some(closed(&reason));
        }
        let serves_pods = target.kind.is("", "Service") && *gate == Gate::Serving;
        if serves_pods && !self.knows_endpoints(target) {
            return Some(Closed {
                recheck: Some(Instant::now() + ENDPOINTS_PAUSE),
                ..closed("its endpoints are not seen yet")
            });
        }
        match self.capability(gate, live.object(), planned) {
            Capability::Open if *gate == Gate::Established => self.served(index, target),
            Capability::Open => None,
            Capability::Closed { reason, recheck_at } => Some(Closed {
                recheck: recheck_at.map(instant),
                going_since: live.object().and_then(going_since),
                ..closed(&reason)
            }),
            Capability::DryRun => self.through_webhook(index, target),
        }
    }

    fn capability(
        &mut self,
        gate: &Gate,
        live: Option<&Object>,
        planned: Option<usize>,
    ) -> Capability {
        if let (Gate::Keys { keys }, Some(object)) = (gate, live)
            && object.id().kind.is("", "Secret")
            && secret_keys(object).is_none()
            && object.value().get("data").is_none()
        {
            return self.secret_keys(keys, object);
        }
        let now = Timestamp::now();
        match (planned, live) {
            (Some(_), Some(object)) => {
                let wait = self.lent.memory.wait(object, now);
                let ctx = Context {
                    now,
                    since: Some(wait.since),
                    settle: wait.settle,
                    neighbours: &self.neighbours(),
                };
                capability(gate, live, &ctx)
            }
            _ => capability(gate, live, &Context::at(now)),
        }
    }

    /// Holds the keys of a Secret against those that are read, by one read of which only their names are kept.
    fn secret_keys(&mut self, wanted: &[String], secret: &Object) -> Capability {
        let version = secret.resource_version().unwrap_or_default();
        let known = self.keys.get(secret.id()).filter(|(of, _)| of == version);
        match known {
            Some((_, Ok(keys))) => return has_keys(wanted, keys),
            Some((_, Err(unreadable))) if unreadable.again > Timestamp::now() => {
                return Capability::Closed {
                    reason: unreadable.reason.clone(),
                    recheck_at: Some(unreadable.again),
                };
            }
            _ => {}
        }
        let (reader, id) = (self.engine.reader.clone(), secret.id().clone());
        let version = version.to_owned();
        self.work.read(async move {
            let found = reader.get(&id).await;
            let keys = found.map(|secret| secret.as_ref().map(key_names).unwrap_or_default());
            Done::Keys(id, version, keys)
        });
        Capability::Closed {
            reason: "its keys are being read".into(),
            recheck_at: None,
        }
    }

    /// An established kind must be discovered, too.
    fn served(&mut self, index: usize, definition: &ObjectId) -> Option<Closed> {
        let item = self.items.get(index)?;
        if self.is_served(item) {
            return None;
        }
        self.engine.reader.kinds().expire();
        Some(Closed {
            target: definition.clone(),
            reason: format!(
                "established, but {} is not discovered yet",
                item.object.gvk()
            ),
            soft: false,
            recheck: Some(Instant::now() + DISCOVERY_PAUSE),
            going_since: None,
        })
    }

    /// Only a dry-run of the waiting object itself tells whether a webhook answers.
    fn through_webhook(&mut self, index: usize, target: &ObjectId) -> Option<Closed> {
        let item = self.items.get_mut(index)?;
        if !item.answering.contains(target) && !item.asking_through.contains(target) {
            item.asking_through.push(target.clone());
            if item.stage == Stage::Proven {
                item.stage = Stage::Unproven;
            }
        }
        None
    }

    /// What is known of an object that is not in the plan.
    fn elsewhere(&mut self, id: &ObjectId) -> Live {
        self.subscription.follow(id);
        self.engine.hub.live().get(id)
    }

    pub(super) fn is_served(&self, item: &Item) -> bool {
        self.engine
            .reader
            .kinds()
            .resolve(item.object.gvk())
            .is_some()
    }
}

fn because_of(target: &Item) -> String {
    let state = match target.step() {
        Step::Blocked => "is blocked",
        Step::SetAside => "is set aside",
        _ => "failed",
    };
    let id = target.id().short();
    if target.shown.state.message.is_empty() {
        return format!("it needs {id}, which {state}");
    }
    format!(
        "it needs {id}, which {state}: {}",
        target.shown.state.message
    )
}

fn said(gate: &Closed) -> String {
    format!("waits for {}: {}", gate.target.short(), gate.reason)
}

/// Takes over since when each gate is waited for.
fn merged(before: &[Waiting], closed: &[Closed]) -> Vec<Waiting> {
    let since = |target: &ObjectId| {
        let known = before.iter().find(|waiting| waiting.object == *target);
        known.map_or_else(Timestamp::now, |waiting| waiting.since)
    };
    let mut waiting: Vec<Waiting> = Vec::new();
    for gate in closed {
        let since = gate.going_since.unwrap_or_else(|| since(&gate.target));
        let entry = Waiting {
            object: gate.target.clone(),
            reason: gate.reason.clone(),
            since,
        };
        if !waiting.contains(&entry) {
            waiting.push(entry);
        }
    }
    waiting
}

/// Since when an object is being deleted.
fn going_since(object: &Object) -> Option<Timestamp> {
    object.text("/metadata/deletionTimestamp")?.parse().ok()
}

/// Turns a time of the wall clock that has passed into one of the timer.
fn past_instant(at: Timestamp) -> Instant {
    let passed = Timestamp::now().duration_since(at);
    let passed = Duration::try_from(passed).unwrap_or_default();
    let now = Instant::now();
    now.checked_sub(passed).unwrap_or(now)
}

/// Turns a time of the wall clock into one of the timer.
pub(super) fn instant(at: Timestamp) -> Instant {
    let left = at.duration_since(Timestamp::now());
    Instant::now() + Duration::try_from(left).unwrap_or_default()
}
