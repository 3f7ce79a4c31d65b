//! `namespace`.

use std::borrow::Cow;
use std::sync::LazyLock;

use tidegate_yaml::Node;

use crate::fault::{Fault, Step};
use crate::field_spec::FieldSpec;
use crate::gvk::{Gvk, Scope};
use crate::node::{self, Kind};
use crate::resource::Resource;
use crate::resources::Resources;
use crate::walk::{self, Create};

/// Which subjects of role bindings move along.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Subjects {
    /// Those named `default`.
    #[default]
    NamedDefault,
    AllServiceAccounts,
    None,
}

/// What is set, and where.
#[derive(Debug, Clone)]
pub(crate) struct Namespace<'a> {
    pub(crate) name: Cow<'a, str>,
    pub(crate) fields: Cow<'a, [FieldSpec]>,
    pub(crate) subjects: Subjects,
    /// Whether namespaces that are set stay.
    pub(crate) unset_only: bool,
}

/// Moves all objects to a namespace.
pub(crate) fn set(resources: &mut Resources, namespace: &Namespace<'_>) -> Step {
    for resource in &mut resources.list {
        if namespace.name.is_empty() {
            return Ok(());
        }
        if node::metadata_entry(&resource.node, "annotations", HELM) == Some("true") {
            continue;
        }
        resource.store_id();
        set_one(resource, namespace)
            .map_err(|fault| fault.within(|| resource.origin.to_string()))?;
        resource.refresh();
    }
    resources.forget_names();
    resources.check_unique().map_err(|fault| {
        fault.within(|| format!("namespace `{}` makes two objects one", namespace.name))
    })
}

static NAMESPACE: LazyLock<FieldSpec> =
    LazyLock::new(|| FieldSpec::everywhere("metadata/namespace"));
const HELM: &str = "internal.config.kubernetes.io/helm-generated";

/// Sets one object's namespace, without a look at others.
pub(crate) fn set_one(resource: &mut Resource, namespace: &Namespace<'_>) -> Step {
    let scope = resource.id().scope;
    let (gvk, node) = resource.gvk_and_node();
    if scope == Scope::Namespaced {
        set_field(&NAMESPACE, (gvk, node), namespace, "")?;
    }
    let is_binding = matches!(gvk.kind.as_str(), "RoleBinding" | "ClusterRoleBinding");
    if is_binding {
        set_subjects(node, namespace)?;
    }
    for spec in namespace.fields.as_ref() {
        let is_metadata = spec.path == "metadata/namespace"
            || (spec.path == "metadata/name" && gvk.api_version() != "v1");
        let is_subject = is_binding
            && spec.path == "subjects/namespace"
            && matches!(
                spec.selector.kind.as_str(),
                "RoleBinding" | "ClusterRoleBinding"
            );
        if !is_metadata && !is_subject {
            set_field(spec, (gvk, node), namespace, node::STRING)?;
        }
    }
    Ok(())
}

fn set_field(
    spec: &FieldSpec,
    object: (&Gvk, &mut Node),
    namespace: &Namespace<'_>,
    tag: &'static str,
) -> Step {
    let create = Create {
        kind: Kind::Scalar,
        tag,
    };
    let mut set = |found: &mut Node| set_value(found, namespace);
    let (gvk, object) = object;
    if !gvk.is_selected(&spec.selector) {
        return Ok(());
    }
    walk::visit(spec, object, Some(create), &mut set)
}

fn set_value(found: &mut Node, namespace: &Namespace<'_>) -> Step {
    if namespace.unset_only && !node::value(found).is_empty() {
        return Ok(());
    }
    let new = node::with_tag(node::scalar(&namespace.name), node::STRING);
    node::set_scalar(found, new)
}

fn set_subjects(object: &mut Node, namespace: &Namespace<'_>) -> Step {
    let (field, expected) = match namespace.subjects {
        Subjects::None => return Ok(()),
        Subjects::NamedDefault => ("name", "default"),
        Subjects::AllServiceAccounts => ("kind", "ServiceAccount"),
    };
    let Some(subjects) = node::lookup(object, &["subjects"], None)? else {
        return Ok(());
    };
    let Some(subjects) = node::items_mut(subjects).map_err(in_subjects)? else {
        return Ok(());
    };
    for subject in subjects {
        node::expect(subject, Kind::Mapping).map_err(in_subjects)?;
        if subject.get(field).map(node::value) != Some(expected) {
            continue;
        }
        if let Some(found) = node::lookup(subject, &["namespace"], Some(Kind::Scalar))? {
            set_value(found, namespace)?;
        }
    }
    Ok(())
}

fn in_subjects(fault: Fault) -> Fault {
    fault.within(|| "field `subjects`".to_owned())
}
