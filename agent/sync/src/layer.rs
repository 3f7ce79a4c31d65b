//! The Layer resource, `tidegate.dev/v1alpha1`.

mod checked;
mod crd;
mod duration;
mod hold;
mod spec;
mod status;

pub(crate) use checked::{Checked, depends_on};
pub use crd::crd_yaml;
pub(crate) use duration::parse_duration;
pub use hold::Hold;
pub use spec::{
    ApproveWhen, Dependency, GitRef, GitSource, Layer, LayerSpec, LocalRef, PruneSpec, Reference,
    ReferenceClass, ReferenceKind, Requirement, SourceSpec,
};
pub use status::{
    BlockedOn, ChangedObject, Changes, Consented, HeldObject, HeldPrune, HistoryEntry,
    InventorySummary, LayerStatus, PlanSummary, SyncRequest, WaveProgress,
};

#[cfg(test)]
mod reference;
