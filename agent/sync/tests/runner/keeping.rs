//! The inventory: what it holds, and what happens when it is lost, newer or broken.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tidegate_cluster::Live;
use tidegate_plan::Change;
use tidegate_sync::{Fate, Guard, Outcome, Phase, Step};
use tidegate_testbed::wait;

use crate::world::{LIMIT, World, describe, engine, leaving, object};

const TWO: &str = "
apiVersion: v1
kind: ConfigMap
metadata: {name: a, namespace: NS}
---
apiVersion: v1
kind: Secret
metadata: {name: b, namespace: NS}
stringData: {password: hunter2}
";

const WEB: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: NS}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: main, image: 'example.com/web:1'}]}
";

fn path(world: &World) -> String {
    let uid = &world.owner.uid;
    world.text(&format!(
        "/api/v1/namespaces/NS/secrets/tidegate-inventory-{uid}"
    ))
}

fn inventory(world: &World) -> Value {
    let secret = world.live(&path(world));
    assert_eq!(secret["type"], "tidegate.dev/inventory");
    let bytes = STANDARD
        .decode(secret["data"]["inventory"].as_str().unwrap())
        .unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

fn anew(world: &mut World) {
    world.tenant.engine = engine(world.control_plane.kubeconfig(), &world.namespace);
}

#[test]
fn the_inventory_holds_what_is_owned_and_no_value() {
    let world = World::new("inventory");
    world.apply(TWO);
    let inventory = inventory(&world);
    let live = world.live("/api/v1/namespaces/NS/configmaps/a");
    let entry = &inventory["objects"][&format!("core/ConfigMap/{}/a", world.namespace)];
    assert_eq!(entry["uid"], live["metadata"]["uid"]);
    assert_eq!(inventory["objects"].as_object().unwrap().len(), 2);
    assert!(!inventory.to_string().contains("hunter2"));
}

#[test]
fn what_a_run_may_have_written_before_it_was_cut_off_is_not_believed() {
    let mut world = World::new("cut-off");
    world.apply(WEB);
    let mut going = world.start(world.order(&WEB.replace("web:1", "web:broken-2")));
    going.until("the wait", |run| run.phase == Phase::Wait);
    // Another process takes over, and never hears of the end of that run.
    anew(&mut world);
    let run = world.apply(WEB);
    assert_eq!(run.outcome, Some(Outcome::Healthy), "{}", describe(&run));
    let live = world.live("/apis/apps/v1/namespaces/NS/deployments/web");
    let image = &live["spec"]["template"]["spec"]["containers"][0]["image"];
    assert_eq!(*image, "example.com/web:1");
    going.stop.cancel();
    going.end();
}

#[test]
fn a_lost_inventory_is_rebuilt_from_the_marks() {
    let mut world = World::new("lost");
    world.apply(TWO);
    world.control_plane.client().delete(&path(&world)).unwrap();
    anew(&mut world);
    let only_b = TWO.split_once("---\n").unwrap().1;
    let run = world.apply(&only_b.replace("hunter2", "hunter3"));
    assert_eq!(run.outcome, Some(Outcome::Healthy), "{}", describe(&run));
    assert_eq!(object(&run, "secret/b").change, Change::Update);
    // Marks alone are no ground to delete anything.
    let left = leaving(&run, "configmap/a");
    assert_eq!(
        (left.fate, left.guard),
        (Fate::Held, Some(Guard::Inventory))
    );
    assert_eq!(inventory(&world)["objects"].as_object().unwrap().len(), 2);
}

#[test]
fn an_inventory_of_a_later_version_is_left_alone() {
    let mut world = World::new("later");
    world.apply(TWO);
    let newer = STANDARD.encode("{\"format\": 99}");
    let secret = json!({"data": {"inventory": newer}});
    world
        .control_plane
        .client()
        .merge(&path(&world), &secret)
        .unwrap();
    anew(&mut world);
    let before = world.writes();
    let run = world.apply(&TWO.replace("hunter2", "hunter3"));
    assert_eq!(run.outcome, Some(Outcome::Failed));
    assert_eq!(
        run.message.replace(&world.namespace, "NS"),
        "the inventory NS/tidegate-inventory-uid-of-NS has format 99, and this version reads up to 2: use the version of Tidegate that wrote it"
    );
    assert_eq!(world.writes(), before);
    assert_eq!(world.live(&path(&world))["data"]["inventory"], newer);
}

#[test]
fn an_inventory_that_somebody_else_changed_stops_the_run_and_the_next_one_goes_on() {
    let world = World::new("changed");
    world.apply(TWO);
    let annotation = json!({"metadata": {"annotations": {"touched": "yes"}}});
    world
        .control_plane
        .client()
        .merge(&path(&world), &annotation)
        .unwrap();
    let more = format!(
        "{TWO}---\n{}",
        TWO.split_once("---")
            .unwrap()
            .0
            .replace("name: a", "name: c")
    );
    let run = world.apply(&more);
    assert_eq!(run.outcome, Some(Outcome::Failed), "{}", describe(&run));
    assert!(
        run.message
            .contains("was changed by somebody else meanwhile"),
        "{}",
        run.message
    );
    assert_eq!(world.apply(&more).outcome, Some(Outcome::Healthy));
}

#[test]
fn what_was_written_is_kept_beside_a_change_of_somebody_else() {
    let mut world = World::new("beside");
    let both = format!("{TWO}---{}", WEB.replace("web:1", "web:broken"));
    let mut going = world.start(world.order(&both));
    going.until("the wait", |run| run.phase == Phase::Wait);
    let annotation = json!({"metadata": {"annotations": {"touched": "yes"}}});
    world
        .control_plane
        .client()
        .merge(&path(&world), &annotation)
        .unwrap();
    going.stop.cancel();
    going.end();
    anew(&mut world);
    let run = world.apply(&format!("{TWO}---{WEB}"));
    assert_eq!(run.outcome, Some(Outcome::Healthy), "{}", describe(&run));
    assert_eq!(object(&run, "secret/b").change, Change::None);
}

#[test]
fn a_label_that_was_taken_off_is_put_back_with_the_next_change() {
    let world = World::new("label");
    world.apply(TWO);
    let path = world.text("/api/v1/namespaces/NS/configmaps/a");
    let bare = json!({"metadata": {"labels": {"tidegate.dev/layer": null}}});
    world.control_plane.client().merge(&path, &bare).unwrap();
    let id = world.text("core/ConfigMap/NS/a").parse().unwrap();
    wait::until("the object to be out of sight", LIMIT, || {
        match world.engine.live().get(&id) {
            Live::Absent => Ok(()),
            other => Err(format!("{other:?}")),
        }
    })
    .unwrap();
    let run = world.apply(TWO);
    let a = object(&run, "configmap/a");
    assert_eq!(
        (a.change, a.step),
        (Change::Update, Step::Ready),
        "{}",
        describe(&run)
    );
    let live = world.live("/api/v1/namespaces/NS/configmaps/a");
    assert_eq!(
        live["metadata"]["labels"]["tidegate.dev/layer"],
        world.owner.uid
    );
}
