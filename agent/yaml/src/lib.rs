//! YAML as Kubernetes tools read it, and as kustomize writes it.
//!
//! ```text
//! text ──parse_documents──► Document { root: Node } ──to_json──► serde_json::Value ──emit──► text
//!            limits              kind, tag, style,     go-yaml v3's       go-yaml v2's
//!                                text, mark            resolution         choices
//! ```

mod anchor;
mod characters;
mod document;
mod duplicate;
mod emit;
mod error;
mod json;
mod limits;
mod merge;
mod node;
mod number;
mod parser;
mod refold;
mod resolve;
mod scanner;
mod timestamp;
mod token;

pub use document::{Document, parse_documents};
pub use duplicate::Duplicate;
pub use emit::{emit, emit_all};
pub use error::YamlError;
pub use limits::Limits;
pub use node::{Mark, Node, NodeValue, ScalarStyle};
