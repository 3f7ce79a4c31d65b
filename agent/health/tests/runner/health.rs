//! The kinds of Kubernetes itself: one line per state.

use serde_json::json;

use crate::fixture::{check, condition, conditions};

#[test]
fn what_is_being_deleted_says_what_holds_it() {
    let since = "2026-01-01T00:00:00Z";
    let metadata = |finalizers: &[&str]| json!({"metadata": {"deletionTimestamp": since, "finalizers": finalizers}});
    let cases = [
        (
            metadata(&[]),
            "terminating: being deleted since 2026-01-01T00:00:00Z",
        ),
        (
            metadata(&["cnpg.io/deleteDatabase", "x/y"]),
            "terminating: being deleted since 2026-01-01T00:00:00Z; held by finalizers cnpg.io/deleteDatabase, x/y",
        ),
    ];
    for kind in [
        "v1/ConfigMap",
        "apps/v1/Deployment",
        "postgresql.cnpg.io/v1/Database",
        "example.com/v1/Thing",
    ] {
        check(kind, &cases);
    }
}

#[test]
fn namespaces() {
    let left = json!({"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}, "spec": {"finalizers": ["kubernetes"]},
        "status": {"phase": "Terminating", "conditions": [condition("NamespaceContentRemaining", "True", "SomeResourcesRemain")]}});
    check(
        "v1/Namespace",
        &[
            (json!({"status": {"phase": "Active"}}), "current"),
            (
                json!({}),
                "in progress: no status yet: its controller has not looked at it",
            ),
            (
                left,
                "terminating: being deleted since 2026-01-01T00:00:00Z; held by finalizers kubernetes; m",
            ),
        ],
    );
}

#[test]
fn what_has_no_status_is_well_when_it_is_there() {
    for kind in [
        "v1/ConfigMap",
        "v1/Secret",
        "v1/ServiceAccount",
        "v1/LimitRange",
        "v1/Endpoints",
        "rbac.authorization.k8s.io/v1/Role",
        "rbac.authorization.k8s.io/v1/ClusterRoleBinding",
        "networking.k8s.io/v1/NetworkPolicy",
        "networking.k8s.io/v1/Ingress",
        "networking.k8s.io/v1/IngressClass",
        "storage.k8s.io/v1/StorageClass",
        "scheduling.k8s.io/v1/PriorityClass",
        "admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy",
        "postgresql.cnpg.io/v1/ImageCatalog",
        "postgresql.cnpg.io/v1/ClusterImageCatalog",
        "generators.external-secrets.io/v1alpha1/Password",
        "traefik.io/v1alpha1/IngressRoute",
        "traefik.io/v1alpha1/Middleware",
        "monitoring.coreos.com/v1/PodMonitor",
        "monitoring.coreos.com/v1/PrometheusRule",
    ] {
        check(kind, &[(json!({}), "current")]);
    }
}

