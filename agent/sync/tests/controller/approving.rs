//! Layers whose plans wait for a person, and layers that only observe.

use serde_json::json;
use tidegate_sync::Control;
use tidegate_testbed::GitServer;

use super::stage::{condition, config_map, stage};

#[test]
fn a_plan_waits_until_a_person_approves_it() {
    let site = stage().site("approve");
    site.credentials("git", GitServer::PASSWORD);
    let push =
        |value: &str| site.push(&[("layer/a.yaml", &config_map("a", &site.namespace, value))]);
    push("1");
    let mut spec = site.spec("layer");
    spec["mode"] = json!("approve");
    site.layer("web", &spec);
    let layer = site.until("web", |layer| {
        condition(layer, "Blocked")["reason"] == "AwaitsApproval"
    });
    assert_eq!(condition(&layer, "Ready")["reason"], "AwaitsApproval");
    assert_eq!(condition(&layer, "Stalled")["status"], "False");
    assert_eq!(layer["status"]["history"][0]["outcome"], "planned");
    assert_eq!(site.value("a"), "");
    let hash = layer["status"]["plan"]["hash"].as_str().unwrap();
    // A commit that renders the same voids nothing.
    let revision = site.push(&[("elsewhere/b.yaml", "b: 1\n")]);
    site.until("web", |layer| {
        layer["status"]["lastAttemptedRevision"] == revision
    });
    let control = Control::approve(hash).unwrap();
    let key = (site.namespace.clone(), "web".to_owned());
    let asked = site.stage.fleet.control(key, (control, "ann"));
    let run = site.stage.runtime.block_on(asked).unwrap();
    let layer = site.until_ready("web", &revision);
    let past = &layer["status"]["history"][0];
    assert_eq!(
        (&past["id"], &past["approvedBy"], &past["requestedBy"]),
        (&json!(run), &json!("ann"), &json!("ann"))
    );
    assert!(
        layer["status"]["plan"]["hash"].is_null(),
        "{}",
        layer["status"]["plan"]
    );
    assert!(layer["status"]["approval"]["rendering"].is_string());
    assert_eq!(site.value("a"), "1");
    // The next plan wants its own.
    push("2");
    site.until_refused("web", "AwaitsApproval");
    assert_eq!(site.value("a"), "1");
}

#[test]
fn a_layer_that_observes_shows_what_it_would_do() {
    let site = stage().site("observe");
    site.credentials("git", GitServer::PASSWORD);
    let first = site.push(&[("layer/a.yaml", &config_map("a", &site.namespace, "1"))]);
    let mut spec = site.spec("layer");
    spec["mode"] = json!("observe");
    site.layer("web", &spec);
    let message = site.until_refused("web", "ChangesPending");
    assert_eq!(
        message,
        "a plan of 1 change in mode observe: nothing is written"
    );
    let layer = site.read("web");
    assert_eq!(condition(&layer, "Blocked")["status"], "False");
    assert_eq!(layer["status"]["plan"]["changes"], json!({"create": 1}));
    assert_eq!(site.value("a"), "");
    spec["mode"] = json!("auto");
    site.layer("web", &spec);
    site.until_ready("web", &first);
    assert_eq!(site.value("a"), "1");
}
