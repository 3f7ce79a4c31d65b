//! The plan of a layer: a graph of objects, with what each waits for and why.
//!
//! ```text
//! desired objects + rules + live facts ──plan──► Plan { nodes, edges, waves, findings }
//! ```
//!
//! A [`Plan`] is a value: it is built whole, printed, served, hashed and thrown away. Executing it is
//! another step.

mod change;
mod edge;
mod facts;
mod finding;
mod gate;
mod plan;
mod rule;

pub use change::Change;
pub use edge::{Edge, EdgeClass, EdgeReason};
pub use facts::Facts;
pub use finding::{Finding, FindingKind};
pub use gate::Gate;
pub use plan::{Node, Plan, Standing};
pub use rule::{KindPattern, Rule};
