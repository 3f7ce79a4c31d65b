//! What controllers make of the plan's objects: Secrets, Services, claims.

use serde_json::Value;
use tidegate_object::{Object, ObjectId};

use crate::builder::Builder;
use crate::path::FieldPath;
use crate::table::ProvideRule;

/// The most claims that a stateful set is taken to have.
const MOST_ORDINALS: i64 = 100;

/// Notes what controllers make of the plan's objects.
pub(crate) fn collect(builder: &mut Builder<'_>) {
    for (number, object) in builder.catalog.iter() {
        for rule in builder.rules.table.provides(&object.id().kind) {
            for id in made(object, rule) {
                let providers = builder.made.entry(id).or_default();
                if !providers.contains(&number) {
                    providers.push(number);
                }
            }
        }
    }
}

fn made(object: &Object, rule: &ProvideRule) -> Vec<ObjectId> {
    let is = |path: &FieldPath| is_set(object, path);
    if rule.when.as_ref().is_some_and(|path| !is(path)) || rule.unless.as_ref().is_some_and(is) {
        return Vec::new();
    }
    let mut names = rule.names.iter().map(|path| texts(object, path));
    let names = names.find(|names| !names.is_empty());
    let names = names.unwrap_or_default().into_iter();
    let names = names.flat_map(|name| endings(object, rule, name));
    let namespace = object.id().namespace.as_deref();
    names
        .map(|name| ObjectId::new(rule.makes.clone(), namespace, &name))
        .collect()
}

/// Returns what a name becomes: with its suffix, or one for each replica.
fn endings(object: &Object, rule: &ProvideRule, name: &str) -> Vec<String> {
    let Some(ordinals) = &rule.ordinals else {
        return vec![format!("{name}{}", rule.suffix)];
    };
    let mut replicas = 1;
    ordinals.visit(object.value(), &mut |hit| {
        replicas = hit.value.as_i64().unwrap_or(replicas);
    });
    let owner = &object.id().name;
    let ordinals = 0..replicas.min(MOST_ORDINALS);
    ordinals
        .map(|ordinal| format!("{name}-{owner}-{ordinal}"))
        .collect()
}

fn is_set(object: &Object, path: &FieldPath) -> bool {
    let mut found = false;
    path.visit(object.value(), &mut |hit| {
        let is_unset = match hit.value {
            Value::Null | Value::Bool(false) => true,
            Value::String(text) => text.is_empty(),
            _ => false,
        };
        found |= !is_unset;
    });
    found
}

fn texts<'o>(object: &'o Object, path: &FieldPath) -> Vec<&'o str> {
    let fields = object.value().as_object();
    fields.map_or_else(Vec::new, |fields| path.texts(fields))
}
