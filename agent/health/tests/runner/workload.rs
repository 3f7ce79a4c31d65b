//! What runs pods: one line per state.

use serde_json::json;

use crate::fixture::{check, condition, conditions};

#[test]
fn deployments() {
    let status = |updated: i64, all: i64, available: i64| {
        json!({"spec": {"replicas": 3}, "status": {"observedGeneration": 2, "updatedReplicas": updated,
            "replicas": all, "availableReplicas": available}})
    };
    let with = |mut object: serde_json::Value, found: serde_json::Value| {
        object["status"]["conditions"] = json!([found]);
        object
    };
    let mut paused = status(3, 3, 3);
    paused["spec"]["paused"] = json!(true);
    check(
        "apps/v1/Deployment",
        &[
            (
                json!({}),
                "in progress: its controller has not looked at it yet",
            ),
            (
                json!({"status": {"observedGeneration": 1}}),
                "in progress: its controller has seen generation 1 of 2",
            ),
            (status(3, 3, 3), "current"),
            (status(1, 3, 3), "in progress: 1 of 3 replicas updated"),
            (
                status(3, 4, 3),
                "in progress: 1 of the old replicas still there",
            ),
            (status(3, 3, 2), "in progress: 2 of 3 replicas available"),
            (paused, "suspended: its rollout is paused (spec.paused)"),
            (
                json!({"spec": {"replicas": 0}, "status": {"observedGeneration": 2}}),
                "current",
            ),
            (
                json!({"status": {"observedGeneration": 2}}),
                "in progress: 0 of 1 replicas updated",
            ),
            (
                with(
                    status(3, 3, 2),
                    condition("Progressing", "False", "ProgressDeadlineExceeded"),
                ),
                "failed: ProgressDeadlineExceeded: m",
            ),
            (
                with(
                    status(3, 3, 3),
                    condition("Progressing", "True", "NewReplicaSetAvailable"),
                ),
                "current",
            ),
            (
                with(
                    status(0, 0, 0),
                    condition("ReplicaFailure", "True", "FailedCreate"),
                ),
                "in progress: 0 of 3 replicas updated; FailedCreate: m",
            ),
        ],
    );
}

#[test]
fn a_deadline_of_an_older_generation_does_not_count() {
    let late = json!({"status": {"observedGeneration": 1,
        "conditions": [condition("Progressing", "False", "ProgressDeadlineExceeded")]}});
    check(
        "apps/v1/Deployment",
        &[(
            late,
            "in progress: its controller has seen generation 1 of 2",
        )],
    );
}

#[test]
fn stateful_sets() {
    let set = |strategy: serde_json::Value, (ready, updated): (i64, i64), update: &str| {
        json!({"spec": {"replicas": 3, "updateStrategy": strategy}, "status": {"observedGeneration": 2, "replicas": 3,
            "readyReplicas": ready, "updatedReplicas": updated, "currentRevision": "one", "updateRevision": update}})
    };
    let (rolling, by_hand) = (
        json!({"type": "RollingUpdate"}),
        json!({"type": "OnDelete"}),
    );
    let partition = json!({"type": "RollingUpdate", "rollingUpdate": {"partition": 2}});
    let mut surplus = set(rolling.clone(), (3, 3), "one");
    surplus["status"]["replicas"] = json!(4);
    let mut fresh = set(rolling.clone(), (3, 3), "one");
    fresh["spec"]["minReadySeconds"] = json!(10);
    check(
        "apps/v1/StatefulSet",
        &[
            (
                json!({}),
                "in progress: its controller has not looked at it yet",
            ),
            (set(rolling.clone(), (3, 3), "one"), "current"),
            (
                set(rolling.clone(), (2, 3), "one"),
                "in progress: 2 of 3 replicas ready",
            ),
            (
                set(rolling, (3, 1), "two"),
                "in progress: 1 of 3 replicas updated",
            ),
            (set(by_hand, (3, 0), "two"), "current"),
            (
                set(partition.clone(), (3, 0), "two"),
                "in progress: 0 of 1 replicas updated",
            ),
            (set(partition, (3, 1), "two"), "current"),
            (surplus, "in progress: 1 of the replicas still to go"),
            (fresh, "in progress: 0 of 3 replicas available"),
        ],
    );
}

#[test]
fn a_stateful_set_under_an_autoscaler_is_judged_by_its_live_replicas() {
    let live = |replicas: i64| json!({"spec": {"replicas": replicas}, "status": {"observedGeneration": 2, "replicas": 2, "readyReplicas": 2}});
    check(
        "apps/v1/StatefulSet",
        &[
            (live(2), "current"),
            (live(3), "in progress: 2 of 3 replicas ready"),
        ],
    );
}

