//! What makes other objects possible: namespaces, definitions, aggregated APIs.

use tidegate_object::Object;

use crate::conditions::condition;
use crate::{Context, Health};

pub(crate) fn namespace(object: &Object, _: &Context) -> Health {
    match object.text("/status/phase") {
        Some("Active") => Health::current(),
        _ => Health::in_progress("it is not active yet"),
    }
}

pub(crate) fn definition(object: &Object, _: &Context) -> Health {
    if let Some(found) = condition(object, "NamesAccepted").filter(|found| found.is_false()) {
        return Health::failed(found.text());
    }
    match condition(object, "Established") {
        Some(found) if found.is_true() => Health::current(),
        Some(found) if found.is_false() && found.reason != "Installing" => {
            Health::failed(found.text())
        }
        _ => Health::in_progress("it is not established yet"),
    }
}

pub(crate) fn api_service(object: &Object, _: &Context) -> Health {
    match condition(object, "Available") {
        Some(found) if found.is_true() => Health::current(),
        Some(found) => Health::in_progress(found.text()),
        None => Health::in_progress("it is not available yet"),
    }
}
