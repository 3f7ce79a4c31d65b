//! Verdicts that time alone changes: grace, settle windows, deadlines.

use jiff::SignedDuration;
use serde_json::{Value, json};
use tidegate_health::{
    Context, Health, Settle, Status, health, reports_status, waits_for_consumer,
};

use crate::fixture::{NOW, condition, conditions, context, object, time};

/// Judges `seconds` after the object's last change: the status, and in how many seconds to look again.
fn after(seconds: i64, settle: Settle, (kind, rest): (&str, &Value)) -> (Status, Option<i64>) {
    let since = time(NOW) - SignedDuration::from_secs(seconds);
    let found = health(&object(kind, rest), &context(&since.to_string(), settle));
    (
        found.status,
        found
            .recheck_at
            .map(|at| at.duration_since(time(NOW)).as_secs()),
    )
}

#[test]
fn trouble_that_often_passes_is_a_failure_only_after_its_grace() {
    let refused = json!({"status": {"applied": false, "message": "no role"}});
    let unsynced =
        json!({"status": {"conditions": [condition("Ready", "False", "SecretSyncedError")]}});
    let deleted = json!({"status": {"conditions": [condition("Ready", "True", "SecretDeleted")]}});
    let invalid = conditions(&[("Ready", "False", "InvalidProviderConfig")]);
    for (kind, rest, grace) in [
        ("postgresql.cnpg.io/v1/Database", &refused, 180),
        ("external-secrets.io/v1/ExternalSecret", &unsynced, 180),
        ("external-secrets.io/v1/ExternalSecret", &deleted, 180),
        ("external-secrets.io/v1alpha1/PushSecret", &unsynced, 180),
        ("external-secrets.io/v1/SecretStore", &invalid, 60),
        ("cert-manager.io/v1/Issuer", &invalid, 60),
    ] {
        let at = |seconds| after(seconds, Settle::No, (kind, rest));
        assert_eq!(at(10), (Status::InProgress, Some(grace - 10)), "{kind}");
        assert_eq!(at(grace), (Status::Failed, None), "{kind}");
    }
}

#[test]
fn an_immutable_target_has_no_grace() {
    let mut rest = conditions(&[("Ready", "False", "SecretSyncedError")]);
    rest["status"]["conditions"][0]["message"] = json!("target is immutable");
    assert_eq!(
        after(
            1,
            Settle::No,
            ("external-secrets.io/v1/ExternalSecret", &rest)
        ),
        (Status::Failed, None)
    );
}

#[test]
fn grace_begins_when_the_trouble_does() {
    let mut rest = conditions(&[("Ready", "False", "SecretSyncedError")]);
    rest["status"]["conditions"][0]["lastTransitionTime"] = json!("2026-03-01T12:59:00Z");
    let found = after(
        3600,
        Settle::No,
        ("external-secrets.io/v1/ExternalSecret", &rest),
    );
    assert_eq!(found, (Status::InProgress, Some(120)));
}

#[test]
fn a_kind_that_reports_no_generation_is_distrusted_right_after_a_change() {
    let healthy = json!({"spec": {"instances": 1}, "status": {"phase": "Cluster in healthy state", "readyInstances": 1}});
    let invalid = json!({"status": {"phase": "Invalid cluster definition"}});
    for rest in [&healthy, &invalid] {
        let at = |seconds, settle| after(seconds, settle, ("postgresql.cnpg.io/v1/Cluster", rest));
        assert_eq!(at(5, Settle::AfterChange), (Status::InProgress, Some(10)));
        assert_eq!(at(5, Settle::AfterProvider), (Status::InProgress, Some(10)));
        let settled = at(15, Settle::AfterChange);
        assert!(
            settled.0 != Status::InProgress && settled.1.is_none(),
            "{settled:?}"
        );
        assert_eq!(at(5, Settle::No), settled);
    }
}

