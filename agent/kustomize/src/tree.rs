//! The files that a build may read.

use std::sync::Arc;

use thiserror::Error;

/// The files of a revision, or of a directory: all that a build can reach.
///
/// Paths are relative to the root, separated by `/`, without `.`, `..`, leading or trailing slash;
/// the root itself is the empty path. A tree never changes while it is read.
pub trait Tree: Send + Sync {
    /// Returns what is at `path`; `None` where there is nothing. Symbolic links are not followed.
    ///
    /// # Errors
    /// Only if the tree itself cannot be read, or a limit of it is passed.
    fn entry(&self, path: &str) -> Result<Option<Entry>, TreeError>;

    /// Returns a file's bytes; `None` where no file is.
    ///
    /// # Errors
    /// As for [`Tree::entry`].
    fn read(&self, path: &str) -> Result<Option<Arc<[u8]>>, TreeError>;

    /// Returns the names in a directory, sorted by bytes; empty where no directory is.
    ///
    /// # Errors
    /// As for [`Tree::entry`].
    fn list(&self, path: &str) -> Result<Vec<(String, Entry)>, TreeError>;
}

/// What is at a path of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// A file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link, with its target as it is written.
    Link(String),
}

/// A tree could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("failed to read `{path}`: {reason}")]
pub struct TreeError {
    /// The path that was asked for.
    pub path: String,
    /// What went wrong, with the limit's name and value if it was one.
    pub reason: String,
}
