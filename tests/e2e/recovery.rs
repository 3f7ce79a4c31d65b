//! Recovery is never blocked: the commit that fixes something goes through at once, whatever else is broken.
//!
//! Each time the plan has the edge on which a naive executor, which waits for every target to be healthy, would hang.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::place::{Place, condition};
use crate::rig::rig;

/// The unhealthy targets of an object's edges: a naive executor would wait for them before it writes the object.
fn naive_waits(place: &Place, from: &str) -> Vec<String> {
    let from = place.text(from);
    let plan = rig().ask(place, "/plan");
    let objects = rig().ask(place, "/objects");
    let objects = objects["items"].as_array().cloned().unwrap_or_default();
    let is_ill = |id: &Value| {
        let target = objects.iter().find(|object| object["id"] == *id);
        target.is_some_and(|target| target["health"] != "current")
    };
    let edges = plan["edges"].as_array().cloned().unwrap_or_default();
    let edges = edges.iter().filter(|edge| edge["from"] == from);
    let ill = edges.filter(|edge| is_ill(&edge["to"]));
    ill.filter_map(|edge| {
        edge["to"]
            .as_str()
            .map(|id| id.replace(&place.namespace, "NS"))
    })
    .collect()
}

fn place(name: &'static str) -> Place {
    let origin = rig().origin(name);
    let place = rig().place(&origin, name);
    let mut spec = place.spec();
    spec["timeout"] = json!("3s");
    place.set_layer(&spec);
    place
}

/// Waits until an object's field is as the fix has it.
fn until_live(place: &Place, path: &str, (pointer, expected): (&str, &str)) {
    place.until("the fix to be live", |_| {
        place
            .read(path)
            .pointer(pointer)
            .is_some_and(|value| value == expected)
    });
}

fn until_told(place: &Place, words: &str) {
    place.until(words, |layer| crate::place::told(layer).contains(words));
}

const OPERATED: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: operator, namespace: NS, labels: {app.kubernetes.io/name: cloudnative-pg}}
spec:
  selector: {matchLabels: {app: operator}}
  template:
    metadata: {labels: {app: operator}}
    spec: {containers: [{name: manager, image: 'registry.example/operator:1'}]}
---
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: pg
  namespace: NS
  annotations: {tidegate.dev/depends-on: apps/namespaces/NS/Deployment/operator}
spec: {instances: 1, imageName: 'registry.example/postgresql:POSTGRES', storage: {size: 1Gi}}
";
const CLUSTER: &str = "/apis/postgresql.cnpg.io/v1/namespaces/NS/clusters/pg";
const OPERATOR: &str = "/apis/apps/v1/namespaces/NS/deployments/operator";
const PODS: &str = "/api/v1/namespaces/NS/pods?labelSelector=app%3Doperator";
const QUOTA: &str = "/api/v1/namespaces/NS/resourcequotas/no-pods";

/// A cluster with its operator, both well.
fn operated(name: &'static str) -> Place {
    let place = place(name);
    let start = place.push(&OPERATED.replace("POSTGRES", "16.4"));
    place.until_healthy(&start);
    place
}

/// Takes the operator away from outside, as `gone` does, then lets the cluster need a fix, and pushes that.
fn mend_without_operator(place: &Place, gone: impl FnOnce()) {
    gone();
    place.until("the operator to be gone", |_| {
        let pods = place.read(PODS)["items"].as_array().map(Vec::len);
        let status = &place.read(OPERATOR)["status"];
        pods == Some(0) && status["availableReplicas"].is_null()
    });
    let ill = json!({"status": {"phase": "Not enough disk space"}});
    place.merge(&format!("{CLUSTER}/status"), &ill);
    until_told(place, "Not enough disk space");
    place.push(&OPERATED.replace("POSTGRES", "16.5"));
    let fixed = ("/spec/imageName", "registry.example/postgresql:16.5");
    until_live(place, CLUSTER, fixed);
    assert_eq!(place.read(PODS)["items"], json!([]));
}

