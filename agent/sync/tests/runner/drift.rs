//! What others change of owned objects, once the run is over: put right, learned, or left, and with how many requests.

use std::sync::Arc;

use serde_json::{Value, json};
use tidegate_sync::{Drift, Observed, Order, Outcome, Restraint, Run, Verdict};
use tidegate_testbed::{AuditEvent, wait};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::world::{LIMIT, World, describe, engine, object, runtime};

/// A layer whose run is over, and that is followed on.
struct Followed {
    progress: watch::Receiver<Arc<Run>>,
    stop: CancellationToken,
    task: tokio::task::JoinHandle<Observed>,
}

impl Followed {
    fn start(world: &World, order: Order) -> Self {
        let going = world.start(order);
        let progress = going.progress.clone();
        let stop = CancellationToken::new();
        let finished = going.finish();
        let run = Arc::clone(finished.run());
        assert_eq!(run.outcome, Some(Outcome::Healthy), "{}", describe(&run));
        let task = runtime().spawn(finished.observe(stop.clone()));
        Self {
            progress,
            stop,
            task,
        }
    }

    /// Waits until something was noticed.
    fn until(&self, what: &str, is: impl Fn(&Drift) -> bool) -> Drift {
        wait::until(what, LIMIT, || {
            let run = Arc::clone(&self.progress.borrow());
            let found = run.drift.iter().find(|drift| is(drift));
            found.cloned().ok_or_else(|| format!("{:?}", run.drift))
        })
        .unwrap()
    }

    fn verdicts(&self) -> Vec<Verdict> {
        let run = Arc::clone(&self.progress.borrow());
        run.drift.iter().map(|drift| drift.verdict).collect()
    }

    fn end(self) {
        self.stop.cancel();
        runtime().block_on(self.task).unwrap();
    }
}

const SHOP: &str = "
apiVersion: v1
kind: ConfigMap
metadata: {name: a, namespace: NS, labels: {app: web}}
data: {colour: blue}
---
apiVersion: v1
kind: Secret
metadata: {name: b, namespace: NS}
stringData: {password: hunter2}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: NS}
spec: {selector: {app: web}, ports: [{name: http, port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: NS}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: main, image: 'example.com/web:1', env: [{name: A, value: one}]}]}
";

const A: &str = "/api/v1/namespaces/NS/configmaps/a";
const B: &str = "/api/v1/namespaces/NS/secrets/b";
const SERVICE: &str = "/api/v1/namespaces/NS/services/web";
const WEB: &str = "/apis/apps/v1/namespaces/NS/deployments/web";

fn edit(world: &World, path: &str, change: &Value) {
    let client = world.control_plane.client();
    client.merge(&world.text(path), change).unwrap();
}

/// What was asked about the objects, watches and the agent's own Secrets aside.
fn asked(world: &World, since: usize) -> Vec<String> {
    let is_object = |event: &&AuditEvent| !event.uri.contains("tidegate-");
    let requests = world.requests();
    let requests = requests.iter().filter(is_object).skip(since);
    requests
        .map(|event| {
            let dry = if event.uri.contains("dryRun") {
                " dry"
            } else {
                ""
            };
            format!("{}{dry}", event.verb)
        })
        .collect()
}

#[test]
fn what_others_change_is_put_right_and_they_are_named() {
    let world = World::new("drift");
    let followed = Followed::start(&world, world.order(SHOP));
    let edits: &[(&str, Value, &str, Value)] = &[
        (
            A,
            json!({"data": {"colour": "red"}}),
            "/data/colour",
            json!("blue"),
        ),
        (A, json!({"data": null}), "/data/colour", json!("blue")),
        (
            A,
            json!({"metadata": {"labels": {"app": "x"}}}),
            "/metadata/labels/app",
            json!("web"),
        ),
        (
            B,
            json!({"data": {"password": "eA=="}}),
            "/data/password",
            json!("aHVudGVyMg=="),
        ),
        (
            SERVICE,
            json!({"spec": {"selector": {"app": "x"}}}),
            "/spec/selector/app",
            json!("web"),
        ),
        (
            WEB,
            json!({"spec": {"replicas": 5}}),
            "/spec/replicas",
            json!(2),
        ),
        (
            WEB,
            json!({"spec": {"template": {"spec": {"containers": [{"name": "main", "image": "example.com/web:2"}]}}}}),
            "/spec/template/spec/containers/0/image",
            json!("example.com/web:1"),
        ),
    ];
    for (path, change, field, expected) in edits {
        edit(&world, path, change);
        wait::until("the edit to be put right", LIMIT, || {
            let live = world.live(path);
            let now = live.pointer(field).cloned().unwrap_or_default();
            if now == *expected {
                Ok(())
            } else {
                Err(now.to_string())
            }
        })
        .unwrap();
    }
    let colour = followed.until("the first", |drift| drift.number == 1);
    assert_eq!(
        (colour.verdict, colour.fields.as_slice()),
        (Verdict::Repaired, &["data.colour".to_owned()][..])
    );
    assert!(
        colour.writer.is_some() && colour.written.is_some(),
        "{colour:?}"
    );
    let text = format!("{:?}", followed.progress.borrow().drift);
    assert!(
        !text.contains("hunter2") && !text.contains("aHVudGVy"),
        "{text}"
    );
    followed.end();
}

