//! Changes that cannot be proven before others are written: namespaces and kinds of the same plan.

use tidegate_plan::Change;
use tidegate_sync::{Outcome, Step};

use crate::world::{World, describe, object};

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
