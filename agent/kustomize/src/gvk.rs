//! Kinds and identities as kustomize compares them.

use std::collections::HashMap;

use crate::knowledge;

/// Group, version and kind; an empty part of a selector matches anything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Gvk {
    pub(crate) group: String,
    pub(crate) version: String,
    pub(crate) kind: String,
}

/// What kustomize takes for the namespace of kinds that have none.
pub(crate) const NO_NAMESPACE: &str = "_non_namespaceable_";
const DEFAULT_NAMESPACE: &str = "default";

impl Gvk {
    pub(crate) fn new(api_version: &str, kind: &str) -> Self {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        Self {
            group: group.to_owned(),
            version: version.to_owned(),
            kind: kind.to_owned(),
        }
    }

    pub(crate) fn api_version(&self) -> String {
        if self.group.is_empty() {
            return self.version.clone();
        }
        format!("{}/{}", self.group, self.version)
    }

    /// Whether the kind has a namespace, if kustomize knows it.
    pub(crate) fn known_scope(&self) -> Option<Scope> {
        if self.group.is_empty() {
            return knowledge::scope(&self.version, &self.kind);
        }
        knowledge::scope(&self.api_version(), &self.kind)
    }

    /// Whether `selector`'s parts are empty or equal.
    pub(crate) fn is_selected(&self, selector: &Self) -> bool {
        let fits = |part: &str, own: &str| part.is_empty() || part == own;
        fits(&selector.kind, &self.kind)
            && fits(&selector.group, &self.group)
            && fits(&selector.version, &self.version)
    }

    /// The order of field specifications (`Gvk.IsLessThan`).
    pub(crate) fn order(&self) -> (i32, String) {
        let or = |part: &str, missing: &str| {
            if part.is_empty() {
                missing.to_owned()
            } else {
                part.to_owned()
            }
        };
        let text = format!(
            "{}_{}_{}",
            or(&self.group, "~G"),
            or(&self.version, "~V"),
            or(&self.kind, "~K")
        );
        (kind_order(&self.kind), text)
    }
}

impl std::fmt::Display for Gvk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let or = |part: &'_ str, missing: &'static str| -> String {
            if part.is_empty() { missing } else { part }.to_owned()
        };
        write!(
            f,
            "{}.{}.{}",
            or(&self.kind, "[noKind]"),
            or(&self.version, "[noVer]"),
            or(&self.group, "[noGrp]")
        )
    }
}

/// Group, version, kind, name and namespace.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct ResourceId {
    pub(crate) gvk: Gvk,
    pub(crate) name: String,
    pub(crate) namespace: String,
    /// Only current ids know it.
    pub(crate) scope: Scope,
}

/// The scopes of kinds that a schema of one's own knows.
pub(crate) type Scopes = HashMap<Gvk, Scope>;

/// Whether a kind is known to have no namespace.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(crate) enum Scope {
    #[default]
    Namespaced,
    Cluster,
}

impl ResourceId {
    /// An id of the build, whose scope is looked up; all that is unknown has a namespace.
    pub(crate) fn current(gvk: Gvk, name: &str, namespace: &str, own: Option<&Scopes>) -> Self {
        let own = || own.and_then(|own| own.get(&gvk).copied());
        let scope = gvk.known_scope().or_else(own).unwrap_or_default();
        Self {
            gvk,
            name: name.to_owned(),
            namespace: namespace.to_owned(),
            scope,
        }
    }

    /// The namespace that ids are compared by.
    pub(crate) fn effective_namespace(&self) -> &str {
        effective_namespace(self.scope, &self.namespace)
    }

    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.name == other.name
            && self.gvk == other.gvk
            && self.effective_namespace() == other.effective_namespace()
    }
}

pub(crate) fn effective_namespace(scope: Scope, namespace: &str) -> &str {
    if scope == Scope::Cluster {
        NO_NAMESPACE
    } else if namespace.is_empty() {
        DEFAULT_NAMESPACE
    } else {
        namespace
    }
}

/// `group/Kind/namespace/name`, as everywhere: `core` for the empty group, `_` for no namespace.
impl std::fmt::Display for ResourceId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let or = |part: &'_ str, missing: &'static str| -> String {
            if part.is_empty() { missing } else { part }.to_owned()
        };
        write!(
            f,
            "{}/{}/{}/{}",
            or(&self.gvk.group, "core"),
            self.gvk.kind,
            or(&self.namespace, "_"),
            self.name
        )
    }
}

/// The kinds that come first, in order.
pub(crate) const FIRST: [&str; 22] = [
    "Namespace",
    "ResourceQuota",
    "StorageClass",
    "CustomResourceDefinition",
    "ServiceAccount",
    "PodSecurityPolicy",
    "Role",
    "ClusterRole",
    "RoleBinding",
    "ClusterRoleBinding",
    "ConfigMap",
    "Secret",
    "Endpoints",
    "Service",
    "LimitRange",
    "PriorityClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Deployment",
    "StatefulSet",
    "CronJob",
    "PodDisruptionBudget",
];
/// The kinds that come last, in order.
pub(crate) const LAST: [&str; 2] = [
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
];

fn kind_order(kind: &str) -> i32 {
    let position = |list: &[&str]| {
        let index = list.iter().position(|listed| *listed == kind)?;
        i32::try_from(index).ok()
    };
    if let Some(index) = position(&FIRST) {
        return index - 22;
    }
    position(&LAST).map_or(0, |index| index + 1)
}
