//! The Layer resource, and the run that brings it to a revision.
//!
//! ```text
//! source ──► render ──► Order ──Engine──► Run ──► status, events, metrics, Fleet (API, command line)
//!            controller: one task a layer, triggers coalesced, newer renders pre-empt
//! ```

mod chain;
mod claims;
mod controller;
mod desired;
mod digest;
mod drift;
mod engine;
mod events;
mod fleet;
mod history;
mod inspection;
mod inventory;
mod layer;
mod leaving;
mod lookup;
pub mod marks;
mod metrics;
mod misfit;
mod order;
mod owner;
mod prerequisite;
mod proposal;
mod render;
mod restraint;
mod run;
mod sources;
mod status;

pub use chain::{Chain, Link, OwnEyes, Sight, Sought};
pub use claims::Claims;
pub use controller::finalizer;
pub use controller::{
    APPROVE, CONFIRM, Control, Controller, ControllerOptions, Mirror, REQUESTED_BY, SYNC_REQUESTED,
};
pub use desired::{Desired, Refusal};
pub use drift::{Drift, Verdict};
pub use engine::{Engine, Finished, Observed, Preview, Previewed, comes_with_it, plain};
pub use fleet::{Fleet, LayerKey, LayerView, Request, RequestError, Ticket};
pub use inspection::{Difference, Happening, Inspection, Writer};
pub use layer::{
    ApproveWhen, BlockedOn, ChangedObject, Changes, Consented, Dependency, GitRef, GitSource,
    HeldObject, HeldPrune, HistoryEntry, Hold, InventorySummary, Layer, LayerSpec, LayerStatus,
    LocalRef, PlanSummary, PruneSpec, Reference, ReferenceClass, ReferenceKind, Requirement,
    SourceSpec, SyncRequest, WaveProgress, crd_yaml,
};
pub use leaving::{Fate, Guard, Leaving};
pub use lookup::{LayerRendering, Lookup, LookupError};
pub use metrics::Metrics;
pub use misfit::misfit;
pub use order::{
    Adopt, Consent, Consents, DeletionPolicy, FailurePolicy, Mode, Order, Prune, PruneWhen,
    Settings, Trigger,
};
pub use owner::Owner;
pub use prerequisite::Prerequisite;
pub use proposal::Proposal;
pub use restraint::Restraint;
pub use run::{Approved, Outcome, Phase, Run, RunObject, Step, Waiting};
pub use tidegate_plan::Required;
