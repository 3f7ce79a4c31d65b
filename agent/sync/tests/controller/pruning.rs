//! What leaves a layer in Git: deleted, handed over to another layer, or held back.

use serde_json::{Value, json};
use tidegate_sync::Control;
use tidegate_testbed::{Commit, GitServer, wait};

use super::stage::{LIMIT, Site, condition, config_map, stage};

impl Site {
    fn deletes(&self, name: &str) -> usize {
        let events = self.stage.control_plane.audit().unwrap().into_iter();
        let deletes = events.filter(|event| {
            event.verb == "delete" && event.namespace == self.namespace && event.name == name
        });
        deletes.count()
    }

    fn owner(&self, name: &str) -> String {
        let path = format!("/api/v1/namespaces/{}/configmaps/{name}", self.namespace);
        let found = self.stage.control_plane.client().get(&path);
        let owner = &found.unwrap_or_default()["metadata"]["annotations"]["tidegate.dev/owner"];
        let owner = owner.as_str().unwrap_or_default();
        owner.split(':').next().unwrap_or_default().to_owned()
    }

    fn until_gone(&self, name: &str) {
        wait::until("the object to go", LIMIT, || match self.value(name) {
            gone if gone.is_empty() => Ok(()),
            there => Err(there),
        })
        .unwrap();
    }

    /// Confirms as `ann` what is shown of a layer; answers the run.
    fn confirm(&self, name: &str) -> Option<String> {
        let layer = self.until(name, |layer| {
            layer["status"]["heldPrune"]["hash"].is_string()
        });
        let hash = layer["status"]["heldPrune"]["hash"].as_str().unwrap();
        let control = Control::confirm(hash).unwrap();
        let key = (self.namespace.clone(), name.to_owned());
        let asked = self.stage.fleet.control(key, (control, "ann"));
        self.stage.runtime.block_on(asked).unwrap()
    }

    fn until_blocked(&self, name: &str) -> Value {
        self.until(name, |layer| {
            condition(layer, "Blocked")["reason"] == "PruneBlocked"
        })
    }
}

#[test]
fn what_leaves_git_is_deleted() {
    let site = stage().site("leaving");
    site.credentials("git", GitServer::PASSWORD);
    let first = site.push(&[
        ("layer/a.yaml", &config_map("a", &site.namespace, "1")),
        ("layer/b.yaml", &config_map("b", &site.namespace, "1")),
    ]);
    site.layer("web", &site.spec("layer"));
    site.until_ready("web", &first);
    let second = site.push_commit(&Commit::on("main").remove("layer/b.yaml"));
    let layer = site.until_ready("web", &second);
    assert_eq!(site.value("b"), "");
    assert_eq!(site.value("a"), "1");
    assert_eq!(layer["status"]["inventory"]["leftGit"], 0);
    assert_eq!(
        layer["status"]["history"][0]["changes"],
        json!({"delete": 1})
    );
    let labels = format!("layer=\"web\",layer_namespace=\"{}\"", site.namespace);
    let counted = format!("tidegate_changes_total{{change=\"delete\",{labels}}} 1");
    let metrics = site.stage.metrics.exposition();
    assert!(metrics.contains(&counted), "{metrics}");
}

#[test]
fn a_layer_that_does_not_prune_counts_what_stays() {
    let site = stage().site("staying");
    site.credentials("git", GitServer::PASSWORD);
    let first = site.push(&[
        ("layer/a.yaml", &config_map("a", &site.namespace, "1")),
        ("layer/b.yaml", &config_map("b", &site.namespace, "1")),
    ]);
    let mut spec = site.spec("layer");
    spec["prune"] = json!({"enabled": false});
    site.layer("web", &spec);
    site.until_ready("web", &first);
    let second = site.push_commit(&Commit::on("main").remove("layer/b.yaml"));
    let layer = site.until_ready("web", &second);
    assert_eq!(layer["status"]["inventory"]["leftGit"], 1);
    assert_eq!(condition(&layer, "Blocked")["status"], "False");
    assert_eq!(site.value("b"), "1");
    // Set free, it goes without another commit.
    spec["prune"] = json!({"enabled": true});
    site.layer("web", &spec);
    site.until("web", |layer| layer["status"]["inventory"]["leftGit"] == 0);
    assert_eq!(site.value("b"), "");
}

