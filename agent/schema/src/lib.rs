//! Holds custom resources against the schemas of their definitions, before an API server knows these.
//!
//! It finds what a strict server-side apply would refuse, and nothing that it would take. What only the API server
//! can judge is left to it: CEL rules, formats, combinations (`anyOf` and the like), what admission changes.

mod bounds;
mod definitions;
mod meta;
mod schema;
mod shape;
mod violation;

pub use definitions::Definitions;
pub use violation::{Problem, Violation};
