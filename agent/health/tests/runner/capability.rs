//! What opens a gate, and what keeps it closed.

use jiff::Timestamp;
use serde_json::{Value, json};
use tidegate_health::{Capability, Context, capability};
use tidegate_object::Object;
use tidegate_plan::Gate;

fn check(gate: &Gate, kind: &str, rest: Value, expected: &str) {
    let (api_version, kind) = kind.rsplit_once('/').unwrap();
    let mut value = json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": "a", "namespace": "b"}});
    for (key, more) in rest.as_object().unwrap() {
        match value.get_mut(key).and_then(Value::as_object_mut) {
            Some(there) => there.extend(more.as_object().unwrap().clone()),
            None => value[key] = more.clone(),
        }
    }
    let live = Object::new(value).unwrap();
    let now = Timestamp::UNIX_EPOCH;
    match capability(
        gate,
        Some(&live),
        &Context {
            now,
            since: now,
            settle: false,
        },
    ) {
        Capability::Open => assert_eq!(expected, "open", "{kind} {rest}"),
        Capability::Closed { reason } => {
            assert!(reason.contains(expected), "{kind} {rest}: {reason}")
        }
    }
}

#[test]
fn keys_are_found_in_data_and_in_what_managers_own() {
    let gate = Gate::Keys {
        keys: vec!["password".into()],
    };
    check(
        &gate,
        "v1/Secret",
        json!({"data": {"password": ""}}),
        "open",
    );
    check(
        &gate,
        "v1/Secret",
        json!({"data": {"user": ""}}),
        "it has no key password",
    );
    let managed = json!({"metadata": {"managedFields": [{"fieldsV1": {"f:data": {".": {}, "f:password": {}}}}]}});
    check(&gate, "v1/Secret", managed, "open");
}

#[test]
fn a_cluster_serves_with_one_failing_replica() {
    let kind = "postgresql.cnpg.io/v1/Cluster";
    check(
        &Gate::Serving,
        kind,
        json!({"status": {"phase": "Creating a new replica", "currentPrimary": "a-1", "readyInstances": 1}}),
        "open",
    );
    check(
        &Gate::Serving,
        kind,
        json!({"status": {"phase": "Setting up primary"}}),
        "accepts no connections yet: Setting up primary",
    );
}

#[test]
fn what_is_being_deleted_opens_nothing() {
    let metadata = json!({"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}});
    check(&Gate::Exists, "v1/Secret", metadata, "being deleted");
}

#[test]
fn deployments_serve_when_available() {
    let conditions = |status: &str| json!({"status": {"conditions": [{"type": "Available", "status": status, "reason": "MinimumReplicasUnavailable"}]}});
    check(
        &Gate::Serving,
        "apps/v1/Deployment",
        conditions("True"),
        "open",
    );
    check(
        &Gate::Serving,
        "apps/v1/Deployment",
        conditions("False"),
        "MinimumReplicasUnavailable",
    );
    check(
        &Gate::Serving,
        "apps/v1/Deployment",
        json!({}),
        "not available yet",
    );
}
