//! YAML as Kubernetes tools read it, and as kustomize writes it.
//!
//! ```text
//! text ──parse_documents──► Document { root: Node } ──to_json──► serde_json::Value ──emit──► text
//!            limits              kind, tag, style,     go-yaml v3's       go-yaml v2's
//!                                text, mark            resolution         choices
//! ```
//!
//! YAML leaves much open, and its readers disagree: `0644` is a number to some and a text to others, `on` a
//! boolean, `1:20` eighty. This crate does what kubectl and kustomize 5 do, which is compared with
//! kustomize's own libraries on thousands of generated texts. It knows nothing of Kubernetes objects.
//!
//! ```
//! use tidegate_yaml::{Limits, emit, parse_documents};
//!
//! let text = "mode: 0644\nswitch: on\nquoted: '0644'\ncopy: &c {b: 1.0, a10: ~, a2: 2020-01-01}\nof: {<<: *c, b: 2}\n";
//! let document = &parse_documents(text, &Limits::default())?[0];
//! assert_eq!(document.root.get("switch").unwrap().mark.line, 2);
//! assert_eq!(
//!     emit(&document.root.to_json()?),
//!     "\
//! copy:
//!   a2: \"2020-01-01T00:00:00Z\"
//!   a10: null
//!   b: 1
//! mode: 420
//! of:
//!   a2: \"2020-01-01T00:00:00Z\"
//!   a10: null
//!   b: 2
//! quoted: \"0644\"
//! switch: \"on\"
//! "
//! );
//! # Ok::<(), tidegate_yaml::YamlError>(())
//! ```
//!
//! Errors have a place and say what to do there:
//!
//! ```
//! # use tidegate_yaml::{Limits, parse_documents};
//! let error = parse_documents("a:\n  b: @x\n", &Limits::default()).unwrap_err();
//! assert_eq!(error.to_string(), "line 2, column 6: a text without quotes cannot start with '@'; put it in quotes");
//! ```
//!
//! Where kustomize loses data, this crate does not follow it: it keeps a quoted key `"<<"`, keeps comments
//! out of texts, reads `%YAML 1.2`, refuses what follows a complete document instead of dropping it, and
//! prints characters that kustomize cannot (such as U+007F) as escapes.

mod anchor;
mod characters;
mod document;
mod duplicate;
mod emit;
mod error;
mod json;
mod layout;
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

pub use document::{Document, parse_documents, parse_first_document};
pub use duplicate::Duplicate;
pub use emit::{StyledDocument, emit, emit_all, emit_node};
pub use error::YamlError;
pub use limits::Limits;
pub use node::{Mark, Node, NodeValue, ScalarStyle};
