//! What opens a gate, and what keeps it closed.

use serde_json::{Value, json};
use tidegate_health::{Capability, Settle, capability, has_ready_endpoint};
use tidegate_plan::Gate;

use crate::fixture::{THEN, condition, conditions, context, object};

fn check(gate: &Gate, kind: &str, cases: &[(Value, &str)]) {
    for (rest, expected) in cases {
        let live = object(kind, rest);
        let found = shown(&capability(gate, Some(&live), &context(THEN, Settle::No)));
        assert_eq!(found, *expected, "{gate:?} {kind} {rest}");
    }
}

fn shown(found: &Capability) -> String {
    match found {
        Capability::Open => "open".into(),
        Capability::DryRun => "dry-run".into(),
        Capability::Closed { reason, .. } => reason.clone(),
    }
}

#[test]
fn what_is_absent_or_being_deleted_opens_nothing() {
    let keys = Gate::Keys { keys: vec![] };
    for gate in [
        Gate::Exists,
        keys,
        Gate::Serving,
        Gate::Healthy,
        Gate::Active,
        Gate::Established,
        Gate::WebhookAnswers,
    ] {
        let ctx = context(THEN, Settle::No);
        assert_eq!(shown(&capability(&gate, None, &ctx)), "not there");
        let deleted = json!({"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}});
        check(
            &gate,
            "v1/Secret",
            &[(deleted, "being deleted since 2026-01-01T00:00:00Z")],
        );
    }
}

#[test]
fn what_is_there_exists_however_it_is() {
    let broken = json!({"status": {"phase": "Invalid cluster definition"}});
    check(
        &Gate::Exists,
        "postgresql.cnpg.io/v1/Cluster",
        &[(broken, "open")],
    );
}

#[test]
fn keys_are_found_by_name_in_data_and_in_managed_fields() {
    let gate = Gate::Keys {
        keys: vec!["password".into(), "uri".into()],
    };
    let managed =
        |fields: Value| json!({"metadata": {"managedFields": [{"fieldsV1": {"f:data": fields}}]}});
    check(
        &gate,
        "v1/Secret",
        &[
            (json!({"data": {"password": "", "uri": ""}}), "open"),
            (
                json!({"data": {"password": ""}, "stringData": {"uri": ""}}),
                "open",
            ),
            (json!({"data": {"password": ""}}), "has no key `uri`"),
            (json!({}), "has no keys `password`, `uri`"),
            (
                managed(json!({".": {}, "f:password": {}, "f:uri": {}})),
                "open",
            ),
            (
                managed(json!({".": {}, "f:uri": {}})),
                "has no key `password`",
            ),
        ],
    );
    check(
        &gate,
        "v1/ConfigMap",
        &[(
            json!({"data": {"password": ""}, "binaryData": {"uri": ""}}),
            "open",
        )],
    );
}

#[test]
fn kinds_and_namespaces() {
    let established = conditions(&[("NamesAccepted", "True", ""), ("Established", "True", "")]);
    check(
        &Gate::Established,
        "apiextensions.k8s.io/v1/CustomResourceDefinition",
        &[
            (json!({}), "in progress: not established yet"),
            (established, "open"),
        ],
    );
    check(
        &Gate::Active,
        "v1/Namespace",
        &[
            (json!({"status": {"phase": "Active"}}), "open"),
            (
                json!({}),
                "in progress: no status yet: its controller has not looked at it",
            ),
        ],
    );
}

#[test]
fn a_deployment_serves_when_available_even_during_a_rollout() {
    let rolling = |available: &str| {
        json!({"spec": {"replicas": 3}, "status": {"observedGeneration": 1, "updatedReplicas": 1,
            "conditions": [condition("Available", available, "MinimumReplicasUnavailable")]}})
    };
    check(
        &Gate::Serving,
        "apps/v1/Deployment",
        &[
            (rolling("True"), "open"),
            (
                rolling("False"),
                "not available: MinimumReplicasUnavailable: m",
            ),
            (json!({}), "not available yet"),
        ],
    );
    check(
        &Gate::Serving,
        "apps/v1/StatefulSet",
        &[
            (json!({"status": {"readyReplicas": 1}}), "open"),
            (json!({}), "no replica is ready"),
        ],
    );
    check(
        &Gate::Serving,
        "apps/v1/DaemonSet",
        &[(json!({"status": {"numberAvailable": 1}}), "open")],
    );
}

#[test]
fn a_cluster_accepts_connections_with_a_failing_replica_and_not_without_a_primary() {
    let cluster = |phase: &str, ready: i64, healthy: &[&str]| {
        json!({"spec": {"instances": 3}, "status": {"phase": phase, "readyInstances": ready, "currentPrimary": "a-1",
            "instancesStatus": {"healthy": healthy}}})
    };
    check(
        &Gate::Serving,
        "postgresql.cnpg.io/v1/Cluster",
        &[
            (json!({}), "no primary accepts connections: no status yet"),
            (
                json!({"status": {"phase": "Setting up primary"}}),
                "no primary accepts connections: Setting up primary",
            ),
            (cluster("Creating a new replica", 1, &["a-1"]), "open"),
            (cluster("Not enough disk space", 2, &[]), "open"),
            (
                cluster("Failing over", 2, &["a-2", "a-3"]),
                "its primary a-1 is not healthy: Failing over",
            ),
            (
                cluster("Setting up primary", 0, &[]),
                "no primary accepts connections: Setting up primary",
            ),
        ],
    );
}

#[test]
fn a_webhook_is_asked_only_when_nothing_speaks_against_it() {
    let webhook = |service: &str, bundle: &str| json!({"webhooks": [{"name": "v", "clientConfig": {"caBundle": bundle, "service": {"namespace": "s", "name": service}}}]});
    check(
        &Gate::WebhookAnswers,
        "admissionregistration.k8s.io/v1/ValidatingWebhookConfiguration",
        &[
            (webhook("up", "Y2E="), "dry-run"),
            (
                webhook("up", ""),
                "in progress: webhook v has no CA bundle yet",
            ),
            (
                webhook("down", "Y2E="),
                "in progress: service s/down of webhook v has no ready endpoint",
            ),
        ],
    );
}

#[test]
fn stores_issuers_and_services_serve() {
    let ready = |status: &str| conditions(&[("Ready", status, "Valid")]);
    for kind in [
        "external-secrets.io/v1/SecretStore",
        "cert-manager.io/v1/Issuer",
    ] {
        check(
            &Gate::Serving,
            kind,
            &[
                (ready("True"), "open"),
                (ready("False"), "failed: Valid: m"),
            ],
        );
    }
    let service =
        |name: &str| json!({"metadata": {"name": name}, "spec": {"selector": {"app": "a"}}});
    let by_hand = json!({"metadata": {"name": "down"}, "spec": {}});
    check(
        &Gate::Serving,
        "v1/Service",
        &[
            (service("up"), "open"),
            (service("down"), "has no ready endpoint"),
            (service("unknown"), "open"),
            (by_hand, "open"),
        ],
    );
}

#[test]
fn the_gate_of_an_explicit_edge_is_health() {
    check(
        &Gate::Healthy,
        "batch/v1/Job",
        &[
            (conditions(&[("Complete", "True", "")]), "open"),
            (
                conditions(&[("Failed", "True", "DeadlineExceeded")]),
                "failed: DeadlineExceeded: m",
            ),
            (
                json!({"spec": {"suspend": true}}),
                "suspended: suspended (spec.suspend)",
            ),
        ],
    );
    let waiting = json!({"spec": {"storageClassName": "late"}, "status": {"phase": "Pending"}});
    check(
        &Gate::Healthy,
        "v1/PersistentVolumeClaim",
        &[(waiting, "open")],
    );
}

#[test]
fn a_gate_that_time_opens_says_when_to_look_again() {
    let silent = object("example.com/v1/Thing", &json!({}));
    let found = capability(
        &Gate::Healthy,
        Some(&silent),
        &context(crate::fixture::NOW, Settle::No),
    );
    let Capability::Closed { recheck_at, .. } = found else {
        panic!("{found:?}")
    };
    assert_eq!(recheck_at, Some("2026-03-01T13:00:15Z".parse().unwrap()));
}

#[test]
fn endpoints_are_ready_unless_they_say_otherwise() {
    let slice = |endpoints: Value| {
        object(
            "discovery.k8s.io/v1/EndpointSlice",
            &json!({"endpoints": endpoints}),
        )
    };
    let cases = [
        (json!([]), false),
        (json!([{"conditions": {"ready": false}}]), false),
        (
            json!([{"conditions": {"ready": false}}, {"conditions": {"ready": true}}]),
            true,
        ),
        (json!([{}]), true),
    ];
    for (endpoints, expected) in cases {
        assert_eq!(
            has_ready_endpoint(&[slice(endpoints.clone())]),
            expected,
            "{endpoints}"
        );
    }
}
