//! The repository's own layers come up on a control plane of their own, and its audit log proves the order: nothing
//! was written before its gates were open.

mod record;
mod stage;

use serde_json::Value;

use record::Record;
use stage::Stage;

/// The owner's five steps, and what is within them: the first is written when the second has come about.
const STEPS: &[(&str, &str)] = &[
    (
        "postgresql.cnpg.io/Cluster/databases/pg-main",
        "apps/Deployment/cnpg-system/cnpg-controller-manager",
    ),
    (
        "postgresql.cnpg.io/Database/databases/appdb",
        "postgresql.cnpg.io/Cluster/databases/pg-main",
    ),
    (
        "postgresql.cnpg.io/Database/databases/temporal-visibility",
        "postgresql.cnpg.io/Cluster/databases/pg-main",
    ),
    (
        "apps/StatefulSet/databases/redis",
        "postgresql.cnpg.io/Database/databases/appdb",
    ),
    (
        "apps/StatefulSet/databases/redis",
        "postgresql.cnpg.io/Database/databases/temporal-visibility",
    ),
    (
        "apps/Deployment/databases/redisinsight",
        "apps/StatefulSet/databases/redis",
    ),
    (
        "apps/Deployment/databases/redisinsight",
        "apps/StatefulSet/databases/redis-sentinel",
    ),
    (
        "apps/Deployment/databases/pgadmin",
        "apps/Deployment/databases/redisinsight",
    ),
];

#[test]
fn nothing_is_written_before_its_gates_are_open() {
    let stage = Stage::up();
    let record = Record::of(&stage);
    let mut definitions = 0;
    let mut secrets = 0;
    for layer in &stage.layers {
        let edges = stage.plan(layer)["edges"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        assert!(!edges.is_empty(), "{layer} has a plan");
        let hard = edges.iter().filter(|edge| edge["class"] != "soft");
        for edge in hard {
            let text = |field: &str| edge[field].as_str().unwrap_or_default();
            let gate = edge["gate"]["type"].as_str().unwrap_or_default();
            record.check_written_after(text("from"), text("to"));
            match gate {
                "established" => definitions += 1,
                "keys" => secrets += 1,
                _ => {}
            }
            if ["established", "serving", "healthy"].contains(&gate) {
                record.check_came_about(text("from"), text("to"));
            }
        }
    }
    assert!(
        definitions > 5,
        "{definitions} custom resources wait for their definitions"
    );
    assert!(
        secrets > 5,
        "{secrets} objects wait for the keys of Secrets"
    );
    for (later, earlier) in STEPS {
        record.check_written_after(later, earlier);
        record.check_came_about(later, earlier);
    }
    let started = stage
        .pods()
        .iter()
        .map(|pod| check_secrets(&stage, pod))
        .sum::<usize>();
    assert!(started > 5, "pods read {started} Secrets");
}

/// Checks that every Secret that a pod must have was there before the pod; answers how many there are.
fn check_secrets(stage: &Stage, pod: &Value) -> usize {
    let namespace = pod["metadata"]["namespace"].as_str().unwrap_or_default();
    let names = secrets_of(pod);
    for name in &names {
        let secret = stage.read(&format!("/api/v1/namespaces/{namespace}/secrets/{name}"));
        let made = |object: &Value| {
            object["metadata"]["creationTimestamp"]
                .as_str()
                .map(str::to_owned)
        };
        let (secret, pod_made) = (made(&secret), made(pod));
        assert!(
            secret.is_some() && secret <= pod_made,
            "{name} of {}: {secret:?}, {pod_made:?}",
            pod["metadata"]["name"]
        );
    }
    names.len()
}

/// The Secrets that a pod reads and cannot start without.
fn secrets_of(pod: &Value) -> Vec<String> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let spec = &pod["spec"];
    let containers = [list(&spec["initContainers"]), list(&spec["containers"])].concat();
    let environment = containers
        .iter()
        .flat_map(|container| list(&container["env"]));
    let of_environment = environment.map(|variable| variable["valueFrom"]["secretKeyRef"].clone());
    let all = containers
        .iter()
        .flat_map(|container| list(&container["envFrom"]));
    let of_all = all.map(|source| source["secretRef"].clone());
    let volumes = list(&spec["volumes"]);
    let projected = volumes
        .iter()
        .flat_map(|volume| list(&volume["projected"]["sources"]));
    let of_projected = projected.map(|source| source["secret"].clone());
    let of_volumes = volumes.iter().map(|volume| volume["secret"].clone());
    let references = of_environment
        .chain(of_all)
        .chain(of_projected)
        .chain(of_volumes);
    references
        .filter(|reference| reference["optional"] != true)
        .filter_map(|reference| {
            let name = reference
                .get("name")
                .or_else(|| reference.get("secretName"))?;
            Some(name.as_str()?.to_owned())
        })
        .collect()
}
