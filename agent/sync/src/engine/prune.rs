//! What becomes of owned objects that have left Git: each is deleted in its turn, or held back, and says why.

mod confirmation;
mod deleted;
mod foresight;
mod guards;
mod leaver;
mod proof;
mod removal;

use std::collections::{BTreeMap, HashMap, HashSet};

use tidegate_cluster::{Class, Live};
use tidegate_object::{GroupKind, Object, ObjectId};
use tidegate_plan::{Departure, When, departures};
use tokio::time::Instant;

use super::Inner;
use super::execution::Execution;
use super::item::{Item, Stage};
use super::work::Done;
use crate::claims::{Claimant, Held};
use crate::inventory::Inventory;
use crate::{Fate, Guard, Leaving, Owner, PruneWhen, Step, marks};
use guards::{ANNOTATION, Successors, excess, is_protected, protected};
use leaver::{Leaver, Turn};
use proof::{Case, Pruned};

pub(super) use confirmation::Deeds;
pub(super) use deleted::{Doomed, LayerDeleted};
pub(super) use foresight::Foresight;
pub(super) use guards::Denial;
pub(super) use removal::{Fence, Removed, look, remove};

/// The owned objects that have left Git, and what is known of all of them together.
#[derive(Default)]
pub(super) struct Departures {
    all: Vec<Leaver>,
    /// Where each of them is in the list.
    places: HashMap<ObjectId, usize>,
    rendering: Held,
    successors: Successors,
    /// Kinds whose definitions protect their objects.
    protected: HashSet<GroupKind>,
    /// Why none of them may go.
    denial: Option<Denial>,
    /// How many objects the layer owned before the run.
    inventory: usize,
    /// Whether the inventory was written in this run to prove that it is still ours.
    is_fenced: bool,
    /// Whether the first of them may go, once it was.
    wants_fence: bool,
}

/// What a survey finds of the objects that have left Git.
#[derive(Default)]
pub(super) struct Left {
    /// Kinds whose definitions protect their objects.
    pub protected: HashSet<GroupKind>,
    /// Whether the inventory was rebuilt from marks in this run.
    pub is_rebuilt: bool,
}

impl Departures {
    pub(super) fn leaving(&self) -> Vec<Leaving> {
        self.all.iter().map(|leaver| leaver.shown.clone()).collect()
    }

    /// Tells whether nothing more is expected of them in this run.
    pub(super) fn is_settled(&self) -> bool {
        self.all.iter().all(Leaver::is_settled)
    }

    /// Tells whether the inventory must be proven to be ours before the first of them goes.
    pub(super) fn wants_fence(&self) -> bool {
        self.wants_fence && !self.is_fenced && self.denial.is_none()
    }

    /// Lets them go, or none of them.
    pub(super) fn fenced(&mut self, fenced: Result<(), Denial>) {
        self.is_fenced = true;
        self.denial = fenced.err();
    }

    /// The objects that go when their turn comes.
    pub(super) fn going(&self) -> impl Iterator<Item = &Leaving> {
        let shown = self.all.iter().map(|leaver| &leaver.shown);
        shown.filter(|shown| shown.fate == Fate::Waiting)
    }

    fn get(&self, id: &ObjectId) -> Option<&Leaver> {
        self.places.get(id).and_then(|at| self.all.get(*at))
    }
}

impl Execution {
    /// Finds the owned objects that the rendering no longer holds, and the order in which they go.
    pub(super) fn find_leaving(&mut self, left: Left) {
        let rendering = Held::of(&self.order.rendered.objects);
        let in_git: HashSet<&ObjectId> =
            self.order.rendered.objects.iter().map(Object::id).collect();
        let is_left = |id: &&ObjectId| !self.index.contains_key(*id) && !in_git.contains(*id);
        let ids: Vec<ObjectId> = self.next.entries.keys().filter(is_left).cloned().collect();
        if ids.is_empty() {
            self.lent.memory.confirmed = Deeds::default();
            return;
        }
        let mut ordered = self.ordered(&ids);
        let leavers = ids.into_iter().map(|id| {
            self.subscription.listen(&id);
            let departure = ordered.remove(&id).unwrap_or(Departure {
                id: id.clone(),
                when: When::Healthy,
                after: Vec::new(),
            });
            let uid = self.next.get(&id).map(|entry| entry.uid.clone());
            let live = self.engine.hub.live().get(&id);
            Leaver::new(departure, uid.unwrap_or_default(), &live)
        });
        let all: Vec<Leaver> = leavers.collect();
        let is_empty = self.order.rendered.objects.is_empty();
        let denial = is_empty.then(empty).or(left.is_rebuilt.then(rebuilt));
        self.departures = Departures {
            places: all
                .iter()
                .enumerate()
                .map(|(at, leaver)| (leaver.id().clone(), at))
                .collect(),
            all,
            rendering,
            successors: Successors::among(self.items.iter().map(Item::id)),
            protected: left.protected,
            denial,
            inventory: self.next.entries.len(),
            is_fenced: false,
            wants_fence: false,
        };
        self.forget_others();
        self.keep_confirmed();
        self.judge_leaving();
        self.take_confirmation();
    }

