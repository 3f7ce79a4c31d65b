//! The plan of a layer: a graph of objects, with what each waits for and why.
//!
//! ```text
//! desired objects + rules + live facts ──plan──► Plan { objects, edges, waves, findings }
//! ```
//!
//! A [`Plan`] is a value: it is built whole, printed, served, hashed and thrown away. Executing it is
//! another step.

mod edge;
mod finding;
mod gate;

pub use edge::{Edge, EdgeClass, EdgeReason};
pub use finding::{Finding, FindingKind};
pub use gate::Gate;
