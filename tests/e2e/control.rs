//! A layer in the hands of a person: suspended, rolled back and held, resumed, with its history.

use serde_json::Value;

use crate::place::{Place, condition};
use crate::rig::{rig, tidegate, tidegate_about};

const CONFIG: &str = "apiVersion: v1
kind: ConfigMap
metadata: {name: config, namespace: NS}
data: {value: VALUE}
";

fn push(place: &Place, value: &str) -> String {
    place.push(&CONFIG.replace("VALUE", value))
}

fn value(place: &Place) -> Value {
    place.read("/api/v1/namespaces/NS/configmaps/config")["data"]["value"].clone()
}

/// Runs a command that must end with an exit code, and answers what it printed.
fn run(place: &Place, arguments: &[&str], expected: i32) -> String {
    let (code, printed, said) = tidegate_about(place, arguments);
    assert_eq!(code, Some(expected), "{arguments:?}: {printed}{said}");
    printed + &said
}

/// The last run of the layer's history.
fn last(place: &Place) -> Value {
    place.layer()["status"]["history"][0].clone()
}

#[test]
fn deletes_that_are_held_back_go_when_a_person_confirms_them() {
    let rig = rig();
    let origin = rig.origin("confirmed");
    let place = rig.place(&origin, "confirmed");
    let named = |name: &str| CONFIG.replace("name: config", &format!("name: {name}"));
    let five = ["config", "b", "c", "d", "e"].map(named).join("---\n");
    let first = place.push(&five);
    place.set_layer(&place.spec());
    place.until_healthy(&first);
    let nothing = run(&place, &["confirm"], 0);
    assert!(nothing.contains("no deletes are held back"), "{nothing}");
    let second = push(&place, "alone");
    place.until_healthy(&second);
    place.until("the deletes to be shown", |layer| {
        layer["status"]["heldPrune"]["count"] == 4
    });
    let object = place.text("core/ConfigMap/NS/b");
    let why = tidegate(rig.control_plane, &["why", &object]);
    assert!(
        why.contains("it has left Git, and is not deleted (fraction): "),
        "{why}"
    );
    let (_, plan, _) = tidegate_about(&place, &["plan"]);
    assert!(
        plan.contains("  core/ConfigMap/NS/b  held (fraction): "),
        "{plan}"
    );
    let refused = run(&place, &["confirm"], 2);
    assert!(refused.contains("4 objects would be deleted"), "{refused}");
    assert!(
        refused.contains("core/ConfigMap/NS/b  fraction"),
        "{refused}"
    );
    assert!(refused.contains("pass --yes"), "{refused}");
    let printed = run(&place, &["confirm", "--yes", "--wait"], 0);
    assert!(printed.contains("healthy"), "{printed}");
    let last = last(&place);
    assert_eq!(last["changes"]["delete"], 4, "{last}");
    assert_eq!(last["confirmedBy"], last["requestedBy"], "{last}");
    assert!(last["confirmedBy"].is_string(), "{last}");
    let layer = place.layer();
    assert!(layer["status"].get("heldPrune").is_none(), "{layer}");
}

#[test]
fn a_layer_is_suspended_rolled_back_and_resumed() {
    let rig = rig();
    let origin = rig.origin("control");
    let place = rig.place(&origin, "control");
    let first = push(&place, "one");
    place.set_layer(&place.spec());
    place.until_healthy(&first);
    let second = push(&place, "two");
    place.until_healthy(&second);

    let commit = first.rsplit(':').next().unwrap();
    let digits = commit.get(..7).unwrap();
    let layer = format!("{}/control", place.namespace);
    let arguments = ["rollback", &layer, digits, "--wait", "--for", "1h"];
    let printed = tidegate(rig.control_plane, &arguments);
    assert!(
        printed.contains(&format!("held at {commit} until ")),
        "{printed}"
    );
    assert_eq!(value(&place), "one");
    let asked = last(&place);
    assert!(asked["requestedBy"].is_string(), "nobody is named: {asked}");
    let listed = run(&place, &["get"], 0);
    assert!(listed.contains("held at "), "{listed}");

    run(&place, &["suspend"], 0);
    place.until("the layer to be suspended", |layer| {
        condition(layer, "Blocked")["reason"] == "Suspended"
    });
    let third = push(&place, "three");
    let printed = run(&place, &["sync", "--wait"], 1);
    assert!(printed.contains("the layer is suspended"), "{printed}");
    assert_eq!(value(&place), "one");

    run(&place, &["resume"], 0);
    place.until_healthy(&third);
    assert_eq!(value(&place), "three");
    let history = run(&place, &["history"], 0);
    for word in ["change", "healthy", "update 1", "the layer is suspended"] {
        assert!(history.contains(word), "no {word} in {history}");
    }
    let events = run(&place, &["events"], 0);
    assert!(
        events.contains("NS/control") && events.contains("Healthy"),
        "{events}"
    );
}
