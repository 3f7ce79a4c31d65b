//! Claims, volumes, snapshots.

use tidegate_object::Object;

use crate::Neighbours;
use crate::facts::{condition, is_set, joined};
use crate::verdict::{Verdict, no_status};

/// The scheduler writes the node here once a pod uses the claim.
const SELECTED_NODE: &str = "volume.kubernetes.io/selected-node";

/// Bound is current, and so is Pending while the class waits for a consumer: whoever waits for such a
/// claim to be bound before it makes the consumer waits for ever.
pub(super) fn claim(object: &Object, neighbours: &dyn Neighbours) -> Verdict {
    match object.text("/status/phase") {
        Some("Bound") => Verdict::current().warning(resizing(object)),
        Some("Lost") => Verdict::failed("its volume is lost"),
        Some("Pending") => pending(object, neighbours),
        _ => no_status(),
    }
}

/// A volume is well unless its reclaim failed or it is not provisioned yet.
pub(super) fn volume(object: &Object, _: &dyn Neighbours) -> Verdict {
    let said = joined(
        object.text("/status/reason").unwrap_or_default(),
        object.text("/status/message").unwrap_or_default(),
    );
    match object.text("/status/phase") {
        Some("Failed") => Verdict::failed(if said.is_empty() {
            "phase Failed".into()
        } else {
            said
        }),
        Some("Pending") => Verdict::in_progress("phase Pending"),
        Some(_) => Verdict::current(),
        None => no_status(),
    }
}

/// Ready to use, or an error that the driver retries.
pub(super) fn snapshot(object: &Object, _: &dyn Neighbours) -> Verdict {
    if is_set(object, "/status/readyToUse") {
        return Verdict::current();
    }
    match object.text("/status/error/message") {
        Some(message) => Verdict::failing(message),
        None => Verdict::in_progress("not ready to use yet"),
    }
}

fn pending(object: &Object, neighbours: &dyn Neighbours) -> Verdict {
    if let Some(node) = object.annotation(SELECTED_NODE) {
        return Verdict::in_progress(format!("its volume is being made on node {node}"));
    }
    let Some(class) = object
        .text("/spec/storageClassName")
        .filter(|class| !class.is_empty())
    else {
        return Verdict::in_progress("no storage class, and no volume fits yet");
    };
    match neighbours.waits_for_consumer(class) {
        Some(false) => {
            Verdict::in_progress(format!("storage class {class} has made no volume yet"))
        }
        Some(true) => Verdict::current().saying(format!(
            "storage class {class} waits for its first consumer"
        )),
        // Taking it for an obstacle could be a deadlock; its pods tell if the volume does not come.
        None => Verdict::current().saying(format!(
            "not bound; storage class {class} may wait for its first consumer"
        )),
    }
}

fn resizing(object: &Object) -> Option<String> {
    let names = [
        "FileSystemResizePending",
        "ModifyVolumeError",
        "ControllerResizeError",
        "NodeResizeError",
    ];
    let found = names
        .iter()
        .filter_map(|name| condition(object, name))
        .find(|found| found.is_true())?;
    Some(format!("{}: {}", found.kind(), found.text()))
}
