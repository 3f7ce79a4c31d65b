//! The reason that a person needs comes first.

use serde_json::{Value, json};
use tidegate_health::diagnose;
use tidegate_object::Object;

fn pod(waiting: Value, last: Value) -> Object {
    Object::new(json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web-1", "namespace": "a"},
        "status": {"containerStatuses": [{"name": "web", "image": "web:2", "state": {"waiting": waiting}, "lastState": last}]}
    }))
    .unwrap()
}

fn event(reason: &str, message: &str) -> Object {
    Object::new(json!({
        "apiVersion": "v1", "kind": "Event", "metadata": {"name": "e", "namespace": "a"},
        "type": "Warning", "reason": reason, "message": message
    }))
    .unwrap()
}

#[test]
fn an_image_that_cannot_be_pulled_is_named() {
    let pods = [pod(
        json!({"reason": "ImagePullBackOff", "message": "not found"}),
        json!({}),
    )];
    let reasons = diagnose(&pods, &[event("Unhealthy", "probe failed")]);
    assert_eq!(
        reasons[0].text,
        "container web: ImagePullBackOff web:2: not found"
    );
    assert_eq!(reasons[1].text, "Unhealthy: probe failed");
}

#[test]
fn a_crash_tells_its_exit_code_and_wants_its_log() {
    let last = json!({"terminated": {"exitCode": 137, "reason": "OOMKilled"}});
    let reasons = diagnose(&[pod(json!({"reason": "CrashLoopBackOff"}), last)], &[]);
    assert_eq!(
        reasons[0].text,
        "container web crashes with exit code 137: OOMKilled"
    );
    assert_eq!(reasons[0].wants_log.as_ref().unwrap().container, "web");
}

#[test]
fn a_full_quota_is_told_by_the_controllers_event() {
    let reasons = diagnose(&[], &[event("FailedCreate", "exceeded quota: small")]);
    assert_eq!(reasons[0].text, "FailedCreate: exceeded quota: small");
}

#[test]
fn a_pod_that_starts_is_no_reason() {
    assert!(
        diagnose(
            &[pod(json!({"reason": "ContainerCreating"}), json!({}))],
            &[]
        )
        .is_empty()
    );
}
