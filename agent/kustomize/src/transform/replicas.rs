//! `replicas`.

use crate::fault::Step;
use crate::field_spec::FieldSpec;
use crate::kustomization::Replica;
use crate::node::{self, Kind};
use crate::resource::Resource;
use crate::resources::{Resources, Wanted};
use crate::walk::{self, Create};

/// Sets the count of the workloads that have or had a name.
pub(crate) fn set(resources: &mut Resources, replica: &Replica, fields: &[FieldSpec]) -> Step {
    let create = Create {
        kind: Kind::Scalar,
        tag: "!!int",
    };
    let mut meant = Vec::new();
    for spec in fields {
        for (position, resource) in resources
            .list
            .iter_mut()
            .enumerate()
            .filter(|(_, one)| fits(one, replica, spec))
        {
            meant.push(position);
            if !resource.gvk().is_selected(&spec.selector) {
                continue;
            }
            let mut set = |found: &mut _| {
                let count = node::scalar(&replica.count.to_string());
                node::set_scalar(found, node::with_tag(count, "!!int"))
            };
            walk::visit(spec, &mut resource.node, Some(create), &mut set)
                .map_err(|fault| fault.within(|| resource.origin.to_string()))?;
        }
    }
    resources.note_meant(Wanted::Some, &meant);
    if !meant.is_empty() || resources.is_part() {
        return Ok(());
    }
    let kinds: Vec<_> = fields
        .iter()
        .map(|spec| spec.selector.to_string())
        .collect();
    Err(format!(
        "no object named `{}` has one of the kinds {}",
        replica.name,
        kinds.join(", ")
    )
    .into())
}

fn fits(resource: &Resource, replica: &Replica, spec: &FieldSpec) -> bool {
    let id = resource.id();
    (id.name == replica.name && id.gvk.is_selected(&spec.selector))
        || resource
            .previous_ids()
            .any(|id| id.name == replica.name && id.gvk.is_selected(&spec.selector))
}
