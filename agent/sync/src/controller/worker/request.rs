//! The manual sync: the source is looked at first, then a run with the request's id begins.

use std::sync::Arc;

use jiff::Timestamp;

use super::{Due, Worker};
use crate::controller::desk::{PENDING, RUNNING};
use crate::{LayerStatus, Outcome, Phase, Run, SyncRequest, Trigger, history};

/// The manual sync that was asked for last.
#[derive(Debug, Default)]
pub(super) struct Sync {
    request: Option<SyncRequest>,
    requested_by: Option<String>,
    /// The look at the source that it waits for.
    waits_for: Option<u64>,
    /// Whether the source must be asked again.
    is_unasked: bool,
}

impl Sync {
    /// What the status says; a sync that was under way when the agent ended begins anew.
    pub(super) fn of(status: &LayerStatus) -> Self {
        let mut sync = Self {
            request: status.sync.clone(),
            ..Self::default()
        };
        if let Some(request) = sync.request.as_mut().filter(|request| is_open(request)) {
            request.state = PENDING.into();
            sync.is_unasked = true;
        }
        sync
    }

    /// Asks again, since another source is to answer.
    pub(super) fn repeat(&mut self) {
        self.is_unasked = self.waits_for.take().is_some();
    }

    /// Notes that a run began.
    pub(super) fn began(&mut self, run: &str) {
        self.set(run, RUNNING);
    }

    /// Notes that a run ended.
    pub(super) fn ended(&mut self, run: &str, outcome: Outcome) {
        self.set(run, outcome.as_str());
    }

    /// Returns what the status says of it.
    pub(super) fn shown(&self) -> Option<SyncRequest> {
        self.request.clone()
    }

    fn set(&mut self, run: &str, state: &str) {
        if let Some(request) = self.request.as_mut().filter(|request| request.id == run) {
            request.state = state.into();
        }
    }

    /// The run that is to answer a request.
    fn due(&self, id: String) -> Due {
        Due {
            trigger: Trigger::Manual,
            id,
            requested_by: self.requested_by.clone(),
        }
    }

    fn id(&self) -> Option<&str> {
        self.request.as_ref().map(|request| request.id.as_str())
    }
}

impl Worker {
    /// Takes a request that stands on the Layer, if it is another one.
    pub(super) fn take_request(&mut self) {
        if let Some((id, by)) = self.resource.request.clone() {
            if self.sync.id() == Some(&id) {
                self.sync.requested_by = by;
            } else {
                self.replace_request();
                let state = PENDING.into();
                self.sync = Sync {
                    request: Some(SyncRequest { id, state }),
                    requested_by: by,
                    waits_for: None,
                    is_unasked: true,
                };
            }
        }
        if !std::mem::take(&mut self.sync.is_unasked) {
            return;
        }
        match (&self.subscription, &self.wanted) {
            (Some((_, subscription)), _) => self.sync.waits_for = Some(subscription.poll()),
            (None, Err(trouble)) => self.refuse_sync(trouble.message.clone()),
            (None, Ok(_)) => {}
        }
    }

    /// Notes who suspended the layer: whoever asks for that gives the request an id, as for a sync.
    pub(super) fn note_suspension(&mut self) {
        let request = self.resource.request.clone();
        let request = request.filter(|(id, _)| self.sync.id() != Some(id));
        let Some((id, by)) = request else {
            let id = uuid::Uuid::new_v4().to_string();
            return history::suspended(&mut self.history, id, None);
        };
        self.replace_request();
        history::suspended(&mut self.history, id.clone(), by.clone());
        let state = history::SUSPENDED.into();
        self.sync = Sync {
            request: Some(SyncRequest { id, state }),
            requested_by: by,
            ..Sync::default()
        };
    }

    /// Takes the source's answer to the request.
    pub(super) fn take_answer(&mut self) {
        let answered = |number: &u64| *number <= self.source.answered;
        if !self.sync.waits_for.as_ref().is_some_and(answered) {
            return;
        }
        self.sync.waits_for = None;
        if let Some(trouble) = self.source.trouble.as_ref().or(self.failure.as_ref()) {
            return self.refuse_sync(trouble.message.clone());
        }
        let Some(id) = self.sync.id().map(Into::into) else {
            return;
        };
        self.restart_backoff();
        self.due = Some(self.sync.due(id));
    }

    /// Answers a request whose run has not begun: a newer one takes its place.
    fn replace_request(&mut self) {
        let Some(request) = self.sync.request.clone().filter(is_pending) else {
            return;
        };
        if self.due.as_ref().is_some_and(|due| due.id == request.id) {
            self.due = None;
        }
        let due = self.sync.due(request.id);
        self.replaced(due);
    }

    /// Records a request in whose place another one comes before it began.
    pub(super) fn replaced(&mut self, due: Due) {
        let message = "it was asked for again before it began";
        let run = self.unbegun(due, Outcome::Superseded, message.into());
        history::record(&mut self.history, &run);
    }

    /// Ends a request that no run can answer.
    pub(super) fn refuse_sync(&mut self, message: String) {
        if let Some(id) = self.sync.id().map(ToOwned::to_owned) {
            let due = self.sync.due(id);
            self.refuse(due, message);
        }
    }

    /// Ends a run that somebody asked for before it begins.
    pub(super) fn refuse(&mut self, due: Due, message: String) {
        self.sync.ended(&due.id, Outcome::Failed);
        history::succeeded(&mut self.history, &due.id);
        let run = self.unbegun(due, Outcome::Failed, message);
        self.parts.metrics.run_ended(&self.key, &run);
        history::record(&mut self.history, &run);
    }

    /// The run of a request that ended before it began.
    fn unbegun(&self, due: Due, outcome: Outcome, message: String) -> Run {
        let now = Timestamp::now();
        Run {
            id: due.id,
            trigger: Trigger::Manual,
            requested_by: due.requested_by,
            revision: self.looked_at.clone(),
            started: now,
            ended: Some(now),
            phase: Phase::Done,
            outcome: Some(outcome),
            message,
            waves: 0,
            objects: Vec::new(),
            edges: Arc::default(),
            findings: Arc::default(),
            unproven: 0,
            leaving: Vec::new(),
            confirm: None,
            approve: None,
            approved: None,
            confirmed_by: None,
            drift: Vec::new(),
            durations: Vec::new(),
        }
    }
}

fn is_pending(request: &SyncRequest) -> bool {
    request.state == PENDING
}

/// Tells whether a request has no answer yet.
fn is_open(request: &SyncRequest) -> bool {
    is_pending(request) || request.state == RUNNING
}
