//! The control plane as its users see it.
#![cfg(test)]

#[path = "control_plane/faults.rs"]
mod faults;

use std::time::Duration;

use serde_json::{Value, json};
use tidegate_testbed::certificates::Subject;
use tidegate_testbed::{
    AdmissionServer, Answer, Component, ControlPlane, Error, Options, Upstream, wait,
};

const LIMIT: Duration = Duration::from_secs(60);

fn deployment(name: &str, image: &str) -> String {
    format!(
        "apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: default}}
spec:
  replicas: 3
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec: {{containers: [{{name: main, image: '{image}'}}]}}
"
    )
}

#[test]
fn two_control_planes_run_side_by_side() {
    let first = ControlPlane::start(&Options::default()).unwrap();
    let second = ControlPlane::start(&Options::default()).unwrap();
    first
        .apply(&deployment("web", "example.com/web:1"))
        .unwrap();
    first
        .kubectl(&[
            "wait",
            "--for=condition=Available",
            "deploy/web",
            "--timeout=60s",
        ])
        .unwrap();
    let other = second.client().get("/apis/apps/v1/deployments").unwrap();
    assert_eq!(other["items"].as_array().unwrap().len(), 0);
    let version = first.client().get("/version").unwrap();
    assert_eq!(version["gitVersion"], "v1.36.3");
}

#[test]
fn pods_fail_as_their_image_and_annotation_ask() {
    let control_plane = ControlPlane::start(&Options::default()).unwrap();
    control_plane
        .apply(&deployment("broken", "registry.example/app:broken-1"))
        .unwrap();
    let crashing = deployment("crashing", "registry.example/app:1").replace(
        "labels: {app: crashing}}",
        "labels: {app: crashing}, annotations: {testbed.tidegate.dev/fail: crash-loop}}",
    );
    control_plane.apply(&crashing).unwrap();
    let waiting = |app: &str| waiting(&control_plane, app);
    let (reason, message) = wait_for(|| waiting("broken"), "ImagePullBackOff");
    assert_eq!(reason, "ImagePullBackOff");
    assert!(
        message.contains("registry.example/app:broken-1"),
        "{message}"
    );
    assert_eq!(
        wait_for(|| waiting("crashing"), "CrashLoopBackOff").0,
        "CrashLoopBackOff"
    );
}

#[test]
fn pods_take_as_long_to_start_as_asked() {
    let long = Duration::from_secs(3600);
    let options = Options {
        pod_start: long,
        ..Options::default()
    };
    let control_plane = ControlPlane::start(&options).unwrap();
    control_plane
        .apply(&deployment("slow", "example.com/web:1"))
        .unwrap();
    let quick = deployment("quick", "example.com/web:1").replace(
        "labels: {app: quick}}",
        "labels: {app: quick}, annotations: {testbed.tidegate.dev/ready-after: 100ms}}",
    );
    control_plane.apply(&quick).unwrap();
    let wait = [
        "wait",
        "--for=condition=Available",
        "deploy/quick",
        "--timeout=60s",
    ];
    control_plane.kubectl(&wait).unwrap();
    let path = "/apis/apps/v1/namespaces/default/deployments/slow";
    assert!(control_plane.client().get(path).unwrap()["status"]["readyReplicas"].is_null());
}

#[test]
fn a_durable_store_survives_its_own_crash() {
    let options = Options {
        kwok: false,
        nodes: 0,
        durable: true,
        ..Options::default()
    };
    let mut control_plane = ControlPlane::start(&options).unwrap();
    control_plane
        .apply(&deployment("web", "example.com/web:1"))
        .unwrap();
    control_plane.kill(Component::Etcd).unwrap();
    control_plane.restart(Component::Etcd).unwrap();
    let path = "/apis/apps/v1/namespaces/default/deployments/web";
    assert_eq!(
        control_plane.client().get(path).unwrap()["spec"]["replicas"],
        3
    );
}

#[test]
fn an_admission_webhook_answers_from_loopback() {
    let control_plane = ControlPlane::start(&Options {
        kwok: false,
        ..Options::default()
    });
    let control_plane = control_plane.unwrap();
    let namespace = control_plane.new_namespace("admission").unwrap();
    let server = AdmissionServer::start().unwrap();
    let rule = json!({
        "apiGroups": [""], "apiVersions": ["v1"], "resources": ["configmaps"], "operations": ["*"],
    });
    control_plane
        .apply(&server.configuration("guard", &rule).to_string())
        .unwrap();
    let path = format!("/api/v1/namespaces/{namespace}/configmaps");
    let create = || {
        let object = json!({"metadata": {"generateName": "x-"}});
        control_plane.client().create(&path, &object).map(drop)
    };
    let refused = |expected: &str| {
        wait::until(expected, LIMIT, || match create() {
            Err(Error::Api { code, message, .. }) if message.contains(expected) => Ok(code),
            other => Err(format!("{other:?}")),
        })
        .unwrap()
    };
    server.set_answer(Answer::Deny("not on a Friday".into()));
    assert_eq!(refused("not on a Friday"), 403);
    server.set_answer(Answer::Fail);
    assert_eq!(refused("failed calling webhook"), 500);
    server.set_answer(Answer::Hangup);
    assert_eq!(refused("EOF"), 500);
    server.set_answer(Answer::Allow);
    create().unwrap();
    assert!(server.requests().len() >= 4);
    drop(server);
    assert_eq!(refused("failed calling webhook"), 500);
}