    fn ordered(&self, ids: &[ObjectId]) -> BTreeMap<ObjectId, Departure> {
        let live = self.engine.hub.live();
        let leaving = ids.iter().filter_map(|id| live.get(id).object().cloned());
        let staying = self.items.iter().map(|item| Object::clone(&item.object));
        let settings = tidegate_plan::Settings {
            rules: &self.order.settings.references,
            requires: &[],
        };
        let ordered = departures(leaving.collect(), staying, &settings).into_iter();
        ordered
            .map(|departure| (departure.id.clone(), departure))
            .collect()
    }

    /// Forgets what was handed over, and what is the same object as one that stays since its kind has another group.
    fn forget_others(&mut self) {
        let next: &Inventory = &self.next;
        let uids: HashSet<&str> = self
            .items
            .iter()
            .filter_map(|item| {
                item.claim
                    .uid
                    .as_deref()
                    .or(next.get(item.id()).map(|entry| entry.uid.as_str()))
            })
            .filter(|uid| !uid.is_empty())
            .collect();
        let mut forgotten = Vec::new();
        for leaver in &mut self.departures.all {
            let owner = other_owner(&self.engine, (&self.order.owner, leaver.id()));
            let message = match owner {
                Some(owner) => format!("it is {owner}'s now"),
                None if uids.contains(leaver.uid.as_str()) => {
                    "it is in Git under another group of its kind".into()
                }
                None => continue,
            };
            leaver.end(Fate::Forgotten, &message);
            forgotten.push(leaver.id().clone());
        }
        for id in forgotten {
            self.next.entries.remove(&id);
        }
    }

    /// Looks at every object that leaves: lets go whose turn it is, and says what holds others back.
    pub(super) fn depart(&mut self) {
        if self.departures.all.is_empty() || self.halted.is_some() || self.stop.is_cancelled() {
            return;
        }
        let bounds = self.bounds();
        for at in 0..self.departures.all.len() {
            self.consider(at, &bounds);
        }
        self.show_leaving();
    }

    /// Tells whether something that was held back may go, now that the run is over.
    pub(super) fn may_depart(&mut self) -> bool {
        if self.departures.all.is_empty() || self.halted.is_some() {
            return false;
        }
        let bounds = self.bounds();
        let opened = (0..self.departures.all.len()).any(|at| self.has_opened(at, &bounds));
        self.show_leaving();
        opened
    }

    fn has_opened(&mut self, at: usize, bounds: &Bounds) -> bool {
        let Some(leaver) = self.departures.all.get(at) else {
            return false;
        };
        let live = self.engine.hub.live().get(leaver.id());
        match leaver.turn {
            // It was handed over: the inventory is to forget it.
            Turn::Open if other_owner(&self.engine, (&self.order.owner, leaver.id())).is_some() => {
                true
            }
            Turn::Open => self.admit(at, bounds).is_some(),
            Turn::Settled if leaver.shown.guard == Some(Guard::Protected) => {
                let says = live
                    .object()
                    .and_then(|object| object.annotation(ANNOTATION));
                matches!(says, Some("allow" | "never"))
            }
            Turn::Hung => matches!(live, Live::Absent),
            Turn::Asked | Turn::Going(_) | Turn::Settled => false,
        }
    }

    fn consider(&mut self, at: usize, bounds: &Bounds) {
        let Some(leaver) = self.departures.all.get_mut(at) else {
            return;
        };
        let now = Instant::now();
        match leaver.turn {
            Turn::Open if leaver.retry.not_before.is_none_or(|at| at <= now) => {
                self.let_go(at, bounds);
            }
            Turn::Going(until) => self.follow_going(at, until),
            _ => {}
        }
    }

    fn let_go(&mut self, at: usize, bounds: &Bounds) {
        let Some(proof) = self.admit(at, bounds) else {
            return;
        };
        if !self.departures.is_fenced {
            self.departures.wants_fence = true;
            return;
        }
        let Some(leaver) = self.departures.all.get_mut(at) else {
            return;
        };
        leaver.turn = Turn::Asked;
        let (asker, fence) = (self.asker.clone(), self.fence());
        self.work.start(async move {
            let _room = asker.room().await;
            Done::Removed(at, removal::remove(&asker, &proof, &fence).await)
        });
    }

