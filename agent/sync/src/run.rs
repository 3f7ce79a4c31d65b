//! A run as everybody sees it: status, events, metrics, history, API and command line read this value.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tidegate_health::Status;
use tidegate_object::{ObjectId, Origin};
use tidegate_plan::{Change, Consequence, Edge, Finding};
use tidegate_source::Revision;

use crate::{Drift, Leaving, Order, Trigger};

/// One attempt to bring a layer to a revision, as far as it has come.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Run {
    /// The run's id.
    pub id: String,
    /// Why it began.
    pub trigger: Trigger,
    /// Who asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested_by: Option<String>,
    /// The revision that it brings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<Revision>,
    /// When it began.
    pub started: Timestamp,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Timestamp>,
    /// What it is doing.
    pub phase: Phase,
    /// How it ended; `None` while it goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// What is to be said of it as a whole: a refusal, an error of the render.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// How many waves there are.
    pub waves: u32,
    /// The objects, in the order of the plan.
    pub objects: Vec<RunObject>,
    /// The plan's edges.
    pub edges: Arc<Vec<Edge>>,
    /// What is worth a warning.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub findings: Arc<Vec<Finding>>,
    /// How many changes preflight could not prove: they are proven when what they need is there.
    #[serde(default)]
    pub unproven: u32,
    /// Owned objects that the revision no longer holds, and what becomes of each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub leaving: Vec<Leaving>,
    /// What a confirmation of the deletes that are held back names; `None` if there are none that may be confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirm: Option<String>,
    /// What an approval of the plan names; `None` if it waits for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approve: Option<String>,
    /// The approval by which the plan is carried out, if it needed one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved: Option<Approved>,
    /// Who confirmed deletes that were held back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_by: Option<String>,
    /// What others have changed of its objects since it began, and what became of that; the newest hundred, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drift: Vec<Drift>,
    /// How long each phase took, in seconds, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub durations: Vec<(Phase, f64)>,
}

impl Run {
    /// The run of an order, before anything has been done.
    pub fn new(order: &Order) -> Self {
        Self {
            id: order.id.clone(),
            trigger: order.trigger,
            requested_by: order.requested_by.clone(),
            revision: order.revision.clone(),
            started: Timestamp::now(),
            ended: None,
            phase: Phase::Render,
            outcome: None,
            message: String::new(),
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

    /// Tells whether every object of the revision is written, well or not.
    pub fn has_applied_all(&self) -> bool {
        let is_applied = |object: &RunObject| object.was_written() || !object.change.is_write();
        let is_past_writing = matches!(self.phase, Phase::Wait | Phase::Done);
        is_past_writing && !self.objects.is_empty() && self.objects.iter().all(is_applied)
    }
}

/// The approval by which a plan is carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Approved {
    /// Who it was, if they said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// A keyed digest of the rendering that it brings.
    pub rendering: String,
}

/// What a run is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Phase {
    /// It reads the source.
    Fetch,
    /// It renders and plans.
    Render,
    /// It asks the API server what it would say.
    Preflight,
    /// It writes along the edges, and waits for gates.
    Apply,
    /// Everything is written; it waits for health.
    Wait,
    /// It is over.
    Done,
}

impl Phase {
    /// Returns the word that JSON and metrics carry.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fetch => "fetch",
            Self::Render => "render",
            Self::Preflight => "preflight",
            Self::Apply => "apply",
            Self::Wait => "wait",
            Self::Done => "done",
        }
    }
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// Every object is applied and healthy.
    Healthy,
    /// Something failed or is set aside; the rest is applied.
    Degraded,
    /// It stopped before it wrote, or in the middle.
    Failed,
    /// Its plan is shown, and not carried out: it waits for approval, or the layer only observes.
    Planned,
    /// A newer rendering took its place.
    Superseded,
}

impl Outcome {
    /// Returns the word that JSON and metrics carry.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Degraded => "degraded",
            Self::Failed => "failed",
            Self::Planned => "planned",
            Self::Superseded => "superseded",
        }
    }
}

/// One object of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunObject {
    /// The object.
    pub id: ObjectId,
    /// Its wave, from 1.
    pub wave: u32,
    /// What happens to it.
    pub change: Change,
    /// What that does to what runs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub consequences: Vec<Consequence>,
    /// How far it has come.
    pub step: Step,
    /// How well it is.
    pub health: Status,
    /// What the cluster says of it, or why it is not written.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// What it waits for at the moment, each with the reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waiting_for: Vec<Waiting>,
    /// Since when it is at this step.
    pub since: Timestamp,
    /// What others have changed of it, and is left as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drift: Option<Drift>,
    /// Until when it is held: drift of it is not put right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_until: Option<Timestamp>,
    /// Where it stands in Git.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
}

impl RunObject {
    /// Tells whether the run has written it.
    pub fn was_written(&self) -> bool {
        let is_there = match self.step {
            Step::Applied | Step::Ready => true,
            // A refusal is no write; what is written and does not get well is one.
            Step::Failed => self.health != Status::Missing && self.health != Status::Unknown,
            Step::Pending | Step::Waiting | Step::Blocked | Step::SetAside => false,
        };
        is_there && self.change.is_write() && self.change != Change::Unknown
    }

    /// Tells whether it is still to be written.
    pub fn is_pending(&self) -> bool {
        self.change.is_write() && matches!(self.step, Step::Pending | Step::Waiting)
    }
}

/// How far an object has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Step {
    /// Nothing has happened yet.
    Pending,
    /// It waits for gates.
    Waiting,
    /// It is written, and waited for.
    Applied,
    /// It is written and well, or was so already.
    Ready,
    /// It may not be written: somebody else owns it, or the account may not.
    Blocked,
    /// It is refused as invalid, or does not get well.
    Failed,
    /// What it depends on is set aside, and so is it.
    SetAside,
}

/// A gate that is closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Waiting {
    /// The object that is waited for.
    pub object: ObjectId,
    /// What is missing, in the cluster's words.
    pub reason: String,
    /// Since when.
    pub since: Timestamp,
}

fn is_empty(findings: &Arc<Vec<Finding>>) -> bool {
    findings.is_empty()
}
