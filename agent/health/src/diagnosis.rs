//! From pods and events to the reason that a person needs.

use serde_json::Value;
use tidegate_object::{Object, ObjectId};

use crate::conditions::condition;

/// A reason, in the cluster's own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// How much it explains: the lower, the more.
    pub rank: u8,
    /// The object that it is about.
    pub object: ObjectId,
    /// What the cluster says.
    pub text: String,
    /// The container whose last log line would say more.
    pub wants_log: Option<ContainerRef>,
}

/// A container of a pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerRef {
    /// The pod.
    pub pod: ObjectId,
    /// The container's name.
    pub container: String,
}

/// Reasons of waiting containers, and how much each explains.
const WAITING: &[(&str, u8)] = &[
    ("InvalidImageName", 0),
    ("ErrImageNeverPull", 0),
    ("ImagePullBackOff", 1),
    ("ErrImagePull", 1),
    ("CreateContainerConfigError", 2),
    ("CreateContainerError", 2),
    ("RunContainerError", 2),
    ("CrashLoopBackOff", 3),
];

/// Reasons of warning events that explain a wait.
const EVENTS: &[(&str, u8)] = &[
    ("FailedCreate", 1),
    ("FailedScheduling", 4),
    ("FailedMount", 5),
    ("FailedAttachVolume", 5),
    ("ProvisioningFailed", 5),
    ("Evicted", 5),
    ("BackOff", 6),
    ("Unhealthy", 7),
];

/// Finds the reasons in an owner's pods and events, the most telling first.
pub fn diagnose(pods: &[Object], events: &[Object]) -> Vec<Reason> {
    let mut reasons: Vec<Reason> = pods
        .iter()
        .flat_map(of_pod)
        .chain(events.iter().filter_map(of_event))
        .collect();
    reasons.sort_by(|one, other| (one.rank, &one.object).cmp(&(other.rank, &other.object)));
    reasons.dedup_by(|one, other| one.text == other.text);
    reasons
}

fn of_pod(pod: &Object) -> Vec<Reason> {
    let statuses = ["/status/initContainerStatuses", "/status/containerStatuses"]
        .into_iter()
        .filter_map(|field| pod.pointer(field)?.as_array())
        .flatten();
    let mut reasons: Vec<Reason> = statuses
        .filter_map(|status| of_container(pod, status))
        .collect();
    let unscheduled = condition(pod, "PodScheduled").filter(|found| found.is_false());
    reasons.extend(
        unscheduled.map(|found| reason(pod, 4, format!("cannot be scheduled: {}", found.message))),
    );
    reasons
}

fn of_container(pod: &Object, status: &Value) -> Option<Reason> {
    let text = |value: &Value, field: &str| {
        value
            .get(field)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let name = text(status, "name");
    let waiting = status.pointer("/state/waiting")?;
    let why = text(waiting, "reason");
    let (_, rank) = WAITING.iter().find(|(known, _)| *known == why)?;
    let message = text(waiting, "message");
    if why != "CrashLoopBackOff" {
        let image = text(status, "image");
        let image = if *rank < 2 && !message.contains(&image) {
            format!(" {image}")
        } else {
            String::new()
        };
        return Some(reason(
            pod,
            *rank,
            format!("container {name}: {why}{image}: {message}"),
        ));
    }
    let last = status.pointer("/lastState/terminated");
    let code = last
        .and_then(|last| last.get("exitCode"))
        .and_then(Value::as_i64)
        .unwrap_or(0);
    let ended = last
        .map(|last| (text(last, "reason"), text(last, "message")))
        .unwrap_or_default();
    let told = [ended.0.as_str(), ended.1.trim()]
        .iter()
        .filter(|part| !part.is_empty())
        .copied()
        .collect::<Vec<_>>()
        .join(": ");
    let log = ContainerRef {
        pod: pod.id().clone(),
        container: name.clone(),
    };
    let text = format!("container {name} crashes with exit code {code}: {told}");
    Some(Reason {
        wants_log: Some(log),
        ..reason(pod, *rank, text)
    })
}

fn of_event(event: &Object) -> Option<Reason> {
    let text = |pointer: &str| event.text(pointer).unwrap_or_default().trim();
    if text("/type") != "Warning" {
        return None;
    }
    let why = text("/reason");
    let (_, rank) = EVENTS.iter().find(|(known, _)| *known == why)?;
    Some(reason(event, *rank, format!("{why}: {}", text("/message"))))
}

fn reason(object: &Object, rank: u8, text: String) -> Reason {
    let text = text.trim_end_matches([':', ' ']).to_owned();
    Reason {
        rank,
        object: object.id().clone(),
        text,
        wants_log: None,
    }
}
