//! Live objects in a few lines, and a cluster around them.

use jiff::Timestamp;
use serde_json::{Value, json};
use tidegate_health::{Context, Neighbours, Settle, health};
use tidegate_object::{GroupKind, Object};

/// An hour after every object of these tests was made.
pub(crate) const NOW: &str = "2026-03-01T13:00:00Z";

/// When every object of these tests was made.
pub(crate) const THEN: &str = "2026-03-01T12:00:00Z";

/// Builds an object of generation 2 from `group/version/Kind` and what it has besides.
pub(crate) fn object(kind: &str, rest: &Value) -> Object {
    let (api_version, kind) = kind.rsplit_once('/').unwrap();
    let mut value = json!({"apiVersion": api_version, "kind": kind, "metadata": {
        "name": "a", "namespace": "b", "uid": "u", "generation": 2, "creationTimestamp": THEN}});
    merge(&mut value, rest);
    Object::new(value).unwrap()
}

fn merge(into: &mut Value, from: &Value) {
    let Value::Object(fields) = from else {
        *into = from.clone();
        return;
    };
    for (key, value) in fields {
        merge(&mut into[key], value);
    }
}

/// Judges an object that was applied an hour ago: `status: message | warning`.
pub(crate) fn judged(kind: &str, rest: &Value) -> String {
    shown(kind, rest, &context(THEN, Settle::No))
}

/// Judges an object in a context: `status: message | warning`.
pub(crate) fn shown(kind: &str, rest: &Value, ctx: &Context<'_>) -> String {
    let found = health(&object(kind, rest), ctx);
    let said = [vec![found.message], found.warnings].concat().join(" | ");
    format!("{}: {said}", found.status)
}

/// Checks a table of one kind: what the object has, and what is said of it.
pub(crate) fn check(kind: &str, cases: &[(Value, &str)]) {
    for (rest, expected) in cases {
        let found = judged(kind, rest);
        assert_eq!(
            found.trim_end_matches([' ', ':']),
            *expected,
            "{kind} {rest}"
        );
    }
}

/// A time within the test's cluster at which an object is awaited since `since`.
pub(crate) fn context(since: &str, settle: Settle) -> Context<'static> {
    Context {
        since: Some(time(since)),
        settle,
        neighbours: &Around,
        ..Context::at(time(NOW))
    }
}

pub(crate) fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// One condition of a status, with its message `m`.
pub(crate) fn condition(kind: &str, status: &str, reason: &str) -> Value {
    json!({"type": kind, "status": status, "reason": reason, "message": "m", "lastTransitionTime": THEN})
}

/// A status of conditions.
pub(crate) fn conditions(list: &[(&str, &str, &str)]) -> Value {
    let list: Vec<_> = list
        .iter()
        .map(|(kind, status, reason)| condition(kind, status, reason))
        .collect();
    json!({"status": {"conditions": list}})
}

/// The cluster of the tests: the class `late` waits for a consumer, `fast` does not, Services are ready by their name.
struct Around;

impl Neighbours for Around {
    fn waits_for_consumer(&self, storage_class: &str) -> Option<bool> {
        match storage_class {
            "late" => Some(true),
            "fast" => Some(false),
            _ => None,
        }
    }

    fn has_ready_endpoint(&self, _: &str, service: &str) -> Option<bool> {
        match service {
            "up" => Some(true),
            "down" => Some(false),
            _ => None,
        }
    }

    fn reports_status(&self, kind: &GroupKind) -> Option<bool> {
        match kind.kind.as_str() {
            "Shard" => Some(true),
            "Note" => Some(false),
            _ => None,
        }
    }
}
