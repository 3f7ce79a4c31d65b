//! The order of the output.

use std::cmp::Ordering;
use std::collections::HashMap;

use crate::fault::Step;
use crate::gvk::{FIRST, Gvk, LAST};
use crate::kustomization::SortOptions;
use crate::resource::Resource;
use crate::resources::Resources;

/// Sorts as the options say, by default as kustomize did from the start.
pub(crate) fn sort(resources: &mut Resources, options: Option<&SortOptions>) -> Step {
    let legacy = options.and_then(|options| options.legacy.as_ref());
    match options.map(|options| options.order.as_str()) {
        None | Some("legacy") => {}
        Some("fifo") if legacy.is_none() => return Ok(()),
        Some("fifo") => return Err("`legacySortOptions` needs `order: legacy`".into()),
        Some(other) => return Err(format!("`order: {other}` must be legacy or fifo").into()),
    }
    let (first, last): (Vec<&str>, Vec<&str>) = match legacy {
        Some(legacy) => (
            legacy.first.iter().map(String::as_str).collect(),
            legacy.last.iter().map(String::as_str).collect(),
        ),
        None => (FIRST.to_vec(), LAST.to_vec()),
    };
    let orders = orders(&first, &last);
    resources
        .list
        .sort_by_cached_key(|resource| Key::new(resource, &orders));
    resources.forget_names();
    Ok(())
}

fn orders<'a>(first: &[&'a str], last: &[&'a str]) -> HashMap<&'a str, i64> {
    let mut orders = HashMap::new();
    let number = |index: usize| i64::try_from(index).unwrap_or(i64::MAX);
    for (index, kind) in first.iter().enumerate() {
        orders.insert(*kind, number(index) - number(first.len()));
    }
    for (index, kind) in last.iter().enumerate() {
        orders.insert(*kind, number(index) + 1);
    }
    orders
}

/// What objects are compared by.
#[derive(PartialEq, Eq)]
struct Key {
    order: i64,
    is_namespace: bool,
    has_group: bool,
    gvk: Gvk,
    kind: String,
    id: String,
}

impl Key {
    fn new(resource: &Resource, orders: &HashMap<&str, i64>) -> Self {
        let (id, gvk) = (resource.id(), resource.gvk());
        let or =
            |text: &str, missing: &str| if text.is_empty() { missing } else { text }.to_owned();
        Self {
            order: orders.get(gvk.kind.as_str()).copied().unwrap_or_default(),
            is_namespace: gvk.kind == "Namespace",
            has_group: !gvk.group.is_empty(),
            kind: format!(
                "{}_{}_{}",
                or(&gvk.group, "~G"),
                or(&gvk.version, "~V"),
                or(&gvk.kind, "~K")
            ),
            id: format!("{gvk}|{}|{}", or(&id.namespace, "~X"), or(&id.name, "~N")),
            gvk: gvk.clone(),
        }
    }
}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        if self.gvk == other.gvk {
            return self.id.cmp(&other.id);
        }
        let order = self.order.cmp(&other.order);
        if order != Ordering::Equal {
            return order;
        }
        let both = self.is_namespace && other.is_namespace;
        let kinds = self.kind.cmp(&other.kind);
        if both && !(self.has_group && other.has_group) {
            return kinds.reverse();
        }
        kinds
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
