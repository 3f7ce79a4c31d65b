//! `labels`, `commonLabels`, `commonAnnotations`: entries set in the mappings of many fields.

use std::collections::HashMap;

use foldhash::quality::RandomState;
use tidegate_yaml::Node;

use crate::fault::Step;
use crate::field_spec::FieldSpec;
use crate::gvk::Gvk;
use crate::kustomization::Texts;
use crate::node::{self, Kind};
use crate::resource::Resource;
use crate::resources::Resources;
use crate::walk::{self, Create};

/// Sets entries in every mapping that the fields mean.
pub(crate) fn set(resources: &mut Resources, entries: &Texts, fields: &[FieldSpec]) -> Step {
    if entries.is_empty() {
        return Ok(());
    }
    let mut by_gvk: HashMap<Gvk, Vec<&FieldSpec>, RandomState> = HashMap::default();
    for resource in &mut resources.list {
        let gvk = resource.gvk();
        if !by_gvk.contains_key(gvk) {
            let meant = fields.iter().filter(|spec| gvk.is_selected(&spec.selector));
            by_gvk.insert(gvk.clone(), meant.collect());
        }
        let fields = by_gvk.get(gvk).map(Vec::as_slice).unwrap_or_default();
        for entry in entries {
            set_one(resource, entry, fields)
                .map_err(|fault| fault.within(|| resource.origin.to_string()))?;
        }
    }
    Ok(())
}

/// Sets one entry; where it is new, all its places share it.
fn set_one(
    resource: &mut Resource,
    (name, value): (&String, &String),
    fields: &[&FieldSpec],
) -> Step {
    let create = Create {
        kind: Kind::Mapping,
        tag: "",
    };
    let mut new = node::with_tag(node::scalar(value), node::STRING);
    new.mark = resource.next_group();
    let mut added = 0;
    let mut set = |found: &mut Node| {
        let is_new = found.get(name).is_none();
        if let Some(set) = node::set_field(found, name, new.clone())? {
            if is_new {
                set.clone_from(&new);
                added += 1;
            } else if !node::is_shared(set.mark) || set.mark == new.mark {
                set.mark.column = 0;
            }
        }
        Ok(())
    };
    for spec in fields {
        walk::visit(spec, &mut resource.node, Some(create), &mut set)?;
    }
    if added > 1 {
        resource.share(new);
    }
    resource.may_differ |= !resource.shared.is_empty();
    Ok(())
}
