//! The order of the output.

use std::cmp::Ordering;
use std::collections::HashMap;

use crate::fault::Step;
use crate::gvk::{FIRST, Gvk, LAST, ResourceId};
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
    let keyed = std::mem::take(&mut resources.list).into_iter();
    let keyed = keyed.map(|resource| {
        let order = orders.get(resource.gvk().kind.as_str());
        (order.copied().unwrap_or_default(), resource)
    });
    let mut keyed: Vec<_> = keyed.collect();
    keyed.sort_by(|(order, a), (other, b)| compare((*order, a), (*other, b)));
    let sorted = keyed.into_iter().map(|(_, resource)| resource);
    resources.list = sorted.collect();
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

fn compare((order, a): (i64, &Resource), (other, b): (i64, &Resource)) -> Ordering {
    let (gvk_a, gvk_b) = (a.gvk(), b.gvk());
    if gvk_a == gvk_b {
        return compare_joined(b'|', (&id_parts(a.id()), &id_parts(b.id())));
    }
    let order = order.cmp(&other);
    if order != Ordering::Equal {
        return order;
    }
    let is_namespace = |gvk: &Gvk| gvk.kind == "Namespace";
    let kinds = compare_joined(b'_', (&kind_parts(gvk_a), &kind_parts(gvk_b)));
    let have_groups = !gvk_a.group.is_empty() && !gvk_b.group.is_empty();
    if is_namespace(gvk_a) && is_namespace(gvk_b) && !have_groups {
        return kinds.reverse();
    }
    kinds
}

fn id_parts(id: &ResourceId) -> [&str; 2] {
    [text(&id.namespace, "~X"), text(&id.name, "~N")]
}

fn kind_parts(gvk: &Gvk) -> [&str; 3] {
    [
        text(&gvk.group, "~G"),
        text(&gvk.version, "~V"),
        text(&gvk.kind, "~K"),
    ]
}

fn text<'a>(text: &'a str, missing: &'a str) -> &'a str {
    if text.is_empty() { missing } else { text }
}

/// Compares texts that a separator joins into one.
fn compare_joined(separator: u8, (a, b): (&[&str], &[&str])) -> Ordering {
    let same = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let (a, b) = (a.get(same..), b.get(same..));
    match (a.unwrap_or_default(), b.unwrap_or_default()) {
        ([a], [b]) => a.cmp(b),
        (a, b) => joined(separator, a).cmp(joined(separator, b)),
    }
}

fn joined(separator: u8, parts: &[&str]) -> impl Iterator<Item = u8> {
    let parts = parts.iter().enumerate();
    parts.flat_map(move |(index, part)| {
        let before = (index > 0).then_some(separator);
        before.into_iter().chain(part.bytes())
    })
}
