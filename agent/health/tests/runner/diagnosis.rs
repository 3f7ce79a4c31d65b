//! The reason that a person needs comes first.

use serde_json::{Value, json};
use tidegate_health::{
    Cause, Evidence, Instance, Reason, ServiceView, Settle, diagnose, explain, explain_service,
};
use tidegate_object::Object;

use crate::fixture::{THEN, condition, conditions, context, object};

/// A pod of the namespace `b` that is not ready.
fn pod(name: &str, rest: &Value) -> Object {
    let base = object(
        "v1/Pod",
        &json!({"metadata": {"name": name, "uid": name}, "spec": {"nodeName": "n1"}, "status": {"phase": "Pending"}}),
    );
    base.map(|fields| {
        for (field, more) in rest.as_object().unwrap() {
            let field = fields.entry(field).or_insert_with(|| json!({}));
            for (key, value) in more.as_object().unwrap() {
                field[key] = value.clone();
            }
        }
    })
    .unwrap()
}

/// A pod with one container in a state.
fn container(state: Value, last: Value) -> Object {
    let status = json!({"name": "web", "image": "r.example/web:2", "restartCount": 3, "ready": false, "state": state, "lastState": last});
    pod("web-1", &json!({"status": {"containerStatuses": [status]}}))
}

fn waiting(reason: &str, message: &str) -> Object {
    container(
        json!({"waiting": {"reason": reason, "message": message}}),
        json!({}),
    )
}

/// A warning about an object of the namespace `b`: `Kind/name`, reason, message, minute.
fn event((about, reason, message, minute): (&str, &str, &str, u8)) -> Object {
    let (kind, name) = about.split_once('/').unwrap();
    let api_version = if ["ReplicaSet", "StatefulSet"].contains(&kind) {
        "apps/v1"
    } else {
        "v1"
    };
    let kind_of_event = if reason.starts_with("Successful") {
        "Normal"
    } else {
        "Warning"
    };
    object(
        "v1/Event",
        &json!({"involvedObject": {"apiVersion": api_version, "kind": kind, "namespace": "b", "name": name},
        "type": kind_of_event, "reason": reason, "message": message, "lastTimestamp": format!("2026-03-01T12:{minute:02}:00Z")}),
    )
}

fn lines(reasons: &[Reason]) -> Vec<String> {
    reasons
        .iter()
        .map(|reason| format!("{:?} {reason}", reason.cause))
        .collect()
}

fn check(pods: &[Object], events: &[(&str, &str, &str, u8)], expected: &[&str]) {
    let events: Vec<_> = events.iter().copied().map(event).collect();
    assert_eq!(lines(&diagnose(pods, &events)), expected);
}

#[test]
fn an_image_that_cannot_be_pulled_is_named_with_the_registrys_words() {
    let expected = [
        "Image pod/web-1: container web: image r.example/web:2 cannot be pulled: r.example/web:2: not found",
    ];
    let pulled = "rpc error: code = NotFound desc = r.example/web:2: not found";
    for message in [
        pulled.to_owned(),
        format!("Back-off pulling image \"r.example/web:2\": ErrImagePull: {pulled}"),
    ] {
        check(&[waiting("ImagePullBackOff", &message)], &[], &expected);
    }
    let event = format!("Failed to pull image \"r.example/web:2\": {pulled}");
    let pods = [waiting(
        "ImagePullBackOff",
        "Back-off pulling image \"r.example/web:2\"",
    )];
    check(
        &pods,
        &[
            ("Pod/web-1", "Failed", &event, 1),
            ("Pod/web-1", "BackOff", "Back-off", 2),
        ],
        &expected,
    );
    let other = "Failed to pull image \"r.example/proxy:1\": denied";
    check(
        &pods,
        &[
            ("Pod/web-1", "Failed", &event, 1),
            ("Pod/web-1", "Failed", other, 2),
        ],
        &expected,
    );
    check(
        &pods,
        &[],
        &[
            "Image pod/web-1: container web: image r.example/web:2 cannot be pulled: ImagePullBackOff",
        ],
    );
    check(
        &[waiting("InvalidImageName", "couldn't parse image name")],
        &[],
        &[
            "Image pod/web-1: container web: `r.example/web:2` is no image name: couldn't parse image name",
        ],
    );
}