#[test]
fn daemon_and_replica_sets() {
    let daemons = |updated: i64, available: i64| {
        json!({"status": {"observedGeneration": 2, "desiredNumberScheduled": 2, "updatedNumberScheduled": updated,
            "numberAvailable": available}})
    };
    check(
        "apps/v1/DaemonSet",
        &[
            (daemons(2, 2), "current"),
            (daemons(1, 2), "in progress: 1 of 2 replicas updated"),
            (daemons(2, 0), "in progress: 0 of 2 replicas available"),
            (
                json!({"status": {"observedGeneration": 2}}),
                "in progress: its controller has not counted its nodes yet",
            ),
            (
                json!({"status": {"observedGeneration": 2, "desiredNumberScheduled": 0}}),
                "current",
            ),
        ],
    );
    let replicas = |all: i64, available: i64| json!({"spec": {"replicas": 2}, "status": {"observedGeneration": 2, "replicas": all, "availableReplicas": available}});
    check(
        "apps/v1/ReplicaSet",
        &[
            (replicas(2, 2), "current"),
            (replicas(2, 1), "in progress: 1 of 2 replicas available"),
            (replicas(3, 3), "in progress: 1 of the replicas still to go"),
        ],
    );
}

#[test]
fn jobs() {
    let running = json!({"spec": {"backoffLimit": 6}, "status": {"startTime": "t", "active": 1, "failed": 2}});
    let mut ending = conditions(&[("FailureTarget", "True", "BackoffLimitExceeded")]);
    ending["status"]["startTime"] = json!("t");
    check(
        "batch/v1/Job",
        &[
            (json!({}), "in progress: not started yet"),
            (
                running,
                "in progress: running: 0 of 1 done, 2 tries failed (at most 6 may)",
            ),
            (conditions(&[("Complete", "True", "")]), "current"),
            (
                conditions(&[("Failed", "True", "BackoffLimitExceeded")]),
                "failed: BackoffLimitExceeded: m",
            ),
            (
                ending,
                "in progress: its pods are ending after BackoffLimitExceeded: m",
            ),
            (
                json!({"spec": {"suspend": true}}),
                "suspended: suspended (spec.suspend)",
            ),
        ],
    );
    check(
        "batch/v1/CronJob",
        &[
            (json!({}), "current"),
            (
                json!({"spec": {"suspend": true}}),
                "suspended: suspended (spec.suspend)",
            ),
        ],
    );
}

#[test]
fn pods() {
    let pod = |phase: &str, ready: &str| json!({"spec": {"nodeName": "n"}, "status": {"phase": phase, "conditions": [condition("Ready", ready, "")]}});
    let mut once = pod("Running", "True");
    once["spec"]["restartPolicy"] = json!("Never");
    let evicted =
        json!({"status": {"phase": "Failed", "reason": "Evicted", "message": "low on memory"}});
    let ended = json!({"status": {"phase": "Failed", "containerStatuses": [
        {"name": "main", "state": {"terminated": {"exitCode": 3, "message": "no such table"}}}]}});
    let unpullable = json!({"status": {"phase": "Pending", "containerStatuses": [
        {"name": "main", "image": "a:1", "state": {"waiting": {"reason": "ErrImagePull", "message": "not found"}}}]}});
    check(
        "v1/Pod",
        &[
            (
                json!({}),
                "in progress: no status yet: its controller has not looked at it",
            ),
            (pod("Running", "True"), "current"),
            (pod("Running", "False"), "in progress: m"),
            (pod("Succeeded", "False"), "current"),
            (once, "in progress: running"),
            (evicted, "failed: Evicted: low on memory"),
            (
                ended,
                "failed: container main: ended with exit code 3: no such table",
            ),
            (
                unpullable,
                "failed: container main: image a:1 cannot be pulled: not found",
            ),
        ],
    );
}

#[test]
fn an_autoscaler_at_its_limit_or_without_metrics_is_well() {
    let able = ("AbleToScale", "True", "ReadyForNewScale");
    check(
        "autoscaling/v2/HorizontalPodAutoscaler",
        &[
            (
                json!({}),
                "in progress: no status yet: its controller has not looked at it",
            ),
            (
                conditions(&[
                    able,
                    ("ScalingActive", "True", "ValidMetricFound"),
                    ("ScalingLimited", "True", "TooFewReplicas"),
                ]),
                "current",
            ),
            (
                conditions(&[("AbleToScale", "False", "FailedGetScale")]),
                "failed: FailedGetScale: m",
            ),
            (
                conditions(&[("AbleToScale", "False", "BackoffBoth")]),
                "current",
            ),
            (
                conditions(&[able, ("ScalingActive", "False", "FailedGetResourceMetric")]),
                "current:  | does not scale: FailedGetResourceMetric: m",
            ),
            (
                conditions(&[able, ("ScalingActive", "False", "ScalingDisabled")]),
                "current",
            ),
        ],
    );
}

#[test]
fn a_disruption_budget_without_enough_pods_is_well() {
    let budget = |reason: &str| json!({"status": {"observedGeneration": 2, "conditions": [condition("DisruptionAllowed", "False", reason)]}});
    check(
        "policy/v1/PodDisruptionBudget",
        &[
            (
                json!({}),
                "in progress: its controller has not looked at it yet",
            ),
            (budget("InsufficientPods"), "current"),
            (budget("SyncFailed"), "failed: SyncFailed: m"),
        ],
    );
}
