//! Health of Kubernetes objects, one rule per kind, and the reason when one is not well.
//!
//! ```text
//! live object + Context (time, neighbours) ──health────► Health { status, message, recheck_at }
//! gate + live object                       ──capability► Open | Closed { reason } | DryRun
//! pods + events of an owner                ──diagnose──► reasons, the most important first
//! ```
//!
//! All are functions on values: no clock, no cluster. Rules are a table (`rule.rs`); adding a kind is a
//! line there.

mod capability;
mod context;
mod deadline;
mod diagnosis;
mod facts;
mod health;
mod keys;
mod rule;
mod verdict;
mod vicinity;

pub use capability::{Capability, capability, has_keys};
pub use context::{
    Context, Neighbours, Settle, has_ready_endpoint, reports_status, waits_for_consumer,
};
pub use deadline::deadline;
pub use diagnosis::{
    Cause, ContainerRef, Evidence, Instance, Reason, ServiceView, diagnose, explain,
    explain_service,
};
pub use health::{Health, Status, health};
pub use keys::{key_names, secret_keys};
pub use vicinity::{concerns, is_pod_of, pod_labels};
