//! One line per state of a kind.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tidegate_health::{Context, health};
use tidegate_object::Object;

fn object(kind: &str, rest: Value) -> Object {
    let (api_version, kind) = kind.rsplit_once('/').unwrap();
    let mut value = json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": "a", "namespace": "b", "generation": 2}});
    merge(&mut value, rest);
    Object::new(value).unwrap()
}

fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                merge(into.entry(key).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from,
    }
}

fn at(seconds: i64, kind: &str, rest: Value, expected: &str) {
    let since = Timestamp::UNIX_EPOCH;
    let now = since + SignedDuration::from_secs(seconds);
    let found = health(
        &object(kind, rest.clone()),
        &Context {
            now,
            since,
            settle: true,
        },
    );
    let shown = format!("{}: {}", found.status, found.message);
    assert!(
        shown.starts_with(expected),
        "{kind} {rest}\n  found    {shown}\n  expected {expected}"
    );
}

fn check(kind: &str, rest: Value, expected: &str) {
    at(3600, kind, rest, expected);
}

fn ready(status: &str, reason: &str) -> Value {
    json!([{"type": "Ready", "status": status, "reason": reason, "message": "m"}])
}

#[test]
fn what_is_being_deleted_is_terminating_and_names_its_finalizers() {
    let metadata =
        json!({"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z", "finalizers": ["x/y"]}});
    check(
        "v1/ConfigMap",
        metadata,
        "terminating: it is being deleted, and waits for its finalizers: x/y",
    );
}

#[test]
fn deployments() {
    let kind = "apps/v1/Deployment";
    check(
        kind,
        json!({}),
        "in progress: its controller has not reported",
    );
    check(
        kind,
        json!({"status": {"observedGeneration": 1}}),
        "in progress: its controller has not seen",
    );
    let good = json!({"spec": {"replicas": 2}, "status": {"observedGeneration": 2, "replicas": 2, "updatedReplicas": 2, "availableReplicas": 2}});
    check(kind, good.clone(), "current");
    let mut one = good.clone();
    one["status"]["availableReplicas"] = json!(1);
    check(kind, one, "in progress: 1 of 2 replicas are available");
    let mut old = good.clone();
    old["status"]["replicas"] = json!(3);
    check(kind, old, "in progress: 1 old replicas are still there");
    let mut stuck = good.clone();
    stuck["status"]["conditions"] = json!([{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "m"}]);
    check(kind, stuck, "failed: ProgressDeadlineExceeded: m");
    check(kind, json!({"spec": {"paused": true}}), "suspended");
    check(
        kind,
        json!({"spec": {"replicas": 0}, "status": {"observedGeneration": 2}}),
        "current",
    );
}

#[test]
fn stateful_sets() {
    let kind = "apps/v1/StatefulSet";
    check(
        kind,
        json!({"spec": {"replicas": 3}, "status": {"observedGeneration": 2, "readyReplicas": 2}}),
        "in progress: 2 of 3 replicas are ready",
    );
    let rolling = json!({"spec": {"replicas": 3}, "status": {"observedGeneration": 2, "readyReplicas": 3, "updatedReplicas": 1, "currentRevision": "a", "updateRevision": "b"}});
    check(
        kind,
        rolling.clone(),
        "in progress: 1 of 3 replicas are updated",
    );
    let mut partition = rolling;
    partition["spec"]["updateStrategy"] = json!({"rollingUpdate": {"partition": 2}});
    check(kind, partition, "current");
}

#[test]
fn jobs_and_pods() {
    check(
        "batch/v1/Job",
        json!({"status": {"active": 1}}),
        "in progress: it is running: 1 pods active",
    );
    check(
        "batch/v1/Job",
        json!({"status": {"conditions": [{"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded", "message": "m"}]}}),
        "failed: BackoffLimitExceeded",
    );
    check(
        "batch/v1/Job",
        json!({"status": {"conditions": [{"type": "Complete", "status": "True"}]}}),
        "current",
    );
    check(
        "batch/v1/Job",
        json!({"spec": {"suspend": true}}),
        "suspended",
    );
    check(
        "batch/v1/CronJob",
        json!({"spec": {"suspend": true}}),
        "suspended",
    );
    check("v1/Pod", json!({}), "in progress: it is not scheduled yet");
    check(
        "v1/Pod",
        json!({"status": {"phase": "Failed", "reason": "Evicted"}}),
        "failed: Evicted",
    );
    check(
        "v1/Pod",
        json!({"status": {"phase": "Running", "conditions": ready("False", "ContainersNotReady")}}),
        "in progress: ContainersNotReady",
    );
}

#[test]
fn a_claim_that_waits_for_its_consumer_blocks_nothing() {
    check(
        "v1/PersistentVolumeClaim",
        json!({"status": {"phase": "Pending"}}),
        "current",
    );
    check(
        "v1/PersistentVolumeClaim",
        json!({"status": {"phase": "Lost"}}),
        "failed",
    );
}

#[test]
fn autoscalers_and_budgets() {
    let kind = "autoscaling/v2/HorizontalPodAutoscaler";
    let conditions = |able: &str, active: &str| {
        json!({"status": {"conditions": [
        {"type": "AbleToScale", "status": able, "reason": "r"}, {"type": "ScalingActive", "status": active, "reason": "FailedGetResourceMetric"},
        {"type": "ScalingLimited", "status": "True"}]}})
    };
    check(kind, json!({}), "in progress");
    check(
        kind,
        conditions("True", "False"),
        "current: FailedGetResourceMetric",
    );
    check(kind, conditions("False", "True"), "failed: r");
    let budget = json!({"status": {"observedGeneration": 2, "conditions": [{"type": "DisruptionAllowed", "status": "False", "reason": "InsufficientPods"}]}});
    check("policy/v1/PodDisruptionBudget", budget, "current");
}

