//! The schemas of the definitions that a set of objects holds.

use std::collections::HashMap;

use serde_json::Value;
use tidegate_object::{Gvk, Object};

use crate::schema::Schema;
use crate::violation::{ROOT, Violation};
use crate::{bounds, shape};

/// The schemas of CustomResourceDefinitions, by the kinds and versions that they define.
#[derive(Debug, Default)]
pub struct Definitions<'a> {
    schemas: HashMap<Gvk, &'a Value>,
}

impl<'a> Definitions<'a> {
    /// Takes the served versions of all definitions among objects.
    pub fn of(objects: impl IntoIterator<Item = &'a Object>) -> Self {
        let definitions = objects.into_iter().filter(|object| {
            object
                .id()
                .kind
                .is("apiextensions.k8s.io", "CustomResourceDefinition")
        });
        Self {
            schemas: definitions.flat_map(versions).collect(),
        }
    }

    /// Tells whether one of them defines objects of this kind and version.
    pub fn define(&self, object: &Object) -> bool {
        self.schemas.contains_key(object.gvk())
    }

    /// Tells what a strict apply of an object would be refused for; nothing for a kind that none of them defines.
    pub fn check(&self, object: &Object) -> Vec<Violation> {
        let Some(value) = self.schemas.get(object.gvk()) else {
            return Vec::new();
        };
        let schema = Schema::of_object(value);
        let mut found = Vec::new();
        shape::check(object.value(), schema, &ROOT, &mut found);
        // Values are looked at only where the shape is right.
        if found.is_empty() {
            bounds::check(object.value(), schema, &ROOT, &mut found);
        }
        found
    }
}

fn versions(definition: &Object) -> Vec<(Gvk, &Value)> {
    let text = |pointer| definition.text(pointer).unwrap_or_default();
    let (group, kind) = (text("/spec/group"), text("/spec/names/kind"));
    let keeps_all = definition.value().pointer("/spec/preserveUnknownFields");
    if keeps_all == Some(&Value::Bool(true)) {
        return Vec::new();
    }
    let versions = definition.value().pointer("/spec/versions");
    let versions = versions.and_then(Value::as_array).into_iter().flatten();
    let schemas = versions.filter_map(|version| {
        let is_served = version.get("served") == Some(&Value::Bool(true));
        let schema = version.pointer("/schema/openAPIV3Schema");
        let gvk = Gvk {
            group: group.into(),
            version: version.get("name")?.as_str()?.into(),
            kind: kind.into(),
        };
        Some((gvk, schema.filter(|_| is_served)?))
    });
    schemas.collect()
}
