//! What a run is asked to do.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tidegate_kustomize::Rendered;
use tidegate_plan::ConsequenceKind;
use tidegate_source::Revision;

use crate::{Claims, Owner, Prerequisite, Restraint};

/// What a run is asked to do: bring an owner's objects to a rendering.
#[derive(Debug, Clone)]
pub struct Order {
    /// The run's id, which every answer about it carries.
    pub id: String,
    /// Why it runs.
    pub trigger: Trigger,
    /// Who asked for it, if a person or an account did.
    pub requested_by: Option<String>,
    /// Whose objects they are.
    pub owner: Owner,
    /// What is rendered; `None` for a directory.
    pub revision: Option<Revision>,
    /// The rendering.
    pub rendered: Arc<Rendered>,
    /// What must come before anything new of it.
    pub prerequisite: Prerequisite,
    /// What other layers hold.
    pub claims: Claims,
    /// What people have agreed to.
    pub consents: Consents,
    /// Why drift is only reported at the moment.
    pub restraint: Restraint,
    /// How it is done.
    pub settings: Settings,
}

/// What people have agreed to. The default is nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Consents {
    /// Deletes that are held back, and go all the same.
    pub confirmed: Option<Consent>,
    /// A plan that waits, and is carried out.
    pub approved: Option<Consent>,
}

/// Something that a person has agreed to, named by its hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    /// The hash of what was shown to them.
    pub hash: String,
    /// Who it was, if they said so.
    pub by: Option<String>,
    /// How long it holds.
    pub until: Timestamp,
    /// The rendering that was begun by it: what is left of it needs no other consent.
    pub rendering: Option<String>,
}

/// Why a run begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Trigger {
    /// A new rendering: a commit, or another spec of the Layer.
    Change,
    /// Somebody asked, by annotation, HTTP or command line.
    Manual,
    /// What the layer depends on is there now.
    Dependency,
    /// A run before it did not end well, and its pause is over.
    Retry,
    /// The agent started.
    Start,
}

impl Trigger {
    /// Returns the word that JSON and metrics carry.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Change => "change",
            Self::Manual => "manual",
            Self::Dependency => "dependency",
            Self::Retry => "retry",
            Self::Start => "start",
        }
    }
}

/// How a run is done; the Layer's spec, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// What happens to objects that are there already.
    pub adopt: Adopt,
    /// How long an object may take to get ready.
    pub timeout: Duration,
    /// The account that writes, by impersonation: namespace and name. `None` writes with the caller's own rights.
    pub account: Option<(String, String)>,
    /// What comes from elsewhere and gates the layer.
    pub requires: Vec<tidegate_plan::Required>,
    /// Reference rules of the Layer, besides the built-in ones.
    pub references: Vec<tidegate_plan::Rule>,
    /// How many objects are written at the same time.
    pub concurrency: usize,
    /// What becomes of owned objects that leave Git.
    pub prune: Prune,
    /// What is done without asking.
    pub mode: Mode,
    /// Consequences for which a plan waits for approval, in mode `auto` too.
    pub approve_when: Vec<ConsequenceKind>,
    /// What an object that is refused as invalid stops.
    pub failure_policy: FailurePolicy,
}

/// What is done without asking.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Every plan is carried out, save for those that `approveWhen` names.
    #[default]
    Auto,
    /// A plan is carried out when a person has approved it.
    Approve,
    /// Nothing is ever written: plans are only shown.
    Observe,
}

impl Mode {
    /// Returns the word that specs and metrics carry.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Approve => "approve",
            Self::Observe => "observe",
        }
    }
}

/// What an object that is refused as invalid stops.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum FailurePolicy {
    /// The run, if this revision changes the object: before its first write where that is known by then.
    #[default]
    Stop,
    /// Only what depends on the object.
    Isolate,
}

/// What becomes of owned objects that leave Git.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prune {
    /// When they are deleted; `None` leaves and reports them.
    pub when: Option<PruneWhen>,
    /// The share of the inventory that may go in one run; three objects always may.
    pub max_fraction: f64,
}

impl Prune {
    /// The share of the inventory that may go in one run, unless somebody says otherwise.
    pub const MAX_FRACTION: f64 = 0.3;

    /// Leaves what leaves Git, and reports it.
    pub const NEVER: Self = Self {
        when: None,
        max_fraction: Self::MAX_FRACTION,
    };
}

/// When objects are deleted that have left Git.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum PruneWhen {
    /// When all that stays is healthy; what bounds others, and rights that nobody uses, when all is applied.
    #[default]
    Healthy,
    /// When all that stays is applied.
    Applied,
}

/// What becomes of a layer's objects when the Layer itself is deleted.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum DeletionPolicy {
    /// They stay.
    #[default]
    Orphan,
    /// They are deleted, save for those of protected kinds.
    Delete,
}

/// What happens to objects that are there already.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Adopt {
    /// They block.
    Never,
    /// What nobody else owns becomes the layer's.
    #[default]
    Unowned,
}
