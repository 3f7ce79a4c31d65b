//! Plans that are only shown: until a person approves exactly what was shown, or for good.

use tidegate_plan::ConsequenceKind;
use tidegate_sync::{Fate, Mode, Order, Outcome, Run, Step};

use crate::pruning::maps;
use crate::world::{World, consent, describe, engine, leaving, object};

fn by(mut order: Order, mode: Mode) -> Order {
    order.settings.mode = mode;
    order
}

fn approved(mut order: Order, hash: &str) -> Order {
    order.consents.approved = Some(consent(hash));
    order
}

/// The hash of a plan that waits.
#[track_caller]
fn shown(run: &Run) -> String {
    assert_eq!(run.outcome, Some(Outcome::Planned), "{}", describe(run));
    assert!(
        run.message.contains("`tidegate approve "),
        "{}",
        run.message
    );
    let hash = run.approve.clone();
    hash.unwrap_or_else(|| panic!("nothing to approve: {}", describe(run)))
}

#[test]
fn a_plan_is_carried_out_when_just_that_is_approved() {
    let world = World::new("approved");
    let order = |yaml: &str| by(world.order(yaml), Mode::Approve);
    let hash = shown(&world.run(order(&maps(&["a", "b"]))));
    assert_eq!(world.writes(), []);
    // The same plan has the same hash, whoever asks; another one has another.
    assert_eq!(shown(&world.run(order(&maps(&["a", "b"])))), hash);
    let other = world.run(approved(order(&maps(&["a", "c"])), &hash));
    assert_ne!(shown(&other), hash);
    assert_eq!(world.writes(), []);

    let run = world.run(approved(order(&maps(&["a", "b"])), &hash));
    assert_eq!(run.outcome, Some(Outcome::Healthy), "{}", describe(&run));
    let approval = run.approved.clone().unwrap();
    assert_eq!(approval.by.as_deref(), Some("ann"));
    // What changes nothing needs nobody.
    let run = world.run(order(&maps(&["a", "b"])));
    assert_eq!((run.outcome, &run.approve), (Some(Outcome::Healthy), &None));

    // A delete is a change, too.
    let run = world.run(order(&maps(&["a"])));
    let hash = shown(&run);
    assert_eq!(leaving(&run, "configmap/b").fate, Fate::Waiting);
    assert!(world.is_there(&world.map("b")));
    let run = world.run(approved(order(&maps(&["a"])), &hash));
    assert_eq!(world.deleted(), ["b"], "{}", describe(&run));
}

#[test]
fn what_is_left_of_a_plan_that_was_begun_needs_no_other_approval() {
    let world = World::new("begun");
    let order = |yaml: &str| by(world.order(yaml), Mode::Approve);
    let hash = shown(&world.run(order(&maps(&["a", "b"]))));
    let run = world.run(approved(order(&maps(&["a", "b"])), &hash));
    let begun = run.approved.clone().unwrap().rendering;
    // Half of it is lost, and the agent starts anew.
    world
        .control_plane
        .client()
        .delete(&world.map("b"))
        .unwrap();
    let mut world = world;
    world.tenant.engine = engine(world.control_plane.kubeconfig(), &world.namespace);
    let again = |rendering: Option<String>| {
        let mut order = approved(by(world.order(&maps(&["a", "b"])), Mode::Approve), &hash);
        if let Some(consent) = &mut order.consents.approved {
            consent.rendering = rendering;
        }
        world.run(order)
    };
    let run = again(Some("of another".into()));
    assert_ne!(shown(&run), hash);
    let run = again(Some(begun));
    assert_eq!(run.outcome, Some(Outcome::Healthy), "{}", describe(&run));
    assert!(world.is_there(&world.map("b")));
}

#[test]
fn a_layer_that_observes_writes_nothing_at_all() {
    let mut world = World::new("observes");
    world.apply(&maps(&["a", "b"]));
    world.tenant.engine = engine(world.control_plane.kubeconfig(), &world.namespace);
    let before = writes(&world);
    let order = |yaml: &str| by(world.order(yaml), Mode::Observe);
    let run = world.run(approved(order(&maps(&["a", "c"])), &"0a".repeat(32)));
    assert_eq!(run.outcome, Some(Outcome::Planned), "{}", describe(&run));
    assert_eq!(
        run.message,
        "a plan of 2 changes in mode observe: nothing is written"
    );
    assert_eq!(run.approve, None);
    assert_eq!(object(&run, "configmap/c").step, Step::Pending);
    assert_eq!(leaving(&run, "configmap/b").fate, Fate::Waiting);
    let run = world.run(order(&maps(&["a", "b"])));
    assert_eq!(run.outcome, Some(Outcome::Healthy), "{}", describe(&run));
    assert_eq!(writes(&world), before);
}

/// Everything that was written in the namespace, by whomever; a dry-run is no write.
fn writes(world: &World) -> Vec<String> {
    let events = world.control_plane.audit().unwrap().into_iter();
    let written = events.filter(|event| event.is_write() && event.namespace == world.namespace);
    let is_ours = |name: &str| !name.starts_with("kube-root-ca");
    written
        .filter(|event| is_ours(&event.name))
        .map(|event| format!("{} {} {}", event.verb, event.resource, event.name))
        .collect()
}

const WEB: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: NS}
spec:
  replicas: COUNT
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: main, image: 'registry.example/web:1'}]}
";

#[test]
fn a_grave_plan_waits_in_mode_auto_too() {
    let world = World::new("grave");
    let order = |count: &str| {
        let mut order = world.order(&WEB.replace("COUNT", count));
        order.settings.approve_when = vec![ConsequenceKind::ScaleDown];
        order
    };
    let run = world.run(order("2"));
    assert_eq!(run.outcome, Some(Outcome::Healthy), "{}", describe(&run));
    let run = world.run(order("1"));
    let hash = shown(&run);
    assert!(
        run.message.contains("scales from 2 to 1 pods"),
        "{}",
        run.message
    );
    let run = world.run(approved(order("1"), &hash));
    assert_eq!(run.outcome, Some(Outcome::Healthy), "{}", describe(&run));
    let run = world.run(order("2"));
    assert_eq!(run.outcome, Some(Outcome::Healthy), "{}", describe(&run));
}
