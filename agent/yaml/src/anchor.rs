//! The nodes that aliases stand for.

use std::collections::HashMap;

use crate::{Mark, Node, NodeValue, YamlError};

/// The anchors of one document.
#[derive(Default)]
pub(crate) struct Anchors<'a>(HashMap<&'a str, Anchor>);

enum Anchor {
    /// The node is being read: an alias to it would have no end.
    Open,
    Closed(Target),
}

/// What an alias copies, and what the copy costs.
pub(crate) struct Target {
    node: Node,
    pub(crate) nodes: usize,
    /// Nested collections.
    pub(crate) height: usize,
}

impl Target {
    pub(crate) fn new(node: &Node) -> Self {
        let (nodes, height) = size(node);
        Self {
            node: node.clone(),
            nodes,
            height,
        }
    }

    pub(crate) fn copy(&self) -> Node {
        self.node.clone()
    }
}

impl<'a> Anchors<'a> {
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn open(&mut self, name: &'a str) {
        self.0.insert(name, Anchor::Open);
    }

    pub(crate) fn close(&mut self, name: &'a str, target: Target) {
        self.0.insert(name, Anchor::Closed(target));
    }

    pub(crate) fn find(&self, name: &str, mark: Mark) -> Result<&Target, YamlError> {
        match self.0.get(name) {
            Some(Anchor::Closed(target)) => Ok(target),
            Some(Anchor::Open) => Err(YamlError::Recursive {
                mark,
                name: name.to_owned(),
            }),
            None => Err(YamlError::UnknownAnchor {
                mark,
                name: name.to_owned(),
            }),
        }
    }
}

/// The number of nodes, and how deep collections are nested.
fn size(node: &Node) -> (usize, usize) {
    let below = |sizes: &mut dyn Iterator<Item = (usize, usize)>| {
        let add = |(count, depth): (usize, usize), (nodes, height): (usize, usize)| {
            (count + nodes, depth.max(height))
        };
        let (count, depth) = sizes.fold((0, 0), add);
        (count + 1, depth + 1)
    };
    match &node.value {
        NodeValue::Scalar(..) => (1, 0),
        NodeValue::Sequence(items) => below(&mut items.iter().map(size)),
        NodeValue::Mapping(pairs) => below(
            &mut pairs
                .iter()
                .flat_map(|(key, value)| [size(key), size(value)]),
        ),
    }
}
