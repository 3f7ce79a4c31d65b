//! Git repositories and directories as trees.

mod revision;

pub use revision::{ParseRevisionError, Revision};