#[test]
fn the_fix_of_a_cluster_goes_through_while_its_operator_cannot_run() {
    let place = operated("operator");
    mend_without_operator(&place, || {
        let quota = json!({
            "apiVersion": "v1",
            "kind": "ResourceQuota",
            "metadata": {"name": "no-pods"},
            "spec": {"hard": {"pods": "0"}},
        });
        place.apply(QUOTA, &quota);
        place.until("the quota to be enforced", |_| {
            place.read(QUOTA)["status"]["hard"]["pods"] == "0"
        });
        place.delete(PODS);
    });
    until_told(&place, "exceeded quota: no-pods");
    let available = condition(&place.read(OPERATOR), "Available");
    assert_eq!(available["status"], "False");
    let waits = naive_waits(&place, "postgresql.cnpg.io/Cluster/NS/pg");
    assert_eq!(waits, ["apps/Deployment/NS/operator"]);
    place.delete(QUOTA);
    // The controller of ReplicaSets tries again after minutes, or when the Deployment changes.
    let annotation = json!({"metadata": {"annotations": {"e2e/changed": "true"}}});
    place.merge(OPERATOR, &annotation);
    place.until_healthy(&place.head());
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
        image: 'registry.example/web:IMAGE'
        env: [{name: PASSWORD, valueFrom: {secretKeyRef: {name: web, key: password}}}]
";

#[test]
fn the_fix_of_an_image_goes_through_while_the_secrets_provider_fails() {
    const SECRET: &str = "/apis/external-secrets.io/v1/namespaces/NS/externalsecrets/web";
    let yaml = |interval: &str, image: &str| {
        WITH_SECRET
            .replace("INTERVAL", interval)
            .replace("IMAGE", image)
    };
    let place = place("secrets");
    let values = BTreeMap::from([("password".to_owned(), "hunter2".to_owned())]);
    rig().operators.put_secret(&place.namespace, &values);
    let start = place.push(&yaml("1h", "1"));
    place.until_healthy(&start);
    place.push(&yaml("1h", "broken-2"));
    until_told(&place, "cannot be pulled");
    rig().operators.break_secrets(Some("the vault is sealed"));
    place.push(&yaml("2h", "3"));
    place.until("the fix to be live", |_| {
        let web = place.read("/apis/apps/v1/namespaces/NS/deployments/web");
        let status = &web["status"];
        web.pointer("/spec/template/spec/containers/0/image")
            .is_some_and(|image| image == "registry.example/web:3")
            && status["observedGeneration"] == web["metadata"]["generation"]
            && status["updatedReplicas"] == 1
            && status["availableReplicas"] == 1
            && status["replicas"] == 1
    });
    until_told(&place, "the vault is sealed");
    assert_eq!(condition(&place.read(SECRET), "Ready")["status"], "False");
    let waits = naive_waits(&place, "apps/Deployment/NS/web");
    assert_eq!(waits, ["external-secrets.io/ExternalSecret/NS/web"]);
    rig().operators.break_secrets(None);
    let mended = place.push(&yaml("3h", "3"));
    place.until_healthy(&mended);
}

const CRASHING: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: db, namespace: NS}
spec:
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}, annotations: {DB}}
    spec: {containers: [{name: main, image: 'registry.example/db:1'}]}
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
    metadata: {labels: {app: web}}
    spec: {containers: [{name: main, image: 'registry.example/web:WEB'}]}
";

#[test]
fn the_fixes_of_crash_looping_workloads_go_through_at_once() {
    const CRASH: &str = "testbed.tidegate.dev/fail: crash-loop";
    let yaml = |db: &str, web: &str| CRASHING.replace("DB", db).replace("WEB", web);
    let live = |name: &str| format!("/apis/apps/v1/namespaces/NS/deployments/{name}");
    let place = place("crashing");
    let start = place.push(&yaml("", "1"));
    place.until_healthy(&start);
    place.push(&yaml("", "broken-2"));
    until_told(&place, "cannot be pulled");
    // The fix of one goes through although what it depends on begins to crash with the same commit.
    place.push(&yaml(CRASH, "3"));
    let image = "/spec/template/spec/containers/0/image";
    until_live(&place, &live("web"), (image, "registry.example/web:3"));
    until_told(
        &place,
        "its last log line: fatal: cannot open the configuration",
    );
    let waits = naive_waits(&place, "apps/Deployment/NS/web");
    assert_eq!(waits, ["apps/Deployment/NS/db"]);
    // The fix of the crash itself waits for nothing.
    let mended = place.push(&yaml("", "3"));
    place.until_healthy(&mended);
}
