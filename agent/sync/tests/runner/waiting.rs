//! Waiting for health, and giving way to something newer.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;
use tidegate_cluster::Area;
use tidegate_health::Status;
use tidegate_object::GroupKind;
use tidegate_plan::Required;
use tidegate_sync::{Observed, Order, Outcome, Phase, Restraint, Run, Step};
use tidegate_testbed::wait;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::world::{LIMIT, World, describe, object, runtime};

const DEPLOYMENT: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: NS}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}, annotations: {}}
    spec: {containers: [{name: main, image: 'IMAGE'}]}
";

fn deployment(image: &str) -> String {
    DEPLOYMENT.replace("IMAGE", image)
}

fn says(run: &Run, text: &str) -> bool {
    let web = run
        .objects
        .iter()
        .find(|object| object.id.short() == "deployment/web");
    web.is_some_and(|web| web.step == Step::Applied && web.message.contains(text))
}

#[test]
fn an_image_that_cannot_be_pulled_is_named_while_it_is_waited_for() {
    let world = World::new("image");
    let mut going = world.start(world.order(&deployment("registry.example/app:broken-1")));
    let run = going.until("the image to be named", |run| says(run, "cannot be pulled"));
    let message = &object(&run, "deployment/web").message;
    assert!(
        message.contains("registry.example/app:broken-1"),
        "{message}"
    );
    assert_eq!(run.phase, Phase::Wait);
    going.stop.cancel();
    assert_eq!(going.end().outcome, Some(Outcome::Superseded));
}

#[test]
fn what_never_gets_ready_fails_with_the_reason() {
    let world = World::new("late");
    let mut order = world.order(&deployment("registry.example/app:broken-1"));
    order.settings.timeout = Duration::from_secs(3);
    let run = world.run(order);
    assert_eq!(run.outcome, Some(Outcome::Degraded), "{}", describe(&run));
    let web = object(&run, "deployment/web");
    assert_eq!((web.step, web.health), (Step::Failed, Status::Failed));
    assert!(
        web.message.starts_with("not ready within 3s: pod/web-")
            && web.message.contains("cannot be pulled"),
        "{}",
        web.message
    );
}

#[test]
fn a_crash_loop_shows_its_last_log_line() {
    let world = World::new("crash");
    let crashing = deployment("example.com/web:1").replace(
        "annotations: {}",
        "annotations: {testbed.tidegate.dev/fail: crash-loop}",
    );
    let mut going = world.start(world.order(&crashing));
    let last = "its last log line: fatal: cannot open the configuration";
    let run = going.until("the log line", |run| says(run, last));
    assert!(
        says(&run, "container main: ended with exit code 1"),
        "{}",
        describe(&run)
    );
    going.stop.cancel();
    going.end();
}

#[test]
fn a_newer_rendering_ends_the_wait_and_gets_through() {
    let world = World::new("newer");
    let mut going = world.start(world.order(&deployment("registry.example/app:broken-1")));
    going.until("the wait", |run| run.phase == Phase::Wait);
    going.stop.cancel();
    assert_eq!(going.end().outcome, Some(Outcome::Superseded));
    let run = world.apply(&deployment("example.com/web:2"));
    assert_eq!(run.outcome, Some(Outcome::Healthy), "{}", describe(&run));
}

#[test]
fn a_deadline_belongs_to_the_object_and_not_to_the_run() {
    let world = World::new("deadline");
    let yaml = deployment("registry.example/app:broken-1");
    let mut order = world.order(&yaml);
    order.settings.timeout = Duration::from_secs(4);
    let mut going = world.start(order.clone());
    let before = going
        .until("the wait", |run| run.phase == Phase::Wait)
        .started;
    going.stop.cancel();
    going.end();
    let run = world.run(order);
    let web = object(&run, "deployment/web");
    assert!(
        web.message.starts_with("not ready within 4s"),
        "{}",
        web.message
    );
    let waited = web.since.duration_since(before);
    let own = web.since.duration_since(run.started);
    assert!(own < waited, "{own} {waited}");
}

