//! The reason that a person needs: why an object is not well, from its pods and events.

mod container;
mod event;
mod image;
mod mention;
mod pod;
mod service;

use std::fmt;

use serde::{Deserialize, Serialize};
use tidegate_object::{Object, ObjectId};

use crate::{Context, health};
pub use service::{ServiceView, explain_service};

/// Why an object is not well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reason {
    /// The kind of trouble.
    pub cause: Cause,
    /// The object that has it: a pod, a claim, a controller.
    pub object: ObjectId,
    /// How many more objects have the same.
    pub others: usize,
    /// What the cluster says, with the container if there is one.
    pub text: String,
    /// The object that is to blame, if the message names one: a missing Secret, a claim.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<ObjectId>,
    /// The container whose last log lines would say more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wants_log: Option<ContainerRef>,
}

/// The kinds of trouble. Ordered: the first is the most telling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Cause {
    /// The API server refuses the pods: quota, admission, a missing service account.
    Refused,
    /// The image cannot be pulled.
    Image,
    /// The container cannot be made: a Secret, ConfigMap or key is missing.
    Config,
    /// The container needs more memory than it may have.
    OutOfMemory,
    /// The container ends when it should not.
    Crash,
    /// A volume is not bound, attached or mounted.
    Volume,
    /// No node takes the pod.
    Unschedulable,
    /// The pod's network cannot be made.
    Network,
    /// The node ended the pod.
    Evicted,
    /// The container runs, but is not ready.
    NotReady,
    /// The object's own status says it.
    Reported,
    /// The pod does not go away.
    Terminating,
    /// Another warning about the object.
    Warning,
}

/// A container of a pod, for reading its log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ContainerRef {
    /// The pod.
    pub pod: ObjectId,
    /// The container's name.
    pub container: String,
    /// Which of its instances tells more.
    pub instance: Instance,
}

/// An instance of a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Instance {
    /// The one that runs, or ended last.
    Current,
    /// The one before that.
    Previous,
}

/// What is known around an object that is not well; both may be empty.
#[derive(Debug, Clone, Copy, Default)]
pub struct Evidence<'a> {
    /// The pods that it makes.
    pub pods: &'a [Object],
    /// The events of the object, of its pods and of the controllers between them, normal ones too: they
    /// tell what has recovered.
    pub events: &'a [Object],
}

/// Finds out why the pods of one owner are not well, the most telling reason first.
///
/// `events` are those of the pods and of their controllers, in either API group; those that their object
/// has outlived count for nothing. Pods that are well give no reason.
pub fn diagnose(pods: &[Object], events: &[Object]) -> Vec<Reason> {
    let events = event::read(events);
    let of_pods = pods.iter().flat_map(|pod| pod::reasons(pod, &events));
    let mut found: Vec<_> = of_pods
        .chain(event::of_controllers(&events, pods))
        .collect();
    found.sort_by_key(|reason| reason.cause);
    merged(found)
}

/// Finds out why an object is not well: by its pods and events, and by its own status.
///
/// Empty if nothing is to be explained: the object is current or suspended.
pub fn explain(object: &Object, evidence: Evidence<'_>, ctx: &Context<'_>) -> Vec<Reason> {
    let found = health(object, ctx);
    if found.status.is_done() {
        return Vec::new();
    }
    let mut reasons = diagnose(evidence.pods, evidence.events);
    if !found.message.is_empty() {
        let about = mention::find(&found.message, object.id());
        let own = Reason {
            about,
            ..Reason::new(Cause::Reported, object.id().clone(), found.message)
        };
        reasons.push(own);
    }
    reasons.sort_by_key(|reason| reason.cause);
    reasons
}

impl Reason {
    pub(crate) fn new(cause: Cause, object: ObjectId, text: impl Into<String>) -> Self {
        let text = clipped(&text.into());
        Self {
            cause,
            object,
            others: 0,
            text,
            about: None,
            wants_log: None,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.object.short())?;
        if self.others > 0 {
            write!(f, " and {} more", self.others)?;
        }
        write!(f, ": {}", self.text)
    }
}

/// The longest message that is worth reading, in characters.
const LONGEST: usize = 600;

fn clipped(message: &str) -> String {
    let message = message.trim();
    match message.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", message.get(..end).unwrap_or_default()),
        None => message.to_owned(),
    }
}

/// Counts equal reasons of several objects as one.
fn merged(reasons: Vec<Reason>) -> Vec<Reason> {
    let mut kept: Vec<Reason> = Vec::new();
    for reason in reasons {
        let same = |other: &&mut Reason| (other.cause, &other.text) == (reason.cause, &reason.text);
        match kept.iter_mut().find(same) {
            Some(first) => first.others += usize::from(first.object != reason.object),
            None => kept.push(reason),
        }
    }
    kept
}