#[test]
fn the_log_of_a_container_can_be_read() {
    let control_plane = ControlPlane::shared();
    let namespace = control_plane.new_namespace("logs").unwrap();
    let pod = deployment("web", "example.com/web:1").replace("default", &namespace);
    control_plane.apply(&pod).unwrap();
    let run =
        |arguments: &[&str]| control_plane.kubectl(&[&["-n", &namespace], arguments].concat());
    run(&[
        "wait",
        "--for=condition=Available",
        "deploy/web",
        "--timeout=60s",
    ])
    .unwrap();
    let log = run(&["logs", "deploy/web", "--tail=1"]).unwrap();
    assert_eq!(log, "fatal: cannot open the configuration\n");
}

fn wait_for(look: impl Fn() -> Option<(String, String)>, reason: &str) -> (String, String) {
    wait::until(reason, LIMIT, || {
        let seen = look().ok_or("nothing")?;
        if seen.0 == reason {
            Ok(seen)
        } else {
            Err(seen.0)
        }
    })
    .unwrap()
}

fn waiting(control_plane: &ControlPlane, app: &str) -> Option<(String, String)> {
    let path = format!("/api/v1/namespaces/default/pods?labelSelector=app%3D{app}");
    let pods = control_plane.client().get(&path).unwrap();
    let state = pods.pointer("/items/0/status/containerStatuses/0/state/waiting")?;
    let text = |key: &str| state[key].as_str().unwrap_or_default().to_owned();
    Some((text("reason"), text("message")))
}

#[test]
fn jobs_finish_and_fail() {
    let control_plane = ControlPlane::start(&Options::default()).unwrap();
    let job = |name: &str, annotations: &str| {
        format!(
            "apiVersion: batch/v1
kind: Job
metadata: {{name: {name}, namespace: default}}
spec:
  backoffLimit: 0
  template:
    metadata: {{annotations: {{{annotations}}}}}
    spec: {{restartPolicy: Never, containers: [{{name: main, image: 'example.com/task:1'}}]}}
"
        )
    };
    control_plane.apply(&job("good", "")).unwrap();
    control_plane
        .apply(&job("bad", "testbed.tidegate.dev/fail: exit"))
        .unwrap();
    let wait = |condition: &str, name: &str| {
        control_plane
            .kubectl(&["wait", condition, name, "--timeout=60s"])
            .unwrap();
    };
    wait("--for=condition=Complete", "job/good");
    wait("--for=condition=Failed", "job/bad");
}

#[test]
fn requests_are_counted_by_who_made_them() {
    let control_plane = ControlPlane::start(&Options::default()).unwrap();
    let subject = Subject {
        user: "somebody",
        group: None,
    };
    let client =
        tidegate_testbed::Client::new(&control_plane.connection_for(subject).unwrap()).unwrap();
    let refused = client
        .get("/api/v1/namespaces/default/secrets")
        .unwrap_err();
    assert!(matches!(refused, Error::Api { code: 403, .. }), "{refused}");
    control_plane
        .kubectl(&["create", "configmap", "x", "--dry-run=server"])
        .and_then(|_| control_plane.kubectl(&["create", "configmap", "x"]))
        .unwrap();
    let events = control_plane.audit().unwrap();
    let theirs: Vec<_> = events
        .iter()
        .filter(|event| event.user == "somebody")
        .collect();
    assert_eq!(theirs.len(), 1);
    assert_eq!((theirs[0].verb.as_str(), theirs[0].code), ("list", 403));
    let made: Vec<_> = events
        .iter()
        .filter(|event| event.resource == "configmaps" && event.verb == "create")
        .filter(|event| event.user_agent.starts_with("kubectl"))
        .collect();
    assert_eq!(
        made.iter()
            .map(|event| event.is_write())
            .collect::<Vec<_>>(),
        [false, true]
    );
}

#[test]
fn the_api_server_can_go_away_and_come_back() {
    let options = Options {
        kwok: false,
        nodes: 0,
        ..Options::default()
    };
    let mut control_plane = ControlPlane::start(&options).unwrap();
    control_plane
        .apply(&deployment("web", "example.com/web:1"))
        .unwrap();
    control_plane.kill(Component::ApiServer).unwrap();
    assert!(matches!(
        control_plane.client().get("/version"),
        Err(Error::Http { .. })
    ));
    control_plane.restart(Component::ApiServer).unwrap();
    let path = "/apis/apps/v1/namespaces/default/deployments/web";
    assert_eq!(
        control_plane.client().get(path).unwrap()["spec"]["replicas"],
        3
    );
}

#[test]
fn the_real_crds_of_every_project_are_established() {
    let control_plane = ControlPlane::start(&Options {
        kwok: false,
        nodes: 0,
        ..Options::default()
    })
    .unwrap();
    control_plane.install_crds(&Upstream::ALL).unwrap();
    let groups = control_plane.client().get("/apis").unwrap();
    let groups: Vec<&str> = groups["groups"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|g| g["name"].as_str())
        .collect();
    for group in [
        "postgresql.cnpg.io",
        "barmancloud.cnpg.io",
        "external-secrets.io",
        "generators.external-secrets.io",
        "monitoring.coreos.com",
        "cert-manager.io",
        "traefik.io",
    ] {
        assert!(groups.contains(&group), "{group} is not in {groups:?}");
    }
    let namespaces: Value = control_plane.client().get("/api/v1/namespaces").unwrap();
    assert!(!namespaces.to_string().contains("cnpg-system"));
}
