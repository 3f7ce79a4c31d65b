//! Why an image cannot be pulled, in the registry's words.

use tidegate_object::Object;

use super::event::Event;

/// The start of the kubelet's event about a failed pull.
const FAILED_PULL: &str = "Failed to pull image";

/// Says which image cannot be pulled, and what the registry says.
pub(super) fn message(
    waiting: (&str, &str),
    image: &str,
    (pod, events): (&Object, &[Event<'_>]),
) -> String {
    let (reason, said) = waiting;
    let from_event = || {
        let mut warnings = events.iter().filter(|event| event.is_of(pod));
        warnings
            .find(|event| event.message.starts_with(FAILED_PULL) && event.message.contains(image))
    };
    // A kubelet that backs off says no more than that, before 1.32.
    let detail = match cause(said) {
        Some(cause) => cause,
        None => from_event()
            .and_then(|event| cause(event.message))
            .unwrap_or(reason),
    };
    match reason {
        "InvalidImageName" => format!("`{image}` is no image name: {detail}"),
        "ErrImageNeverPull" => {
            format!("image {image} is not on the node, and is never to be pulled")
        }
        _ => format!("image {image} cannot be pulled: {detail}"),
    }
}

/// Cuts what every pull error begins with: who pulls, and the name again.
fn cause(said: &str) -> Option<&str> {
    let said = match said.strip_prefix("Back-off pulling image") {
        Some(rest) => rest
            .split_once(": ")?
            .1
            .trim_start_matches("ErrImagePull: "),
        None => said,
    };
    let said = match said.strip_prefix(FAILED_PULL) {
        Some(rest) => rest.split_once(": ")?.1,
        None => said,
    };
    let said = said
        .strip_prefix("rpc error: code = ")
        .and_then(|rest| rest.split_once("desc = "))
        .map_or(said, |(_, rest)| rest);
    (!said.trim().is_empty()).then(|| said.trim())
}
