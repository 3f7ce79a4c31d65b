//! The object that a message of the cluster names as missing.

use tidegate_object::{GroupKind, ObjectId};

/// How messages name what is not there, `secret "name" not found`: word, group, kind, whether namespaced.
const NAMED: &[(&str, &str, &str, bool)] = &[
    ("secret", "", "Secret", true),
    ("configmap", "", "ConfigMap", true),
    ("persistentvolumeclaim", "", "PersistentVolumeClaim", true),
    ("serviceaccount", "", "ServiceAccount", true),
    (
        "storageclass.storage.k8s.io",
        "storage.k8s.io",
        "StorageClass",
        false,
    ),
    (
        "priorityclass.scheduling.k8s.io",
        "scheduling.k8s.io",
        "PriorityClass",
        false,
    ),
    (
        "clusters.postgresql.cnpg.io",
        "postgresql.cnpg.io",
        "Cluster",
        true,
    ),
];

/// Finds the object that a message about `object` says is missing, or has no such key.
pub(super) fn find(message: &str, object: &ObjectId) -> Option<ObjectId> {
    not_found(message, object).or_else(|| without_key(message))
}

fn not_found(message: &str, object: &ObjectId) -> Option<ObjectId> {
    let lower = message.to_ascii_lowercase();
    NAMED.iter().find_map(|(word, group, kind, namespaced)| {
        let opening = format!("{word} \"");
        let start = lower.find(&opening)? + opening.len();
        let (name, rest) = message.get(start..)?.split_once('"')?;
        let namespace = object.namespace.as_deref().filter(|_| *namespaced);
        // A message may name an object for other reasons than that it is missing.
        rest.trim_start()
            .starts_with("not found")
            .then(|| ObjectId::new(GroupKind::new(*group, *kind), namespace, name))
    })
}

/// The kubelet: `couldn't find key uri in Secret databases/pg-main-app`.
fn without_key(message: &str) -> Option<ObjectId> {
    let (_, rest) = message.split_once("couldn't find key ")?;
    let (_, target) = rest.split_once(" in ")?;
    let mut words = target.split_whitespace();
    let kind = words
        .next()
        .filter(|kind| ["Secret", "ConfigMap"].contains(kind))?;
    let (namespace, name) = words.next()?.split_once('/')?;
    Some(ObjectId::new(
        GroupKind::new("", kind),
        Some(namespace),
        name,
    ))
}
