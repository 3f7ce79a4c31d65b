//! What follows from an answer of the API server.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tidegate_cluster::{ApiError, Applied, Class, Live};
use tidegate_health::Status;
use tidegate_object::Object;
use tidegate_plan::{Difference, consequences};
use tokio::time::Instant;

use super::contact::{Answer, Claim};
use super::execution::{Doing, Execution};
use super::gates::Unreadable;
use super::groups;
use super::halted::Halted;
use super::item::{Item, Stage, State, Written};
use super::memory::Refused;
use super::work::Done;
use crate::Step;
use crate::inventory::Entry;

/// What a person can do about a refusal, by its class.
const ADVICE: &[(Class, &str)] = &[
    (Class::Forbidden, "grant it to the account that it names"),
    (Class::Unauthorized, "check the credentials"),
    (
        Class::MissingNamespace,
        "add the Namespace to the layer, or create it",
    ),
    (
        Class::UnknownKind,
        "add the CustomResourceDefinition to the layer, or install it",
    ),
    (
        Class::Terminating,
        "wait until it is gone, then it is made anew",
    ),
    (Class::Quota, "raise the quota, or ask for less"),
    (
        Class::Immutable,
        "delete the object to have it made anew, or take the change back",
    ),
];

/// How long after an outage the API server may not know all rights.
pub(super) const AFTER_OUTAGE: Duration = Duration::from_secs(30);

impl Execution {
    /// Takes an answer.
    pub(super) fn answered(&mut self, done: Done) {
        match done {
            Done::Asked(index, answer) => self.asked(index, answer),
            Done::Written(index, answer) => self.wrote(index, answer),
            Done::Inspected(index, inspected) => self.inspected(index, inspected),
            Done::Repaired(index, answer) => self.repaired(index, answer),
            Done::Removed(at, removed) => self.removed(at, removed),
            Done::Keys(id, version, keys) => {
                self.keys
                    .insert(id.clone(), (version, keys.map_err(Unreadable::from)));
                self.mark_dependents(&id);
            }
            Done::Log(container, line) => self.read_log(container, line),
        }
    }

    fn asked(&mut self, index: usize, answer: Answer) {
        let error = match &answer {
            Answer::Refused(error) => Some(error),
            _ => None,
        };
        self.work.answered(error, Instant::now());
        match answer {
            Answer::Proven(claim, after) => {
                self.foresee(index, &after);
                self.proven(index, *claim);
            }
            Answer::Owned(owner) => self.owned(index, owner),
            Answer::Refused(error) => {
                if let Some(item) = self.items.get_mut(index) {
                    item.stage = Stage::Unproven;
                }
                self.refuse(index, &error);
            }
        }
        self.leave_group(index);
        self.work.mark(index);
    }

    fn proven(&mut self, index: usize, claim: Claim) {
        let Some(item) = self.items.get_mut(index) else {
            return;
        };
        self.report.say("");
        item.stage = Stage::Proven;
        item.change = claim.change;
        item.claim = claim;
        item.retry.clear();
        let through = std::mem::take(&mut item.asking_through);
        item.answering.extend(through);
        let found = item.claim.uid.is_some();
        self.report.changed();
        if found
            && self
                .items
                .get(index)
                .is_some_and(|item| item.id().kind.is("", "Namespace"))
        {
            self.found_namespace(index);
        }
    }

    /// Notes what a change does to what runs.
    fn foresee(&mut self, index: usize, after: &Object) {
        let live = self.engine.hub.live().clone();
        let Some(item) = self.items.get_mut(index) else {
            return;
        };
        item.consequences = match live.get(item.id()) {
            Live::Present(before) => {
                let difference = Difference::Changed(before.value(), after.value());
                consequences(&item.id().kind, difference)
            }
            _ => Vec::new(),
        };
    }

    /// A Namespace that is there already: what is in it can be proven at once.
    fn found_namespace(&mut self, index: usize) {
        for freed in self.groups.met(index) {
            for (member, item) in self.items.iter_mut().enumerate() {
                if item.group == Some(freed) {
                    item.group = None;
                    self.work.mark(member);
                }
            }
        }
    }

    /// Lets the group of an object go on, if this was its last answer.
    pub(super) fn leave_group(&mut self, index: usize) {
        let group = self.items.get(index).and_then(|item| item.group);
        if self.groups.answered(index, group) {
            let members = self.items.iter().enumerate();
            let members = members.filter(|(_, item)| item.group == group);
            members.for_each(|(member, _)| self.work.mark(member));
        }
    }

    fn wrote(&mut self, index: usize, answer: Result<Applied, ApiError>) {
        self.work.answered(answer.as_ref().err(), Instant::now());
        match answer {
            Ok(applied) => self.written(index, applied),
            Err(error) => self.not_written(index, &error),
        }
        self.work.mark(index);
    }

