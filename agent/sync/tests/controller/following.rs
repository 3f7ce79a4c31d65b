//! A layer follows its source.

use serde_json::json;
use tidegate_testbed::Route;

use super::stage::{LIMIT, condition, config_map, stage};
use tidegate_testbed::wait;

#[test]
fn a_push_brings_the_layer_to_the_new_commit() {
    let site = stage().site("push");
    site.credentials("git", tidegate_testbed::GitServer::PASSWORD);
    let first = site.push(&[("layer/a.yaml", &config_map("a", &site.namespace, "1"))]);
    site.layer("web", &site.spec("layer"));
    let layer = site.until_ready("web", &first);
    assert_eq!(site.value("a"), "1");
    let message = condition(&layer, "Ready")["message"].clone();
    let short: String = first.replace("sha1:", "").chars().take(12).collect();
    assert_eq!(
        message,
        format!("{short} is applied, and its object is healthy")
    );
    let second = site.push(&[("layer/a.yaml", &config_map("a", &site.namespace, "2"))]);
    let layer = site.until_ready("web", &second);
    assert_eq!(site.value("a"), "2");
    let history = layer["status"]["history"].as_array().unwrap();
    let runs: Vec<_> = history
        .iter()
        .map(|run| (run["outcome"].clone(), run["changes"].clone()))
        .collect();
    assert_eq!(
        runs,
        [
            (json!("healthy"), json!({"update": 1})),
            (json!("healthy"), json!({"create": 1})),
        ]
    );
}

#[test]
fn a_commit_elsewhere_only_moves_the_revision() {
    let site = stage().site("elsewhere");
    site.credentials("git", tidegate_testbed::GitServer::PASSWORD);
    let first = site.push(&[("layer/a.yaml", &config_map("a", &site.namespace, "1"))]);
    site.layer("web", &site.spec("layer"));
    let before = site.until_ready("web", &first);
    let second = site.push(&[("README.md", "elsewhere")]);
    let after = site.until_ready("web", &second);
    assert_eq!(before["status"]["history"], after["status"]["history"]);
    assert_eq!(after["status"]["lastAppliedRevision"], second);
}

#[test]
fn layers_of_one_source_share_its_listings() {
    let site = stage().site("shared");
    site.credentials("git", tidegate_testbed::GitServer::PASSWORD);
    let revision = site.push(&[
        ("one/a.yaml", &config_map("a", &site.namespace, "1")),
        ("two/b.yaml", &config_map("b", &site.namespace, "1")),
    ]);
    let listings = || {
        let requests = site.stage.git.requests().unwrap();
        let repository = format!("/{}.git/info/refs", site.namespace);
        let answered = requests.iter().filter(|request| request.status == 200);
        answered
            .filter(|request| request.uri.contains(&repository))
            .count()
    };
    let mut spec = site.spec("one");
    spec["source"]["git"]["interval"] = json!("1h");
    site.layer("one", &spec);
    site.until_ready("one", &revision);
    let alone = listings();
    spec["path"] = json!("two");
    site.layer("two", &spec);
    site.until_ready("two", &revision);
    assert_eq!(listings(), alone, "the second layer asked the server anew");
}

#[test]
fn a_request_polls_at_once() {
    let site = stage().site("poll");
    site.credentials("git", tidegate_testbed::GitServer::PASSWORD);
    let first = site.push(&[("layer/a.yaml", &config_map("a", &site.namespace, "1"))]);
    let mut spec = site.spec("layer");
    spec["source"]["git"]["interval"] = json!("1h");
    site.layer("web", &spec);
    site.until_ready("web", &first);
    let second = site.push(&[("layer/a.yaml", &config_map("a", &site.namespace, "2"))]);
    // The name that a webhook knows the repository by need not be the one in the spec.
    let url = site.url(Route::Open).replace("/open/", "/basic/");
    let ssh = url.replace("https://", "ssh://git@").replace(".git", "");
    let poll = |urls| {
        let asked = site.stage.fleet.poll(urls);
        site.stage.runtime.block_on(asked).unwrap();
    };
    poll(vec![ssh]);
    site.until_ready("web", &second);
    let third = site.push(&[("layer/a.yaml", &config_map("a", &site.namespace, "3"))]);
    poll(Vec::new());
    site.until_ready("web", &third);
}

#[test]
fn a_shorter_interval_ends_the_pause_under_way() {
    let site = stage().site("interval");
    site.credentials("git", tidegate_testbed::GitServer::PASSWORD);
    let first = site.push(&[("layer/a.yaml", &config_map("a", &site.namespace, "1"))]);
    let mut spec = site.spec("layer");
    spec["source"]["git"]["interval"] = json!("1h");
    site.layer("web", &spec);
    site.until_ready("web", &first);
    spec["source"]["git"]["interval"] = json!("1s");
    site.layer("web", &spec);
    let second = site.push(&[("layer/a.yaml", &config_map("a", &site.namespace, "2"))]);
    site.until_ready("web", &second);
}

#[test]
fn a_layer_that_is_deleted_leaves_its_objects() {
    let site = stage().site("deleted");
    site.credentials("git", tidegate_testbed::GitServer::PASSWORD);
    let first = site.push(&[("layer/a.yaml", &config_map("a", &site.namespace, "1"))]);
    site.layer("web", &site.spec("layer"));
    site.until_ready("web", &first);
    let path = format!(
        "/apis/tidegate.dev/v1alpha1/namespaces/{}/layers/web",
        site.namespace
    );
    site.stage.control_plane.client().delete(&path).unwrap();
    let key = (site.namespace.clone(), "web".to_owned());
    wait::until("the layer to be forgotten", LIMIT, || {
        let gone = site.stage.fleet.layer(&key).is_none();
        gone.then_some(())
            .ok_or_else(|| "it is still there".to_owned())
    })
    .unwrap();
    assert_eq!(site.value("a"), "1");
    assert!(!site.stage.metrics.exposition().contains(&site.namespace));
}
