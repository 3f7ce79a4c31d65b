//! Objects that are there already: whose they are, and what becomes of them.

use serde_json::json;
use tidegate_plan::Change;
use tidegate_sync::{Adopt, Outcome, Owner, Run, Step, crd_yaml};
use tidegate_testbed::wait;

use crate::world::{LIMIT, World, describe, engine, object};

const CONFIG: &str = "
apiVersion: v1
kind: ConfigMap
metadata: {name: shared, namespace: NS}
data: {colour: blue}
";

fn put(world: &World, manager: &str, yaml: &str) {
    let path = world.text("/api/v1/namespaces/NS/configmaps/shared");
    let object = serde_yaml::from_str(&world.text(yaml)).unwrap();
    world
        .control_plane
        .client()
        .apply(&path, manager, &object)
        .unwrap();
}

fn colour(world: &World) -> String {
    let live = world.live("/api/v1/namespaces/NS/configmaps/shared");
    live["data"]["colour"].as_str().unwrap().to_owned()
}

fn check_blocked(world: &World, run: &Run, expected: &str) {
    assert_eq!(run.outcome, Some(Outcome::Degraded), "{}", describe(run));
    let shared = object(run, "configmap/shared");
    assert_eq!(shared.step, Step::Blocked);
    assert_eq!(shared.message.replace(&world.namespace, "NS"), expected);
    assert_eq!(world.writes(), []);
}

#[test]
fn what_nobody_owns_is_adopted_with_the_fields_of_earlier_tools() {
    let world = World::new("adopt");
    put(
        &world,
        "kubectl-client-side-apply",
        &CONFIG.replace("blue", "red"),
    );
    let run = world.apply(CONFIG);
    assert_eq!(run.outcome, Some(Outcome::Healthy), "{}", describe(&run));
    assert_eq!(object(&run, "configmap/shared").change, Change::Adopt);
    assert_eq!(colour(&world), "blue");
    assert_eq!(
        object(&world.apply(CONFIG), "configmap/shared").change,
        Change::None
    );
}

#[test]
fn what_an_earlier_tool_set_and_git_does_not_hold_goes_with_the_adoption() {
    let world = World::new("earlier");
    let file = tempfile::NamedTempFile::new().unwrap();
    let two = CONFIG.replace("colour: blue", "colour: red, size: big");
    std::fs::write(file.path(), world.text(&two)).unwrap();
    let path = file.path().to_str().unwrap();
    world
        .control_plane
        .kubectl(&["apply", "--filename", path])
        .unwrap();
    let run = world.apply(CONFIG);
    assert_eq!(run.outcome, Some(Outcome::Healthy), "{}", describe(&run));
    let live = world.live("/api/v1/namespaces/NS/configmaps/shared");
    assert_eq!(live["data"], json!({"colour": "blue"}));
    let managers = live["metadata"]["managedFields"].as_array().unwrap();
    assert_eq!(managers.len(), 1, "{managers:?}");
    assert_eq!(managers[0]["manager"], world.owner.manager());
}

#[test]
fn an_object_with_other_fields_is_adopted_too() {
    let world = World::new("beside");
    put(
        &world,
        "somebody",
        &CONFIG.replace("colour: blue", "size: big"),
    );
    let run = world.apply(CONFIG);
    assert_eq!(object(&run, "configmap/shared").change, Change::Adopt);
    let live = world.live("/api/v1/namespaces/NS/configmaps/shared");
    assert_eq!(
        (&live["data"]["colour"], &live["data"]["size"]),
        (&"blue".into(), &"big".into())
    );
}

#[test]
fn fields_of_somebody_at_work_block() {
    let world = World::new("at-work");
    put(&world, "some-operator", &CONFIG.replace("blue", "red"));
    check_blocked(
        &world,
        &world.apply(CONFIG),
        "fields of it are managed by some-operator: let go of them there, or remove the fields from Git",
    );
    assert_eq!(colour(&world), "red");
}

