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
    /// To ask what a revision would change.
    Preview { namespace: String, name: String },
    /// To see or change something of the cluster besides layers.
    See(Resource),
}

/// Something of the cluster, and what is to be done with it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Resource {
    pub(crate) verb: &'static str,
    pub(crate) group: String,
    /// The plural; `*` where the cluster does not serve the kind.
    pub(crate) plural: String,
    pub(crate) subresource: Option<&'static str>,
    pub(crate) namespace: Option<String>,
    pub(crate) name: Option<String>,
}

impl Right {
    /// Tells whether it is to read layers, and nothing else.
    pub(crate) fn is_read(&self) -> bool {
        matches!(self, Self::Get { .. } | Self::List { .. })
    }

    /// Returns what a SubjectAccessReview asks for.
    pub(crate) fn attributes(&self) -> ResourceAttributes {
        let (verb, namespace, name, subresource) = match self {
            Self::See(resource) => return resource.attributes(),
            Self::Preview { namespace, name } => {
                ("get", Some(namespace), Some(name), Some("plan".into()))
            }
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
            Self::See(_) => "ask an administrator of the cluster for it".into(),
            Self::Preview { namespace, .. }
            | Self::Get { namespace, .. }
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
            Self::Preview { namespace, name } => write!(
                f,
                "get layers.tidegate.dev/plan {name} in the namespace {namespace}"
            ),
            Self::See(resource) => resource.fmt(f),
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

impl Resource {
    fn attributes(&self) -> ResourceAttributes {
        ResourceAttributes {
            group: Some(self.group.clone()),
            resource: Some(self.plural.clone()),
            subresource: self.subresource.map(Into::into),
            verb: Some(self.verb.into()),
            namespace: self.namespace.clone(),
            name: self.name.clone(),
            ..ResourceAttributes::default()
        }
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.verb, self.plural)?;
        if !self.group.is_empty() {
            write!(f, ".{}", self.group)?;
        }
        if let Some(subresource) = self.subresource {
            write!(f, "/{subresource}")?;
        }
        if let Some(name) = &self.name {
            write!(f, " {name}")?;
        }
        match &self.namespace {
            Some(namespace) => write!(f, " in the namespace {namespace}"),
            None => Ok(()),
        }
    }
}
