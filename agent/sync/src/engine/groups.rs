//! Which changes of a plan must come before a dry-run of others means anything.

use std::collections::{BTreeSet, HashMap, HashSet};

use tidegate_cluster::{Class, Kinds};
use tidegate_object::ObjectId;
use tidegate_plan::Plan;

use super::item::Item;

/// Objects whose dry-runs wait for the same changes; none is written before all have been answered.
#[derive(Debug, Default)]
pub(super) struct Groups {
    by_needs: HashMap<BTreeSet<usize>, usize>,
    all: Vec<Group>,
}

#[derive(Debug, Default)]
struct Group {
    needs: BTreeSet<usize>,
    /// Members that have not been answered since their needs are there.
    unanswered: HashSet<usize>,
}

/// Kinds whose change may cure a refusal of a class, by group; `*` is every kind of the group.
const CURES: &[(Class, &[(&str, &str)])] = &[
    (Class::Forbidden, &[("rbac.authorization.k8s.io", "*")]),
    (
        Class::Denied,
        &[("admissionregistration.k8s.io", "*"), ("", "Namespace")],
    ),
    (Class::Quota, &[("", "ResourceQuota"), ("", "LimitRange")]),
    (Class::MissingNamespace, &[("", "Namespace")]),
    // A binding is refused as "not found" until its role is there.
    (Class::NotFound, &[("rbac.authorization.k8s.io", "*")]),
];

impl Groups {
    /// Puts an object into the group of its needs.
    pub(super) fn join(&mut self, index: usize, needs: BTreeSet<usize>) -> Option<usize> {
        if needs.is_empty() {
            return None;
        }
        let next = self.all.len();
        let group = *self.by_needs.entry(needs.clone()).or_insert(next);
        if group == next {
            self.all.push(Group {
                needs,
                unanswered: HashSet::new(),
            });
        }
        self.all.get_mut(group)?.unanswered.insert(index);
        Some(group)
    }

    /// Notes that nobody needs to wait for an object; returns the groups that now wait for nothing.
    pub(super) fn met(&mut self, need: usize) -> Vec<usize> {
        let mut freed = Vec::new();
        for (index, group) in self.all.iter_mut().enumerate() {
            if group.needs.remove(&need) && group.needs.is_empty() {
                freed.push(index);
            }
        }
        self.by_needs.retain(|needs, _| !needs.contains(&need));
        freed
    }

    /// Returns what a group waits for.
    pub(super) fn needs(&self, group: Option<usize>) -> impl Iterator<Item = usize> + '_ {
        let group = group.and_then(|group| self.all.get(group));
        group
            .into_iter()
            .flat_map(|group| group.needs.iter().copied())
    }

    /// Notes that an object was answered; tells whether it was the last one.
    pub(super) fn answered(&mut self, index: usize, group: Option<usize>) -> bool {
        let group = group.and_then(|group| self.all.get_mut(group));
        group.is_some_and(|group| group.unanswered.remove(&index) && group.unanswered.is_empty())
    }

    /// Tells whether an object is still to be answered for its group.
    pub(super) fn awaits(&self, index: usize, group: Option<usize>) -> bool {
        let group = group.and_then(|group| self.all.get(group));
        group.is_some_and(|group| group.unanswered.contains(&index))
    }

    /// Tells whether every member was answered.
    pub(super) fn is_answered(&self, group: Option<usize>) -> bool {
        let group = group.and_then(|group| self.all.get(group));
        group.is_none_or(|group| group.unanswered.is_empty())
    }
}

/// Finds what an object needs before its dry-run means anything: its Namespace and its kind, where this plan changes them.
pub(super) fn needs(index: usize, items: &[Item], kinds: &Kinds) -> BTreeSet<usize> {
    let Some(item) = items.get(index) else {
        return BTreeSet::new();
    };
    let served = kinds.resolve(item.object.gvk()).is_some();
    let is_needed = |other: &Item| {
        if !other.is_due() {
            return false;
        }
        let namespace = other.id().kind.is("", "Namespace") && other.claim.uid.is_none();
        let home = namespace && item.id().namespace.as_ref() == Some(&other.id().name);
        home || defines(other, item.id()) && (!served || other.claim.uid.is_some())
    };
    positions(items, is_needed)
}

/// Finds the changes of the plan that may cure a refusal, and do not wait for the refused object themselves.
pub(super) fn cures(index: usize, class: Class, items: &[Item], plan: &Plan) -> BTreeSet<usize> {
    let Some(item) = items.get(index) else {
        return BTreeSet::new();
    };
    let of_kind = matches!(
        class,
        Class::Invalid | Class::Immutable | Class::UnknownKind
    );
    let kinds = CURES.iter().find(|(of, _)| *of == class);
    let kinds = kinds.map_or(&[][..], |(_, kinds)| kinds);
    let may_cure = |other: &Item| {
        let kind = &other.id().kind;
        let fits = |(group, name): &(&str, &str)| {
            kind.group == *group && (*name == "*" || kind.kind == *name)
        };
        other.is_due()
            && (of_kind && defines(other, item.id()) || kinds.iter().any(fits))
            && other.id() != item.id()
            && !waits_for(other.id(), item.id(), plan)
    };
    positions(items, may_cure)
}

fn positions(items: &[Item], fits: impl Fn(&Item) -> bool) -> BTreeSet<usize> {
    let all = items.iter().enumerate();
    all.filter(|(_, item)| fits(item))
        .map(|(index, _)| index)
        .collect()
}

/// Tells whether an object is the definition of another's kind.
fn defines(definition: &Item, id: &ObjectId) -> bool {
    let object = &definition.object;
    definition
        .id()
        .kind
        .is("apiextensions.k8s.io", "CustomResourceDefinition")
        && object.text("/spec/group") == Some(&id.kind.group)
        && object.text("/spec/names/kind") == Some(&id.kind.kind)
}

/// Tells whether one object waits for another, by however many edges.
fn waits_for(from: &ObjectId, to: &ObjectId, plan: &Plan) -> bool {
    let mut seen = HashSet::new();
    let mut open = vec![from];
    while let Some(id) = open.pop() {
        if id == to {
            return true;
        }
        if seen.insert(id) {
            open.extend(
                plan.edges
                    .iter()
                    .filter(|edge| edge.from == *id)
                    .map(|edge| &edge.to),
            );
        }
    }
    false
}
