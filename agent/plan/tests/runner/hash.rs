//! A plan's hash changes with what is done, and with nothing else.

use tidegate_object::Object;
use tidegate_plan::{Change, Facts, Settings, plan};

use super::manifest::objects;

struct All(Change);

impl Facts for All {
    fn change(&self, _: &Object) -> Change {
        self.0
    }
}

const SECRET: &str =
    "{apiVersion: v1, kind: Secret, metadata: {name: a}, data: {x: eA==, y: eQ==}}";
const OTHER: &str = "{apiVersion: v1, kind: ConfigMap, metadata: {name: b}}";

fn hash(manifests: &str, change: Change, key: &str) -> Option<String> {
    let objects = objects(manifests);
    let plan = plan(&objects, &All(change), &Settings::default()).unwrap();
    plan.hash(&objects, "uid", key.as_bytes())
}

#[test]
fn the_hash_is_the_same_in_whatever_order_the_objects_and_fields_are() {
    let one = format!("{SECRET}\n---\n{OTHER}");
    let two = format!(
        "{OTHER}\n---\n{}",
        "{kind: Secret, data: {y: eQ==, x: eA==}, metadata: {name: a}, apiVersion: v1}"
    );
    let hash_of = |text| hash(text, Change::Create, "key").unwrap();
    assert_eq!(hash_of(&one), hash_of(&two));
    assert_eq!(hash_of(&one).len(), 64);
}

#[test]
fn the_hash_differs_with_object_change_value_key_and_owner() {
    let base = hash(SECRET, Change::Create, "key");
    assert!(base.is_some());
    assert_ne!(base, hash(OTHER, Change::Create, "key"));
    assert_ne!(base, hash(SECRET, Change::Update, "key"));
    assert_ne!(
        base,
        hash(&SECRET.replace("eA==", "eB=="), Change::Create, "key")
    );
    assert_ne!(base, hash(SECRET, Change::Create, "another key"));
    let objects = objects(SECRET);
    let plan = plan(&objects, &All(Change::Create), &Settings::default()).unwrap();
    assert_ne!(base, plan.hash(&objects, "another uid", b"key"));
}

#[test]
fn a_plan_made_offline_has_no_hash() {
    assert_eq!(hash(SECRET, Change::Unknown, "key"), None);
}
