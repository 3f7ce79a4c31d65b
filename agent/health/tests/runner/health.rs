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
