//! A layer's status, worked out from how it stands.

mod condition;
mod pace;
mod reason;
mod summary;
mod writer;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use tidegate_source::Revision;

use crate::{Consented, HistoryEntry, LayerStatus, Outcome, Run, Step, SyncRequest, Waiting};

pub(crate) use condition::find;
pub(crate) use pace::Pace;
pub(crate) use reason::{Passing, Reason};
pub(crate) use summary::failure;
pub(crate) use writer::{StatusWriter, is_settled};

/// What there is to say of a layer that is suspended.
pub(crate) const SUSPENDED: &str =
    "the layer is suspended, and nothing is written: `tidegate resume` takes that back";

/// Why a layer cannot go on, besides what a run says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trouble {
    /// Why.
    pub(crate) reason: Reason,
    /// In words, and what to do.
    pub(crate) message: String,
    /// The object that is waited for, if it is one.
    pub(crate) waits_for: Option<Box<Waiting>>,
}

impl Trouble {
    /// Names what is in the way.
    pub(crate) fn new(reason: Reason, message: impl Into<String>) -> Self {
        Self {
            reason,
            message: message.into(),
            waits_for: None,
        }
    }
}

/// How a layer stands: all that its status is worked out from.
#[derive(Debug, Default)]
pub(crate) struct Situation<'a> {
    /// The generation of the spec.
    pub(crate) generation: i64,
    /// The newest revision that is known.
    pub(crate) newest: Option<&'a Revision>,
    /// What is in the way.
    pub(crate) trouble: Option<&'a Trouble>,
    /// The run that goes on, or the last one.
    pub(crate) run: Option<&'a Run>,
    /// Whether the layer was applied, be it by an earlier process.
    pub(crate) was_applied: bool,
    /// Whether the layer is suspended.
    pub(crate) is_suspended: bool,
    /// Whether a run is about to begin.
    pub(crate) is_pending: bool,
    /// When the last run that did not end well is tried again.
    pub(crate) retry_at: Option<Timestamp>,
    /// The manual sync.
    pub(crate) sync: Option<SyncRequest>,
    /// The approval that was given last.
    pub(crate) approval: Option<&'a Consented>,
    /// The confirmation that was given last.
    pub(crate) confirmation: Option<&'a Consented>,
    /// The runs that are over.
    pub(crate) history: &'a [HistoryEntry],
}

