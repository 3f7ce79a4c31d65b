//! The marks by which a live object says which layer owns it.

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use tidegate_object::{Object, ObjectId};

use crate::Owner;

/// The label whose value is the layer's uid; objects are watched by its existence.
pub const LAYER_LABEL: &str = "tidegate.dev/layer";

/// The annotation that names layer and object, so that a copied mark owns nothing.
pub const OWNER_ANNOTATION: &str = "tidegate.dev/owner";

/// The annotation on a live object until whose time drift of it is reported, and not put right.
pub const HOLD_UNTIL: &str = "tidegate.dev/hold-until";

/// The annotation that says why.
pub const HOLD_REASON: &str = "tidegate.dev/hold-reason";

/// Returns until when a live object is held; `None` if it is not, or if that is no time.
pub(crate) fn hold_until(live: &Object) -> Option<Timestamp> {
    live.annotation(HOLD_UNTIL)?.parse().ok()
}

/// Returns the owner that an object's marks name.
///
/// `None` without marks, and for marks that were copied from another object.
pub fn owner_of(live: &Object) -> Option<Owner> {
    let label = live.label(LAYER_LABEL)?;
    let (owner, object) = parse(live.annotation(OWNER_ANNOTATION)?)?;
    (owner.uid == label && object == *live.id()).then_some(owner)
}

/// Marks an object as the owner's.
pub(crate) fn set(fields: &mut Map<String, Value>, owner: &Owner, id: &ObjectId) {
    let annotation = format!("{owner}:{}:{id}", owner.uid);
    entry(fields, "labels", LAYER_LABEL, owner.uid.clone());
    entry(fields, "annotations", OWNER_ANNOTATION, annotation);
}

/// Takes away marks that stand in Git; tells which field had one.
pub(crate) fn strip(fields: &mut Map<String, Value>) -> Vec<String> {
    let marks = [("labels", LAYER_LABEL), ("annotations", OWNER_ANNOTATION)];
    let mut stripped = Vec::new();
    for (field, key) in marks {
        let entries = fields.get_mut("metadata").and_then(|m| m.get_mut(field));
        let entries = entries.and_then(Value::as_object_mut);
        if entries.is_some_and(|entries| entries.remove(key).is_some()) {
            stripped.push(format!("metadata.{field}[{key}]"));
        }
    }
    stripped
}

fn parse(annotation: &str) -> Option<(Owner, ObjectId)> {
    let (layer, rest) = annotation.split_once(':')?;
    let (uid, object) = rest.split_once(':')?;
    let (namespace, name) = layer.split_once('/')?;
    let owner = Owner {
        namespace: namespace.into(),
        name: name.into(),
        uid: uid.into(),
    };
    Some((owner, object.parse().ok()?))
}

fn entry(fields: &mut Map<String, Value>, field: &str, key: &str, value: String) {
    let metadata = fields.entry("metadata").or_insert_with(|| json!({}));
    let Some(metadata) = metadata.as_object_mut() else {
        return;
    };
    let entries = metadata.entry(field).or_insert_with(|| json!({}));
    if let Some(entries) = entries.as_object_mut() {
        entries.insert(key.into(), Value::String(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner() -> Owner {
        Owner {
            namespace: "platform".into(),
            name: "database".into(),
            uid: "0a1b".into(),
        }
    }

    fn marked(name: &str) -> Object {
        let object = Object::new(json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": name}
        }));
        let id = object.as_ref().unwrap().id().clone();
        object
            .unwrap()
            .map(|fields| set(fields, &owner(), &id))
            .unwrap()
    }

    #[test]
    fn an_owner_is_read_as_it_was_marked() {
        assert_eq!(owner_of(&marked("tidegate:reader")), Some(owner()));
    }

    #[test]
    fn a_copied_mark_owns_nothing() {
        let copy = marked("a").map(|fields| {
            fields["metadata"]["name"] = json!("b");
        });
        assert_eq!(owner_of(&copy.unwrap()), None);
    }

    #[test]
    fn marks_in_git_are_taken_away() {
        let mut value = marked("a").into_value();
        let fields = value.as_object_mut().unwrap();
        assert_eq!(
            strip(fields),
            [
                "metadata.labels[tidegate.dev/layer]",
                "metadata.annotations[tidegate.dev/owner]"
            ]
        );
        assert_eq!(strip(fields), Vec::<String>::new());
    }
}
