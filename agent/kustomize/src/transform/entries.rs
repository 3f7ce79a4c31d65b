//! `labels`, `commonLabels`, `commonAnnotations`: entries set in the mappings of many fields.

use crate::fault::Step;
use crate::field_spec::FieldSpec;
use crate::kustomization::Texts;
use crate::node::{self, Kind};
use crate::resources::Resources;
use crate::walk::{self, Create};

/// Sets entries in every mapping that the fields mean.
pub(crate) fn set(resources: &mut Resources, entries: &Texts, fields: &[FieldSpec]) -> Step {
    let create = Create {
        kind: Kind::Mapping,
        tag: "",
    };
    for resource in &mut resources.list {
        let gvk = resource.gvk().clone();
        for (name, value) in entries {
            for spec in fields {
                let mut set = |found: &mut _| {
                    node::set_field(
                        found,
                        name,
                        node::with_tag(node::scalar(value), node::STRING),
                    )
                    .map(drop)
                };
                walk::visit(spec, (&gvk, &mut resource.node), Some(create), &mut set)
                    .map_err(|fault| fault.within(|| resource.origin.to_string()))?;
            }
        }
    }
    Ok(())
}
