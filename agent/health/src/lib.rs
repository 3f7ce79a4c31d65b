//! Health of a Kubernetes object, one rule per kind; and whether a gate's capability is there.
//!
//! ```text
//! live object + context ──health──────► Health { status, message, recheck_at }
//! live object + gate    ──capability──► Open | Closed { reason }
//! pods + events         ──diagnose────► the cluster's own reasons, most important first
//! ```
//!
//! Everything is a pure function of its arguments: the time is one of them.

mod capability;
mod conditions;
mod diagnosis;
mod health;
mod rules;

pub use capability::{Capability, capability, secret_keys};
pub use diagnosis::{ContainerRef, Reason, diagnose};
pub use health::{Context, Health, Status, health};
