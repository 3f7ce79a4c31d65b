//! Services, gateways, routes, and what binds to something by name.

use serde_json::Value;
use tidegate_object::Object;

use super::conditions::by_condition;
use crate::Neighbours;
use crate::facts::{Condition, list, text};
use crate::verdict::{Verdict, no_status};

/// Being there is health; a load balancer must have an address. Endpoints are the pods' health.
pub(super) fn service(object: &Object, _: &dyn Neighbours) -> Verdict {
    let balances = object.text("/spec/type") == Some("LoadBalancer");
    if balances
        && list(object.value(), "/status/loadBalancer/ingress")
            .next()
            .is_none()
    {
        return Verdict::in_progress("its load balancer has no address yet");
    }
    Verdict::current()
}

/// Programmed into the data plane.
pub(super) fn gateway(object: &Object, _: &dyn Neighbours) -> Verdict {
    by_condition(object, "Programmed")
}

/// Accepted by its controller.
pub(super) fn gateway_class(object: &Object, _: &dyn Neighbours) -> Verdict {
    by_condition(object, "Accepted")
}

/// Accepted, with references resolved, by each gateway (or other ancestor) that it names.
pub(super) fn route(object: &Object, _: &dyn Neighbours) -> Verdict {
    let parents = ["/status/parents", "/status/ancestors"];
    let mut found = parents
        .iter()
        .flat_map(|path| list(object.value(), path))
        .peekable();
    if found.peek().is_none() {
        return no_status();
    }
    refused(found, &["Accepted", "ResolvedRefs"]).unwrap_or_else(Verdict::current)
}

/// Being there is health, unless who reads it has refused it (prometheus-operator's `status.bindings`).
pub(super) fn bindings(object: &Object, _: &dyn Neighbours) -> Verdict {
    refused(list(object.value(), "/status/bindings"), &["Accepted"])
        .unwrap_or_else(Verdict::current)
}

fn refused<'a>(readers: impl Iterator<Item = &'a Value>, names: &[&str]) -> Option<Verdict> {
    readers
        .flat_map(|reader| {
            list(reader, "/conditions").map(move |found| (reader, Condition::of(found)))
        })
        .find_map(|(reader, found)| {
            let refuses = found.is_false() && names.contains(&found.kind());
            refuses.then(|| {
                let by = [
                    text(reader, "/name"),
                    text(reader, "/parentRef/name"),
                    text(reader, "/ancestorRef/name"),
                ];
                let by = by
                    .into_iter()
                    .find(|name| !name.is_empty())
                    .unwrap_or("its reader");
                let verdict = Verdict::failing_by(found);
                let message = format!("refused by {by}: {}", verdict.message);
                verdict.saying(message)
            })
        })
}
