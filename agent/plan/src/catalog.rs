//! The objects of a plan, to be looked up.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;
use tidegate_object::{GroupKind, Object, ObjectId, Origin};

use crate::table::{Table, Target};
use crate::{Change, Facts, PlanError};

/// The objects of a plan, in the order of their ids. An object's number is its place in that order.
pub(crate) struct Catalog<'a> {
    pub(crate) objects: Vec<&'a Object>,
    pub(crate) changes: Vec<Change>,
    by_id: HashMap<&'a ObjectId, usize>,
    by_kind: HashMap<&'a str, Vec<usize>>,
    groups: HashMap<&'a str, BTreeSet<&'a str>>,
    by_namespace: HashMap<&'a str, Vec<usize>>,
}

impl<'a> Catalog<'a> {
    pub(crate) fn new(
        objects: impl Iterator<Item = &'a Object>,
        facts: &dyn Facts,
    ) -> Result<Self, PlanError> {
        let mut objects: Vec<_> = objects.collect();
        objects.sort_by(|a, b| a.id().cmp(b.id()));
        let mut catalog = Self {
            changes: objects.iter().map(|object| facts.change(object)).collect(),
            by_id: HashMap::with_capacity(objects.len()),
            by_kind: HashMap::new(),
            groups: HashMap::new(),
            by_namespace: HashMap::new(),
            objects: Vec::new(),
        };
        for (number, object) in objects.iter().copied().enumerate() {
            let id = object.id();
            if let Some(first) = catalog.by_id.insert(id, number) {
                let first = objects.get(first).and_then(|first| first.origin());
                let second = object.origin();
                return Err(duplicate(id, first.cloned(), second.cloned()));
            }
            let kind = id.kind.kind.as_str();
            catalog.by_kind.entry(kind).or_default().push(number);
            let groups = catalog.groups.entry(kind).or_default();
            groups.insert(id.kind.group.as_str());
            let namespace = id.namespace.as_deref().unwrap_or_default();
            let others = catalog.by_namespace.entry(namespace).or_default();
            others.push(number);
        }
        catalog.objects = objects;
        Ok(catalog)
    }

    /// Returns all objects with their numbers.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (usize, &'a Object)> {
        self.objects.iter().copied().enumerate()
    }

    pub(crate) fn object(&self, number: usize) -> Option<&'a Object> {
        self.objects.get(number).copied()
    }

    pub(crate) fn number(&self, id: &ObjectId) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    /// Tells whether an object is written, or may be.
    pub(crate) fn is_written(&self, number: usize) -> bool {
        self.changes
            .get(number)
            .is_some_and(|change| change.is_write())
    }

    /// Tells whether an object is made, or may be.
    pub(crate) fn is_made(&self, number: usize) -> bool {
        let change = self.changes.get(number);
        matches!(change, Some(Change::Create | Change::Unknown))
    }

    /// Returns the objects of a kind, of any group.
    pub(crate) fn of_kind(&self, kind: &str) -> impl Iterator<Item = (usize, &'a Object)> {
        let numbers = self.by_kind.get(kind).into_iter().flatten();
        numbers.filter_map(|number| Some((*number, self.object(*number)?)))
    }

    /// Returns the objects of a group's kind.
    pub(crate) fn of(&self, group: &str, kind: &str) -> impl Iterator<Item = (usize, &'a Object)> {
        self.of_kind(kind)
            .filter(move |(_, object)| object.gvk().group == group)
    }

    /// Returns the objects of a namespace.
    pub(crate) fn in_namespace(
        &self,
        namespace: Option<&str>,
    ) -> impl Iterator<Item = (usize, &'a Object)> {
        let numbers = self.by_namespace.get(namespace.unwrap_or_default());
        let numbers = numbers.into_iter().flatten();
        numbers.filter_map(|number| Some((*number, self.object(*number)?)))
    }

    /// Looks for an object that a reference names, in the namespace and then in none.
    pub(crate) fn find(&self, wanted: &Wanted<'_>) -> Found {
        let groups = match &wanted.kind.group {
            Some(group) => vec![group.as_str()],
            None => self.groups_of(&wanted.kind.kind),
        };
        let places = [wanted.namespace, None];
        let places = places.get(usize::from(wanted.namespace.is_none())..);
        for group in &groups {
            for place in places.into_iter().flatten() {
                if let Some(number) = self.number(&wanted.id(group, *place)) {
                    return Found::Here(number);
                }
            }
        }
        let group = groups.first().copied().unwrap_or_default();
        let kind = GroupKind::new(group, &wanted.kind.kind);
        let namespace = wanted
            .namespace
            .filter(|_| !Table::builtin().is_cluster_scoped(&kind));
        Found::Elsewhere(ObjectId::new(kind, namespace, wanted.name))
    }

    /// The groups that have a kind in the plan; the core group is the first.
    fn groups_of(&self, kind: &str) -> Vec<&'a str> {
        let groups = self.groups.get(kind).into_iter().flatten();
        groups.copied().collect()
    }
}

/// What a reference names.
pub(crate) struct Wanted<'r> {
    pub(crate) kind: Target,
    pub(crate) namespace: Option<&'r str>,
    pub(crate) name: &'r str,
}

impl Wanted<'_> {
    fn id(&self, group: &str, namespace: Option<&str>) -> ObjectId {
        ObjectId::new(GroupKind::new(group, &self.kind.kind), namespace, self.name)
    }
}

/// Where an object is.
pub(crate) enum Found {
    /// In the plan.
    Here(usize),
    /// Not in the plan; this is what it would be.
    Elsewhere(ObjectId),
}

/// Returns a mapping's text.
pub(crate) fn text<'v>(value: &'v Value, field: &str) -> Option<&'v str> {
    value.get(field)?.as_str().filter(|text| !text.is_empty())
}

/// Returns the items of a list at a JSON pointer.
pub(crate) fn list<'v>(value: &'v Value, pointer: &str) -> &'v [Value] {
    let items = value.pointer(pointer).and_then(Value::as_array);
    items.map_or(&[], Vec::as_slice)
}

fn duplicate(id: &ObjectId, first: Option<Origin>, second: Option<Origin>) -> PlanError {
    let (first, second) = if second < first {
        (second, first)
    } else {
        (first, second)
    };
    PlanError::Duplicate {
        id: Box::new(id.clone()),
        first,
        second,
    }
}
