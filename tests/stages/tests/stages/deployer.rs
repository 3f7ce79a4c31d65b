//! The account that the layer is written with has the rights for it, and no others.

use std::collections::BTreeSet;

use serde_json::Value;
use tidegate_object::Object;

use crate::stage::{STAGES, layer, objects, of_kind};

const CLUSTER_SCOPED: [&str; 6] = [
    "ClusterRole",
    "ClusterRoleBinding",
    "CustomResourceDefinition",
    "MutatingWebhookConfiguration",
    "Namespace",
    "ValidatingWebhookConfiguration",
];

#[test]
fn it_holds_exactly_what_the_operators_roles_grant() {
    let granted: BTreeSet<_> = STAGES
        .iter()
        .flat_map(|stage| layer(stage, "database"))
        .filter(|object| ["ClusterRole", "Role"].contains(&object.gvk().kind.as_str()))
        .flat_map(|role| rights(&role))
        .collect();
    let held: BTreeSet<_> = rights(&role("database-deployer-operators")).collect();
    let missing: Vec<_> = granted.difference(&held).collect();
    let needless: Vec<_> = held.difference(&granted).collect();
    assert!(missing.is_empty(), "add {missing:?}");
    assert!(needless.is_empty(), "remove {needless:?}");
}

#[test]
fn it_may_write_the_layers_cluster_wide_objects_by_name_only() {
    let role = role("database-deployer-cluster");
    let rules = role.pointer("/rules").and_then(Value::as_array).unwrap();
    let allowed: BTreeSet<_> = rules
        .iter()
        .flat_map(|rule| {
            let resource = strings(rule, "resources").pop().unwrap_or_default();
            let names = strings(rule, "resourceNames");
            assert!(!names.is_empty(), "{resource} is not limited by name");
            names.into_iter().map(move |name| (resource.clone(), name))
        })
        .collect();
    let written: BTreeSet<_> = STAGES
        .iter()
        .flat_map(|stage| layer(stage, "database"))
        .filter(|object| CLUSTER_SCOPED.contains(&object.gvk().kind.as_str()))
        .map(|object| {
            let resource = format!("{}s", object.gvk().kind.to_lowercase());
            let name = object.text("/metadata/name").unwrap_or_default().to_owned();
            (resource, name)
        })
        .collect();
    assert_eq!(allowed, written);
}

fn role(name: &str) -> Object {
    let objects = objects("manifests/database/deployer");
    let named = |role: &&&Object| role.text("/metadata/name") == Some(name);
    (*of_kind(&objects, "ClusterRole")
        .iter()
        .find(named)
        .expect(name))
    .clone()
}

/// What a role grants, as (group or URL, resource, verb).
fn rights(role: &Object) -> impl Iterator<Item = (String, String, String)> + use<> {
    let rules = role.pointer("/rules").and_then(Value::as_array).cloned();
    rules.into_iter().flatten().flat_map(|rule| {
        let mut rights = Vec::new();
        for verb in strings(&rule, "verbs") {
            for url in strings(&rule, "nonResourceURLs") {
                rights.push((url, String::new(), verb.clone()));
            }
            for group in strings(&rule, "apiGroups") {
                for resource in strings(&rule, "resources") {
                    rights.push((group.clone(), resource, verb.clone()));
                }
            }
        }
        rights
    })
}

fn strings(rule: &Value, field: &str) -> Vec<String> {
    let list = rule.get(field).and_then(Value::as_array);
    let text = |item: &Value| item.as_str().map(str::to_owned);
    list.into_iter().flatten().filter_map(text).collect()
}