#[test]
fn a_crash_tells_its_exit_code_and_its_last_words_or_wants_its_log() {
    let back_off = json!({"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m0s"}});
    let told = json!({"terminated": {"exitCode": 1, "reason": "Error", "message": "starting\nno route to host\n"}});
    let silent = json!({"terminated": {"exitCode": 2, "reason": "Error"}});
    let found = diagnose(&[container(back_off.clone(), told)], &[]);
    assert_eq!(
        lines(&found),
        [
            "Crash pod/web-1: container web: ended with exit code 1, restarted 3 times: no route to host"
        ]
    );
    assert_eq!(found[0].wants_log, None);
    for (state, instance) in [
        (back_off, Instance::Current),
        (json!({"running": {}}), Instance::Previous),
    ] {
        let found = diagnose(&[container(state, silent.clone())], &[]);
        assert_eq!(
            lines(&found),
            ["Crash pod/web-1: container web: ended with exit code 2, restarted 3 times"]
        );
        let log = found[0].wants_log.as_ref().unwrap();
        assert_eq!(
            (log.pod.name.as_str(), log.container.as_str(), log.instance),
            ("web-1", "web", instance)
        );
    }
}

#[test]
fn a_container_that_ran_out_of_memory_tells_its_limit() {
    let last = json!({"terminated": {"exitCode": 137, "reason": "OOMKilled"}});
    let killed = container(json!({"waiting": {"reason": "CrashLoopBackOff"}}), last);
    check(
        std::slice::from_ref(&killed),
        &[],
        &[
            "OutOfMemory pod/web-1: container web: killed for using too much memory (the node's memory ran out), restarted 3 times",
        ],
    );
    let limited = killed.map(|fields| {
        fields["spec"]["containers"] =
            json!([{"name": "web", "resources": {"limits": {"memory": "64Mi"}}}]);
    });
    check(
        &[limited.unwrap()],
        &[],
        &[
            "OutOfMemory pod/web-1: container web: killed for using too much memory (its memory limit is 64Mi), restarted 3 times",
        ],
    );
}

#[test]
fn a_missing_secret_or_key_is_named_as_the_object_to_blame() {
    for (message, about) in [
        ("secret \"web-db\" not found", "core/Secret/b/web-db"),
        ("configmap \"web\" not found", "core/ConfigMap/b/web"),
        (
            "couldn't find key uri in Secret b/pg-main-app",
            "core/Secret/b/pg-main-app",
        ),
    ] {
        let found = diagnose(&[waiting("CreateContainerConfigError", message)], &[]);
        assert_eq!(
            lines(&found),
            [format!(
                "Config pod/web-1: container web: CreateContainerConfigError: {message}"
            )]
        );
        assert_eq!(found[0].about.as_ref().unwrap().to_string(), about);
    }
}

#[test]
fn an_init_container_is_called_one() {
    let status =
        json!([{"name": "migrate", "restartCount": 0, "state": {"terminated": {"exitCode": 5}}}]);
    let main = json!([{"name": "web", "state": {"waiting": {"reason": "PodInitializing"}}}]);
    check(
        &[pod(
            "web-1",
            &json!({"status": {"initContainerStatuses": status, "containerStatuses": main}}),
        )],
        &[],
        &["Crash pod/web-1: init container migrate: ended with exit code 5"],
    );
    let works = json!([{"name": "migrate", "restartCount": 0, "state": {"running": {}}}]);
    check(
        &[pod(
            "web-1",
            &json!({"status": {"initContainerStatuses": works}}),
        )],
        &[],
        &[],
    );
}

