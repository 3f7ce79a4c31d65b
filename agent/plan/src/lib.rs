//! The plan of a layer: a graph of objects, with what each waits for and why.
//!
//! ```text
//! desired objects + rules + live facts ──plan──► Plan { nodes, edges, waves, findings }
//! ```
//!
//! A [`Plan`] is a value: it is built whole, printed, served, hashed and thrown away. Executing it is
//! another step.

mod admission;
mod annotation;
mod backend;
mod builder;
mod catalog;
mod change;
mod consequence;
mod constraint;
mod cycle;
mod departure;
mod draft;
mod edge;
mod error;
mod facts;
mod finding;
mod gate;
mod hash;
mod hook;
mod level;
mod missing;
mod path;
mod plan;
mod planner;
mod provider;
mod reference;
mod requirement;
mod resolve;
mod rule;
mod selector;
mod settings;
mod structure;
mod table;
mod wave;

pub use change::Change;
pub use consequence::{Consequence, ConsequenceKind, Difference, consequences};
pub use departure::{Departure, When, departures};
pub use edge::{Edge, EdgeClass, EdgeReason};
pub use error::{CycleStep, PlanError};
pub use facts::Facts;
pub use finding::{Finding, FindingKind};
pub use gate::Gate;
pub use path::PathError;
pub use plan::{Node, Plan, Standing};
pub use planner::plan;
pub use rule::{KindPattern, Rule};
pub use settings::{Required, Settings};
