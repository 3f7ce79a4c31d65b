//! Recovery is never blocked: a fix goes through, whatever else is broken.
//!
//! The naive order, in which every edge always waits for a healthy target, would hang: each test shows the edges
//! on which it would.

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::time::Duration;

use serde_json::json;
use tidegate_health::Status;
use tidegate_sync::{Outcome, Run, Step};
use tidegate_testbed::{ControlPlane, Operators, Upstream};

use crate::world::{World, describe, object};

/// The operators of the shared control plane.
pub(crate) fn operators() -> &'static Operators {
    static OPERATORS: OnceLock<Operators> = OnceLock::new();
    OPERATORS.get_or_init(|| {
        let control_plane = ControlPlane::shared();
        let operators = Operators::start(control_plane, Duration::from_millis(50)).unwrap();
        control_plane
            .install_crds(&[Upstream::Cnpg, Upstream::ExternalSecrets])
            .unwrap();
        operators
    })
}

/// The targets for whose health the naive order would wait before it writes an object.
fn naive_waits(run: &Run, short: &str) -> Vec<String> {
    let is_well = |id: &tidegate_object::ObjectId| {
        let target = run.objects.iter().find(|object| object.id == *id);
        target.is_none_or(|target| target.health == Status::Current)
    };
    let edges = run.edges.iter().filter(|edge| edge.from.short() == short);
    edges
        .filter(|edge| !is_well(&edge.to))
        .map(|edge| edge.to.short())
        .collect()
}

const OPERATED: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: operator, namespace: NS, labels: {app.kubernetes.io/name: cloudnative-pg}}
spec:
  strategy: {type: Recreate}
  selector: {matchLabels: {app: operator}}
  template:
    metadata: {labels: {app: operator}}
    spec: {containers: [{name: manager, image: 'OPERATOR'}]}
---
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: pg
  namespace: NS
  annotations: {tidegate.dev/depends-on: apps/namespaces/NS/Deployment/operator}
spec: {instances: 1, imageName: 'POSTGRES', storage: {size: 1Gi}}
";

fn operated(operator: &str, postgres: &str) -> String {
    OPERATED
        .replace("OPERATOR", operator)
        .replace("POSTGRES", postgres)
}

#[test]
fn a_fix_of_a_cluster_goes_through_while_its_operator_is_down() {
    operators();
    let world = World::new("operator");
    let good = world.apply(&operated(
        "example.com/cnpg:1",
        "example.com/postgresql:16.4",
    ));
    assert_eq!(good.outcome, Some(Outcome::Healthy), "{}", describe(&good));
    // A well cluster waits for the operator that the same commit changes.
    let broken = operated("example.com/cnpg:broken-1", "example.com/postgresql:16.5");
    let mut going = world.start(world.order(&broken));
    let run = going.until("the cluster to wait", |run| {
        run.objects.iter().any(|object| {
            object.id.short() == "cluster/pg"
                && object
                    .message
                    .starts_with("waits for deployment/operator: ")
        })
    });
    assert_eq!(object(&run, "cluster/pg").waiting_for.len(), 1);
    going.stop.cancel();
    going.end();
    // One that is not well gets its fix.
    let path = world.text("/apis/postgresql.cnpg.io/v1/namespaces/NS/clusters/pg");
    let client = world.control_plane.client();
    let ill = json!({"status": {"phase": "Not enough disk space"}});
    client.merge(&format!("{path}/status"), &ill).unwrap();
    let mut going = world.start(world.order(&broken));
    let run = going.until("the fix to be written", |run| {
        let pg = run
            .objects
            .iter()
            .find(|object| object.id.short() == "cluster/pg");
        pg.is_some_and(|pg| matches!(pg.step, Step::Applied | Step::Failed))
    });
    assert_eq!(
        client.get(&path).unwrap()["spec"]["imageName"],
        "example.com/postgresql:16.5"
    );
    assert_eq!(naive_waits(&run, "cluster/pg"), ["deployment/operator"]);
    going.stop.cancel();
    going.end();
    let fixed = world.apply(&operated(
        "example.com/cnpg:2",
        "example.com/postgresql:16.5",
    ));
    assert_eq!(
        fixed.outcome,
        Some(Outcome::Healthy),
        "{}",
        describe(&fixed)
    );
}