    fn written(&mut self, index: usize, applied: Applied) {
        let live = Arc::new(applied.object);
        let form = self.form_of(&live);
        let Some(item) = self.items.get_mut(index) else {
            return;
        };
        self.report.say("");
        item.stage = Stage::Done;
        let answered = Written::new(Arc::clone(&live));
        self.work.mark_at(answered.until, index);
        item.answered = Some(answered);
        item.is_written = true;
        if live.text("/metadata/deletionTimestamp").is_some() {
            // It goes, and what was written goes with it: it is written again when it is gone.
            item.stage = Stage::Proven;
            return;
        }
        item.retry.clear();
        let (id, entry) = (item.id().clone(), entry(item, live.uid(), form));
        let memory = &mut self.lent.memory;
        memory.wrote(&live, Timestamp::now());
        memory.applied.insert(id.clone(), Arc::clone(&item.object));
        self.next.entries.insert(id.clone(), entry);
        self.remade(index);
        self.mark_dependents(&id);
        self.report.changed();
        if id
            .kind
            .is("apiextensions.k8s.io", "CustomResourceDefinition")
        {
            self.definition_changed(index);
        }
    }

    fn not_written(&mut self, index: usize, error: &ApiError) {
        let Some(item) = self.items.get_mut(index) else {
            return;
        };
        item.stage = Stage::Proven;
        if error.class == Class::Unreachable {
            item.attempted = true;
            // It may have been written all the same.
            if let Some(entry) = self.next.entries.get_mut(item.id()) {
                entry.digest.clear();
            }
        }
        if matches!(error.class, Class::OtherUid | Class::Conflict) {
            // It was made, taken or made anew meanwhile: whose is it now?
            item.stage = Stage::Unproven;
            item.claim = Claim::new();
            return;
        }
        self.refuse(index, error);
    }

    /// Decides what becomes of an object that the API server did not take.
    fn refuse(&mut self, index: usize, error: &ApiError) {
        if error.class.is_transient() || self.may_not_know_rights(error) {
            self.try_again(index, error);
            return;
        }
        let needs = groups::cures(index, error.class, &self.items, &self.plan);
        if !needs.is_empty() {
            let group = self.groups.join(index, needs);
            if let Some(item) = self.items.get_mut(index) {
                item.stage = Stage::Unproven;
                item.group = group;
            }
            return;
        }
        let message = with_advice(error);
        if !matches!(error.class, Class::Invalid | Class::Immutable) {
            self.halt_without_account(error);
            self.end(index, Step::Blocked, message);
            self.follow_cause(index, error.class);
            return;
        }
        self.end(index, Step::Failed, message);
        if self.is_news(index) {
            self.halt(Halted::ByRefusal);
        }
    }

    /// An API server that has just come back forbids what it has not read the roles for yet.
    fn may_not_know_rights(&self, error: &ApiError) -> bool {
        let forbids = matches!(error.class, Class::Forbidden | Class::Unauthorized);
        let outage = self.outage.filter(|at| at.elapsed() < AFTER_OUTAGE);
        forbids && outage.is_some()
    }

    /// Tells whether this rendering brings what was refused; what an older one brought stops no fix.
    pub(super) fn is_news(&mut self, index: usize) -> bool {
        let Some(item) = self.items.get(index) else {
            return true;
        };
        let refused = Refused {
            digest: item.digest.clone(),
            rendering: self.rendering.clone(),
        };
        self.lent.memory.is_news(item.id(), refused)
    }

    fn try_again(&mut self, index: usize, error: &ApiError) {
        let now = Instant::now();
        let timeout = self.order.settings.timeout;
        let Some(item) = self.items.get_mut(index) else {
            return;
        };
        if error.class == Class::Unreachable {
            self.outage = Some(now);
            self.report.say(error.message.clone());
        }
        let at = item.retry.failed(error.retry_after, now);
        let fails_for = item
            .retry
            .failing_since
            .map(|since| now.duration_since(since));
        if fails_for.is_some_and(|fails_for| fails_for >= timeout) {
            self.end(index, Step::Failed, error.message.clone());
            return;
        }
        let state = State {
            step: Step::Waiting,
            health: item.shown.state.health,
            message: error.message.clone(),
        };
        self.work.mark_at(at, index);
        if self.mode == Doing::Apply {
            self.show(index, state);
        }
    }

    /// Leaves an object to its owner; how well it is is theirs to say.
    fn owned(&mut self, index: usize, owner: String) {
        if let Some(item) = self.items.get_mut(index) {
            item.stage = Stage::Ended;
        }
        let state = State {
            step: Step::Blocked,
            health: Status::Unknown,
            message: owner,
        };
        self.show(index, state);
    }

    /// Gives an object up for this run.
    pub(super) fn end(&mut self, index: usize, step: Step, message: String) {
        let health = self.live_status(index);
        if let Some(item) = self.items.get_mut(index) {
            item.stage = Stage::Ended;
        }
        let state = State {
            step,
            health,
            message,
        };
        self.show(index, state);
    }

    /// The status of a live object, for one that is not written.
    fn live_status(&mut self, index: usize) -> Status {
        self.assess(index)
            .map_or(Status::Unknown, |health| health.status)
    }
}

fn with_advice(error: &ApiError) -> String {
    let advice = ADVICE.iter().find(|(class, _)| *class == error.class);
    match advice {
        Some((_, advice)) => format!("{}: {advice}", error.message),
        None => error.message.clone(),
    }
}

fn entry(item: &Item, uid: Option<&str>, form: String) -> Entry {
    Entry {
        api_version: item.object.gvk().api_version(),
        uid: uid.unwrap_or_default().into(),
        digest: item.digest.clone(),
        form,
        applied: Some(Timestamp::now()),
    }
}
