//! Which objects a webhook or an admission policy is asked about.

use std::collections::HashMap;

use serde_json::Value;
use tidegate_object::Object;

use crate::catalog::{Catalog, list, text};
use crate::selector;
use crate::structure::{definitions, plurals};

/// What the manifests tell about resources: their plural names, and the labels of Namespaces.
pub(crate) struct Resources<'a> {
    plurals: HashMap<(&'a str, &'a str), &'a str>,
    namespaces: HashMap<&'a str, &'a Object>,
}

impl<'a> Resources<'a> {
    pub(crate) fn of(catalog: &Catalog<'a>) -> Self {
        let definitions = definitions(catalog).into_iter();
        let plurals = definitions.filter_map(|(kind, number)| {
            let plural = catalog.object(number)?.text("/spec/names/plural")?;
            Some((kind, plural))
        });
        let namespaces = catalog.of("", "Namespace");
        let namespaces = namespaces.map(|(_, object)| (object.id().name.as_str(), object));
        Self {
            plurals: plurals.collect(),
            namespaces: namespaces.collect(),
        }
    }

    /// Tells whether a kind's resource has a name, as far as the manifests tell.
    fn is_named(&self, object: &Object, resource: &str) -> bool {
        let gvk = object.gvk();
        match self.plurals.get(&(gvk.group.as_str(), gvk.kind.as_str())) {
            Some(plural) => *plural == resource,
            None => plurals(&gvk.kind).any(|plural| plural == resource),
        }
    }

    /// Returns a label of an object's Namespace; a Namespace is asked for its own.
    fn namespace_label(&self, object: &Object, label: &str) -> Option<&'a str> {
        let id = object.id();
        let is_namespace = id.kind.is("", "Namespace");
        let name = if is_namespace {
            &id.name
        } else {
            id.namespace.as_ref()?
        };
        let (name, namespace) = self.namespaces.get_key_value(name.as_str())?;
        match label {
            "kubernetes.io/metadata.name" => Some(*name),
            label => namespace.label(label),
        }
    }
}

/// Tells whether a webhook is asked when an object is made: by its rules and selectors.
///
/// `matchConditions` are taken to hold, since they can ask for what is not in a manifest.
pub(crate) fn matches(webhook: &Value, object: &Object, resources: &Resources<'_>) -> bool {
    let is_any_version = text(webhook, "matchPolicy") != Some("Exact");
    let mut rules = list(webhook, "/rules").iter();
    rules.any(|rule| fits_rule(rule, object, (resources, is_any_version)))
        && fits_selectors(webhook, object, resources)
}

/// Tells whether the constraints of an admission policy are for a workload, or for its pods.
pub(crate) fn is_judged(constraints: &Value, workload: &Object, resources: &Resources<'_>) -> bool {
    let is_any_version = text(constraints, "matchPolicy") != Some("Exact");
    let mut rules = list(constraints, "/resourceRules").iter();
    let is_named = rules.any(|rule| {
        let mut resources_of = list(rule, "/resources").iter().filter_map(Value::as_str);
        fits_rule(rule, workload, (resources, is_any_version))
            || resources_of.any(|resource| resource == "pods")
    });
    is_named && fits_selectors(constraints, workload, resources)
}

/// Tells whether the selectors of a webhook or policy fit an object.
fn fits_selectors(from: &Value, object: &Object, resources: &Resources<'_>) -> bool {
    let none = Value::Null;
    let in_namespace = object.id().namespace.is_some() || object.id().kind.is("", "Namespace");
    let of_namespace = from.get("namespaceSelector").unwrap_or(&none);
    let of_object = from.get("objectSelector").unwrap_or(&none);
    let fits = !in_namespace
        || selector::fits(of_namespace, |label| {
            namespace_label(object, label, resources)
        });
    fits && selector::fits(of_object, |label| object.label(label))
}

/// A Namespace that is not in the plan has at least the label that says its name.
fn namespace_label<'o>(
    object: &'o Object,
    label: &str,
    resources: &Resources<'o>,
) -> Option<&'o str> {
    let id = object.id();
    let known = resources.namespace_label(object, label);
    known.or_else(|| {
        let name = id.namespace.as_deref();
        name.filter(|_| label == "kubernetes.io/metadata.name")
    })
}

fn fits_rule(
    rule: &Value,
    object: &Object,
    (resources, is_any_version): (&Resources<'_>, bool),
) -> bool {
    let lists = |field: &str, wanted: &dyn Fn(&str) -> bool| {
        let mut items = rule
            .get(field)
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        items.any(|item| {
            item.as_str()
                .is_some_and(|item| item == "*" || wanted(item))
        })
    };
    let gvk = object.gvk();
    let in_namespace = object.id().namespace.is_some();
    let fits_scope = match text(rule, "scope") {
        Some("Namespaced") => in_namespace,
        Some("Cluster") => !in_namespace,
        _ => true,
    };
    fits_scope
        && lists("operations", &|operation| operation == "CREATE")
        && lists("apiGroups", &|group| group == gvk.group)
        && lists("apiVersions", &|version| {
            is_any_version || version == gvk.version
        })
        && lists("resources", &|resource| {
            resource == "*/*" || resources.is_named(object, resource)
        })
}