#[test]
fn health_is_followed_after_the_run_and_late_readiness_is_seen() {
    let world = World::new("observe");
    let after = "---
apiVersion: v1
kind: ConfigMap
metadata:
  name: after
  namespace: NS
  annotations: {tidegate.dev/depends-on: apps/namespaces/NS/Deployment/web}
";
    let yaml = deployment("example.com/web:1").replace(
        "annotations: {}",
        "annotations: {testbed.tidegate.dev/ready-after: 4s}",
    );
    let mut order = world.order(&format!("{yaml}{after}"));
    order.settings.timeout = Duration::from_secs(1);
    let going = world.start(order.clone());
    let progress = going.progress.clone();
    let finished = going.finish();
    let run = finished.run();
    assert_eq!(run.outcome, Some(Outcome::Degraded), "{}", describe(run));
    assert_eq!(object(run, "configmap/after").step, Step::SetAside);
    assert!(
        object(run, "configmap/after")
            .message
            .starts_with("it needs deployment/web, which failed: not ready within 1s"),
        "{}",
        describe(run)
    );
    let observed = runtime().block_on(async {
        let stop = CancellationToken::new();
        tokio::time::timeout(LIMIT, finished.observe(stop))
            .await
            .unwrap()
    });
    assert_eq!(observed, Observed::Opened);
    assert_eq!(
        object(&progress.borrow(), "deployment/web").step,
        Step::Ready
    );
    order.settings.timeout = Duration::from_secs(60);
    assert_eq!(world.run(order).outcome, Some(Outcome::Healthy));
}

#[test]
fn trouble_after_the_run_is_seen_without_a_request() {
    let world = World::new("trouble");
    // What is broken by hand stays broken while the layer is restrained.
    let (_restrain, reason) = watch::channel(Some("it is suspended".to_owned()));
    let going = world.start(Order {
        restraint: Restraint::new(reason),
        ..world.order(&deployment("example.com/web:1"))
    });
    let progress = going.progress.clone();
    let finished = going.finish();
    assert_eq!(finished.run().outcome, Some(Outcome::Healthy));
    let stop = CancellationToken::new();
    let observing = runtime().spawn(finished.observe(stop.clone()));
    let broken = "{\"spec\": {\"template\": {\"spec\": {\"containers\": [{\"name\": \"main\", \"image\": \"registry.example/app:broken-1\"}]}}, \"strategy\": {\"type\": \"Recreate\", \"rollingUpdate\": null}}}";
    let change = |spec: &str| {
        let path = world.text("/apis/apps/v1/namespaces/NS/deployments/web");
        let change = serde_json::from_str(spec).unwrap();
        world.control_plane.client().merge(&path, &change).unwrap();
    };
    change(broken);
    wait::until("the trouble to be seen", LIMIT, || {
        let run = progress.borrow().clone();
        if says(&run, "cannot be pulled") {
            Ok(())
        } else {
            Err(describe(&run))
        }
    })
    .unwrap();
    // What explains trouble is followed while there is some, and no longer.
    let pods = Area {
        kind: GroupKind::new("", "Pod"),
        namespace: Some(world.namespace.clone()),
    };
    assert!(world.engine.live().in_area(&pods).is_some());
    let whole = broken.replace("registry.example/app:broken-1", "example.com/web:1");
    change(&whole);
    wait::until("the end of the trouble to be seen", LIMIT, || {
        let run = progress.borrow().clone();
        match object(&run, "deployment/web").step {
            Step::Ready => Ok(()),
            _ => Err(describe(&run)),
        }
    })
    .unwrap();
    assert!(world.engine.live().in_area(&pods).is_none());
    stop.cancel();
    assert_eq!(runtime().block_on(observing).unwrap(), Observed::Stopped);
}

