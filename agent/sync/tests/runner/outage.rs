//! The API server goes away, and comes back.

use std::time::Duration;

use serde_json::json;
use tidegate_cluster::ConnectOptions;
use tidegate_plan::{Change, Required};
use tidegate_sync::{Outcome, Run, RunObject, Step};
use tidegate_testbed::{Component, ControlPlane, FaultProxy, Options};

use crate::world::{Tenant, World, describe, engine_with, object};

const WAITING: &str = "
apiVersion: v1
kind: ConfigMap
metadata: {name: first, namespace: NS}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: second
  namespace: NS
  annotations: {tidegate.dev/depends-on: /namespaces/NS/ConfigMap/gate}
";

/// What the second object waits for, made by somebody else.
fn gate(tenant: &Tenant) -> Required {
    Required {
        id: tenant.text("core/ConfigMap/NS/gate").parse().unwrap(),
        ready: false,
    }
}

#[test]
fn a_run_outlives_an_api_server_that_is_away_at_its_start_and_in_its_middle() {
    let options = Options {
        nodes: 0,
        kwok: false,
        durable: true,
        ..Options::default()
    };
    let mut control_plane = ControlPlane::start(&options).unwrap();
    let tenant = Tenant::new(&control_plane, "outage");
    tenant.allow_everything(&control_plane);
    let mut order = tenant.order(WAITING);
    order.settings.requires = vec![gate(&tenant)];
    control_plane.kill(Component::ApiServer).unwrap();
    let mut going = tenant.start(order);
    let run = going.until("the outage to be told", |run| !run.message.is_empty());
    assert!(
        run.message
            .starts_with("the API server cannot be reached: "),
        "{}",
        run.message
    );
    control_plane.restart(Component::ApiServer).unwrap();
    let run = going.until("the gate to be waited for", |run| {
        run.message.is_empty()
            && run
                .objects
                .iter()
                .any(|object| object.step == Step::Waiting)
    });
    assert_eq!(object(&run, "configmap/first").step, Step::Ready);
    let second = object(&run, "configmap/second");
    assert_eq!(second.message, "waits for configmap/gate: not there");
    control_plane.kill(Component::ApiServer).unwrap();
    control_plane.restart(Component::ApiServer).unwrap();
    let path = tenant.text("/api/v1/namespaces/NS/configmaps");
    let gate = json!({"metadata": {"name": "gate"}});
    control_plane.client().create(&path, &gate).unwrap();
    let run = going.end();
    assert_eq!(run.outcome, Some(Outcome::Healthy), "{}", describe(&run));
}

#[test]
fn a_watch_that_falls_silent_is_opened_again() {
    let world = World::new("silent");
    let proxy = FaultProxy::start(world.control_plane.connection()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let kubeconfig = folder.path().join("kubeconfig");
    proxy.write_kubeconfig(&kubeconfig).unwrap();
    let options = ConnectOptions {
        kubeconfig: Some(kubeconfig),
        silence: Some(Duration::from_secs(2)),
        ..ConnectOptions::default()
    };
    let mut tenant = world.tenant;
    tenant.engine = engine_with(&options, &tenant.namespace);
    let mut order = tenant.order(WAITING);
    order.settings.requires = vec![gate(&tenant)];
    let mut going = tenant.start(order);
    going.until("the gate to be waited for", |run| {
        let waits = |object: &RunObject| object.step == Step::Waiting;
        run.objects.iter().any(waits)
    });
    proxy.stall_watches();
    let path = tenant.text("/api/v1/namespaces/NS/configmaps");
    let gate = json!({"metadata": {"name": "gate"}});
    world.control_plane.client().create(&path, &gate).unwrap();
    let run = going.end();
    assert_eq!(run.outcome, Some(Outcome::Healthy), "{}", describe(&run));
}

#[test]
fn a_run_whose_writes_are_cut_off_goes_on_where_it_was() {
    let options = Options {
        nodes: 0,
        kwok: false,
        durable: true,
        ..Options::default()
    };
    let mut control_plane = ControlPlane::start(&options).unwrap();
    let tenant = Tenant::new(&control_plane, "cut");
    tenant.allow_everything(&control_plane);
    let one = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: cN, namespace: NS}\n---\n";
    let all: Vec<_> = (0..300)
        .map(|n| one.replace("cN", &format!("c{n}")))
        .collect();
    let yaml = all.concat();
    let mut order = tenant.order(&yaml);
    order.settings.concurrency = 4;
    let mut going = tenant.start(order.clone());
    let ready = |run: &Run| {
        run.objects
            .iter()
            .filter(|object| object.step == Step::Ready)
            .count()
    };
    going.until("some to be written", |run| ready(run) > 20);
    control_plane.kill(Component::ApiServer).unwrap();
    let run = going.until("the outage to be told", |run| !run.message.is_empty());
    assert!(
        run.message
            .starts_with("the API server cannot be reached: "),
        "{}",
        run.message
    );
    assert!(ready(&run) < 300);
    control_plane.restart(Component::ApiServer).unwrap();
    let run = going.end();
    assert_eq!(run.outcome, Some(Outcome::Healthy), "{}", describe(&run));
    assert_eq!(run.message, "");
    let run = tenant.run(order);
    assert!(
        run.objects
            .iter()
            .all(|object| object.change == Change::None)
    );
}
