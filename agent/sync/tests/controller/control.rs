//! A layer that is suspended writes nothing; one that is held stays at its commit until the hold ends.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tidegate_testbed::GitServer;

use super::stage::{Site, condition, config_map, stage};

fn push(site: &Site, value: &str) -> String {
    site.push(&[("layer/a.yaml", &config_map("a", &site.namespace, value))])
}

#[test]
fn a_suspended_layer_writes_nothing_until_it_is_resumed() {
    let site = stage().site("suspended");
    site.credentials("git", GitServer::PASSWORD);
    let first = push(&site, "1");
    let mut spec = site.spec("layer");
    site.layer("web", &spec);
    site.until_ready("web", &first);
    spec["suspend"] = json!(true);
    site.layer("web", &spec);
    let layer = site.until("web", |layer| {
        condition(layer, "Blocked")["reason"] == "Suspended"
    });
    assert_eq!(condition(&layer, "Ready")["status"], "True");
    let labels = format!("layer=\"web\",layer_namespace=\"{}\"", site.namespace);
    let suspended = |value: u8| format!("tidegate_layer_suspended{{{labels}}} {value}");
    let metrics = site.stage.metrics.exposition();
    assert!(metrics.contains(&suspended(1)), "{metrics}");

    let second = push(&site, "2");
    site.until_refused("web", "Suspended");
    let ticket = site.sync("web");
    let layer = site.until("web", |layer| {
        let sync = &layer["status"]["sync"];
        sync["id"] == ticket.run && sync["state"] == "failed"
    });
    let message = layer["status"]["history"][0]["message"].clone();
    assert!(
        message.as_str().unwrap().contains("tidegate resume"),
        "{message}"
    );
    assert_eq!(layer["status"]["lastAttemptedRevision"], second);
    assert_eq!(condition(&layer, "Stalled")["status"], "False");
    assert_eq!(site.value("a"), "1");

    spec["suspend"] = json!(false);
    site.layer("web", &spec);
    site.until_ready("web", &second);
    assert_eq!(site.value("a"), "2");
    assert!(site.stage.metrics.exposition().contains(&suspended(0)));
}

#[test]
fn a_run_that_goes_on_ends_when_its_layer_is_suspended() {
    let site = stage().site("paused");
    site.credentials("git", GitServer::PASSWORD);
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "slow", "namespace": site.namespace},
        "spec": {
            "nodeSelector": {"kubernetes.io/hostname": "nowhere"},
            "containers": [{"name": "main", "image": "registry.example/main:1"}],
        },
    });
    site.push(&[("layer/pod.yaml", &pod.to_string())]);
    let mut spec = site.spec("layer");
    site.layer("web", &spec);
    site.until("web", |layer| {
        layer["status"]["lastAppliedRevision"].is_string()
    });
    spec["suspend"] = json!(true);
    site.layer("web", &spec);
    let layer = site.until("web", |layer| {
        layer["status"]["history"][0]["outcome"] == "superseded"
    });
    assert_eq!(condition(&layer, "Ready")["reason"], "Suspended");
    assert_eq!(condition(&layer, "Reconciling")["status"], "False");
    spec["suspend"] = json!(false);
    site.layer("web", &spec);
    site.until("web", |layer| {
        condition(layer, "Reconciling")["status"] == "True"
            && layer["status"]["history"][0]["supersededBy"].is_string()
    });
}

#[test]
fn a_hold_keeps_a_layer_at_a_commit_and_ends_by_itself() {
    let site = stage().site("held");
    site.credentials("git", GitServer::PASSWORD);
    let first = push(&site, "1");
    let mut spec = site.spec("layer");
    site.layer("web", &spec);
    site.until_ready("web", &first);
    let second = push(&site, "2");
    site.until_ready("web", &second);

    let commit = first.rsplit(':').next().unwrap();
    let hold = |seconds| {
        let until = Timestamp::now() + SignedDuration::from_secs(seconds);
        json!({"revision": commit, "until": until.to_string()})
    };
    spec["hold"] = hold(3600);
    site.layer("web", &spec);
    let at_first = |layer: &serde_json::Value| {
        let healthy = layer["status"]["lastHealthyRevision"].as_str();
        condition(layer, "Ready")["status"] == "True"
            && healthy.is_some_and(|revision| revision.ends_with(commit))
    };
    site.until("web", at_first);
    assert_eq!(site.value("a"), "1");
    let third = push(&site, "3");
    let ticket = site.sync("web");
    site.until("web", |layer| {
        layer["status"]["sync"] == json!({"id": ticket.run, "state": "healthy"}) && at_first(layer)
    });
    assert_eq!(site.value("a"), "1");

    spec["hold"] = hold(2);
    site.layer("web", &spec);
    site.until_ready("web", &third);
    assert_eq!(site.value("a"), "3");
}
