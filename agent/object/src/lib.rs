//! Kubernetes objects as values: identity, origin, field paths, redaction, differences.
//!
//! ```text
//! Object ── ObjectId (group, kind, namespace, name) ── Gvk (group, version, kind)
//!   ├── Origin   where Git says it: file, document, line
//!   └── Redacted the only way to show one
//! ```
//!
//! Nothing here does I/O, and an [`Object`] cannot be formatted: what is shown is a [`Redacted`].

mod gvk;
mod id;
mod object;
mod origin;
mod redacted;

pub use gvk::{GroupKind, Gvk};
pub use id::{ObjectId, ParseIdError};
pub use object::{Object, ObjectError};
pub use origin::Origin;
pub use redacted::{MASK, Redacted};
