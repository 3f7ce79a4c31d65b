//! Changes that cannot be proven before others are written: namespaces and kinds of the same plan.

use tidegate_plan::Change;
use tidegate_sync::{Observed, Outcome, Step};
use tokio_util::sync::CancellationToken;

use crate::world::{LIMIT, World, describe, object, runtime};

fn definition(name: &str) -> String {
    format!(
        "
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {{name: {name}s.NS.example}}
spec:
  group: NS.example
  scope: Namespaced
  names: {{kind: {name}, plural: {name}s, singular: {name}, listKind: {name}list}}
  versions:
  - name: v1
    served: true
    storage: true
    schema: {{openAPIV3Schema: {{type: object, properties: {{spec: {{type: object, properties: {{size: {{type: integer}}}}}}}}}}}}
"
    )
}

#[test]
fn a_namespace_and_a_kind_come_before_what_is_in_them() {
    let world = World::new("structure");
    let shard = "---
apiVersion: NS.example/v1
kind: shard
metadata: {name: one, namespace: NS-inner}
spec: {size: 3}
---
apiVersion: v1
kind: Namespace
metadata: {name: NS-inner}
---
";
    let run = world.apply(&format!(
        "{}{}",
        shard.trim_start_matches("---"),
        definition("shard")
    ));
    assert_eq!(run.outcome, Some(Outcome::Healthy), "{}", describe(&run));
    assert_eq!(run.unproven, 1);
    let shard = object(&run, "shard/one");
    assert_eq!((shard.change, shard.wave), (Change::Create, 2));
    let order: Vec<_> = world
        .writes()
        .into_iter()
        .map(|event| event.resource)
        .collect();
    assert_eq!(
        order.last().map(String::as_str),
        Some("shards"),
        "{order:?}"
    );
}

#[test]
fn a_field_that_the_plans_own_definition_does_not_know_stops_the_run_before_its_first_write() {
    let world = World::new("offline");
    let objects = "---
apiVersion: v1
kind: ConfigMap
metadata: {name: first, namespace: NS}
---
apiVersion: NS.example/v1
kind: shard
metadata: {name: one, namespace: NS}
spec: {sise: 3}
---
apiVersion: NS.example/v1
kind: shard
metadata: {name: two, namespace: NS}
spec: {size: three}
";
    let run = world.apply(&format!("{}{objects}", definition("shard")));
    assert_eq!(run.outcome, Some(Outcome::Failed), "{}", describe(&run));
    let message = |name: &str| object(&run, name).message.clone();
    assert_eq!(
        message("shard/one"),
        "spec.sise: there is no such field: is `size` meant?"
    );
    assert_eq!(
        message("shard/two"),
        "spec.size: must be a whole number, and is a text"
    );
    assert_eq!(
        run.message,
        "shard/one (app.yaml:19): spec.sise: there is no such field: is `size` meant? (and 1 more is refused); nothing was written"
    );
    assert!(world.writes().is_empty());
    let run = world.apply(&format!(
        "{}{}",
        definition("shard"),
        objects.replace("sise: 3", "size: 3").replace("three", "3")
    ));
    assert_eq!(run.outcome, Some(Outcome::Healthy), "{}", describe(&run));
}

#[test]
fn one_refusal_in_a_group_stops_it_before_its_first_write() {
    let world = World::new("group");
    let content = "---
apiVersion: v1
kind: Namespace
metadata: {name: NS-inner}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: good, namespace: NS-inner}
---
apiVersion: v1
kind: Service
metadata: {name: bad, namespace: NS-inner}
spec: {ports: [{port: 80, tarPort: 8080}]}
";
    let run = world.apply(content.trim_start_matches("---\n"));
    assert_eq!(run.outcome, Some(Outcome::Failed), "{}", describe(&run));
    assert_eq!(run.unproven, 2);
    assert!(
        run.message.starts_with("service/bad (app.yaml:9): ")
            && run.message.ends_with("; nothing more is written"),
        "{}",
        run.message
    );
    let inner = format!("namespace/{}-inner", world.namespace);
    assert_eq!(object(&run, &inner).step, Step::Ready);
    assert_eq!(object(&run, "service/bad").step, Step::Failed);
    let written: Vec<_> = world
        .writes()
        .into_iter()
        .map(|event| event.resource)
        .collect();
    assert_eq!(written, ["namespaces"]);
}

const LATE: &str = "
apiVersion: NS.example/v1
kind: shard
metadata: {name: one, namespace: NS}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: lost, namespace: NS-late}
";

#[test]
fn a_kind_or_a_namespace_that_comes_later_lets_the_layer_go_on() {
    let world = World::new("late");
    let going = world.start(world.order(LATE));
    let finished = going.finish();
    assert_eq!(
        finished.run().outcome,
        Some(Outcome::Degraded),
        "{}",
        describe(finished.run())
    );
    let observing = runtime().spawn(finished.observe(CancellationToken::new()));
    world
        .control_plane
        .apply(&world.text(&definition("shard")))
        .unwrap();
    let opened = runtime().block_on(async { tokio::time::timeout(LIMIT, observing).await });
    assert_eq!(opened.unwrap().unwrap(), Observed::Opened);
    let finished = world.start(world.order(LATE)).finish();
    assert_eq!(object(finished.run(), "shard/one").step, Step::Ready);
    let observing = runtime().spawn(finished.observe(CancellationToken::new()));
    let namespace = "apiVersion: v1\nkind: Namespace\nmetadata: {name: NS-late}\n";
    world.control_plane.apply(&world.text(namespace)).unwrap();
    let opened = runtime().block_on(async { tokio::time::timeout(LIMIT, observing).await });
    assert_eq!(opened.unwrap().unwrap(), Observed::Opened);
    assert_eq!(world.apply(LATE).outcome, Some(Outcome::Healthy));
}

#[test]
fn a_namespace_that_is_there_already_needs_no_proof_before_its_content() {
    let world = World::new("there");
    let inner = "apiVersion: v1\nkind: Namespace\nmetadata: {name: NS-inner}\n";
    world.control_plane.apply(&world.text(inner)).unwrap();
    let run = world.apply(&format!(
        "{inner}---
apiVersion: v1
kind: Service
metadata: {{name: bad, namespace: NS-inner}}
spec: {{ports: [{{port: 80, tarPort: 8080}}]}}
"
    ));
    assert_eq!(run.outcome, Some(Outcome::Failed), "{}", describe(&run));
    assert!(
        run.message.ends_with("; nothing was written"),
        "{}",
        run.message
    );
    assert_eq!(world.writes(), []);
}
