//! Where an object stands in Git.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The place of an object's text: file, document in the file, line.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Origin {
    /// The file, relative to the tree's root; for a generated object the kustomization that makes it.
    pub file: Arc<str>,
    /// The number of the document in the file, from 0.
    pub document: usize,
    /// The line of the object's first key, from 1.
    pub line: usize,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}
