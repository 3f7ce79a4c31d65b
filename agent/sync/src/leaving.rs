//! Owned objects that the revision no longer holds: what becomes of each, and what holds it back.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tidegate_object::ObjectId;
use tidegate_plan::Consequence;

/// An owned object that the revision no longer holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Leaving {
    /// The object.
    pub id: ObjectId,
    /// Its uid; empty if it is not known.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub uid: String,
    /// What becomes of it.
    pub fate: Fate,
    /// What its delete does to what runs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub consequences: Vec<Consequence>,
    /// Which guard holds it back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guard: Option<Guard>,
    /// Whether it goes if a person confirms it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub confirmable: bool,
    /// What it waits for, or why it is held back, and what to do.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// Since when that is so.
    pub since: Timestamp,
}

/// What becomes of an object that leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Fate {
    /// It is deleted when its turn comes.
    Waiting,
    /// A guard holds it back.
    Held,
    /// It is being deleted: its finalizers are not done.
    Going,
    /// It was deleted by this run.
    Pruned,
    /// It is gone, or somebody else's: nothing was deleted.
    Forgotten,
}

/// What holds a delete back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Guard {
    /// The layer does not prune.
    Disabled,
    /// The rendering is not complete.
    Render,
    /// The inventory was just rebuilt from marks.
    Inventory,
    /// What is live of its kind is not known.
    Unsynced,
    /// Too many objects would go at once.
    Fraction,
    /// The kind holds data, or others stand on it.
    Protected,
    /// The agent itself lives on it.
    Agent,
    /// Another layer may hold it at this commit.
    Handover,
    /// An object that needs it stays.
    Needed,
    /// The live object does not say that it is ours.
    Marks,
    /// The agent's Lease or the inventory is somebody else's.
    Leadership,
    /// The API server refused.
    Refused,
}

impl Guard {
    /// All guards.
    pub const ALL: [Self; 12] = [
        Self::Disabled,
        Self::Render,
        Self::Inventory,
        Self::Unsynced,
        Self::Fraction,
        Self::Protected,
        Self::Agent,
        Self::Handover,
        Self::Needed,
        Self::Marks,
        Self::Leadership,
        Self::Refused,
    ];

    /// Returns the word that JSON and metrics carry.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Disabled => "disabled",
            Self::Render => "render",
            Self::Inventory => "inventory",
            Self::Unsynced => "unsynced",
            Self::Fraction => "fraction",
            Self::Protected => "protected",
            Self::Agent => "agent",
            Self::Handover => "handover",
            Self::Needed => "needed",
            Self::Marks => "marks",
            Self::Leadership => "leadership",
            Self::Refused => "refused",
        }
    }
}

impl Leaving {
    /// The word under which deletes are counted beside other changes.
    pub(crate) const CHANGE: &str = "delete";

    /// Tells whether a delete was asked for.
    pub fn was_deleted(&self) -> bool {
        matches!(self.fate, Fate::Going | Fate::Pruned)
    }

    /// Tells whether the layer still owns it.
    pub fn is_owned(&self) -> bool {
        matches!(self.fate, Fate::Waiting | Fate::Held | Fate::Going)
    }
}