#[test]
fn a_pod_that_no_node_takes_tells_why() {
    let unscheduled = |message: &str| {
        let mut found = condition("PodScheduled", "False", "Unschedulable");
        found["message"] = json!(message);
        pod(
            "web-1",
            &json!({"spec": {"nodeName": null}, "status": {"conditions": [found]}}),
        )
    };
    check(
        &[unscheduled(
            "0/3 nodes are available: 3 Insufficient memory.",
        )],
        &[],
        &["Unschedulable pod/web-1: 0/3 nodes are available: 3 Insufficient memory."],
    );
    let pods = [unscheduled("persistentvolumeclaim \"data\" not found")];
    check(
        &pods,
        &[],
        &["Volume pod/web-1: persistentvolumeclaim \"data\" not found"],
    );
    let about = diagnose(&pods, &[]).remove(0).about.unwrap();
    assert_eq!(about.to_string(), "core/PersistentVolumeClaim/b/data");
    let unbound = unscheduled("pod has unbound immediate PersistentVolumeClaims").map(|fields| {
        fields["spec"]["volumes"] =
            json!([{"name": "d", "persistentVolumeClaim": {"claimName": "data-0"}}]);
    });
    let found = diagnose(&[unbound.unwrap()], &[]);
    assert_eq!(found[0].cause, Cause::Volume);
    assert_eq!(found[0].about.as_ref().unwrap().name, "data-0");
}

#[test]
fn a_volume_that_cannot_be_mounted_tells_why() {
    let pods = [waiting("ContainerCreating", "")];
    let message = "MountVolume.SetUp failed for volume \"tls\" : secret \"web-tls\" not found";
    check(
        &pods,
        &[("Pod/web-1", "FailedMount", message, 1)],
        &[&format!("Volume pod/web-1: {message}")],
    );
    check(
        &pods,
        &[("Pod/web-1", "FailedAttachVolume", "Multi-Attach error", 1)],
        &["Volume pod/web-1: Multi-Attach error"],
    );
    check(
        &pods,
        &[("Pod/web-1", "FailedCreatePodSandBox", "no address left", 1)],
        &["Network pod/web-1: no address left"],
    );
    check(&pods, &[], &[]);
    check(
        &[container(json!({"running": {}}), json!({}))],
        &[("Pod/other", "FailedMount", message, 1)],
        &["NotReady pod/web-1: container web: runs, but is not ready"],
    );
}

#[test]
fn a_failing_probe_is_told_by_its_newest_event() {
    let running = [container(json!({"running": {}}), json!({}))
        .map(|fields| {
            fields["status"]["phase"] = json!("Running");
        })
        .unwrap()];
    let events = [
        (
            "Pod/web-1",
            "Unhealthy",
            "Readiness probe failed: connection refused",
            1,
        ),
        ("Pod/web-1", "Unhealthy", "Readiness probe failed: 503", 2),
        ("Pod/web-1", "BackOff", "Back-off restarting", 3),
    ];
    check(
        &running,
        &events,
        &["NotReady pod/web-1: container web: Readiness probe failed: 503"],
    );
    let of_another = event(("Pod/web-1", "Unhealthy", "refused", 4)).map(|fields| {
        fields["involvedObject"]["fieldPath"] = json!("spec.containers{proxy}");
    });
    let expected = ["NotReady pod/web-1: container web: runs, but is not ready"];
    assert_eq!(lines(&diagnose(&running, &[of_another.unwrap()])), expected);
    let found = diagnose(&running, &[]);
    assert_eq!(
        found[0].wants_log.as_ref().unwrap().instance,
        Instance::Current
    );
}

#[test]
fn a_pod_that_the_node_ended_tells_why() {
    let evicted = json!({"status": {"phase": "Failed", "reason": "Evicted", "message": "low on ephemeral-storage"}});
    check(
        &[pod("web-1", &evicted)],
        &[],
        &["Evicted pod/web-1: Evicted: low on ephemeral-storage"],
    );
}