#[test]
fn definitions_and_namespaces() {
    let kind = "apiextensions.k8s.io/v1/CustomResourceDefinition";
    check(kind, json!({}), "in progress");
    check(
        kind,
        json!({"status": {"conditions": [{"type": "Established", "status": "True"}]}}),
        "current",
    );
    check(
        kind,
        json!({"status": {"conditions": [{"type": "NamesAccepted", "status": "False", "reason": "Conflict"}]}}),
        "failed: Conflict",
    );
    check(
        "v1/Namespace",
        json!({"status": {"phase": "Active"}}),
        "current",
    );
}

#[test]
fn clusters_follow_their_phase() {
    let kind = "postgresql.cnpg.io/v1/Cluster";
    let phase = |phase: &str, ready: i64| json!({"spec": {"instances": 3}, "status": {"phase": phase, "readyInstances": ready}});
    check(
        kind,
        json!({}),
        "in progress: the operator has not reported",
    );
    check(
        kind,
        phase("Setting up primary", 0),
        "in progress: Setting up primary",
    );
    check(kind, phase("Cluster in healthy state", 3), "current");
    check(
        kind,
        phase("Cluster in healthy state", 2),
        "in progress: 2 of 3 instances are ready",
    );
    at(
        2,
        kind,
        phase("Cluster in healthy state", 3),
        "in progress: the operator may not have seen",
    );
    check(kind, phase("Waiting for user action", 3), "suspended");
    check(
        kind,
        phase("Invalid cluster definition", 0),
        "failed: Invalid cluster definition",
    );
    check(kind, phase("A phase of a later version", 3), "in progress");
    let mut archive = phase("Cluster in healthy state", 3);
    archive["status"]["conditions"] =
        json!([{"type": "ContinuousArchiving", "status": "False", "reason": "r", "message": "m"}]);
    check(kind, archive, "current: ContinuousArchiving: r: m");
}

#[test]
fn databases_have_no_conditions() {
    let kind = "postgresql.cnpg.io/v1/Database";
    check(kind, json!({}), "in progress");
    check(
        kind,
        json!({"status": {"applied": true, "observedGeneration": 1}}),
        "in progress",
    );
    check(
        kind,
        json!({"status": {"applied": true, "observedGeneration": 2}}),
        "current",
    );
    at(
        10,
        kind,
        json!({"status": {"applied": false, "message": "no role"}}),
        "in progress: it could not be applied: no role",
    );
    check(
        kind,
        json!({"status": {"applied": false, "message": "no role"}}),
        "failed: it could not be applied: no role",
    );
}

#[test]
fn backups() {
    let kind = "postgresql.cnpg.io/v1/ScheduledBackup";
    check(
        kind,
        json!({"spec": {"schedule": "0 2 * * *"}}),
        "failed: its schedule has 5 fields",
    );
    check(
        kind,
        json!({"spec": {"schedule": "0 0 2 * * *"}, "status": {"lastCheckTime": "t"}}),
        "current",
    );
    check(
        "postgresql.cnpg.io/v1/Backup",
        json!({"status": {"phase": "walArchivingFailing"}}),
        "in progress",
    );
}

#[test]
fn a_true_condition_is_not_enough_for_an_external_secret() {
    let kind = "external-secrets.io/v1/ExternalSecret";
    let status = |condition: Value, synced: &str| json!({"status": {"conditions": condition, "syncedResourceVersion": synced}});
    check(kind, json!({}), "in progress");
    check(
        kind,
        status(ready("True", "SecretSynced"), "2-abc"),
        "current",
    );
    check(
        kind,
        status(ready("True", "SecretSynced"), "1-abc"),
        "in progress",
    );
    check(
        kind,
        status(ready("True", "SecretDeleted"), "2-abc"),
        "failed: SecretDeleted",
    );
    at(
        10,
        kind,
        status(ready("False", "SecretSyncedError"), ""),
        "in progress: SecretSyncedError",
    );
    check(
        kind,
        status(ready("False", "SecretSyncedError"), ""),
        "failed: SecretSyncedError",
    );
    check(
        "external-secrets.io/v1/PushSecret",
        status(ready("True", "Synced"), "2-x"),
        "current",
    );
    check(
        "external-secrets.io/v1/SecretStore",
        json!({"status": {"conditions": ready("True", "Valid")}}),
        "current",
    );
}

#[test]
fn unknown_kinds_follow_the_conditions_that_controllers_agree_on() {
    let kind = "example.com/v1/Thing";
    check(kind, json!({}), "current");
    check(
        kind,
        json!({"status": {"observedGeneration": 1}}),
        "in progress",
    );
    check(
        kind,
        json!({"status": {"conditions": [{"type": "Stalled", "status": "True", "reason": "r"}]}}),
        "failed: r",
    );
    at(
        10,
        kind,
        json!({"status": {"conditions": ready("False", "r")}}),
        "in progress: r",
    );
    check(
        kind,
        json!({"status": {"conditions": ready("False", "r")}}),
        "failed: r",
    );
}
