//! Events on Layers, when one passes from one lasting state to another.

use std::time::Duration;

use k8s_openapi::api::core::v1::ObjectReference;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::runtime::events::{Event, EventType, Recorder, Reporter};

use crate::status::{Reason, find};
use crate::{Drift, LayerStatus, Owner, Verdict};

/// The deadline of one write.
const DEADLINE: Duration = Duration::from_secs(30);

/// The longest note that the API server takes, in bytes.
const LONGEST: usize = 1024;

/// How many changes by others are told of at once.
const AT_ONCE: usize = 10;

/// Writes Events (`events.k8s.io/v1`). Cheap to clone.
#[derive(Clone)]
pub(crate) struct Events {
    recorder: Recorder,
}

impl Events {
    /// Writes in the name of this process.
    pub(crate) fn new(client: kube::Client, instance: &str) -> Self {
        let reporter = Reporter {
            controller: "tidegate.dev/agent".into(),
            instance: Some(instance.into()),
        };
        Self {
            recorder: Recorder::new(client, reporter),
        }
    }

    /// Tells what changed between two statuses, if that is worth an event. Nobody waits for it.
    pub(crate) fn tell(&self, owner: &Owner, before: &LayerStatus, after: &LayerStatus) {
        let Some(event) = transition(before, after) else {
            return;
        };
        self.write(owner, event);
    }

    /// Tells what became of a layer. Nobody waits for it.
    pub(crate) fn say(&self, owner: &Owner, (reason, note): (Reason, &str)) {
        let event = Event {
            type_: EventType::Normal,
            reason: reason.as_str().into(),
            note: Some(bounded(note)),
            action: "Delete".into(),
            secondary: None,
        };
        self.write(owner, event);
    }

    /// Tells what others have changed; of many changes at once, the first.
    pub(crate) fn noticed(&self, owner: &Owner, news: &[&Drift]) {
        let told = news
            .iter()
            .filter(|drift| drift.verdict != Verdict::Relearned);
        for drift in told.take(AT_ONCE) {
            self.write(owner, noticed(drift));
        }
    }

    fn write(&self, owner: &Owner, event: Event) {
        let recorder = self.recorder.clone();
        let owner = owner.clone();
        tokio::spawn(async move {
            let reference = reference(&owner);
            let written = recorder.publish(&event, &reference);
            match tokio::time::timeout(DEADLINE, written).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => {
                    tracing::warn!(layer = %owner, %error, "failed to write an event");
                }
                Err(_) => tracing::warn!(layer = %owner, "failed to write an event in time"),
            }
        });
    }
}

/// Makes the event of a change by others.
fn noticed(drift: &Drift) -> Event {
    let (reason, type_) = match drift.verdict {
        Verdict::HoldEnded => ("HoldEnded", EventType::Normal),
        Verdict::Repaired | Verdict::Remade | Verdict::Reclaimed | Verdict::Relearned => {
            ("DriftRepaired", EventType::Normal)
        }
        Verdict::Held => ("DriftHeld", EventType::Normal),
        Verdict::Contested => ("DriftContested", EventType::Warning),
        Verdict::Reported | Verdict::Refused => ("DriftReported", EventType::Warning),
    };
    Event {
        type_,
        reason: reason.into(),
        note: Some(bounded(&format!("{}: {drift}", drift.object))),
        action: "Reconcile".into(),
        secondary: None,
    }
}

/// Finds the transition between two lasting states; progress is none.
fn transition(before: &LayerStatus, after: &LayerStatus) -> Option<Event> {
    let ready = find(&after.conditions, "Ready").filter(|ready| ready.status != "Unknown")?;
    let said = |condition: &Condition| {
        let revision = (condition.status == "True")
            .then(|| after.last_healthy_revision.clone())
            .flatten();
        (condition.status.clone(), condition.reason.clone(), revision)
    };
    let was = find(&before.conditions, "Ready").map(|ready| {
        let revision = (ready.status == "True")
            .then(|| before.last_healthy_revision.clone())
            .flatten();
        (ready.status.clone(), ready.reason.clone(), revision)
    });
    if was == Some(said(ready)) {
        return None;
    }
    // To wait for the layer that comes first is what a stage does when it is first applied.
    let waits = ready.reason == Reason::DependencyNotReady.as_str();
    let type_ = match ready.status.as_str() {
        "True" => EventType::Normal,
        _ if waits => EventType::Normal,
        _ => EventType::Warning,
    };
    Some(Event {
        type_,
        reason: ready.reason.clone(),
        note: Some(bounded(&ready.message)),
        action: "Reconcile".into(),
        secondary: None,
    })
}

fn reference(owner: &Owner) -> ObjectReference {
    ObjectReference {
        api_version: Some("tidegate.dev/v1alpha1".into()),
        kind: Some("Layer".into()),
        namespace: Some(owner.namespace.clone()),
        name: Some(owner.name.clone()),
        uid: Some(owner.uid.clone()),
        ..ObjectReference::default()
    }
}

fn bounded(note: &str) -> String {
    let mut end = note.len().min(LONGEST);
    while !note.is_char_boundary(end) {
        end -= 1;
    }
    note.get(..end).unwrap_or_default().into()
}
