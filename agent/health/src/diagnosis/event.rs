//! Events, of both API groups.

use jiff::Timestamp;
use serde_json::Value;
use tidegate_object::{GroupKind, Object, ObjectId};

use super::{Cause, Reason, mention};
use crate::facts::text;

/// What an event says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Event<'a> {
    pub(super) about: ObjectId,
    uid: &'a str,
    field: &'a str,
    pub(super) reason: &'a str,
    pub(super) message: &'a str,
    is_warning: bool,
    time: Option<Timestamp>,
}

/// Reasons by which an object tells that what it failed to do has worked since.
const RECOVERIES: &[(&str, &str)] = &[
    ("FailedCreate", "SuccessfulCreate"),
    ("FailedBinding", "ProvisioningSucceeded"),
    ("ProvisioningFailed", "ProvisioningSucceeded"),
];

/// Reads events, the newest first.
pub(super) fn read(events: &[Object]) -> Vec<Event<'_>> {
    let mut read: Vec<_> = events
        .iter()
        .filter_map(|event| one(event.value()))
        .collect();
    read.sort_by_key(|event| std::cmp::Reverse(event.time));
    read
}

/// Returns the newest warning of each kind that an object which is no pod has, unless it has recovered.
pub(super) fn of_controllers(events: &[Event<'_>], pods: &[Object]) -> Vec<Reason> {
    let newest_pod = pods
        .iter()
        .filter_map(|pod| pod.text("/metadata/creationTimestamp")?.parse().ok())
        .max();
    let mut seen = Vec::new();
    let mut reasons = Vec::new();
    for event in events
        .iter()
        .filter(|event| !event.about.kind.is("", "Pod"))
    {
        let key = (&event.about, event.reason);
        // A pod that was made since shows that pods can be made again, by this controller or its successor.
        let outlived = event.reason == "FailedCreate" && newest_pod > event.time;
        let recovered = outlived || has_recovered(event, events);
        if !seen.contains(&key) && event.is_warning && !recovered {
            reasons.push(controller_reason(event));
        }
        seen.push(key);
    }
    reasons
}

impl Event<'_> {
    /// Tells whether this is about a container of its pod, or names none.
    pub(super) fn is_of_container(&self, name: &str) -> bool {
        self.field.is_empty() || self.field.ends_with(&format!("{{{name}}}"))
    }

    /// Tells whether this is about a pod, and not about an earlier one of the same name.
    pub(super) fn is_of(&self, pod: &Object) -> bool {
        let same_life = self.uid.is_empty() || pod.uid().is_none_or(|uid| uid == self.uid);
        &self.about == pod.id() && same_life
    }
}

fn one(event: &Value) -> Option<Event<'_>> {
    let object = event
        .get("regarding")
        .or_else(|| event.get("involvedObject"))?;
    let api_version = text(object, "/apiVersion");
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    let namespace = Some(text(object, "/namespace")).filter(|ns| !ns.is_empty());
    let kind = GroupKind::new(group, text(object, "/kind"));
    Some(Event {
        about: ObjectId::new(kind, namespace, text(object, "/name")),
        uid: text(object, "/uid"),
        field: text(object, "/fieldPath"),
        reason: text(event, "/reason"),
        message: [text(event, "/note"), text(event, "/message")]
            .into_iter()
            .find(|said| !said.is_empty())?,
        is_warning: text(event, "/type") == "Warning",
        time: time(event),
    })
}

fn time(event: &Value) -> Option<Timestamp> {
    let fields = [
        "/series/lastObservedTime",
        "/lastTimestamp",
        "/deprecatedLastTimestamp",
        "/eventTime",
        "/metadata/creationTimestamp",
    ];
    fields
        .iter()
        .filter_map(|field| text(event, field).parse().ok())
        .max()
}

fn has_recovered(event: &Event<'_>, events: &[Event<'_>]) -> bool {
    let recovery = RECOVERIES
        .iter()
        .find(|(failure, _)| *failure == event.reason);
    recovery.is_some_and(|(_, recovery)| {
        let later = |other: &&Event<'_>| other.about == event.about && other.time > event.time;
        events
            .iter()
            .filter(later)
            .any(|other| other.reason == *recovery)
    })
}

fn controller_reason(event: &Event<'_>) -> Reason {
    let cause = match event.reason {
        "FailedCreate" => Cause::Refused,
        "ProvisioningFailed" | "FailedBinding" | "VolumeMismatch" => Cause::Volume,
        _ => Cause::Warning,
    };
    let message = match cause {
        Cause::Warning => format!("{}: {}", event.reason, event.message),
        _ => event.message.to_owned(),
    };
    let about = mention::find(event.message, &event.about);
    Reason {
        about,
        ..Reason::new(cause, event.about.clone(), message)
    }
}
