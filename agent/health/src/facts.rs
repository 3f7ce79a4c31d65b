//! Reading what live objects of all kinds have in common: conditions, generations, deletion.

use jiff::Timestamp;
use serde_json::Value;
use tidegate_object::Object;

/// Which generation the object's controller has seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Observed {
    Latest,
    Older(i64),
    /// The status has no `observedGeneration`.
    Unreported,
}

/// One entry of `status.conditions`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Condition<'a>(&'a Value);

/// Returns a condition of the object's status.
pub(crate) fn condition<'a>(object: &'a Object, name: &str) -> Option<Condition<'a>> {
    conditions(object).find(|condition| condition.kind() == name)
}

/// Returns the conditions of the object's status.
pub(crate) fn conditions(object: &Object) -> impl Iterator<Item = Condition<'_>> {
    list(object.value(), "/status/conditions").map(Condition)
}

impl<'a> Condition<'a> {
    /// Reads a condition that stands elsewhere than in `status.conditions`.
    pub(crate) fn of(value: &'a Value) -> Self {
        Self(value)
    }

    pub(crate) fn kind(self) -> &'a str {
        text(self.0, "/type")
    }

    pub(crate) fn is_true(self) -> bool {
        text(self.0, "/status") == "True"
    }

    pub(crate) fn is_false(self) -> bool {
        text(self.0, "/status") == "False"
    }

    pub(crate) fn reason(self) -> &'a str {
        text(self.0, "/reason")
    }

    pub(crate) fn message(self) -> &'a str {
        text(self.0, "/message")
    }

    pub(crate) fn since(self) -> Option<Timestamp> {
        text(self.0, "/lastTransitionTime").parse().ok()
    }

    /// Tells whether the condition was made for an older generation of its object.
    pub(crate) fn is_stale(self, object: &Object) -> bool {
        let observed = self.0.get("observedGeneration").and_then(Value::as_i64);
        observed
            .zip(object.generation())
            .is_some_and(|(observed, latest)| observed < latest)
    }

    /// Returns reason and message as one text.
    pub(crate) fn text(self) -> String {
        match joined(self.reason(), self.message()) {
            text if text.is_empty() => format!(
                "{} is {}",
                self.kind(),
                text_or(self.0, "/status", "unknown")
            ),
            text => text,
        }
    }
}

/// Returns which generation the object's controller has seen, by status or by the Ready condition.
pub(crate) fn observed(object: &Object) -> Observed {
    let ready = || condition(object, "Ready")?.0.get("observedGeneration");
    let reported = object.pointer("/status/observedGeneration").or_else(ready);
    match (reported.and_then(Value::as_i64), object.generation()) {
        (None, _) => Observed::Unreported,
        (Some(observed), Some(latest)) if observed < latest => Observed::Older(observed),
        (Some(_), _) => Observed::Latest,
    }
}

/// Says that the object is being deleted, and what holds it.
pub(crate) fn deletion(object: &Object) -> Option<String> {
    let since = object.text("/metadata/deletionTimestamp")?;
    let finalizers: Vec<_> = list(object.value(), "/metadata/finalizers")
        .chain(list(object.value(), "/spec/finalizers"))
        .filter_map(Value::as_str)
        .collect();
    let held = match finalizers.as_slice() {
        [] => String::new(),
        names => format!("; held by finalizers {}", names.join(", ")),
    };
    let remaining: Vec<_> = conditions(object)
        .filter(|condition| condition.kind().starts_with("Namespace") && condition.is_true())
        .map(|condition| ["; ", condition.message()].concat())
        .collect();
    let remaining = remaining.concat();
    Some(format!("being deleted since {since}{held}{remaining}"))
}

/// Returns when the object itself, not a subresource of it, was last written.
pub(crate) fn last_write(object: &Object) -> Option<Timestamp> {
    let created = object.text("/metadata/creationTimestamp");
    list(object.value(), "/metadata/managedFields")
        .filter(|entry| text(entry, "/subresource").is_empty())
        .filter_map(|entry| entry.get("time")?.as_str())
        .chain(created)
        .filter_map(|time| time.parse().ok())
        .max()
}

/// Returns the number at a JSON pointer.
pub(crate) fn number(object: &Object, pointer: &str) -> Option<i64> {
    object.pointer(pointer)?.as_i64()
}

/// Tells whether `true` stands at a JSON pointer.
pub(crate) fn is_set(object: &Object, pointer: &str) -> bool {
    object.pointer(pointer).and_then(Value::as_bool) == Some(true)
}

/// Tells whether the object has a status with something in it.
pub(crate) fn has_status(object: &Object) -> bool {
    object
        .pointer("/status")
        .and_then(Value::as_object)
        .is_some_and(|status| !status.is_empty())
}

/// Returns the items at a JSON pointer; none if there is no list.
pub(crate) fn list<'a>(value: &'a Value, pointer: &str) -> impl Iterator<Item = &'a Value> {
    value
        .pointer(pointer)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

/// Returns the text at a JSON pointer; empty if there is none.
pub(crate) fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    text_or(value, pointer, "")
}

fn text_or<'a>(value: &'a Value, pointer: &str, default: &'a str) -> &'a str {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or(default)
}

/// Joins a reason and a message as the cluster's tools do: `Reason: message`.
pub(crate) fn joined(reason: &str, message: &str) -> String {
    let message = message.trim();
    match (reason.is_empty(), message.is_empty()) {
        (_, true) => reason.to_owned(),
        (true, false) => message.to_owned(),
        (false, false) => format!("{reason}: {message}"),
    }
}
