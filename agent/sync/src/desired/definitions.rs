//! The kinds that a rendering itself defines.

use std::collections::HashMap;

use tidegate_object::{GroupKind, Object};

/// The kinds that the rendering itself defines, and whether their objects live in namespaces.
pub(super) fn definitions(objects: &[Object]) -> HashMap<GroupKind, bool> {
    let defined = objects.iter().filter(|object| is_definition(object));
    let defined = defined.filter_map(|object| {
        let kind = GroupKind::new(
            object.text("/spec/group")?,
            object.text("/spec/names/kind")?,
        );
        Some((kind, object.text("/spec/scope") == Some("Namespaced")))
    });
    defined.collect()
}

/// Tells whether an object defines a kind.
pub(crate) fn is_definition(object: &Object) -> bool {
    object
        .id()
        .kind
        .is("apiextensions.k8s.io", "CustomResourceDefinition")
}
