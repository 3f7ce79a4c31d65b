//! The object that a message of the cluster names as missing.

use tidegate_object::{GroupKind, ObjectId};

/// Kinds that others miss: group, kind, whether namespaced.
const KINDS: &[(&str, &str, bool)] = &[
    ("", "ConfigMap", true),
    ("", "PersistentVolumeClaim", true),
    ("", "Secret", true),
    ("", "Service", true),
    ("", "ServiceAccount", true),
    ("apps", "Deployment", true),
    ("apps", "StatefulSet", true),
    ("cert-manager.io", "ClusterIssuer", false),
    ("cert-manager.io", "Issuer", true),
    ("external-secrets.io", "ClusterSecretStore", false),
    ("external-secrets.io", "SecretStore", true),
    ("postgresql.cnpg.io", "Cluster", true),
    ("scheduling.k8s.io", "PriorityClass", false),
    ("storage.k8s.io", "StorageClass", false),
];

/// Finds the object that a message about `object` says is missing, or has no such key.
pub(super) fn find(message: &str, object: &ObjectId) -> Option<ObjectId> {
    let ends = message.match_indices("\" not found").map(|(end, _)| end);
    let missing = ends
        .filter_map(|end| message.get(..end)?.rsplit_once('"'))
        .find_map(|(before, name)| missing(before, name, object));
    missing.or_else(|| without_key(message))
}

/// Reads `secret "name" not found`, as the kubelet writes it, and `secrets "name" not found` or
/// `issuers.cert-manager.io "name" not found`, as the API server does.
fn missing(before: &str, name: &str, object: &ObjectId) -> Option<ObjectId> {
    let word = before
        .trim_end()
        .rsplit([' ', ':', '('])
        .next()?
        .to_ascii_lowercase();
    let (resource, group) = word.split_once('.').unwrap_or((&word, ""));
    let (group, kind, namespaced) = KINDS.iter().find(|(of, kind, _)| {
        let singular = kind.to_ascii_lowercase();
        let plural = resource.strip_prefix(&singular);
        plural.is_some_and(|rest| ["", "s", "es"].contains(&rest))
            && (group.is_empty() || group == *of)
    })?;
    let namespace = object.namespace.as_deref().filter(|_| *namespaced);
    Some(ObjectId::new(
        GroupKind::new(*group, *kind),
        namespace,
        name,
    ))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_name_what_is_missing() {
        let pod: ObjectId = "core/Pod/a/web".parse().unwrap();
        for (message, expected) in [
            ("secret \"db\" not found", Some("core/Secret/a/db")),
            (
                "cannot get secret \"x\" from namespace: secrets \"db\" not found",
                Some("core/Secret/a/db"),
            ),
            (
                "MountVolume.SetUp failed for volume \"tls\" : secret \"db\" not found",
                Some("core/Secret/a/db"),
            ),
            (
                "serviceaccount \"web\" not found",
                Some("core/ServiceAccount/a/web"),
            ),
            (
                "issuers.cert-manager.io \"ca\" not found",
                Some("cert-manager.io/Issuer/a/ca"),
            ),
            (
                "Referenced \"ClusterIssuer\" not found: clusterissuer.cert-manager.io \"ca\" not found",
                Some("cert-manager.io/ClusterIssuer/_/ca"),
            ),
            (
                "storageclass.storage.k8s.io \"fast\" not found",
                Some("storage.k8s.io/StorageClass/_/fast"),
            ),
            (
                "storageclasses.storage.k8s.io \"fast\" not found",
                Some("storage.k8s.io/StorageClass/_/fast"),
            ),
            (
                "couldn't find key uri in Secret b/db",
                Some("core/Secret/b/db"),
            ),
            ("secret \"db\" is immutable", None),
            ("role \"db\" not found", None),
            ("\" not found", None),
        ] {
            let found = find(message, &pod).map(|id| id.to_string());
            assert_eq!(found.as_deref(), expected, "{message}");
        }
    }
}
