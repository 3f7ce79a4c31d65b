//! Kustomize as a pure library: [`build`] turns a folder of a [`Tree`] into objects.
//!
//! ```text
//! folder ─► kustomization ─► resources, bases, generators, components ─► transformers ─┐ for each
//!              fields            by id, with history                     in fixed order  │ kustomization
//!                                                                                        ▼
//!              objects ◄─ order ◄─ vars ◄─ name references ◄─ name suffix hashes ◄───────┘ once, on top
//! ```
//!
//! It reads only through the [`Tree`], runs nothing, and reaches no network: a remote file is read
//! from the tree's `vendor/<sha256>` or from the mirror, and only if `tidegate.lock` pins it.
//!
//! [`render`] gives the text that `kustomize build` 5.8.1 prints, byte for byte:
//!
//! ```
//! use std::sync::Arc;
//! use tidegate_kustomize::{Entry, Options, Tree, TreeError, render};
//!
//! struct Files(&'static [(&'static str, &'static str)]);
//!
//! impl Tree for Files {
//!     fn entry(&self, path: &str) -> Result<Option<Entry>, TreeError> {
//!         Ok(self.read(path)?.map(|_| Entry::File))
//!     }
//!     fn read(&self, path: &str) -> Result<Option<Arc<[u8]>>, TreeError> {
//!         let found = self.0.iter().find(|(name, _)| *name == path);
//!         Ok(found.map(|(_, text)| text.as_bytes().into()))
//!     }
//!     fn list(&self, _: &str) -> Result<Vec<(String, Entry)>, TreeError> {
//!         Ok(self.0.iter().map(|(name, _)| (name.to_string(), Entry::File)).collect())
//!     }
//! }
//!
//! let files = Files(&[
//!     ("kustomization.yaml", "namePrefix: my-\nresources: [a.yaml]"),
//!     ("a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {on: \"1\"}"),
//! ]);
//! let output = render(&files, "", &Options::default())?;
//! assert_eq!(
//!     output.content,
//!     "apiVersion: v1\ndata:\n  \"on\": \"1\"\nkind: ConfigMap\nmetadata:\n  name: my-a\n"
//! );
//! # Ok::<(), tidegate_kustomize::RenderError>(())
//! ```

mod build;
mod build_origin;
mod cache;
mod crds;
mod error;
mod fault;
mod field_path;
mod field_spec;
mod files;
mod folder;
mod generate;
mod go_json;
mod go_regex;
mod gvk;
mod history;
mod json_patch;
mod knowledge;
mod kustomization;
mod label_selector;
mod lock;
mod memo;
mod merge;
mod node;
mod number;
mod open_api;
mod path;
mod read;
mod render;
mod resource;
mod resources;
mod schema;
mod selector;
mod shared;
mod size;
mod transform;
mod transformer;
mod tree;
mod walk;
mod yaml_1_1;

pub use cache::{Cache, CacheUse};
pub use error::{Place, RenderError};
pub use render::{Output, build, render, render_values};
pub use tree::{Entry, Tree, TreeError};

use tidegate_object::Object;

/// What a build may do.
#[derive(Clone, Copy, Default)]
pub struct Options<'a> {
    /// Where pinned remote files are looked for by their sha256, after the tree's `vendor/`.
    pub mirror: Option<&'a dyn Tree>,
    /// Holds the objects of files that builds before have read.
    pub cache: Option<&'a Cache>,
}

/// The outcome of a build.
#[derive(Debug, Clone, Default)]
pub struct Rendered {
    /// The objects, in kustomize's order of output.
    pub objects: Vec<Object>,
    /// What is worth a warning, and changes nothing in the output.
    pub findings: Vec<Finding>,
    /// Every path that was read or looked for: while none of them changes, nor does the output.
    pub closure: std::collections::BTreeSet<String>,
    /// How the folder was read.
    pub rule: Rule,
}

/// How a folder was read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Rule {
    /// It has a kustomization.
    #[default]
    Kustomization,
    /// It has none: all its YAML files, recursively, folders with a kustomization as units.
    Folder,
}

/// Something harmful on which kustomize is silent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The file.
    pub file: String,
    /// The line, from 1; 0 for the file as a whole.
    pub line: usize,
    /// The field, for example `patches[2].target`.
    pub field: String,
    /// What is wrong, and what to do.
    pub message: String,
}