impl Situation<'_> {
    /// Works out the status. What is as before, or as it is written, keeps its time.
    pub(crate) fn status(
        &self,
        (before, written): (&LayerStatus, &LayerStatus),
        now: Timestamp,
    ) -> LayerStatus {
        let known = [written.conditions.as_slice(), before.conditions.as_slice()];
        let mut status = LayerStatus {
            observed_generation: Some(self.generation),
            conditions: self.conditions(known, now),
            sync: self.sync.clone(),
            approval: self.approval.cloned(),
            confirmation: self.confirmation.cloned(),
            history: self.history.to_vec(),
            ..before.clone()
        };
        status.waiting_for = summary::waiting_for(self.run, self.trouble);
        if let Some(newest) = self.newest {
            status.last_attempted_revision = Some(newest.to_string());
        }
        let Some(run) = self.run else { return status };
        if !run.objects.is_empty() {
            status.plan = Some(summary::plan(run));
            status.wave = Some(summary::wave(run));
            status.inventory = Some(summary::inventory(run));
            status.held_prune = summary::held_prune(run);
        }
        let revision = run.revision.as_ref().map(Revision::to_string);
        if run.has_applied_all() {
            status.last_applied_revision.clone_from(&revision);
        }
        if run.outcome == Some(Outcome::Healthy) {
            status.last_healthy_revision = revision;
        }
        status
    }

    fn conditions(&self, known: [&[Condition]; 2], now: Timestamp) -> Vec<Condition> {
        let all = [
            ("Ready", self.ready()),
            ("Reconciling", self.reconciling()),
            ("Stalled", self.stalled()),
            ("Healthy", self.healthy()),
            ("Blocked", self.blocked()),
            ("Drifted", self.drifted()),
        ];
        let made = all.into_iter().map(|(kind, verdict)| {
            let made = verdict.condition(kind, self.generation);
            condition::kept(made, known, now)
        });
        made.collect()
    }

    /// A run that goes on; one that was superseded is followed by another at once.
    fn running(&self) -> Option<&Run> {
        let goes_on = |run: &&Run| matches!(run.outcome, None | Some(Outcome::Superseded));
        self.run.filter(goes_on)
    }

    fn ready(&self) -> Verdict {
        if let Some(trouble) = self.trouble {
            return Verdict::no(trouble.reason, &trouble.message);
        }
        if let Some(run) = self.running() {
            return Verdict::unknown(Reason::Progressing, &summary::progress(run));
        }
        if self.is_pending {
            return Verdict::unknown(Reason::Progressing, "a run is about to begin");
        }
        let Some(run) = self.run else {
            return Verdict::unknown(
                Reason::Progressing,
                "waits for the first look at its source",
            );
        };
        match run.outcome {
            // What broke since then makes a layer that was ready one that is not.
            Some(Outcome::Healthy) if summary::health(run).reason == Reason::Failed => {
                Verdict::no(Reason::Degraded, &summary::well(run))
            }
            Some(Outcome::Healthy) => Verdict::yes(Reason::Healthy, &summary::well(run)),
            Some(Outcome::Failed) => Verdict::no(Reason::RunFailed, &summary::failure(run)),
            Some(Outcome::Planned) => Verdict::no(planned(run), &run.message),
            _ => Verdict::no(Reason::Degraded, &summary::failure(run)),
        }
    }

    fn reconciling(&self) -> Verdict {
        let is_idle = self.run.is_none_or(|run| run.outcome.is_some());
        if self.is_suspended && is_idle {
            return Verdict::no(Reason::Suspended, SUSPENDED);
        }
        if let Some(run) = self.running() {
            return Verdict::yes(Reason::Progressing, &summary::progress(run));
        }
        if let Some(trouble) = self.trouble {
            if trouble.reason.is_lasting() {
                return Verdict::no(trouble.reason, "");
            }
            return Verdict::yes(trouble.reason, &trouble.message);
        }
        if self.is_pending || self.run.is_none() {
            return Verdict::yes(Reason::Progressing, "a run is about to begin");
        }
        match self.retry_at {
            Some(_) => Verdict::no(
                Reason::WaitsToRetry,
                "the last run did not end well, and is tried again",
            ),
            None => Verdict::no(Reason::Done, ""),
        }
    }

    fn stalled(&self) -> Verdict {
        let stalls =
            |trouble: &&Trouble| trouble.reason.is_lasting() && trouble.reason != Reason::Suspended;
        if let Some(trouble) = self.trouble.filter(stalls) {
            return Verdict::yes(trouble.reason, &trouble.message);
        }
        let failed = |run: &&Run| matches!(run.outcome, Some(Outcome::Failed | Outcome::Degraded));
        match self
            .run
            .filter(failed)
            .filter(|_| self.trouble.is_none() && !self.is_pending)
        {
            Some(run) if run.outcome == Some(Outcome::Failed) => {
                Verdict::yes(Reason::RunFailed, &summary::failure(run))
            }
            Some(run) => Verdict::yes(Reason::Degraded, &summary::failure(run)),
            None => Verdict::no(Reason::Done, ""),
        }
    }

    fn healthy(&self) -> Verdict {
        match self.run.filter(|run| !run.objects.is_empty()) {
            Some(run) => summary::health(run),
            None if self.was_applied => {
                Verdict::unknown(Reason::Unknown, "not looked at since the agent started")
            }
            None => Verdict::unknown(Reason::Unknown, "nothing is applied yet"),
        }
    }

    fn drifted(&self) -> Verdict {
        match self.run {
            Some(run) => summary::drift(run),
            None => Verdict::unknown(Reason::Unknown, "not looked at since the agent started"),
        }
    }

    fn blocked(&self) -> Verdict {
        if self.is_suspended {
            return Verdict::yes(Reason::Suspended, SUSPENDED);
        }
        if let Some(trouble) = self.trouble.filter(|trouble| trouble.reason.is_block()) {
            return Verdict::yes(trouble.reason, &trouble.message);
        }
        if let Some(run) = self.run.filter(|run| run.approve.is_some()) {
            return Verdict::yes(Reason::AwaitsApproval, &run.message);
        }
        let objects = self.run.map(|run| run.objects.as_slice());
        let blocked = |step| step == Step::Blocked;
        let mut blocked = objects
            .unwrap_or_default()
            .iter()
            .filter(|object| blocked(object.step));
        let Some(first) = blocked.next() else {
            return match self.run.and_then(summary::held_back) {
                Some(message) => Verdict::yes(Reason::PruneBlocked, &message),
                None => Verdict::no(Reason::NotBlocked, ""),
            };
        };
        let more = summary::and_more(blocked.count());
        let message = format!("{}: {}{more}", first.id, first.message);
        Verdict::yes(Reason::ObjectBlocked, &message)
    }
}

/// Why a plan is not carried out.
fn planned(run: &Run) -> Reason {
    match run.approve {
        Some(_) => Reason::AwaitsApproval,
        None => Reason::ChangesPending,
    }
}

/// What a condition says.
#[derive(Debug)]
pub(crate) struct Verdict {
    status: &'static str,
    reason: Reason,
    message: String,
}

impl Verdict {
    fn yes(reason: Reason, message: &str) -> Self {
        Self::new("True", reason, message)
    }

    fn no(reason: Reason, message: &str) -> Self {
        Self::new("False", reason, message)
    }

    fn unknown(reason: Reason, message: &str) -> Self {
        Self::new("Unknown", reason, message)
    }

    fn new(status: &'static str, reason: Reason, message: &str) -> Self {
        Self {
            status,
            reason,
            message: condition::bounded(message),
        }
    }
}

#[cfg(test)]
mod tests;