#[test]
fn a_pod_that_does_not_go_away_tells_what_holds_it() {
    let stuck = json!({"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}});
    check(
        &[pod("web-1", &stuck)],
        &[],
        &["Terminating pod/web-1: being deleted since 2026-01-01T00:00:00Z"],
    );
}

#[test]
fn pods_that_the_api_server_refuses_come_first() {
    let quota = "pods \"web-x\" is forbidden: exceeded quota: small";
    let events = [
        ("ReplicaSet/web-7", "FailedCreate", quota, 1),
        ("ReplicaSet/web-7", "Odd", "odd", 3),
    ];
    check(
        &[waiting("CrashLoopBackOff", "back-off")],
        &events,
        &[
            &format!("Refused replicaset/web-7: {quota}"),
            "Crash pod/web-1: container web: back-off",
            "Warning replicaset/web-7: Odd: odd",
        ],
    );
    let account = "error looking up service account b/web: serviceaccount \"web\" not found";
    let found = diagnose(
        &[],
        &[event(("StatefulSet/web", "FailedCreate", account, 1))],
    );
    assert_eq!(
        found[0].about.as_ref().unwrap().to_string(),
        "core/ServiceAccount/b/web"
    );
}

#[test]
fn an_event_that_its_object_has_outlived_counts_for_nothing() {
    let quota = "exceeded quota: small";
    let failed = ("ReplicaSet/web-7", "FailedCreate", quota, 1);
    check(
        &[],
        &[failed, ("ReplicaSet/web-7", "SuccessfulCreate", "made", 2)],
        &[],
    );
    check(
        &[],
        &[("ReplicaSet/web-7", "SuccessfulCreate", "made", 0), failed],
        &["Refused replicaset/web-7: exceeded quota: small"],
    );
    let made_since = waiting("ContainerCreating", "").map(|fields| {
        fields["metadata"]["creationTimestamp"] = json!("2026-03-01T12:02:00Z");
    });
    let odd = ("ReplicaSet/web-7", "Odd", "odd", 1);
    check(
        &[made_since.unwrap()],
        &[failed, odd],
        &["Warning replicaset/web-7: Odd: odd"],
    );
    check(
        &[waiting("ContainerCreating", "")],
        &[failed],
        &["Refused replicaset/web-7: exceeded quota: small"],
    );
    let ready = pod(
        "web-1",
        &json!({"status": {"phase": "Running", "conditions": [condition("Ready", "True", "")]}}),
    );
    check(
        &[ready],
        &[
            ("Pod/web-1", "FailedMount", "timed out", 1),
            ("Pod/web-1", "Unhealthy", "refused", 2),
        ],
        &[],
    );
}

#[test]
fn an_event_of_an_earlier_pod_of_the_same_name_does_not_count() {
    let old = event(("Pod/web-1", "FailedMount", "timed out", 1)).map(|fields| {
        fields["involvedObject"]["uid"] = json!("an earlier one");
    });
    assert_eq!(
        lines(&diagnose(
            &[waiting("ContainerCreating", "")],
            &[old.unwrap()]
        )),
        Vec::<String>::new()
    );
}

#[test]
fn events_of_the_newer_api_group_are_read_too() {
    let event = object(
        "events.k8s.io/v1/Event",
        &json!({"regarding": {"apiVersion": "v1", "kind": "PersistentVolumeClaim",
        "namespace": "b", "name": "data"}, "type": "Warning", "reason": "ProvisioningFailed",
        "note": "storageclass.storage.k8s.io \"fast\" not found", "series": {"lastObservedTime": THEN}}),
    );
    let found = diagnose(&[], &[event]);
    assert_eq!(
        lines(&found),
        ["Volume persistentvolumeclaim/data: storageclass.storage.k8s.io \"fast\" not found"]
    );
    assert_eq!(
        found[0].about.as_ref().unwrap().to_string(),
        "storage.k8s.io/StorageClass/_/fast"
    );
}

#[test]
fn the_same_trouble_of_several_pods_is_told_once() {
    let broken = |name: &str| {
        waiting("ErrImagePull", "denied")
            .map(|fields| fields["metadata"]["name"] = json!(name))
            .unwrap()
    };
    check(
        &[broken("web-1"), broken("web-2"), broken("web-3")],
        &[],
        &[
            "Image pod/web-1 and 2 more: container web: image r.example/web:2 cannot be pulled: denied",
        ],
    );
}

#[test]
fn a_long_message_is_cut() {
    let found = diagnose(&[waiting("CreateContainerError", &"ä".repeat(2000))], &[]);
    assert_eq!(found[0].text.chars().count(), 601);
}

#[test]
fn other_kinds_are_explained_by_their_own_status() {
    let failed = conditions(&[("Failed", "True", "BackoffLimitExceeded")]);
    let cases = [
        (
            "batch/v1/Job",
            failed,
            "Reported job/a: BackoffLimitExceeded: m",
        ),
        (
            "v1/PersistentVolumeClaim",
            json!({"spec": {"storageClassName": "fast"}, "status": {"phase": "Pending"}}),
            "Reported persistentvolumeclaim/a: storage class fast has made no volume yet",
        ),
        (
            "external-secrets.io/v1/ExternalSecret",
            conditions(&[("Ready", "False", "SecretSyncedError")]),
            "Reported externalsecret/a: SecretSyncedError: m",
        ),
        (
            "postgresql.cnpg.io/v1/Cluster",
            json!({"status": {"phase": "Not enough disk space", "phaseReason": "WAL volume full"}}),
            "Reported cluster/a: Not enough disk space: WAL volume full",
        ),
        (
            "autoscaling/v2/HorizontalPodAutoscaler",
            conditions(&[("AbleToScale", "False", "FailedGetScale")]),
            "Reported horizontalpodautoscaler/a: FailedGetScale: m",
        ),
    ];
    for (kind, rest, expected) in cases {
        let found = explain(
            &object(kind, &rest),
            Evidence::default(),
            &context(THEN, Settle::No),
        );
        assert_eq!(lines(&found), [expected]);
    }
}

#[test]
fn a_workload_is_explained_by_its_pods_before_its_own_count() {
    let live = object(
        "apps/v1/StatefulSet",
        &json!({"spec": {"replicas": 2}, "status": {"observedGeneration": 2, "readyReplicas": 1}}),
    );
    let pods = [waiting("ErrImagePull", "denied")];
    let found = explain(
        &live,
        Evidence {
            pods: &pods,
            events: &[],
        },
        &context(THEN, Settle::No),
    );
    assert_eq!(
        lines(&found),
        [
            "Image pod/web-1: container web: image r.example/web:2 cannot be pulled: denied",
            "Reported statefulset/a: 1 of 2 replicas ready",
        ]
    );
    let well = object("v1/ConfigMap", &json!({}));
    assert_eq!(
        explain(
            &well,
            Evidence {
                pods: &pods,
                events: &[]
            },
            &context(THEN, Settle::No)
        ),
        []
    );
}

#[test]
fn a_service_without_endpoints_tells_who_should_answer() {
    let service = object("v1/Service", &json!({"spec": {"selector": {"app": "web"}}}));
    let told = |slices: &[Object], pods: &[Object]| {
        lines(&explain_service(ServiceView {
            service: &service,
            slices,
            pods,
        }))
    };
    assert_eq!(
        told(&[], &[]),
        ["Reported service/a: no pod has the labels app=web"]
    );
    assert_eq!(
        told(&[], &[waiting("ErrImagePull", "denied")]),
        [
            "Image pod/web-1: container web: image r.example/web:2 cannot be pulled: denied",
            "Reported service/a: none of 1 pod is ready",
        ]
    );
    let slice = object(
        "discovery.k8s.io/v1/EndpointSlice",
        &json!({"endpoints": [{"conditions": {"ready": true}}]}),
    );
    assert_eq!(told(&[slice], &[]), Vec::<String>::new());
}
