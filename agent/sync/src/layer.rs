//! The Layer resource, `tidegate.dev/v1alpha1`.

mod spec;
mod status;

pub use spec::{
    Dependency, GitRef, GitSource, Layer, LayerSpec, LocalRef, Reference, ReferenceKind,
    Requirement, SourceSpec,
};
pub use status::{
    BlockedOn, Changes, HistoryEntry, InventorySummary, LayerStatus, PlanSummary, SyncRequest,
    WaveProgress,
};