#[test]
fn what_is_deleted_is_made_again_and_stripped_marks_are_put_back() {
    let world = World::new("gone");
    let followed = Followed::start(&world, world.order(SHOP));
    world.control_plane.client().delete(&world.text(A)).unwrap();
    followed.until("it to be made again", |drift| {
        drift.verdict == Verdict::Remade
    });
    assert_eq!(world.live(A)["data"]["colour"], "blue");
    edit(
        &world,
        B,
        &json!({"metadata": {"labels": {"tidegate.dev/layer": null}}}),
    );
    let marks = followed.until("marks to be put back", |drift| {
        drift.object.short() == "secret/b"
    });
    assert_eq!(marks.fields, ["metadata.labels"]);
    assert_eq!(
        world.live(B)["metadata"]["labels"]["tidegate.dev/layer"],
        world.owner.uid.as_str()
    );
    followed.end();
}

#[test]
fn what_changes_nothing_costs_one_dry_run_or_nothing_and_a_restart_asks_for_no_object() {
    let mut world = World::new("quiet");
    let followed = Followed::start(&world, world.order(SHOP));
    let before = asked(&world, 0).len();
    // Not ours, status, and the like: no request at all.
    edit(
        &world,
        A,
        &json!({"metadata": {"annotations": {"note": "x"}}, "data": {"more": "y"}}),
    );
    // The same value by somebody who forces it: ownership is shared, and nothing is lost.
    let same = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"colour": "blue"}});
    world
        .control_plane
        .client()
        .apply(&world.text(A), "somebody", &same)
        .unwrap();
    // What comes after is seen after.
    edit(&world, A, &json!({"data": {"colour": "red"}}));
    followed.until("the repair", |drift| drift.verdict == Verdict::Repaired);
    assert_eq!(asked(&world, before), ["patch dry", "get", "patch"]);
    assert_eq!(followed.verdicts(), [Verdict::Repaired]);
    followed.end();
    let before = asked(&world, 0).len();
    world.tenant.engine = engine(world.control_plane.kubeconfig(), &world.namespace);
    let followed = Followed::start(&world, world.order(SHOP));
    let after = asked(&world, before);
    assert!(
        after.iter().all(|verb| verb == "list" || verb == "get"),
        "{after:?}"
    );
    assert_eq!(followed.verdicts(), []);
    followed.end();
}

#[test]
fn a_restrained_layer_and_a_held_object_are_only_reported_until_that_ends() {
    let world = World::new("restrained");
    let (restrain, reason) = watch::channel(Some("it is suspended".to_owned()));
    let order = Order {
        restraint: Restraint::new(reason),
        ..world.order(SHOP)
    };
    let followed = Followed::start(&world, order);
    edit(&world, A, &json!({"data": {"colour": "red"}}));
    let drift = followed.until("the report", |drift| drift.verdict == Verdict::Reported);
    assert_eq!(drift.message, "it is suspended");
    edit(
        &world,
        A,
        &json!({"metadata": {"annotations": {"tidegate.dev/hold-until": "2999-01-01T00:00:00Z"}}}),
    );
    restrain.send_replace(None);
    followed.until("the hold", |drift| drift.verdict == Verdict::Held);
    assert_eq!(world.live(A)["data"]["colour"], "red");
    let run = Arc::clone(&followed.progress.borrow());
    assert!(object(&run, "configmap/a").held_until.is_some());
    edit(
        &world,
        A,
        &json!({"metadata": {"annotations": {"tidegate.dev/hold-until": null}}}),
    );
    followed.until("the repair", |drift| drift.verdict == Verdict::Repaired);
    assert!(followed.verdicts().contains(&Verdict::HoldEnded));
    assert_eq!(world.live(A)["data"]["colour"], "blue");
    followed.end();
}

#[test]
fn a_writer_who_never_stops_is_named_and_left_alone_for_a_while() {
    let world = World::new("fight");
    let followed = Followed::start(&world, world.order(SHOP));
    let red = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"colour": "red"}});
    let fight = wait::until("the fight to be seen", LIMIT, || {
        world
            .control_plane
            .client()
            .apply(&world.text(A), "stubborn&force=true", &red)
            .unwrap();
        let run = Arc::clone(&followed.progress.borrow());
        let is_fight = |drift: &&Drift| drift.verdict == Verdict::Contested;
        run.drift
            .iter()
            .find(is_fight)
            .cloned()
            .ok_or_else(|| format!("{:?}", run.drift))
    })
    .unwrap();
    assert_eq!(fight.writer.as_deref(), Some("stubborn"));
    let run = Arc::clone(&followed.progress.borrow());
    let shown = object(&run, "configmap/a").drift.as_ref();
    assert_eq!(shown.map(|drift| drift.verdict), Some(Verdict::Contested));
    followed.end();
}

#[test]
fn what_an_apply_cannot_put_right_is_reported() {
    let world = World::new("beyond");
    let followed = Followed::start(&world, world.order(SHOP));
    edit(
        &world,
        SERVICE,
        &json!({"spec": {"ports": [{"name": "http", "port": 81, "protocol": "TCP"}]}}),
    );
    let drift = followed.until("the report", |drift| drift.verdict == Verdict::Refused);
    assert!(
        drift.message.starts_with("an apply is refused: "),
        "{drift:?}"
    );
    followed.end();
}
