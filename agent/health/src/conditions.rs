//! Conditions, as the API conventions have them.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tidegate_object::Object;

use crate::{Context, Health};

/// A condition of a live object.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Condition<'a> {
    pub status: &'a str,
    pub reason: &'a str,
    pub message: &'a str,
    pub observed: Option<i64>,
}

impl Condition<'_> {
    pub(crate) fn is_true(self) -> bool {
        self.status == "True"
    }

    pub(crate) fn is_false(self) -> bool {
        self.status == "False"
    }

    /// Reason and message in one line.
    pub(crate) fn text(self) -> String {
        match (self.reason, self.message) {
            ("", message) => message.into(),
            (reason, "") => reason.into(),
            (reason, message) => format!("{reason}: {message}"),
        }
    }
}

/// Finds a condition by its type.
pub(crate) fn condition<'a>(object: &'a Object, wanted: &str) -> Option<Condition<'a>> {
    let conditions = object.pointer("/status/conditions")?.as_array()?;
    let found = conditions
        .iter()
        .find(|one| one.get("type").and_then(Value::as_str) == Some(wanted))?;
    let text = |field: &str| found.get(field).and_then(Value::as_str).unwrap_or_default();
    Some(Condition {
        status: text("status"),
        reason: text("reason"),
        message: text("message"),
        observed: found.get("observedGeneration").and_then(Value::as_i64),
    })
}

/// Says that the controller has not looked at this generation yet, if that is known.
pub(crate) fn unobserved(object: &Object) -> Option<Health> {
    let observed = object.pointer("/status/observedGeneration")?.as_i64()?;
    let generation = object.generation()?;
    (observed < generation)
        .then(|| Health::in_progress("its controller has not seen the last change yet"))
}

/// A number of the object, or a default.
pub(crate) fn number(object: &Object, pointer: &str, default: i64) -> i64 {
    object
        .pointer(pointer)
        .and_then(Value::as_i64)
        .unwrap_or(default)
}

/// In progress within a grace from the time when the generation appeared, failed after it.
pub(crate) fn graced(message: String, grace: SignedDuration, ctx: &Context) -> Health {
    match end_of(grace, ctx) {
        Some(end) => Health::in_progress(message).until(Some(end)),
        None => Health::failed(message),
    }
}

/// Returns the end of a span that began with this generation, unless it is over.
pub(crate) fn end_of(span: SignedDuration, ctx: &Context) -> Option<Timestamp> {
    ctx.since
        .checked_add(span)
        .ok()
        .filter(|end| *end > ctx.now)
}
