//! The plan: nodes, edges, waves, findings.

use serde::{Deserialize, Serialize};
use tidegate_object::{Gvk, ObjectId, Origin};

use crate::{Change, Consequence, Edge, Finding, Gate};

/// The graph of a layer's objects, each with its change and the edges that it waits on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// The objects, by wave, then in the order of their rendering.
    pub nodes: Vec<Node>,
    /// "A after B", sorted by A, then B; lookups count on it.
    pub edges: Vec<Edge>,
    /// How many waves there are.
    pub waves: u32,
    /// What is worth a warning.
    pub findings: Vec<Finding>,
}

/// One object of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Node {
    /// The object.
    pub id: ObjectId,
    /// Its group, version and kind.
    #[serde(skip)]
    pub gvk: Option<Gvk>,
    /// What happens to it.
    pub change: Change,
    /// What that does to what runs, as far as the cluster was asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub consequences: Vec<Consequence>,
    /// The level of the graph, from 1: the length of its longest path from a root.
    pub wave: u32,
    /// Where it stands in Git.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
}

impl Plan {
    /// Returns the edges of an object that waits, in time logarithmic in their number.
    pub fn edges_of(&self, id: &ObjectId) -> &[Edge] {
        let start = self.edges.partition_point(|edge| edge.from < *id);
        let rest = self.edges.get(start..).unwrap_or_default();
        let end = rest.partition_point(|edge| edge.from == *id);
        rest.get(..end).unwrap_or_default()
    }

    /// Returns an object's node, by looking at one after the other.
    pub fn node(&self, id: &ObjectId) -> Option<&Node> {
        self.nodes.iter().find(|node| node.id == *id)
    }

    /// Returns the edges that hold back a write of an object now.
    ///
    /// A create waits for all of its edges; an update of a healthy object for the fresh ones. The
    /// update of an object that is failed or in progress waits for nothing but its Namespace and its
    /// kind, since it may be the fix.
    pub fn delaying<'a>(
        &'a self,
        id: &'a ObjectId,
        target: Standing,
    ) -> impl Iterator<Item = &'a Edge> {
        self.edges_of(id).iter().filter(move |edge| match target {
            Standing::Absent => true,
            Standing::Healthy => edge.fresh,
            Standing::Unhealthy => matches!(edge.gate, Gate::Active | Gate::Established),
        })
    }
}

/// How a live object stands when its write is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is not there.
    Absent,
    /// It is there and well.
    Healthy,
    /// It is there, and failed or in progress.
    Unhealthy,
}
