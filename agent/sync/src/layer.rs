//! The Layer resource, `tidegate.dev/v1alpha1`.

mod crd;
mod spec;
mod status;

pub use crd::crd_yaml;
pub use spec::{
    Dependency, GitRef, GitSource, Layer, LayerSpec, LocalRef, Reference, ReferenceClass,
    ReferenceKind, Requirement, SourceSpec,
};
pub use status::{
    BlockedOn, Changes, HistoryEntry, InventorySummary, LayerStatus, PlanSummary, SyncRequest,
    WaveProgress,
};