    fn fence(&self) -> Fence {
        Fence {
            tenure: self.engine.tenure.clone(),
            stop: self.stop.clone(),
        }
    }

    /// Returns the proof by which an object may go now, or shows why it does not.
    fn admit(&mut self, at: usize, bounds: &Bounds) -> Option<Pruned> {
        let next = self.next_step(self.departures.all.get(at)?, bounds);
        let leaver = self.departures.all.get_mut(at)?;
        match next {
            Next::Go(proof) => return Some(proof),
            Next::Hold(denial) => leaver.hold(&denial),
            Next::Wait(message) => leaver.wait(&message),
        }
        None
    }

    /// Decides whether it is an object's turn, and establishes the proof that it has left.
    fn next_step(&self, leaver: &Leaver, bounds: &Bounds) -> Next {
        let denial = self.denial_of(leaver, bounds);
        let confirmed = self.confirmed(leaver);
        let case = Case {
            denial: denial.as_ref(),
            confirmed,
            ..self.case()
        };
        let proof = match Pruned::establish(&case, leaver.id(), &leaver.uid) {
            Ok(proof) => proof,
            Err(denial) => return Next::Hold(denial),
        };
        if confirmed.is_none() && self.is_protected(leaver.id()) {
            return Next::Hold(protected(leaver.id()));
        }
        if let Some(stays) = self.needed_by(leaver) {
            let text = format!("{stays}, which needs it, stays");
            return Next::Hold(Denial::new(Guard::Needed, text));
        }
        match self.waits_for(leaver, bounds) {
            Some(message) => Next::Wait(message),
            None => Next::Go(proof),
        }
    }

