//! What a text has beside its values: comments, anchors, tags, brackets; as go-yaml v3 assigns it to nodes.

mod comments;
mod reader;
mod tokens;

use std::collections::HashMap;

pub(crate) use reader::read;

use crate::{Mark, Node, NodeValue};

/// The looks of a document's nodes, by where they start.
#[derive(Debug, Clone, Default)]
pub(crate) struct Layout {
    looks: HashMap<(Mark, Form), Look>,
    /// The comment above the document.
    pub(crate) head: String,
    /// The comment below the document.
    pub(crate) foot: String,
}

/// How a node was written.
#[derive(Debug, Clone, Default)]
pub(crate) struct Look {
    /// The comment above it.
    pub(crate) head: String,
    /// The comment behind it.
    pub(crate) line: String,
    /// The comment below it.
    pub(crate) foot: String,
    pub(crate) anchor: Option<Box<str>>,
    pub(crate) in_brackets: bool,
    /// The tag, if it was written.
    pub(crate) tag: Option<Box<str>>,
    /// Whether it is an alias, whose name is its text.
    pub(crate) is_alias: bool,
}

/// A collection and its first item start at one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Form {
    Scalar,
    Sequence,
    Mapping,
}

fn key(node: &Node) -> (Mark, Form) {
    let form = match node.value {
        NodeValue::Scalar(..) => Form::Scalar,
        NodeValue::Sequence(_) => Form::Sequence,
        NodeValue::Mapping(_) => Form::Mapping,
    };
    (node.mark, form)
}

impl Layout {
    /// How a node was written; `None` for one that stands in no text.
    pub(crate) fn look(&self, node: &Node) -> Option<&Look> {
        self.looks.get(&key(node))
    }

    pub(crate) fn look_mut(&mut self, node: &Node) -> &mut Look {
        self.looks.entry(key(node)).or_default()
    }
}
