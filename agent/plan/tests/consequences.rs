//! What changes do to what runs, as a table of changes and words.

#![cfg(test)]

use serde_json::{Value, json};
use tidegate_object::ObjectId;
use tidegate_plan::{Difference, consequences};

#[track_caller]
fn check(id: &str, difference: Difference<'_>, expected: &[&str]) {
    let id: ObjectId = id.parse().unwrap();
    let found = consequences(&id.kind, difference);
    let found: Vec<_> = found
        .iter()
        .map(|found| format!("{}: {}", found.kind, found.message))
        .collect();
    assert_eq!(found, expected);
}

/// Checks a change of one spec to another.
#[track_caller]
fn changed(id: &str, before: Value, after: Value, expected: &[&str]) {
    let (before, after) = (object(before), object(after));
    check(id, Difference::Changed(&before, &after), expected);
}

#[track_caller]
fn removed(id: &str, spec: Value, expected: &[&str]) {
    check(id, Difference::Removed(&object(spec)), expected);
}

fn object(spec: Value) -> Value {
    Value::Object([("spec".to_owned(), spec)].into_iter().collect())
}

const DEPLOYMENT: &str = "apps/Deployment/a/web";
const STATEFUL_SET: &str = "apps/StatefulSet/a/redis";
const CLUSTER: &str = "postgresql.cnpg.io/Cluster/a/db";
const DATABASE: &str = "postgresql.cnpg.io/Database/a/n8n";

#[test]
fn a_new_pod_template_restarts_pods() {
    let web = |image: &str, replicas| json!({"replicas": replicas, "template": {"image": image}});
    changed(
        DEPLOYMENT,
        web("a:1", 3),
        web("a:2", 3),
        &["restart: restarts its 3 pods"],
    );
    changed(
        DEPLOYMENT,
        web("a:1", 1),
        web("a:2", 1),
        &["restart: restarts its 1 pod"],
    );
    changed(DEPLOYMENT, web("a:1", 3), web("a:1", 5), &[]);
    let mut paused = web("a:2", 3);
    paused["paused"] = json!(true);
    changed(DEPLOYMENT, web("a:1", 3), paused, &[]);
    let expected = "statefulRestart: restarts its 3 pods, one after the other";
    changed(STATEFUL_SET, web("a:1", 3), web("a:2", 3), &[expected]);
    let mut by_hand = web("a:2", 3);
    by_hand["updateStrategy"] = json!({"type": "OnDelete"});
    changed(STATEFUL_SET, web("a:1", 3), by_hand, &[]);
}

#[test]
fn fewer_replicas_are_a_scale_down() {
    let spec = |replicas| json!({"replicas": replicas});
    changed(
        DEPLOYMENT,
        spec(3),
        spec(0),
        &["scaleDown: scales from 3 to 0 pods"],
    );
    changed(DEPLOYMENT, spec(0), spec(3), &[]);
    let spec = |instances| json!({"instances": instances});
    let expected = "scaleDown: takes away PostgreSQL instances, from 3 to 1, with their volumes";
    changed(CLUSTER, spec(3), spec(1), &[expected]);
}

#[test]
fn a_database_cluster_restarts_for_what_it_reads_at_its_start() {
    let spec = |memory: &str, connections: &str| {
        let parameters = json!({"work_mem": memory, "max_connections": connections});
        json!({"instances": 3, "postgresql": {"parameters": parameters}})
    };
    changed(CLUSTER, spec("4MB", "100"), spec("8MB", "100"), &[]);
    let expected = "statefulRestart: changes a parameter that PostgreSQL reads at its start only, \
        which restarts its 3 instances";
    changed(CLUSTER, spec("4MB", "100"), spec("4MB", "200"), &[expected]);
    let spec = |image: &str| json!({"instances": 3, "imageName": image});
    let expected =
        "statefulRestart: restarts its 3 PostgreSQL instances, and switches the primary over";
    changed(CLUSTER, spec("pg:16.1"), spec("pg:16.2"), &[expected]);
}

#[test]
fn what_drops_data_says_so() {
    let database = |ensure: &str| json!({"name": "n8n", "ensure": ensure});
    let expected = "dataLoss: drops the database n8n";
    changed(
        DATABASE,
        database("present"),
        database("absent"),
        &[expected],
    );
    changed(DATABASE, database("absent"), database("present"), &[]);
    let roles = |first: &str, second: &str| json!({"managed": {"roles": [{"name": "a", "ensure": first}, {"name": "b", "ensure": second}]}});
    let expected = "dataLoss: drops a role of the database cluster";
    changed(
        CLUSTER,
        roles("absent", "present"),
        roles("absent", "absent"),
        &[expected],
    );
    changed(
        CLUSTER,
        roles("absent", "present"),
        roles("present", "present"),
        &[],
    );
    removed(
        DATABASE,
        json!({"name": "n8n", "databaseReclaimPolicy": "retain"}),
        &[],
    );
    let policy = json!({"name": "n8n", "databaseReclaimPolicy": "delete"});
    removed(DATABASE, policy, &["dataLoss: drops the database n8n"]);
    let claim = json!({"volumeName": "pv-1"});
    let expected =
        "dataLoss: gives the volume pv-1 up, with its data unless its reclaim policy is Retain";
    removed("core/PersistentVolumeClaim/a/data", claim, &[expected]);
    removed("core/ConfigMap/a/b", json!({}), &[]);
}

#[test]
fn a_removal_says_what_goes_with_it() {
    let expected = "dataLoss: deletes the database cluster of 3 instances and its volumes";
    removed(CLUSTER, json!({"instances": 3}), &[expected]);
}

#[test]
fn a_kind_that_changes_names_itself() {
    let crd = "apiextensions.k8s.io/CustomResourceDefinition/_/shards.db.example";
    let spec = |served| json!({"names": {"kind": "Shard"}, "versions": [{"served": served}]});
    changed(
        crd,
        spec(true),
        spec(false),
        &["crdChange: changes the kind Shard"],
    );
}