#[test]
fn a_first_generation_needs_no_settling() {
    let mut healthy = json!({"spec": {"instances": 1}, "status": {"phase": "Cluster in healthy state", "readyInstances": 1}});
    healthy["metadata"] = json!({"generation": 1});
    let at = |settle| after(1, settle, ("postgresql.cnpg.io/v1/Cluster", &healthy)).0;
    assert_eq!(at(Settle::AfterChange), Status::Current);
    assert_eq!(at(Settle::AfterProvider), Status::InProgress);
}

#[test]
fn kinds_that_report_their_generation_settle_at_once_unless_their_provider_changed() {
    let ready = json!({"status": {"observedGeneration": 2}});
    let at = |settle, kind| after(1, settle, (kind, &ready)).0;
    assert_eq!(
        at(Settle::AfterChange, "example.com/v1/Thing"),
        Status::Current
    );
    assert_eq!(
        at(Settle::AfterProvider, "example.com/v1/Thing"),
        Status::InProgress
    );
    assert_eq!(at(Settle::AfterProvider, "v1/ConfigMap"), Status::Current);
}

#[test]
fn an_unknown_kind_that_stays_silent_is_current_in_the_end() {
    let silent = json!({});
    assert_eq!(
        after(5, Settle::No, ("example.com/v1/Thing", &silent)),
        (Status::InProgress, Some(10))
    );
    assert_eq!(
        after(15, Settle::No, ("example.com/v1/Thing", &silent)),
        (Status::Current, None)
    );
}

#[test]
fn without_a_start_the_last_write_of_the_object_itself_counts() {
    let rest = json!({"status": {"applied": false, "message": "no role"}, "metadata": {"managedFields": [
        {"time": "2026-03-01T12:59:50Z"}, {"time": "2026-03-01T12:59:59Z", "subresource": "status"}]}});
    let found = health(
        &object("postgresql.cnpg.io/v1/Database", &rest),
        &Context::at(time(NOW)),
    );
    assert_eq!(found.status, Status::InProgress);
    assert_eq!(found.recheck_at, Some(time("2026-03-01T13:02:50Z")));
}

#[test]
fn a_late_object_says_how_long_it_had_and_why() {
    let found = Health::late(SignedDuration::from_mins(10), "image a:1 cannot be pulled");
    assert_eq!(
        found.message,
        "not ready within 10m: image a:1 cannot be pulled"
    );
    assert_eq!(
        Health::late(SignedDuration::from_secs(90), "").message,
        "not ready within 1m 30s: no reason given"
    );
}

#[test]
fn a_verdict_is_written_in_the_products_words() {
    let rest = conditions(&[("Ready", "False", "SecretSyncedError")]);
    let found = health(
        &object("external-secrets.io/v1/ExternalSecret", &rest),
        &context(NOW, Settle::No),
    );
    let expected = json!({"status": "inProgress", "message": "SecretSyncedError: m", "recheckAt": "2026-03-01T13:03:00Z"});
    assert_eq!(serde_json::to_value(&found).unwrap(), expected);
    assert_eq!(serde_json::from_value::<Health>(expected).unwrap(), found);
}

#[test]
fn neighbours_are_read_from_their_objects() {
    let class = |mode: &str| {
        object(
            "storage.k8s.io/v1/StorageClass",
            &json!({"volumeBindingMode": mode}),
        )
    };
    assert!(waits_for_consumer(&class("WaitForFirstConsumer")));
    assert!(!waits_for_consumer(&class("Immediate")));
    let crd = object(
        "apiextensions.k8s.io/v1/CustomResourceDefinition",
        &json!({"spec": {"versions": [
        {"name": "v1", "schema": {"openAPIV3Schema": {"properties": {"status": {"properties": {"conditions": {}}}}}}},
        {"name": "v1alpha1", "schema": {"openAPIV3Schema": {"properties": {"spec": {}}}}}]}}),
    );
    assert!(reports_status(&crd, "v1"));
    assert!(!reports_status(&crd, "v1alpha1"));
    assert!(!reports_status(&crd, "v2"));
}