#[test]
fn what_is_required_and_does_not_come_is_named_and_lets_the_layer_go_on_when_it_does() {
    let world = World::new("required");
    let mut order =
        world.order("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: NS}\n");
    order.settings.timeout = Duration::from_secs(2);
    order.settings.requires = vec![Required {
        id: world.text("core/Secret/NS/by-hand").parse().unwrap(),
        ready: false,
    }];
    let finished = world.start(order.clone()).finish();
    let a = object(finished.run(), "configmap/a");
    assert_eq!(
        (a.step, a.message.as_str()),
        (Step::SetAside, "waited 2s for secret/by-hand: not there")
    );
    let observing = runtime().spawn(finished.observe(CancellationToken::new()));
    let path = world.text("/api/v1/namespaces/NS/secrets");
    let secret = serde_json::json!({"metadata": {"name": "by-hand"}});
    world.control_plane.client().create(&path, &secret).unwrap();
    let opened = runtime().block_on(async { tokio::time::timeout(LIMIT, observing).await });
    assert_eq!(opened.unwrap().unwrap(), Observed::Opened);
    assert_eq!(world.run(order).outcome, Some(Outcome::Healthy));
}

#[test]
fn an_object_that_is_being_deleted_is_waited_for_and_made_anew() {
    let world = World::new("going");
    let yaml = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: NS, finalizers: [example.com/held]}\ndata: {n: 'N'}\n";
    world.apply(&yaml.replace("'N'", "'1'"));
    let path = world.text("/api/v1/namespaces/NS/configmaps/a");
    let client = world.control_plane.client();
    let uid = client.get(&path).unwrap()["metadata"]["uid"].clone();
    client.delete(&path).unwrap();
    let mut going = world.start(world.order(&yaml.replace("'N'", "'2'")));
    let run = going.until("the deletion to be waited for", |run| {
        run.objects
            .iter()
            .any(|object| object.step == Step::Waiting)
    });
    let message = &object(&run, "configmap/a").message;
    assert!(
        message.starts_with("waits for configmap/a: ") && message.contains("example.com/held"),
        "{message}"
    );
    client
        .merge(
            &path,
            &serde_json::json!({"metadata": {"finalizers": null}}),
        )
        .unwrap();
    assert_eq!(going.end().outcome, Some(Outcome::Healthy));
    let live = client.get(&path).unwrap();
    assert_eq!(live["data"]["n"], "2");
    assert_ne!(live["metadata"]["uid"], uid);
    client
        .merge(
            &path,
            &serde_json::json!({"metadata": {"finalizers": null}}),
        )
        .unwrap();
}

#[test]
fn what_is_being_deleted_is_waited_for_since_its_deletion_began() {
    let world = World::new("going");
    let held = "apiVersion: v1
kind: ConfigMap
metadata: {name: held, namespace: NS, finalizers: [example.com/held]}
";
    let run = world.apply(held);
    assert_eq!(run.outcome, Some(Outcome::Healthy), "{}", describe(&run));
    let path = world.text("/api/v1/namespaces/NS/configmaps/held");
    let client = world.control_plane.client();
    client.delete(&path).unwrap();
    let going = world.live("/api/v1/namespaces/NS/configmaps/held");
    let going = going["metadata"]["deletionTimestamp"].as_str().unwrap();
    let going: Timestamp = going.parse().unwrap();
    let mut order = world.order(&format!("{held}data: {{new: value}}\n"));
    let mut waiting = world.start(order.clone());
    let run = waiting.until("the wait", |run| {
        let held = run.objects.first();
        held.is_some_and(|held| !held.waiting_for.is_empty())
    });
    let waits = &object(&run, "configmap/held").waiting_for;
    assert_eq!(waits[0].since, going, "{waits:?}");
    waiting.stop.cancel();
    waiting.end();
    let timeout = Duration::from_secs(3);
    wait::until("the deadline to pass", LIMIT, || {
        let has_passed = going + timeout < Timestamp::now();
        has_passed.then_some(()).ok_or_else(String::new)
    })
    .unwrap();
    order.settings.timeout = timeout;
    let run = world.run(order);
    client
        .merge(&path, &json!({"metadata": {"finalizers": null}}))
        .unwrap();
    let held = object(&run, "configmap/held");
    assert_eq!(held.step, Step::SetAside, "{}", describe(&run));
    assert!(
        held.message
            .starts_with("waited 3s for configmap/held: being deleted since "),
        "{}",
        held.message
    );
}