#[test]
fn what_another_tool_owns_is_left_alone() {
    let world = World::new("flux");
    let owned = CONFIG.replace(
        "namespace: NS",
        "namespace: NS, labels: {kustomize.toolkit.fluxcd.io/name: apps}",
    );
    put(
        &world,
        "kustomize-controller",
        &owned.replace("blue", "red"),
    );
    check_blocked(
        &world,
        &world.apply(CONFIG),
        "it is owned by Flux Kustomization apps (kustomize.toolkit.fluxcd.io/name)",
    );
}

#[test]
fn nothing_is_adopted_where_that_is_asked() {
    let world = World::new("never");
    put(&world, "kubectl-client-side-apply", CONFIG);
    let mut order = world.order(CONFIG);
    order.settings.adopt = Adopt::Never;
    check_blocked(
        &world,
        &world.run(order),
        "it exists already, and `adopt: never` leaves it alone: delete it, or set spec.adopt to `unowned`",
    );
}

#[test]
fn an_object_of_another_owner_is_blocked_and_stays_theirs() {
    let mut world = World::new("other");
    assert_eq!(world.apply(CONFIG).outcome, Some(Outcome::Healthy));
    let theirs = world.writes();
    world.tenant.owner = Owner {
        namespace: "cli".into(),
        name: "other".into(),
        uid: "one-shot".into(),
    };
    let mut first = World::new("first");
    first.tenant.owner = world.owner.clone();
    let shared = CONFIG.replace("NS", &world.namespace);
    assert_eq!(
        first.apply(&shared.replace("shared", "mine")).outcome,
        Some(Outcome::Healthy)
    );
    world.tenant.engine = engine(world.control_plane.kubeconfig(), &world.namespace);
    world.tenant.owner.uid = "another".into();
    let run = world.apply(&CONFIG.replace("shared", "mine").replace("blue", "red"));
    assert_eq!(run.outcome, Some(Outcome::Degraded), "{}", describe(&run));
    let mine = object(&run, "configmap/mine");
    assert_eq!(
        (mine.step, mine.message.as_str()),
        (
            Step::Blocked,
            "owned by cli/other, a one-shot apply: go on under `--name other` with -n and the namespace of its inventory, or delete the object first"
        )
    );
    assert_eq!(world.writes(), theirs);
}

#[test]
fn an_object_of_a_layer_is_blocked_while_that_lives_and_adopted_when_it_is_gone() {
    let mut world = World::new("layer");
    world.control_plane.apply(&crd_yaml().unwrap()).unwrap();
    let layers = world.text("/apis/tidegate.dev/v1alpha1/namespaces/NS/layers");
    let client = world.control_plane.client();
    let layer = json!({"apiVersion": "tidegate.dev/v1alpha1", "kind": "Layer", "metadata": {"name": "web"},
        "spec": {"source": {"git": {"url": "https://git.example.com/web.git"}}, "path": "web"}});
    let layer = wait::until("the definition to be served", LIMIT, || {
        client
            .create(&layers, &layer)
            .map_err(|error| error.to_string())
    });
    let uid = layer.unwrap()["metadata"]["uid"]
        .as_str()
        .unwrap()
        .to_owned();
    let second = world.owner.clone();
    world.tenant.owner = Owner {
        namespace: world.namespace.clone(),
        name: "web".into(),
        uid,
    };
    assert_eq!(world.apply(CONFIG).outcome, Some(Outcome::Healthy));
    let written = world.writes();
    world.tenant.owner = second;
    let run = world.apply(&CONFIG.replace("blue", "red"));
    let shared = object(&run, "configmap/shared");
    assert_eq!(shared.step, Step::Blocked);
    assert_eq!(
        shared.message.replace(&world.namespace, "NS"),
        "owned by NS/web: remove it from this layer, or from that one and then delete the object"
    );
    assert_eq!(world.writes(), written);
    client.delete(&format!("{layers}/web")).unwrap();
    let run = world.apply(&CONFIG.replace("blue", "red"));
    assert_eq!(
        object(&run, "configmap/shared").change,
        Change::Adopt,
        "{}",
        describe(&run)
    );
    assert_eq!(colour(&world), "red");
}
