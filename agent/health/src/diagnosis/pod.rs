//! Why a pod is not well.

use tidegate_object::{GroupKind, Object, ObjectId};

use super::event::Event;
use super::{Cause, Reason, container, mention};
use crate::facts::{Condition, condition, deletion, joined, list, text};

/// What a warning about a pod that has not started means.
const PENDING: &[(&str, Cause)] = &[
    ("FailedAttachVolume", Cause::Volume),
    ("FailedMapVolume", Cause::Volume),
    ("FailedMount", Cause::Volume),
    ("FailedCreatePodSandBox", Cause::Network),
    ("NetworkNotReady", Cause::Network),
];

/// Returns why a pod is not well; nothing for one that is ready or has done its work.
pub(super) fn reasons(pod: &Object, events: &[Event<'_>]) -> Vec<Reason> {
    if let Some(message) = deletion(pod) {
        return vec![Reason::new(Cause::Terminating, pod.id().clone(), message)];
    }
    let phase = pod.text("/status/phase").unwrap_or_default();
    if phase == "Succeeded" {
        return Vec::new();
    }
    let mut reasons = container::reasons(pod, events);
    reasons.extend(ended_by_node(pod, phase));
    reasons.extend(unscheduled(pod, events));
    if phase == "Pending" {
        reasons.extend(not_started(pod, events));
    }
    if reasons.is_empty() {
        reasons.extend(closed_gate(pod));
    }
    reasons
}

fn ended_by_node(pod: &Object, phase: &str) -> Option<Reason> {
    let (reason, message) = (
        pod.text("/status/reason")?,
        pod.text("/status/message").unwrap_or_default(),
    );
    (phase == "Failed")
        .then(|| Reason::new(Cause::Evicted, pod.id().clone(), joined(reason, message)))
}

fn unscheduled(pod: &Object, events: &[Event<'_>]) -> Option<Reason> {
    let scheduled = condition(pod, "PodScheduled");
    if pod.text("/spec/nodeName").is_some() || scheduled.is_some_and(Condition::is_true) {
        return None;
    }
    let by_event = || {
        events
            .iter()
            .find(|event| event.is_of(pod) && event.reason == "FailedScheduling")
    };
    let message = match scheduled
        .map(Condition::message)
        .filter(|said| !said.is_empty())
    {
        Some(message) => message,
        None => by_event()?.message,
    };
    let about = mention::find(message, pod.id());
    if message.contains("ersistentVolumeClaim") || message.contains("persistentvolumeclaim") {
        let about = about.or_else(|| only_claim(pod));
        return Some(Reason {
            about,
            ..Reason::new(Cause::Volume, pod.id().clone(), message)
        });
    }
    Some(Reason {
        about,
        ..Reason::new(Cause::Unschedulable, pod.id().clone(), message)
    })
}

fn not_started(pod: &Object, events: &[Event<'_>]) -> Option<Reason> {
    let known = |event: &Event<'_>| PENDING.iter().find(|(reason, _)| *reason == event.reason);
    let (event, (_, cause)) = events
        .iter()
        .filter(|event| event.is_of(pod))
        .find_map(|event| Some((event, known(event)?)))?;
    let about = mention::find(event.message, pod.id());
    Some(Reason {
        about,
        ..Reason::new(*cause, pod.id().clone(), event.message)
    })
}

/// All containers are ready, but a readiness gate of the pod is not.
fn closed_gate(pod: &Object) -> Option<Reason> {
    let ready =
        condition(pod, "Ready").filter(|found| found.is_false() && !found.message().is_empty())?;
    Some(Reason::new(Cause::NotReady, pod.id().clone(), ready.text()))
}

/// The pod's claim, if it has just one.
fn only_claim(pod: &Object) -> Option<ObjectId> {
    let mut claims = list(pod.value(), "/spec/volumes")
        .map(|volume| text(volume, "/persistentVolumeClaim/claimName"))
        .filter(|name| !name.is_empty());
    let claim = claims.next().filter(|_| claims.next().is_none())?;
    let kind = GroupKind::new("", "PersistentVolumeClaim");
    Some(ObjectId::new(kind, pod.id().namespace.as_deref(), claim))
}
