//! The run that is followed to its end, from request to request where newer ones take its place.

use kube::ResourceExt as _;
use tidegate_sync::{HistoryEntry, Layer, REQUESTED_BY, SYNC_REQUESTED};

use crate::command::get::condition;

/// The outcome of a run that ended well.
pub(super) const HEALTHY: &str = "healthy";
const SUPERSEDED: &str = "superseded";

/// A run that is followed.
pub(super) struct Followed {
    id: String,
    /// Whether it was asked for, so that the request stands on the Layer until another one does.
    is_request: bool,
}

/// How a followed run stands.
pub(super) enum Seen {
    /// It has not ended.
    Open,
    /// Another one took its place, and is followed now.
    Replaced(String),
    /// It ended so.
    Over(String),
}

impl Followed {
    /// A sync, which stands on the Layer until another one is asked for.
    pub(super) fn request(id: &str) -> Self {
        Self {
            id: id.into(),
            is_request: true,
        }
    }

    /// Any other run.
    pub(super) fn run(id: &str) -> Self {
        Self {
            id: id.into(),
            is_request: false,
        }
    }

    /// Looks for the run in a layer's status.
    pub(super) fn look(&mut self, layer: &Layer) -> Seen {
        if let Some(past) = self.past(layer) {
            return match (past.outcome.as_str(), past.superseded_by.clone()) {
                (SUPERSEDED, Some(next)) => self.go_on(next, &past.message),
                // The one that takes its place has not begun.
                (SUPERSEDED, None) => Seen::Open,
                (outcome, _) => Seen::Over(ended(outcome, layer, &past.message)),
            };
        }
        let status = layer.status.as_ref();
        let answered = status.and_then(|status| status.sync.as_ref());
        if let Some(sync) = answered.filter(|sync| sync.id == self.id) {
            return match sync.state.as_str() {
                "pending" | "running" | SUPERSEDED => Seen::Open,
                outcome => Seen::Over(ended(outcome, layer, "")),
            };
        }
        match layer.annotations().get(SYNC_REQUESTED) {
            Some(other) if self.is_request && *other != self.id => {
                let by = layer.annotations().get(REQUESTED_BY);
                let why = by.map(|by| format!("{by} asked for it before this one began"));
                let next = self.go_on(other.clone(), &why.unwrap_or_default());
                self.is_request = true;
                next
            }
            _ => Seen::Open,
        }
    }

    fn past<'a>(&self, layer: &'a Layer) -> Option<&'a HistoryEntry> {
        let mut history = layer.status.iter().flat_map(|status| &status.history);
        history.find(|past| past.id == self.id)
    }

    fn go_on(&mut self, next: String, why: &str) -> Seen {
        let why = match why {
            "" => String::new(),
            why => format!(" ({why})"),
        };
        let words = format!("run {} was superseded by run {next}{why}", self.id);
        self.id = next;
        self.is_request = false;
        Seen::Replaced(words)
    }
}

/// How a run ended, with what there was to say of it or else of the layer.
fn ended(outcome: &str, layer: &Layer, message: &str) -> String {
    let ready = || condition(layer, "Ready").map_or("", |ready| ready.message.as_str());
    match (outcome, message) {
        (HEALTHY, _) => HEALTHY.into(),
        (outcome, "") => format!("{outcome}: {}", ready()),
        (outcome, message) => format!("{outcome}: {message}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// What is said of the run `one`, look after look.
    fn check(annotation: &str, status: &Value, expected: &[&str]) {
        let layer: Layer = serde_json::from_value(json!({
            "apiVersion": "tidegate.dev/v1alpha1",
            "kind": "Layer",
            "metadata": {"name": "web", "annotations": {SYNC_REQUESTED: annotation, REQUESTED_BY: "ann"}},
            "spec": {"source": {"git": {"url": "https://git.example.com/a.git"}}},
            "status": status,
        }))
        .unwrap();
        let mut followed = Followed::request("one");
        let mut said = Vec::new();
        loop {
            match followed.look(&layer) {
                Seen::Open => break,
                Seen::Replaced(words) => said.push(words),
                Seen::Over(outcome) => {
                    said.push(outcome);
                    break;
                }
            }
        }
        assert_eq!(said, expected);
    }

    fn past(id: &str, outcome: &str, by: Option<&str>) -> Value {
        json!({"id": id, "trigger": "manual", "outcome": outcome, "supersededBy": by, "started": "", "ended": ""})
    }

    #[test]
    fn every_request_is_followed_to_an_end() {
        let running = json!({"sync": {"id": "one", "state": "running"}});
        check("one", &running, &[]);
        let healthy = json!({"history": [past("one", "healthy", None)]});
        check("one", &healthy, &["healthy"]);
        let failed = json!({"sync": {"id": "one", "state": "failed"}, "conditions": []});
        check("one", &failed, &["failed: "]);
        check(
            "one",
            &json!({"history": [past("one", "superseded", None)]}),
            &[],
        );
    }

    #[test]
    fn what_took_its_place_is_followed_instead() {
        let seen = json!({
            "sync": {"id": "two", "state": "healthy"},
            "history": [past("three", "healthy", None), past("one", "superseded", Some("three"))],
        });
        check(
            "two",
            &seen,
            &["run one was superseded by run three", "healthy"],
        );
        let unseen = "run one was superseded by run two (ann asked for it before this one began)";
        check(
            "two",
            &json!({"sync": {"id": "two", "state": "running"}}),
            &[unseen],
        );
        check(
            "two",
            &json!({"sync": {"id": "two", "state": "healthy"}}),
            &[unseen, "healthy"],
        );
        check("two", &json!({}), &[unseen]);
    }
}