#[test]
fn a_quota_refuses_what_it_has_not_counted() {
    let quota = |counted: serde_json::Value| json!({"spec": {"hard": {"pods": "4", "cpu": "2"}}, "status": {"hard": counted}});
    check(
        "v1/ResourceQuota",
        &[
            (
                quota(json!({"pods": "4"})),
                "in progress: cpu is not counted yet",
            ),
            (quota(json!({"pods": "4", "cpu": "2"})), "current"),
            (
                json!({"spec": {"hard": {"pods": "4"}}}),
                "in progress: pods is not counted yet",
            ),
        ],
    );
}

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
fn a_claim_that_waits_for_its_consumer_is_no_obstacle() {
    let pending =
        |class: &str| json!({"spec": {"storageClassName": class}, "status": {"phase": "Pending"}});
    let mut placed = pending("late");
    placed["metadata"] = json!({"annotations": {"volume.kubernetes.io/selected-node": "n1"}});
    let mut resizing = conditions(&[("FileSystemResizePending", "True", "")]);
    resizing["status"]["phase"] = json!("Bound");
    check(
        "v1/PersistentVolumeClaim",
        &[
            (json!({"status": {"phase": "Bound"}}), "current"),
            (
                pending("late"),
                "current: storage class late waits for its first consumer",
            ),
            (
                pending("fast"),
                "in progress: storage class fast has made no volume yet",
            ),
            (
                pending(""),
                "in progress: no storage class, and no volume fits yet",
            ),
            (
                pending("strange"),
                "current: not bound; storage class strange may wait for its first consumer",
            ),
            (placed, "in progress: its volume is being made on node n1"),
            (
                json!({"status": {"phase": "Lost"}}),
                "failed: its volume is lost",
            ),
            (resizing, "current:  | FileSystemResizePending: m"),
        ],
    );
    check(
        "v1/PersistentVolume",
        &[
            (json!({"status": {"phase": "Bound"}}), "current"),
            (
                json!({"status": {"phase": "Failed", "message": "still mounted"}}),
                "failed: still mounted",
            ),
        ],
    );
    check(
        "snapshot.storage.k8s.io/v1/VolumeSnapshot",
        &[
            (json!({}), "in progress: not ready to use yet"),
            (json!({"status": {"readyToUse": true}}), "current"),
            (
                json!({"status": {"error": {"message": "no driver"}}}),
                "failed: no driver",
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

#[test]
fn definitions_and_api_services() {
    let (named, established) = (("NamesAccepted", "True", ""), ("Established", "True", ""));
    check(
        "apiextensions.k8s.io/v1/CustomResourceDefinition",
        &[
            (json!({}), "in progress: not established yet"),
            (conditions(&[named, established]), "current"),
            (
                conditions(&[named, ("Established", "False", "Installing")]),
                "in progress: not established yet",
            ),
            (
                conditions(&[named, ("Established", "False", "NotAccepted")]),
                "failed: NotAccepted: m",
            ),
            (
                conditions(&[("NamesAccepted", "False", "KindConflict"), established]),
                "failed: KindConflict: m",
            ),
        ],
    );
    check(
        "apiregistration.k8s.io/v1/APIService",
        &[
            (
                json!({}),
                "in progress: no status yet: its controller has not looked at it",
            ),
            (conditions(&[("Available", "True", "Passed")]), "current"),
            (
                conditions(&[("Available", "False", "MissingEndpoints")]),
                "failed: MissingEndpoints: m",
            ),
        ],
    );
}

#[test]
fn a_webhook_needs_a_ca_bundle_and_an_endpoint() {
    let webhook = |service: &str, bundle: &str| json!({"webhooks": [{"name": "v.cnpg.io", "clientConfig": {"caBundle": bundle, "service": {"namespace": "s", "name": service}}}]});
    let outside =
        json!({"webhooks": [{"name": "v", "clientConfig": {"url": "https://example.com"}}]});
    for kind in [
        "ValidatingWebhookConfiguration",
        "MutatingWebhookConfiguration",
    ] {
        check(
            &format!("admissionregistration.k8s.io/v1/{kind}"),
            &[
                (json!({}), "current"),
                (webhook("up", "Y2E="), "current"),
                (webhook("unknown", "Y2E="), "current"),
                (
                    webhook("up", ""),
                    "in progress: webhook v.cnpg.io has no CA bundle yet",
                ),
                (
                    webhook("down", "Y2E="),
                    "in progress: service s/down of webhook v.cnpg.io has no ready endpoint",
                ),
                (outside.clone(), "current"),
            ],
        );
    }
}

#[test]
fn services_and_gateways() {
    let balancer = json!({"spec": {"type": "LoadBalancer"}});
    let mut reached = balancer.clone();
    reached["status"] = json!({"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}});
    check(
        "v1/Service",
        &[
            (json!({"spec": {"type": "ClusterIP"}}), "current"),
            (
                balancer,
                "in progress: its load balancer has no address yet",
            ),
            (reached, "current"),
        ],
    );
    check(
        "gateway.networking.k8s.io/v1/Gateway",
        &[
            (
                conditions(&[("Programmed", "True", "Programmed")]),
                "current",
            ),
            (
                conditions(&[("Programmed", "False", "AddressNotAssigned")]),
                "failed: AddressNotAssigned: m",
            ),
        ],
    );
    let route = |status: &str| json!({"status": {"parents": [{"parentRef": {"name": "gate"}, "conditions": [condition("Accepted", status, "NoMatchingParent")]}]}});
    check(
        "gateway.networking.k8s.io/v1/HTTPRoute",
        &[
            (
                json!({}),
                "in progress: no status yet: its controller has not looked at it",
            ),
            (route("True"), "current"),
            (
                route("False"),
                "failed: refused by gate: NoMatchingParent: m",
            ),
        ],
    );
}
