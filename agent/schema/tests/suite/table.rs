//! What is said about each kind of trouble.

use tidegate_object::Object;
use tidegate_schema::{Definitions, Problem};

use crate::objects::{DEFINITION, SHARD, object, value};

/// A field, what it is changed to as JSON (nothing: it is taken away), and what is said.
const CASES: &[(&str, &str, &[&str])] = &[
    ("/spec/size", "4", &[]),
    (
        "/spec/sise",
        "4",
        &["S spec.sise: there is no such field: is `size` meant?"],
    ),
    (
        "/spec/colour",
        r#""red""#,
        &["S spec.colour: there is no such field in the definition of its kind"],
    ),
    (
        "/spec/size",
        r#""3""#,
        &["S spec.size: must be a whole number, and is a text"],
    ),
    (
        "/spec/size",
        "1.5",
        &["V spec.size: must be a whole number, and is a number with a fraction"],
    ),
    ("/spec/size", "0", &["V spec.size: must not be below 1"]),
    ("/spec/size", "10", &["V spec.size: must not be above 9"]),
    ("/spec/size", "", &["V spec.size: it is required"]),
    ("/spec/owner", "", &[]),
    ("/spec/share", "0", &["V spec.share: must not be below 0"]),
    (
        "/spec/mode",
        r#""slow""#,
        &[r#"V spec.mode: must be one of "fast", "safe""#],
    ),
    (
        "/spec/name",
        r#""ABC""#,
        &["V spec.name: must match `^[a-z]+$`"],
    ),
    (
        "/spec/name",
        r#""a""#,
        &["V spec.name: must have at least 2 letters, and has 1"],
    ),
    (
        "/spec/active",
        r#""yes""#,
        &["S spec.active: must be true or false, and is a text"],
    ),
    ("/spec/port", "80", &[]),
    (
        "/spec/port",
        "true",
        &["V spec.port: must be a whole number or a text, and is true or false"],
    ),
    ("/spec/free/more", "[1]", &[]),
    (
        "/spec/free/known",
        r#""1""#,
        &["S spec.free.known: must be a whole number, and is a text"],
    ),
    ("/spec/any", r#"["whatever"]"#, &[]),
    ("/spec/empty/field", "1", &[]),
    (
        "/spec/pod/metadata/labels/x",
        "1",
        &["S spec.pod.metadata.labels.x: must be a text, and is a number"],
    ),
    (
        "/spec/labels",
        r#"{"a": "1", "b": "2", "c": "3"}"#,
        &["V spec.labels: must have at most 2 fields, and has 3"],
    ),
    (
        "/spec/texts",
        "[]",
        &["V spec.texts: must have at least 1 items, and has 0"],
    ),
    (
        "/spec/texts",
        r#"["a", 2]"#,
        &["S spec.texts[1]: must be a text, and is a number"],
    ),
    (
        "/spec/parts",
        r#"[{"name": "a", "wait": 1}]"#,
        &["S spec.parts[0].wait: there is no such field in the definition of its kind"],
    ),
    (
        "/metadata/label",
        "{}",
        &["S metadata.label: there is no such field: is `labels` meant?"],
    ),
    (
        "/data",
        "{}",
        &["S data: there is no such field in the definition of its kind"],
    ),
];

/// What is said about the object with one field changed.
fn said(pointer: &str, to: &str) -> Vec<String> {
    let mut shard = value(SHARD);
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let parent = shard.pointer_mut(parent).unwrap();
    let fields = parent.as_object_mut().unwrap();
    match to {
        "" => drop(fields.remove(name)),
        to => drop(fields.insert(name.into(), serde_json::from_str(to).unwrap())),
    }
    let definition = [object(DEFINITION)];
    let found = Definitions::of(&definition).check(&Object::new(shard).unwrap());
    let lines = found.into_iter().map(|found| {
        let letter = match found.problem {
            Problem::Shape => 'S',
            Problem::Value => 'V',
        };
        format!("{letter} {found}")
    });
    lines.collect()
}

#[test]
fn each_trouble_is_named_with_its_field() {
    for (pointer, to, expected) in CASES {
        assert_eq!(said(pointer, to), *expected, "{pointer} {to}");
    }
}

#[test]
fn other_kinds_and_versions_are_not_judged() {
    let definition = [object(DEFINITION)];
    let definitions = Definitions::of(&definition);
    for other in [
        SHARD.replace("schema.example/v1", "schema.example/v2"),
        SHARD.replace("kind: Shard", "kind: Share"),
    ] {
        let other = object(&other.replace("size: 3", "size: three"));
        assert_eq!(definitions.check(&other), []);
    }
}