    /// What is known of all objects that leave.
    fn case(&self) -> Case<'_> {
        Case {
            rendering: &self.departures.rendering,
            denial: self.departures.denial.as_ref(),
            when: self.order.settings.prune.when,
            claims: &self.order.claims,
            live: self.engine.hub.live(),
            namespace: self.engine.store.namespace(),
            protected: &self.departures.protected,
            confirmed: None,
        }
    }

    /// Says why none of the objects may go, this one among them.
    fn denial_of(&self, leaver: &Leaver, bounds: &Bounds) -> Option<Denial> {
        let departures = &self.departures;
        // Who went already in this run was let go together with the others.
        let is_free = departures.is_fenced
            || departures.successors.has(leaver.id())
            || self.confirmed(leaver).is_some();
        let excess = bounds.excess.as_ref().filter(|_| !is_free);
        departures.denial.as_ref().or(excess).cloned()
    }

    /// Finds what holds for all objects that leave, as things stand.
    fn bounds(&self) -> Bounds {
        let departures = &self.departures;
        let counts = |leaver: &&Leaver| {
            let is_open = matches!(leaver.turn, Turn::Open);
            let is_taken = !matches!(self.order.claims.claimant(leaver.id()), Claimant::Nobody);
            is_open
                && !is_taken
                && !departures.successors.has(leaver.id())
                && !self.is_protected(leaver.id())
                && self.confirmed(leaver).is_none()
        };
        let going = departures.all.iter().filter(counts).count();
        let first = |is_first: fn(&Item) -> bool| {
            let found = self.items.iter().find(|item| is_first(item));
            found.map(|item| item.id().short())
        };
        Bounds {
            excess: excess(going, departures.inventory, &self.order.settings.prune),
            unwritten: first(is_unwritten),
            ill: first(|item| item.step() != Step::Ready),
        }
    }

    /// Tells whether somebody has allowed or confirmed a delete.
    pub(super) fn is_let_go(&self, shown: &Leaving) -> bool {
        let leaver = self.departures.get(&shown.id);
        let live = self.engine.hub.live().get(&shown.id);
        let says = live.object().and_then(|live| live.annotation(ANNOTATION));
        says == Some("allow") || leaver.is_some_and(|leaver| self.confirmed(leaver).is_some())
    }

    /// Tells whether an object is known to stay for its kind's sake.
    fn is_protected(&self, id: &ObjectId) -> bool {
        let live = self.engine.hub.live().get(id);
        let Some(live) = live.object() else {
            return false;
        };
        let kind = self.departures.protected.contains(&id.kind) || is_protected(live);
        kind && !matches!(live.annotation(ANNOTATION), Some("allow" | "never"))
    }

    /// Names an object that needs this one, and that will not go in this run.
    fn needed_by(&self, leaver: &Leaver) -> Option<String> {
        let stays = |id: &&ObjectId| {
            let other = self.departures.get(id);
            other.is_some_and(|other| other.shown.fate == Fate::Held)
        };
        leaver
            .departure
            .after
            .iter()
            .find(stays)
            .map(ObjectId::short)
    }

    /// Says what must come first.
    fn waits_for(&self, leaver: &Leaver, bounds: &Bounds) -> Option<String> {
        let goes_on = |id: &&ObjectId| {
            let other = self.departures.get(id);
            other.is_some_and(|other| other.shown.is_owned())
        };
        if let Some(first) = leaver.departure.after.iter().find(goes_on) {
            return Some(format!(
                "it goes when {}, which needs it, is gone",
                first.short()
            ));
        }
        if let Some(due) = &bounds.unwritten {
            return Some(format!(
                "it goes when all that stays is applied: {due} is not"
            ));
        }
        let all = self.order.settings.prune.when == Some(PruneWhen::Applied);
        if all || leaver.departure.when == When::Applied {
            return None;
        }
        let ill = bounds.ill.as_ref()?;
        Some(format!(
            "it goes when all that stays is healthy: {ill} is not"
        ))
    }

    /// Takes what became of an object.
    pub(super) fn removed(&mut self, at: usize, removed: Removed) {
        let error = match &removed {
            Removed::Failed(error) => Some(error),
            _ => None,
        };
        self.work.answered(error, Instant::now());
        if let Some(error) = error.filter(|error| error.class == Class::Unreachable) {
            self.outage = Some(Instant::now());
            self.report.say(error.message.clone());
        }
        let wake = self.items.len() + at;
        let timeout = self.order.settings.timeout;
        let Some(leaver) = self.departures.all.get_mut(at) else {
            return;
        };
        if let Some(again) = leaver.take(removed, timeout) {
            self.work.mark_at(again, wake);
        }
        if !leaver.shown.is_owned() {
            let id = leaver.id().clone();
            self.next.entries.remove(&id);
            self.lent.memory.applied.remove(&id);
        }
        self.judge_leaving();
    }

    /// Looks at an object that is being deleted, if the watch does not show it any more, or it takes too long.
    fn follow_going(&mut self, at: usize, until: Instant) {
        let Some(leaver) = self.departures.all.get_mut(at) else {
            return;
        };
        let is_late = until <= Instant::now();
        let shown = self.engine.hub.live().get(leaver.id());
        let is_shown = shown
            .object()
            .is_some_and(|live| live.uid() == Some(&leaver.uid));
        if is_shown {
            if is_late {
                leaver.turn = Turn::Hung;
            }
            return;
        }
        leaver.turn = Turn::Asked;
        let (asker, id, uid) = (self.asker.clone(), leaver.id().clone(), leaver.uid.clone());
        self.work
            .start(async move { Done::Removed(at, removal::look(&asker, &id, &uid).await) });
    }

    /// Says before anything happens what will become of the objects that leave.
    pub(super) fn judge_leaving(&mut self) {
        let bounds = self.bounds();
        for at in 0..self.departures.all.len() {
            let is_open = |leaver: &Leaver| matches!(leaver.turn, Turn::Open);
            if !self.departures.all.get(at).is_some_and(is_open) {
                continue;
            }
            self.admit(at, &bounds);
        }
        self.show_leaving();
    }

    fn show_leaving(&mut self) {
        let confirm = self.mark_confirmable();
        let leaving = self.departures.leaving();
        self.report.leaving(leaving, confirm);
    }
}

/// Returns the owner that a live object's marks name, if that is somebody else.
fn other_owner(engine: &Inner, (own, id): (&Owner, &ObjectId)) -> Option<Owner> {
    let live = engine.hub.live().get(id);
    let owner = live.object().and_then(marks::owner_of);
    owner.filter(|owner| owner.uid != own.uid)
}

/// What holds for all objects that leave at once: worked out once for a look at all of them.
struct Bounds {
    /// Why so many may not go together.
    excess: Option<Denial>,
    /// An object that stays and is not applied.
    unwritten: Option<String>,
    /// An object that stays and is not ready.
    ill: Option<String>,
}

/// What comes next for an object that leaves.
enum Next {
    Go(Pruned),
    Hold(Denial),
    Wait(String),
}

fn is_unwritten(item: &Item) -> bool {
    item.is_due() || item.stage == Stage::Ended
}

fn rebuilt() -> Denial {
    let text = "the inventory was lost, and has just been rebuilt from the marks on the objects: what has left Git is \
                deleted by a later run";
    Denial::new(Guard::Inventory, text)
}

fn disabled() -> Denial {
    let text = "it has left Git, and spec.prune.enabled is false: delete it by hand, or let the layer prune";
    Denial::new(Guard::Disabled, text)
}

fn empty() -> Denial {
    let text = "the rendering holds no objects: nothing is deleted";
    Denial::new(Guard::Render, text)
}
