//! What is worth a warning in a plan.

use serde::{Deserialize, Serialize};
use tidegate_object::{ObjectId, Origin};

/// Something in the plan that is worth a warning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What kind of finding it is.
    pub kind: FindingKind,
    /// The object that it is about.
    pub object: Option<ObjectId>,
    /// Where it stands in Git.
    pub origin: Option<Origin>,
    /// The field that it is about.
    pub field: Option<String>,
    /// What is wrong, and what to do.
    pub message: String,
}

/// The kinds of findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum FindingKind {
    /// A reference resolves nowhere.
    DanglingReference,
    /// An inferred cycle; its weakest edge was dropped.
    CycleDropped,
    /// An imported wave contradicts a reference.
    WaveIgnored,
    /// What the layer requires from elsewhere is in the layer itself.
    NeedlessRequirement,
    /// An annotation of ours is unknown or malformed.
    Annotation,
    /// A mark of ours stands in Git, and was stripped.
    MarkStripped,
    /// A hook of another tool that has no counterpart here.
    ForeignHook,
    /// Something harmful that kustomize is silent about.
    Render,
}
