//! Why a text cannot be read, where, and what to do.

use crate::Mark;

/// Why a text or a node was refused. Every message names a place and what to do there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum YamlError {
    /// It is not YAML.
    #[error("{mark}: {problem}")]
    Syntax {
        /// Where it stops being YAML.
        mark: Mark,
        /// What is wrong, and what to do.
        problem: String,
    },
    /// It passes one of the [`Limits`](crate::Limits).
    #[error("{mark}: more than {limit} {unit}; split the file")]
    Limit {
        /// Where the limit is passed.
        mark: Mark,
        /// The limit.
        limit: usize,
        /// What is counted: bytes, nested collections, nodes.
        unit: &'static str,
    },
    /// An alias that names no anchor before it.
    #[error(
        "{mark}: alias *{name} has no anchor &{name} before it in the document; add the anchor or quote the text"
    )]
    UnknownAnchor {
        /// Where the alias stands.
        mark: Mark,
        /// The name.
        name: String,
    },
    /// An alias inside the node of its own anchor.
    #[error("{mark}: alias *{name} stands inside its own anchor &{name}; use another anchor")]
    Recursive {
        /// Where the alias stands.
        mark: Mark,
        /// The name.
        name: String,
    },
    /// A `<<` whose value is no mapping and no sequence of mappings, or that stands twice.
    #[error("{mark}: {problem}")]
    Merge {
        /// Where the value stands.
        mark: Mark,
        /// What is wrong.
        problem: &'static str,
    },
    /// A key that stands twice in one mapping.
    #[error("{mark}: key {key:?} is already set on line {}; remove one of the two", first.line)]
    DuplicateKey {
        /// Where it stands the second time.
        mark: Mark,
        /// The key.
        key: String,
        /// Where it stands the first time.
        first: Mark,
    },
    /// A key that is no text: JSON, and so Kubernetes, knows no other keys.
    #[error("{mark}: key {key:?} is read as {tag}, and must be a text; put it in quotes")]
    Key {
        /// Where the key stands.
        mark: Mark,
        /// Its text.
        key: String,
        /// What it resolves to.
        tag: String,
    },
    /// A value that its tag or JSON cannot hold.
    #[error("{mark}: {text:?} {problem}")]
    Value {
        /// Where it stands.
        mark: Mark,
        /// Its text.
        text: String,
        /// Why, and what to do.
        problem: String,
    },
}

impl YamlError {
    /// The place that the error is about; line 0 for a node that stands in no text.
    pub fn mark(&self) -> Mark {
        match self {
            Self::Syntax { mark, .. }
            | Self::Limit { mark, .. }
            | Self::UnknownAnchor { mark, .. }
            | Self::Recursive { mark, .. }
            | Self::Merge { mark, .. }
            | Self::DuplicateKey { mark, .. }
            | Self::Key { mark, .. }
            | Self::Value { mark, .. } => *mark,
        }
    }
}
