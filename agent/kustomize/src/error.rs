//! Why a folder cannot be rendered, where, and what to do.

use thiserror::Error;

use crate::TreeError;

/// Why a folder was not rendered.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RenderError {
    /// The tree could not be read.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// A file or a field is wrong.
    #[error("{place}: {reason}")]
    Invalid {
        /// Where.
        place: Box<Place>,
        /// What is wrong.
        reason: String,
    },
    /// A path that leads out of the tree.
    #[error("{place}: `{path}` leaves the tree; use a path inside of it")]
    Leaves {
        /// Where.
        place: Box<Place>,
        /// The path as it is written.
        path: String,
    },
    /// Something that kustomize can do, and that is not done here, by design.
    #[error("{place}: {what} is not run: {reason}")]
    NotRun {
        /// Where.
        place: Box<Place>,
        /// What it is.
        what: String,
        /// Why, and what to do.
        reason: String,
    },
    /// A remote file that no lock pins.
    #[error(
        "{place}: `{url}` is remote and not pinned by `{lock}`; add the address and its `sha256` to that file, then run `tidegate vendor`"
    )]
    Unpinned {
        /// Where.
        place: Box<Place>,
        /// The address.
        url: String,
        /// The lock file, existing or not.
        lock: String,
    },
    /// A pinned file that is in neither `vendor/` nor the mirror.
    #[error(
        "{place}: `{url}` is pinned as {sha256}, but neither `vendor/{sha256}` nor the mirror holds it; run `tidegate vendor`"
    )]
    NotVendored {
        /// Where.
        place: Box<Place>,
        /// The address.
        url: String,
        /// The pinned digest.
        sha256: String,
    },
    /// A vendored file with other content than was pinned.
    #[error(
        "{place}: `{url}` is pinned as {expected}, but `{path}` has the digest {found}; run `tidegate vendor` again"
    )]
    Digest {
        /// Where.
        place: Box<Place>,
        /// The address.
        url: String,
        /// The file that was read.
        path: String,
        /// The pinned digest.
        expected: String,
        /// The digest of the content.
        found: String,
    },
    /// A limit is passed.
    #[error("{place}: more than {limit} {what}; split the layer")]
    Limit {
        /// Where.
        place: Box<Place>,
        /// What is counted.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
}

/// A place in a tree: `file:line:column: field`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Place {
    /// The file or folder, relative to the tree's root.
    pub file: String,
    /// The line, from 1; 0 for the file as a whole.
    pub line: usize,
    /// The column in characters, from 1; 0 for the line as a whole.
    pub column: usize,
    /// The field, for example `patches[2].path`; empty for the place as a whole.
    pub field: String,
}

impl Place {
    /// A file as a whole.
    pub(crate) fn file(file: &str) -> Self {
        Self {
            file: file.to_owned(),
            ..Self::default()
        }
    }

    pub(crate) fn invalid(self, reason: impl Into<String>) -> RenderError {
        RenderError::Invalid {
            place: Box::new(self),
            reason: reason.into(),
        }
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.file.is_empty() {
            "."
        } else {
            &self.file
        })?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
            if self.column > 0 {
                write!(f, ":{}", self.column)?;
            }
        }
        if !self.field.is_empty() {
            write!(f, ": {}", self.field)?;
        }
        Ok(())
    }
}

/// The error for a Helm chart.
pub(crate) fn helm(place: Place) -> RenderError {
    RenderError::NotRun {
        place: Box::new(place),
        what: "a Helm chart".to_owned(),
        reason: "rendering starts no process; commit the chart's rendered manifests, and list \
                 them under `resources`"
            .to_owned(),
    }
}

impl RenderError {
    /// Where the error is; `None` if the tree itself failed.
    pub fn place(&self) -> Option<&Place> {
        match self {
            Self::Tree(_) => None,
            Self::Invalid { place, .. }
            | Self::Leaves { place, .. }
            | Self::NotRun { place, .. }
            | Self::Unpinned { place, .. }
            | Self::NotVendored { place, .. }
            | Self::Digest { place, .. }
            | Self::Limit { place, .. } => Some(place),
        }
    }
}
