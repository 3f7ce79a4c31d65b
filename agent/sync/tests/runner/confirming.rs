//! Deletes that guards hold back, and that go when a person confirms exactly what was shown.

use std::sync::Arc;
use std::time::Duration;

use tidegate_kustomize::Rendered;
use tidegate_sync::{Fate, Order, Outcome, Prune, Run};
use tidegate_testbed::wait;

use crate::pruning::{CLAIM, maps};
use crate::world::{LIMIT, World, consent, describe, leaving};

const EIGHT: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];

fn confirmed(mut order: Order, hash: &str) -> Order {
    order.consents.confirmed = Some(consent(hash));
    order
}

/// The hash under which deletes are shown.
#[track_caller]
fn shown(run: &Run) -> String {
    let hash = run.confirm.clone();
    hash.unwrap_or_else(|| panic!("nothing to confirm: {}", describe(run)))
}

#[test]
fn half_of_a_layer_goes_when_just_that_is_confirmed() {
    let world = World::new("confirmed");
    world.apply(&maps(&EIGHT));
    let half = maps(&["a", "b", "c", "d"]);
    let run = world.apply(&half);
    let hash = shown(&run);
    let is_shown = |name: &str| leaving(&run, &format!("configmap/{name}")).confirmable;
    assert!(
        ["e", "f", "g", "h"].into_iter().all(is_shown),
        "{}",
        describe(&run)
    );
    assert!(run.leaving.iter().all(|leaving| !leaving.uid.is_empty()));

    // More leaves Git meanwhile: that is another list.
    let order = confirmed(world.order(&maps(&["a", "b", "c"])), &hash);
    let run = world.run(order);
    assert_eq!(world.deleted(), [""; 0], "{}", describe(&run));
    assert_ne!(shown(&run), hash);

    let run = world.run(confirmed(world.order(&half), &hash));
    assert_eq!(run.outcome, Some(Outcome::Healthy), "{}", describe(&run));
    assert_eq!(run.confirmed_by.as_deref(), Some("ann"));
    assert_eq!((&run.confirm, world.deleted().len()), (&None, 4));
    let run = world.apply(&half);
    assert_eq!(run.confirmed_by, None);
}

#[test]
fn a_confirmation_is_of_the_objects_and_not_of_their_names() {
    let world = World::new("made-anew");
    world.apply(&maps(&EIGHT));
    let half = maps(&["a", "b", "c", "d"]);
    let hash = shown(&world.apply(&half));
    world.apply(&maps(&EIGHT));
    world
        .control_plane
        .client()
        .delete(&world.map("e"))
        .unwrap();
    // A run may be over before the watch has shown the delete.
    wait::until("the object to be made anew", LIMIT, || {
        world.apply(&maps(&EIGHT));
        let made = world.control_plane.client().get(&world.map("e"));
        made.map(drop).map_err(|error| error.to_string())
    })
    .unwrap();
    let run = world.run(confirmed(world.order(&half), &hash));
    assert_eq!(world.deleted(), [""; 0], "{}", describe(&run));
}

#[test]
fn a_confirmation_is_void_once_the_objects_are_back_in_git() {
    let world = World::new("back-in-git");
    world.apply(&maps(&EIGHT));
    let ill = format!(
        "{}---\napiVersion: v1\nkind: Pod\nmetadata: {{name: ill, namespace: NS}}\n\
         spec: {{nodeSelector: {{kubernetes.io/hostname: nowhere}}, containers: [{{name: main, image: registry.example/main:1}}]}}\n",
        maps(&["a", "b", "c", "d"])
    );
    let order = |yaml: &str| {
        let mut order = world.order(yaml);
        order.settings.timeout = Duration::from_secs(1);
        order
    };
    let hash = shown(&world.run(order(&ill)));
    let run = world.run(confirmed(order(&ill), &hash));
    assert_eq!(
        leaving(&run, "configmap/e").fate,
        Fate::Waiting,
        "{}",
        describe(&run)
    );
    // While they leave, the confirmation holds in runs that nobody asked for, too.
    let run = world.run(order(&ill));
    assert_eq!(
        leaving(&run, "configmap/e").fate,
        Fate::Waiting,
        "{}",
        describe(&run)
    );
    world.run(order(&format!("{ill}---\n{}", maps(&["e", "f", "g", "h"]))));
    let run = world.run(order(&ill));
    assert_eq!(
        leaving(&run, "configmap/e").fate,
        Fate::Held,
        "{}",
        describe(&run)
    );
    assert_eq!(world.deleted(), [""; 0]);
}

#[test]
fn a_protected_object_goes_when_it_is_confirmed_and_what_never_goes_is_not_shown() {
    let world = World::new("confirmed-kind");
    let both = format!("{}---{CLAIM}", maps(&["a"]));
    let mut order = world.order(&both);
    order.settings.timeout = Duration::from_secs(1);
    world.run(order);
    let mut empty = world.order("");
    empty.rendered = Arc::new(Rendered::default());
    assert_eq!(world.run(empty).confirm, None);
    let mut never = world.order(&maps(&["a"]));
    never.settings.prune = Prune::NEVER;
    assert_eq!(world.run(never).confirm, None);

    let run = world.apply(&maps(&["a"]));
    let claim = leaving(&run, "persistentvolumeclaim/data");
    assert!(
        claim.confirmable && !claim.consequences.is_empty(),
        "{}",
        describe(&run)
    );
    let run = world.run(confirmed(world.order(&maps(&["a"])), &shown(&run)));
    assert_eq!(world.deleted(), ["data"], "{}", describe(&run));
}
