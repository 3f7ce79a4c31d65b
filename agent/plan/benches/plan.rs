//! How long a plan of thousands of objects takes: `cargo bench -p tidegate-plan`.
#![expect(
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a bench prints its figures, and knows its objects"
)]

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tidegate_object::Object;
use tidegate_plan::{Plan, Settings, Standing, plan};

const RUNS: usize = 15;

fn main() {
    for namespaces in [20, 100] {
        measure("references", &layer(namespaces, &Value::Null));
        let wave = json!({"argocd.argoproj.io/sync-wave": "1"});
        measure("references and waves", &layer(namespaces, &wave));
    }
}

fn measure(name: &str, objects: &[Object]) {
    let mut times = Vec::new();
    let mut made = Plan::default();
    for _ in 0..RUNS {
        let start = Instant::now();
        made = plan(objects, &(), &Settings::default()).unwrap_or_default();
        times.push(start.elapsed());
    }
    let start = Instant::now();
    let nodes = made.nodes.iter();
    let delaying = nodes.map(|node| made.delaying(&node.id, Standing::Absent).count());
    let delaying: usize = delaying.sum();
    let asking = start.elapsed();
    println!(
        "{name}: {} objects, {} edges, {} waves: {:.1} ms at best; all edges of each object ({delaying}): {:.1} ms",
        made.nodes.len(),
        made.edges.len(),
        made.waves,
        milliseconds(times.into_iter().min().unwrap_or_default()),
        milliseconds(asking),
    );
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// Fifty objects for each namespace: itself, a policy, and eight apps of six objects that refer to each other.
fn layer(namespaces: usize, annotations: &Value) -> Vec<Object> {
    let objects = (0..namespaces).flat_map(|number| {
        let namespace = format!("team-{number}");
        let own = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}});
        let policy = json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
            "metadata": {"name": "all", "namespace": namespace}, "spec": {"podSelector": {}}
        });
        let apps = (0..8).flat_map(move |app| app_of(&namespace, app));
        [own, policy].into_iter().chain(apps)
    });
    let mut objects: Vec<Value> = objects.collect();
    for object in objects
        .iter_mut()
        .filter(|object| object["kind"] == "Ingress")
    {
        object["metadata"]["annotations"] = annotations.clone();
    }
    objects
        .into_iter()
        .filter_map(|value| Object::new(value).ok())
        .collect()
}

/// An app that reads the settings and passwords of all its neighbours.
fn app_of(namespace: &str, app: usize) -> Vec<Value> {
    let name = format!("app-{app}");
    let shared = (0..8).flat_map(|app| {
        let name = format!("app-{app}");
        [
            json!({"configMapRef": {"name": name}}),
            json!({"secretRef": {"name": name}}),
        ]
    });
    let metadata = json!({"name": name, "namespace": namespace});
    let pods = json!({
        "serviceAccountName": name,
        "containers": [{
            "name": "main",
            "env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": name, "key": "a"}}}],
            "envFrom": shared.collect::<Vec<_>>(),
        }],
    });
    vec![
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}),
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": {"a": "b"}}),
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"a": "b"}}),
        json!({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"selector": {"app": name}}}),
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": {"template": {"metadata": {"labels": {"app": name}}, "spec": pods}}}),
        json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": metadata, "spec": {"defaultBackend": {"service": {"name": name}}}}),
    ]
}
