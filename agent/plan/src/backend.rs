//! What stands behind a Service.

use std::collections::BTreeSet;

use serde_json::{Map, Value};
use tidegate_object::{Object, ObjectId};

use crate::catalog::{Catalog, text};
use crate::draft::Drafts;
use crate::table::Table;

/// Returns the workloads whose pods a planned Service selects; none if the object is no Service.
pub(crate) fn behind(catalog: &Catalog<'_>, service: usize) -> Vec<usize> {
    let service = catalog.object(service);
    let service = service.filter(|object| object.id().kind.is("", "Service"));
    let Some((service, selector)) = service.and_then(|object| {
        let selector = object.pointer("/spec/selector")?.as_object()?;
        Some((object, selector)).filter(|_| !selector.is_empty())
    }) else {
        return Vec::new();
    };
    let others = catalog.in_namespace(service.id().namespace.as_deref());
    others
        .filter(|(_, object)| object.gvk().group != "batch")
        .filter(|(_, object)| pod_labels(object).is_some_and(|labels| selects(selector, labels)))
        .map(|(number, _)| number)
        .collect()
}

/// Returns the Service that a webhook or an APIService names, if the plan holds it.
pub(crate) fn service(catalog: &Catalog<'_>, named: &Value) -> Option<usize> {
    let kind = tidegate_object::GroupKind::new("", "Service");
    let namespace = text(named, "namespace")?;
    catalog.number(&ObjectId::new(kind, Some(namespace), text(named, "name")?))
}

/// Returns what objects need, transitively, and the objects themselves.
pub(crate) fn needs(drafts: &Drafts, roots: &[usize]) -> BTreeSet<usize> {
    let mut seen = BTreeSet::new();
    let mut next = roots.to_vec();
    while let Some(number) = next.pop() {
        if seen.insert(number) {
            next.extend(drafts.targets(number));
        }
    }
    seen
}

/// Returns the labels of a workload's pods.
pub(crate) fn pod_labels(object: &Object) -> Option<&Map<String, Value>> {
    static NONE: std::sync::LazyLock<Map<String, Value>> = std::sync::LazyLock::new(Map::new);
    Table::builtin().pod_spec(&object.id().kind)?;
    let pointers = [
        "/spec/jobTemplate/spec/template/metadata/labels",
        "/spec/template/metadata/labels",
        "/metadata/labels",
    ];
    let of_template =
        object.pointer("/spec/template").is_some() || object.pointer("/spec/jobTemplate").is_some();
    let labels = pointers
        .iter()
        .take(if of_template { 2 } else { 3 })
        .find_map(|pointer| object.pointer(pointer)?.as_object());
    Some(labels.unwrap_or(&NONE))
}

fn selects(selector: &Map<String, Value>, labels: &Map<String, Value>) -> bool {
    let mut wanted = selector.iter();
    wanted.all(|(name, value)| labels.get(name) == Some(value))
}
