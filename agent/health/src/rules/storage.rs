//! Claims and Services.

use serde_json::Value;
use tidegate_object::Object;

use crate::{Context, Health};

/// A claim whose class waits for its first consumer stays Pending until a Pod uses it: to wait for
/// it before the workload would be a deadlock. Its class is not known here, so Pending is current,
/// and the Pod that waits for a volume says so.
pub(crate) fn claim(object: &Object, _: &Context) -> Health {
    match object.text("/status/phase") {
        Some("Lost") => Health::failed("its volume is lost"),
        Some("Bound") => Health::current(),
        _ => Health {
            message: "it is not bound yet".into(),
            ..Health::current()
        },
    }
}

pub(crate) fn service(object: &Object, _: &Context) -> Health {
    if object.text("/spec/type") != Some("LoadBalancer") {
        return Health::current();
    }
    let ingress = object
        .pointer("/status/loadBalancer/ingress")
        .and_then(Value::as_array);
    if ingress.is_some_and(|points| !points.is_empty()) {
        return Health::current();
    }
    Health::in_progress("its load balancer has no address yet")
}
