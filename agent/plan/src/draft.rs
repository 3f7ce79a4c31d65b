//! Edges while a plan is made.

use tidegate_object::{Object, ObjectId};

use crate::catalog::Catalog;
use crate::{Edge, EdgeClass, EdgeReason, Gate};

/// An edge while a plan is made. It belongs to the object that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Draft {
    pub(crate) to: End,
    pub(crate) class: EdgeClass,
    pub(crate) gate: Gate,
    pub(crate) reason: EdgeReason,
    pub(crate) fresh: bool,
    pub(crate) strength: Strength,
}

/// What an edge leads to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum End {
    /// An object of the plan.
    Node(usize),
    /// An object from elsewhere.
    Elsewhere(ObjectId),
}

/// How much it takes to drop an edge. Ordered: the weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Strength {
    /// Order only.
    Soft,
    /// A wave that another tool's annotation or none at all gives.
    Imported,
    /// A field, or the API's structure.
    Hard,
    /// An annotation of ours.
    Explicit,
}

impl Draft {
    pub(crate) fn new(to: End, class: EdgeClass, gate: Gate, reason: EdgeReason) -> Self {
        let strength = match (&reason, class) {
            (reason, _) if reason.is_explicit() => Strength::Explicit,
            (EdgeReason::Wave { .. }, _) => Strength::Imported,
            (_, EdgeClass::Soft) => Strength::Soft,
            _ => Strength::Hard,
        };
        Self {
            to,
            class,
            gate,
            reason,
            fresh: true,
            strength,
        }
    }

    /// An edge that only orders.
    pub(crate) fn soft(to: usize, reason: EdgeReason) -> Self {
        Self::new(End::Node(to), EdgeClass::Soft, Gate::Exists, reason)
    }

    pub(crate) fn node(&self) -> Option<usize> {
        match self.to {
            End::Node(number) => Some(number),
            End::Elsewhere(_) => None,
        }
    }

    /// Returns the target's place among the plan's ids; what is from elsewhere comes before the next id.
    fn place(&self, catalog: &Catalog<'_>) -> (usize, bool) {
        match &self.to {
            End::Node(number) => (*number, true),
            End::Elsewhere(id) => {
                let before = |object: &&Object| object.id() < id;
                (catalog.objects.partition_point(before), false)
            }
        }
    }

    fn into_edge(self, from: &ObjectId, catalog: &Catalog<'_>) -> Option<Edge> {
        let to = match self.to {
            End::Node(number) => catalog.object(number)?.id().clone(),
            End::Elsewhere(id) => id,
        };
        Some(Edge {
            from: from.clone(),
            to,
            class: self.class,
            gate: self.gate,
            reason: self.reason,
            fresh: self.fresh,
        })
    }
}

/// The edges of each object, by its number.
pub(crate) struct Drafts(Vec<Vec<Draft>>);

impl Drafts {
    pub(crate) fn new(nodes: usize) -> Self {
        Self(vec![Vec::new(); nodes])
    }

    /// Adds an edge, unless it leads back to where it comes from and nobody asked for that.
    pub(crate) fn add(&mut self, from: usize, draft: Draft) {
        if draft.node() == Some(from) && draft.strength != Strength::Explicit {
            return;
        }
        if let Some(edges) = self.0.get_mut(from) {
            match edges.iter_mut().find(|other| other.is_alike(&draft)) {
                Some(other) => other.merge(draft),
                None => edges.push(draft),
            }
        }
    }

    pub(crate) fn of(&self, from: usize) -> &[Draft] {
        self.0.get(from).map_or(&[], Vec::as_slice)
    }

    /// Returns the objects of the plan that an object waits for.
    pub(crate) fn targets(&self, from: usize) -> impl Iterator<Item = usize> {
        self.of(from).iter().filter_map(Draft::node)
    }

    /// Returns every edge, with the object that waits.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (usize, &Draft)> {
        let all = self.0.iter().enumerate();
        all.flat_map(|(from, edges)| edges.iter().map(move |draft| (from, draft)))
    }

    /// Adds an edge that is like no other of the object.
    pub(crate) fn push(&mut self, from: usize, draft: Draft) {
        if let Some(edges) = self.0.get_mut(from) {
            edges.push(draft);
        }
    }

    /// Keeps the edges that `keep` says, by the object that waits and the edge's place among its edges.
    pub(crate) fn retain(&mut self, keep: impl Fn(usize, usize) -> bool) {
        for (from, edges) in self.0.iter_mut().enumerate() {
            let mut places = 0..;
            edges.retain(|_| places.next().is_none_or(|place| keep(from, place)));
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns the edges as a plan has them.
    pub(crate) fn into_edges(self, catalog: &Catalog<'_>) -> Vec<Edge> {
        let all = self.0.into_iter().enumerate();
        all.flat_map(|(from, mut drafts)| {
            drafts.sort_by(|a, b| {
                let places = a.place(catalog).cmp(&b.place(catalog));
                places.then_with(|| (&a.to, &a.reason).cmp(&(&b.to, &b.reason)))
            });
            let from = catalog.object(from).map(Object::id);
            let edge = move |draft: Draft| draft.into_edge(from?, catalog);
            drafts.into_iter().filter_map(edge)
        })
        .collect()
    }
}

impl Draft {
    /// Tells whether two edges of an object say the same, but for the keys that they read.
    fn is_alike(&self, other: &Self) -> bool {
        self.to == other.to && self.reason == other.reason
    }

    fn merge(&mut self, other: Self) {
        self.fresh |= other.fresh;
        if other.class > self.class {
            *self = Self {
                fresh: self.fresh,
                ..other
            };
        } else if other.class == self.class {
            self.gate.add(other.gate);
        }
    }
}

impl Gate {
    /// Joins two gates of one target and reason, which differ in the keys that they read at most.
    fn add(&mut self, other: Self) {
        match (&mut *self, other) {
            (Self::Keys { keys }, Self::Keys { keys: more }) => {
                keys.extend(more);
                keys.sort();
                keys.dedup();
            }
            (Self::Exists, keys @ Self::Keys { .. }) => *self = keys,
            _ => {}
        }
    }
}