const WITH_SECRET: &str = "
apiVersion: external-secrets.io/v1
kind: SecretStore
metadata: {name: manager, namespace: NS}
spec: {provider: {fake: {data: [{key: unused, value: unused}]}}}
---
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: web, namespace: NS}
spec:
  refreshInterval: INTERVAL
  secretStoreRef: {name: manager, kind: SecretStore}
  dataFrom: [{extract: {key: NS}}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: NS}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: main
        image: 'IMAGE'
        env: [{name: PASSWORD, valueFrom: {secretKeyRef: {name: web, key: password}}}]
";

fn with_secret(interval: &str, image: &str) -> String {
    WITH_SECRET
        .replace("INTERVAL", interval)
        .replace("IMAGE", image)
}

#[test]
fn an_image_goes_through_while_the_secrets_provider_fails() {
    let operators = operators();
    let world = World::new("secrets");
    let values = BTreeMap::from([("password".to_owned(), "hunter2".to_owned())]);
    operators.put_secret(&world.namespace, &values);
    let run = world.apply(&with_secret("1h", "example.com/web:1"));
    assert_eq!(run.outcome, Some(Outcome::Healthy), "{}", describe(&run));
    let broken = world.start(world.order(&with_secret("1h", "example.com/web:broken-1")));
    broken.stop_once("the image to be missed", |run| {
        object(run, "deployment/web")
            .message
            .contains("cannot be pulled")
    });
    operators.remove_secret(&world.namespace);
    let mut going = world.start(world.order(&with_secret("2h", "example.com/web:2")));
    let run = going.until("the fix to be live", |run| {
        let web = run
            .objects
            .iter()
            .find(|object| object.id.short() == "deployment/web");
        web.is_some_and(|web| web.step == Step::Ready)
    });
    assert_ne!(
        object(&run, "externalsecret/web").health,
        Status::Current,
        "{}",
        describe(&run)
    );
    assert_eq!(naive_waits(&run, "deployment/web"), ["externalsecret/web"]);
    operators.put_secret(&world.namespace, &values);
    assert_eq!(going.end().outcome, Some(Outcome::Healthy));
}

const CRASHING: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: db, namespace: NS}
spec:
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: main, image: 'example.com/db:DB'}]}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: NS
  annotations: {tidegate.dev/depends-on: apps/namespaces/NS/Deployment/db}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}, annotations: {FAIL}}
    spec: {containers: [{name: main, image: 'example.com/web:1'}]}
";

#[test]
fn a_fix_of_a_crash_loop_goes_through_although_its_dependency_is_broken() {
    let world = World::new("crashing");
    let yaml = |db: &str, fail: &str| CRASHING.replace("DB", db).replace("FAIL", fail);
    let run = world.apply(&yaml("1", ""));
    assert_eq!(run.outcome, Some(Outcome::Healthy), "{}", describe(&run));
    let crashing = world.start(world.order(&yaml("1", "testbed.tidegate.dev/fail: crash-loop")));
    crashing.stop_once("the crash", |run| {
        object(run, "deployment/web")
            .message
            .contains("exit code 1")
    });
    let mut going = world.start(world.order(&yaml("broken-1", "")));
    let run = going.until("the fix to be live", |run| {
        let web = run
            .objects
            .iter()
            .find(|object| object.id.short() == "deployment/web");
        web.is_some_and(|web| web.step == Step::Ready)
    });
    assert_eq!(naive_waits(&run, "deployment/web"), ["deployment/db"]);
    going.stop.cancel();
    assert_eq!(going.end().outcome, Some(Outcome::Superseded));
}