#[test]
fn a_move_between_layers_in_one_commit_is_a_handover() {
    let site = stage().site("moving");
    site.credentials("git", GitServer::PASSWORD);
    let moving = config_map("moving", &site.namespace, "1");
    let first = site.push(&[
        ("one/stays.yaml", &config_map("one", &site.namespace, "1")),
        ("one/moving.yaml", &moving),
        ("two/stays.yaml", &config_map("two", &site.namespace, "1")),
    ]);
    for name in ["one", "two"] {
        site.layer(name, &site.spec(name));
        site.until_ready(name, &first);
    }
    assert_eq!(site.owner("moving"), format!("{}/one", site.namespace));
    let path = format!("/api/v1/namespaces/{}/configmaps/moving", site.namespace);
    let client = site.stage.control_plane.client();
    let uid = client.get(&path).unwrap()["metadata"]["uid"].clone();
    let commit = Commit::on("main").remove("one/moving.yaml").file(
        "two/moving.yaml",
        config_map("moving", &site.namespace, "2"),
    );
    let second = site.push_commit(&commit);
    site.until_ready("two", &second);
    let one = site.until("one", |layer| {
        layer["status"]["lastHealthyRevision"] == second
            && layer["status"]["inventory"]["leftGit"] == 0
    });
    assert_eq!(one["status"]["inventory"]["objects"], 1);
    let live = client.get(&path).unwrap();
    assert_eq!(
        (&live["metadata"]["uid"], &live["data"]["value"]),
        (&uid, &json!("2"))
    );
    assert_eq!(site.owner("moving"), format!("{}/two", site.namespace));
    assert_eq!(site.deletes("moving"), 0);
}

#[test]
fn a_layer_of_the_same_ref_that_cannot_be_rendered_holds_the_delete_back() {
    let site = stage().site("broken");
    site.credentials("git", GitServer::PASSWORD);
    let first = site.push(&[
        ("one/stays.yaml", &config_map("one", &site.namespace, "1")),
        (
            "one/moving.yaml",
            &config_map("moving", &site.namespace, "1"),
        ),
        ("one/old.yaml", &config_map("old", &site.namespace, "1")),
        ("two/stays.yaml", &config_map("two", &site.namespace, "1")),
    ]);
    for name in ["one", "two"] {
        site.layer(name, &site.spec(name));
        site.until_ready(name, &first);
    }
    let commit = Commit::on("main")
        .remove("one/old.yaml")
        .file("two/stays.yaml", "kind: [");
    site.push_commit(&commit);
    site.until_refused("two", "RenderFailed");
    site.until_blocked("one");
    // Who knows that the other layer does not hold it may say so.
    let run = site.confirm("one");
    site.until_gone("old");
    let one = site.until("one", |layer| {
        layer["status"]["history"][0]["id"] == json!(run)
    });
    let past = &one["status"]["history"][0];
    assert_eq!(
        (&past["requestedBy"], &past["confirmedBy"], &past["changes"]),
        (&json!("ann"), &json!("ann"), &json!({"delete": 1}))
    );
    assert_eq!(one["status"]["confirmation"]["requestedBy"], "ann");
    let commit = Commit::on("main")
        .remove("one/moving.yaml")
        .file("two/stays.yaml", "kind: [");
    site.push_commit(&commit);
    let one = site.until_blocked("one");
    let message = condition(&one, "Blocked")["message"].to_string();
    assert!(
        message.contains("/two follows the same repository and ref"),
        "{message}"
    );
    assert_eq!(site.value("moving"), "1");
    let labels = format!("layer=\"one\",layer_namespace=\"{}\"", site.namespace);
    let held = format!("tidegate_prune_blocked{{guard=\"handover\",{labels}}} 1");
    assert!(site.stage.metrics.exposition().contains(&held));
    // The other layer is mended, and does not hold it: it goes.
    let mended = Commit::on("main").file("two/stays.yaml", config_map("two", &site.namespace, "2"));
    site.push_commit(&mended);
    site.until_gone("moving");
}

#[test]
fn what_a_layer_on_another_ref_holds_stays() {
    let site = stage().site("refs");
    site.credentials("git", GitServer::PASSWORD);
    let first = site.push(&[
        ("one/stays.yaml", &config_map("one", &site.namespace, "1")),
        (
            "one/shared.yaml",
            &config_map("shared", &site.namespace, "1"),
        ),
    ]);
    site.repository
        .push(&Commit::on("next").file(
            "two/shared.yaml",
            config_map("shared", &site.namespace, "1"),
        ))
        .unwrap();
    site.layer("one", &site.spec("one"));
    site.until_ready("one", &first);
    let mut spec = site.spec("two");
    spec["source"]["git"]["ref"] = json!({"branch": "next"});
    site.layer("two", &spec);
    site.until("two", |layer| {
        condition(layer, "Blocked")["status"] == "True"
    });
    site.push_commit(&Commit::on("main").remove("one/shared.yaml"));
    let one = site.until_blocked("one");
    let message = condition(&one, "Blocked")["message"].to_string();
    assert!(message.contains("/two holds it"), "{message}");
    assert_eq!(site.value("shared"), "1");
}
