//! `namePrefix` and `nameSuffix`.

use crate::fault::Step;
use crate::field_spec::FieldSpec;
use crate::gvk::Gvk;
use crate::node::{self, Kind};
use crate::resource::Resource;
use crate::resources::Resources;
use crate::walk::{self, Create};

/// On which side a name grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Affix<'a> {
    Prefix(&'a str),
    Suffix(&'a str),
}

/// Kinds whose names mean something elsewhere.
fn is_skipped(gvk: &Gvk) -> bool {
    matches!(gvk.kind.as_str(), "CustomResourceDefinition" | "Namespace")
        || (gvk.kind == "APIService" && gvk.group == "apiregistration.k8s.io")
}

/// Adds a prefix or a suffix to the names of all objects.
pub(crate) fn affix(resources: &mut Resources, affix: Affix<'_>, fields: &[FieldSpec]) -> Step {
    for resource in &mut resources.list {
        affix_one(resource, affix, fields)
            .map_err(|fault| fault.within(|| resource.origin.to_string()))?;
    }
    resources.forget_names();
    Ok(())
}

fn affix_one(resource: &mut Resource, affix: Affix<'_>, fields: &[FieldSpec]) -> Step {
    let original = resource.original_gvk();
    if is_skipped(&original) {
        return Ok(());
    }
    let create = Create {
        kind: Kind::Scalar,
        tag: node::STRING,
    };
    for spec in fields {
        if !original.is_selected(&spec.selector) {
            continue;
        }
        if spec.path == "metadata/name" {
            remember(resource, affix);
        }
        if !resource.gvk().is_selected(&spec.selector) {
            continue;
        }
        let mut set = |found: &mut tidegate_yaml::Node| {
            let old = node::raw(found);
            let new = match affix {
                Affix::Prefix(prefix) => format!("{prefix}{old}"),
                Affix::Suffix(suffix) => format!("{old}{suffix}"),
            };
            node::set_scalar(found, node::scalar(&new))
        };
        walk::visit(spec, &mut resource.node, Some(create), &mut set)?;
        resource.refresh();
    }
    Ok(())
}

fn remember(resource: &mut Resource, affix: Affix<'_>) {
    let (text, list) = match affix {
        Affix::Prefix(text) => (text, &mut resource.history.prefixes),
        Affix::Suffix(text) => (text, &mut resource.history.suffixes),
    };
    if text.is_empty() {
        return;
    }
    list.push(text.to_owned());
    resource.store_id();
}
