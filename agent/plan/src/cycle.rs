//! Cycles: inferred ones lose their weakest edge, one that an annotation makes is an error.

mod component;
mod order;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use crate::builder::{Builder, Remark};
use crate::catalog::Catalog;
use crate::draft::{Draft, Drafts, Strength};
use crate::{CycleStep, EdgeReason, FindingKind, PlanError};
use order::Order;

/// Drops edges until no cycle is left, with a finding for each.
///
/// In each component the edges are taken back strongest first, so that what closes a cycle is its weakest edge.
///
/// # Errors
/// If an explicit edge is in a cycle with hard edges.
pub(crate) fn break_up(builder: &mut Builder<'_>) -> Result<(), PlanError> {
    let mut dropped = Vec::new();
    for component in component::components(&builder.drafts) {
        dropped.extend(drop_weakest(builder.catalog, &builder.drafts, &component)?);
    }
    report(builder, &dropped);
    let dropped: BTreeSet<_> = dropped
        .into_iter()
        .map(|drop| (drop.from, drop.place))
        .collect();
    builder
        .drafts
        .retain(|from, place| !dropped.contains(&(from, place)));
    Ok(())
}

/// An edge that closes a cycle.
struct Drop {
    from: usize,
    /// The edge's place among those of `from`.
    place: usize,
    /// The objects from the edge's target to where it comes from.
    path: Vec<usize>,
}

/// An edge inside a component.
#[derive(Clone, Copy)]
struct Inner<'d> {
    from: usize,
    place: usize,
    to: usize,
    draft: &'d Draft,
}

fn drop_weakest(
    catalog: &Catalog<'_>,
    drafts: &Drafts,
    component: &[usize],
) -> Result<Vec<Drop>, PlanError> {
    let locals: HashMap<_, _> = component
        .iter()
        .enumerate()
        .map(|(local, number)| (*number, local))
        .collect();
    let mut edges: Vec<_> = component
        .iter()
        .flat_map(|from| inner(drafts, *from, &locals))
        .collect();
    edges.sort_by_key(|edge| {
        let is_structure = matches!(edge.draft.reason, EdgeReason::Structure { .. });
        let strength = Reverse((edge.draft.strength, is_structure, edge.draft.class));
        (strength, edge.from, edge.to, edge.place)
    });
    let mut order = Order::new(component.len());
    let mut taken = Taken::default();
    let mut dropped = Vec::new();
    for edge in edges {
        let (Some(from), Some(to)) = (locals.get(&edge.from), locals.get(&edge.to)) else {
            continue;
        };
        if order.add(*from, *to) {
            taken.add(edge);
            continue;
        }
        let is_inferred = |inner: &Inner<'_>| inner.draft.strength != Strength::Explicit;
        let is_explicit = edge.draft.strength == Strength::Explicit;
        let inferred = taken.path(edge, is_inferred).filter(|_| !is_explicit);
        let is_weak = edge.draft.strength < Strength::Hard;
        let path = match inferred {
            Some(path) => path,
            None if is_weak => taken.path(edge, |_| true).unwrap_or_default(),
            None => {
                let path = taken.path(edge, |_| true).unwrap_or_default();
                return Err(fatal(catalog, edge, &path));
            }
        };
        let path = path.iter().map(|edge| edge.from).chain([edge.from]);
        dropped.push(Drop {
            from: edge.from,
            place: edge.place,
            path: path.collect(),
        });
    }
    Ok(dropped)
}

fn inner<'d>(drafts: &'d Drafts, from: usize, locals: &HashMap<usize, usize>) -> Vec<Inner<'d>> {
    let edges = drafts.of(from).iter().enumerate();
    edges
        .filter_map(|(place, draft)| {
            let to = draft.node().filter(|to| locals.contains_key(to))?;
            Some(Inner {
                from,
                place,
                to,
                draft,
            })
        })
        .collect()
}

