//! How a layer stands.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a layer stands.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LayerStatus {
    /// The generation of the spec that this status is of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// `Ready`, `Reconciling`, `Stalled`, `Healthy`, `Blocked`, `Drifted`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Vec<Condition>,
    /// The revision that was tried last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_attempted_revision: Option<String>,
    /// The revision whose objects are all applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_applied_revision: Option<String>,
    /// The revision at which every object was healthy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_healthy_revision: Option<String>,
    /// The plan of the last run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<PlanSummary>,
    /// The wave that is being filled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wave: Option<WaveProgress>,
    /// What the layer waits for, at most 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waiting_for: Vec<BlockedOn>,
    /// What the layer owns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inventory: Option<InventorySummary>,
    /// Deletes that are held back, and that a person may confirm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_prune: Option<HeldPrune>,
    /// The approval that was given last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<Consented>,
    /// The confirmation that was given last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmation: Option<Consented>,
    /// The manual sync that was asked for last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sync: Option<SyncRequest>,
    /// The last 20 runs, the newest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<HistoryEntry>,
}

/// The plan of a run in short.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlanSummary {
    /// What an approval names, while the plan waits for one: a hash of its changes, of what is wanted of each object, and
    /// of the uids of those that go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
    /// How many objects change, by change.
    #[serde(default)]
    pub changes: Changes,
    /// How many findings there are.
    #[serde(default)]
    pub findings: u32,
    /// How many objects preflight could not prove.
    #[serde(default)]
    pub unproven: u32,
    /// What the changes do to what runs, the gravest first; at most 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub consequences: Vec<String>,
}

/// Counts by change: `create`, `update`, `adopt`, `delete`, `none`.
pub type Changes = BTreeMap<String, u32>;

/// How far the waves are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WaveProgress {
    /// The first wave that is not done.
    pub current: u32,
    /// How many there are.
    pub of: u32,
    /// Both, as tables show them: `2/5`.
    #[serde(default)]
    pub progress: String,
}

/// Something that is waited for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BlockedOn {
    /// The object that is waited for.
    pub object: String,
    /// What is missing.
    pub reason: String,
    /// Since when.
    pub since: String,
    /// The first objects that it holds up, at most 5.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holds: Vec<String>,
}

/// What a layer owns.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct InventorySummary {
    /// How many objects.
    pub objects: u32,
    /// How many of them are healthy.
    pub healthy: u32,
    /// How many of them are no longer in Git, and still there: waited for, or held back.
    #[serde(default)]
    pub left_git: u32,
}

/// Deletes that are held back, and that a person may confirm.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HeldPrune {
    /// What a confirmation names: a hash of the objects with their uids, and of the layers that may still hold them.
    pub hash: String,
    /// How many objects there are.
    pub count: u32,
    /// The objects, those whose deletes are grave first; at most 100.
    #[serde(default)]
    pub objects: Vec<HeldObject>,
}

/// An object whose delete is held back.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HeldObject {
    /// The object.
    pub object: String,
    /// Which guard holds it back.
    pub guard: String,
    /// Why.
    pub reason: String,
    /// What its delete does to what runs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub consequences: Vec<String>,
}

/// What a person has agreed to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Consented {
    /// The hash of what was shown to them.
    pub hash: String,
    /// The run that they asked for, if they named one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// Who it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested_by: Option<String>,
    /// When it was seen first.
    pub since: String,
    /// A keyed digest of the rendering that was begun by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rendering: Option<String>,
}

/// A manual sync.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SyncRequest {
    /// The id that was asked for, which is the run's.
    pub id: String,
    /// `pending`, `running` or the run's outcome.
    pub state: String,
}

/// A run that is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HistoryEntry {
    /// The run's id.
    pub id: String,
    /// Why it began.
    pub trigger: String,
    /// Who asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested_by: Option<String>,
    /// Who approved its plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved_by: Option<String>,
    /// Who confirmed deletes that were held back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_by: Option<String>,
    /// The revision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// How it ended; `suspended` of a run that only suspended the layer.
    pub outcome: String,
    /// The run that took its place, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub superseded_by: Option<String>,
    /// What there was to say of it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// How many objects changed, by change.
    #[serde(default)]
    pub changes: Changes,
    /// The first objects that it changed, at most 5.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub objects: Vec<ChangedObject>,
    /// How long each phase took, in milliseconds: `fetch`, `render`, `preflight`, `apply`, `wait`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub phases: BTreeMap<String, u64>,
    /// When it began.
    pub started: String,
    /// When it ended.
    pub ended: String,
}

/// An object that a run changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChangedObject {
    /// The object's identifier.
    pub object: String,
    /// `create`, `update`, `adopt` or `delete`.
    pub change: String,
}
