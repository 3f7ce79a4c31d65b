//! Renders a layer from a tree, and tells whether another tree would render the same.

use std::sync::Arc;

use thiserror::Error;
use tidegate_kustomize::{Entry, Options, RenderError, Rendered, Tree, TreeError, build};
use tidegate_source::GitTree;

use crate::claims::Held;

/// A rendering, and what makes it out.
#[derive(Debug, Clone)]
pub(crate) struct Rendering {
    /// The directory.
    pub(crate) path: String,
    /// The digest over every file that was read, and every path that was looked for: while it stays, so does the
    /// rendering.
    pub(crate) key: [u8; 32],
    /// The objects.
    pub(crate) rendered: Arc<Rendered>,
    /// What stands for them where only their presence counts.
    pub(crate) held: Arc<Held>,
}

/// A layer that cannot be rendered.
#[derive(Debug, Error)]
pub(crate) enum RenderFailure {
    /// There is no such directory.
    #[error("there is no directory `{0}`: check spec.path, or push the directory")]
    NoPath(String),
    /// A file is wrong.
    #[error(transparent)]
    Render(#[from] RenderError),
    /// It holds no object.
    #[error(
        "`{0}` holds no objects: nothing is applied, and nothing is deleted; if the layer is to go, delete the Layer"
    )]
    Empty(String),
    /// The tree itself cannot be read.
    #[error(transparent)]
    Tree(#[from] TreeError),
}

impl Rendering {
    /// Renders a directory of a commit.
    pub(crate) fn new(
        tree: &GitTree,
        path: &str,
        options: &Options<'_>,
    ) -> Result<Self, RenderFailure> {
        let is_directory = path.is_empty() || tree.entry(path)? == Some(Entry::Directory);
        if !is_directory {
            return Err(RenderFailure::NoPath(path.into()));
        }
        let rendered = build(tree, path, options)?;
        if rendered.objects.is_empty() {
            let shown = if path.is_empty() { "." } else { path };
            return Err(RenderFailure::Empty(shown.into()));
        }
        Ok(Self {
            path: path.into(),
            key: tree.digest(&rendered.closure)?,
            held: Arc::new(Held::of(&rendered.objects)),
            rendered: Arc::new(rendered),
        })
    }

    /// Tells whether another commit would render the same.
    pub(crate) fn is_of(&self, tree: &GitTree, path: &str) -> Result<bool, TreeError> {
        Ok(self.path == path && self.key == tree.digest(&self.rendered.closure)?)
    }
}
