//! A right on Layers, as RBAC writes it.

use std::fmt;

use k8s_openapi::api::authorization::v1::ResourceAttributes;

/// A right on Layers.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Right {
    /// To read one layer.
    Get { namespace: String, name: String },
    /// To read all layers, or those of one namespace.
    List { namespace: Option<String> },
    /// To ask for a sync of a layer.
    Sync { namespace: String, name: String },
    /// To suspend, resume or roll back a layer, to approve its plans or to confirm its deletes.
    Control {
        action: &'static str,
        namespace: String,
        name: String,
    },
}

impl Right {
    /// Tells whether it changes nothing.
    pub(crate) fn is_read(&self) -> bool {
        !matches!(self, Self::Sync { .. } | Self::Control { .. })
    }

    /// Returns what a SubjectAccessReview asks for.
    pub(crate) fn attributes(&self) -> ResourceAttributes {
        let (verb, namespace, name, subresource) = match self {
            Self::Get { namespace, name } => ("get", Some(namespace), Some(name), None),
            Self::List { namespace } => ("list", namespace.as_ref(), None, None),
            Self::Sync { namespace, name } => {
                ("update", Some(namespace), Some(name), Some("sync".into()))
            }
            Self::Control {
                action,
                namespace,
                name,
            } => (
                "update",
                Some(namespace),
                Some(name),
                Some((*action).into()),
            ),
        };
        ResourceAttributes {
            group: Some("tidegate.dev".into()),
            version: Some("v1alpha1".into()),
            resource: Some("layers".into()),
            verb: Some(verb.into()),
            namespace: namespace.cloned(),
            name: name.cloned(),
            subresource,
            ..ResourceAttributes::default()
        }
    }

    /// Says how an administrator grants it.
    pub(crate) fn how_to_grant(&self) -> String {
        match self {
            Self::Sync { namespace, .. } => format!(
                "bind the ClusterRole tidegate-sync to them in the namespace {namespace}"
            ),
            Self::Control { namespace, .. } => format!(
                "bind the ClusterRole tidegate-operate to them in the namespace {namespace}"
            ),
            Self::Get { namespace, .. }
            | Self::List {
                namespace: Some(namespace),
            } => format!("bind the ClusterRole tidegate-view to them in the namespace {namespace}"),
            Self::List { namespace: None } => {
                "bind the ClusterRole tidegate-view to them by a ClusterRoleBinding, or ask for one namespace with ?namespace=".into()
            }
        }
    }
}

impl fmt::Display for Right {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Get { namespace, name } => {
                write!(
                    f,
                    "get layers.tidegate.dev {name} in the namespace {namespace}"
                )
            }
            Self::List { namespace: None } => {
                f.write_str("list layers.tidegate.dev in all namespaces")
            }
            Self::List {
                namespace: Some(namespace),
            } => write!(f, "list layers.tidegate.dev in the namespace {namespace}"),
            Self::Sync { namespace, name } => write!(
                f,
                "update layers.tidegate.dev/sync {name} in the namespace {namespace}"
            ),
            Self::Control {
                action,
                namespace,
                name,
            } => write!(
                f,
                "update layers.tidegate.dev/{action} {name} in the namespace {namespace}"
            ),
        }
    }
}
