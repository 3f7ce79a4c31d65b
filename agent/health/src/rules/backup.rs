//! CloudNativePG: backups and poolers.

use tidegate_object::Object;

use crate::{Context, Health};

pub(crate) fn scheduled(object: &Object, _: &Context) -> Health {
    if object.pointer("/spec/suspend") == Some(&serde_json::Value::Bool(true)) {
        return Health::suspended("it is suspended");
    }
    if let Some(error) = object
        .text("/status/error")
        .filter(|error| !error.is_empty())
    {
        return Health::failed(error);
    }
    // The operator reports a malformed schedule only in its log: six fields, seconds first.
    let fields = object
        .text("/spec/schedule")
        .map_or(0, |schedule| schedule.split_whitespace().count());
    if fields != 6 {
        return Health::failed(format!(
            "its schedule has {fields} fields, and needs six: seconds come first"
        ));
    }
    match object.text("/status/lastCheckTime") {
        Some(_) => Health::current(),
        None => Health::in_progress("the operator has not looked at its schedule yet"),
    }
}

pub(crate) fn backup(object: &Object, _: &Context) -> Health {
    let phase = object.text("/status/phase").unwrap_or_default();
    let error = object.text("/status/error").unwrap_or(phase);
    match phase {
        "completed" => Health::current(),
        "failed" | "invalid backup definition" => Health::failed(error),
        "" => Health::in_progress("it has not started yet"),
        _ => Health::in_progress(error),
    }
}

pub(crate) fn pooler(object: &Object, _: &Context) -> Health {
    if let Some(error) = object
        .text("/status/error")
        .filter(|error| !error.is_empty())
    {
        return Health::failed(error);
    }
    match object.text("/status/phase").unwrap_or_default() {
        "active" => Health::current(),
        "paused" => Health::suspended("it is paused"),
        "failed" => Health::failed("it has failed"),
        _ => Health::in_progress("it is not active yet"),
    }
}