/// The edges that were taken back, by the object that waits.
#[derive(Default)]
struct Taken<'d>(BTreeMap<usize, Vec<Inner<'d>>>);

impl<'d> Taken<'d> {
    fn add(&mut self, edge: Inner<'d>) {
        self.0.entry(edge.from).or_default().push(edge);
    }

    /// Returns the shortest way from an edge's target back to where it comes from.
    fn path(
        &self,
        edge: Inner<'d>,
        is_allowed: impl Fn(&Inner<'d>) -> bool,
    ) -> Option<Vec<Inner<'d>>> {
        let mut reached: HashMap<usize, Option<Inner<'d>>> = HashMap::from([(edge.to, None)]);
        let mut next = VecDeque::from([edge.to]);
        while let Some(node) = next.pop_front() {
            if node == edge.from {
                return Some(way_back(&reached, node));
            }
            for inner in self.0.get(&node).into_iter().flatten() {
                if is_allowed(inner) && !reached.contains_key(&inner.to) {
                    reached.insert(inner.to, Some(*inner));
                    next.push_back(inner.to);
                }
            }
        }
        None
    }
}

fn way_back<'d>(reached: &HashMap<usize, Option<Inner<'d>>>, end: usize) -> Vec<Inner<'d>> {
    let mut path = Vec::new();
    let mut node = end;
    while let Some(Some(edge)) = reached.get(&node) {
        path.push(*edge);
        node = edge.from;
    }
    path.reverse();
    path
}

fn fatal(catalog: &Catalog<'_>, edge: Inner<'_>, path: &[Inner<'_>]) -> PlanError {
    let edges = [&[edge], path].concat();
    let steps = edges.iter().filter_map(|edge| {
        let from = catalog.object(edge.from)?;
        Some(CycleStep {
            from: from.id().clone(),
            origin: from.origin().cloned(),
            to: catalog.object(edge.to)?.id().clone(),
            reason: edge.draft.reason.clone(),
        })
    });
    PlanError::Cycle {
        steps: steps.collect(),
    }
}

/// Adds a finding for each dropped edge, but one for all of an object's wave.
fn report(builder: &mut Builder<'_>, dropped: &[Drop]) {
    let mut waves: BTreeMap<usize, (usize, &Drop)> = BTreeMap::new();
    for drop in dropped {
        let Some(draft) = builder.drafts.of(drop.from).get(drop.place) else {
            continue;
        };
        if let EdgeReason::Wave { .. } = draft.reason {
            waves.entry(drop.from).or_insert((0, drop)).0 += 1;
            continue;
        }
        let reason = draft.reason.clone();
        let target = draft.node().and_then(|to| builder.catalog.object(to));
        let target = target.map_or_else(String::new, |target| target.id().to_string());
        let circle = circle(builder.catalog, &drop.path);
        let message =
            format!("does not wait for {target} ({reason}): that would close a circle, {circle}");
        let remark = Remark {
            kind: FindingKind::CycleDropped,
            field: field(&reason),
            message,
        };
        builder.find(drop.from, remark);
    }
    for (from, (count, drop)) in waves {
        let circle = circle(builder.catalog, &drop.path);
        let objects = if count == 1 { "object" } else { "objects" };
        let message = format!(
            "its wave is ignored towards {count} {objects}, since references say the opposite: {circle}"
        );
        let remark = Remark {
            kind: FindingKind::WaveIgnored,
            field: "metadata.annotations",
            message,
        };
        builder.find(from, remark);
    }
}

fn field(reason: &EdgeReason) -> &str {
    match reason {
        EdgeReason::Reference { field } | EdgeReason::Provider { field, .. } => field,
        _ => "",
    }
}

/// Writes the circle that an edge closes, from its target to itself and back.
fn circle(catalog: &Catalog<'_>, path: &[usize]) -> String {
    let names = path.iter().chain(path.first());
    let names: Vec<_> = names
        .filter_map(|number| Some(catalog.object(*number)?.id().short()))
        .collect();
    names.join(" → ")
}
