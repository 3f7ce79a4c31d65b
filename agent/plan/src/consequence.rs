//! What a change does to what runs: restarts, fewer pods, deleted data.

mod line;

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tidegate_object::GroupKind;

use line::Table;

/// Something that a change does to what runs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Consequence {
    /// How grave it is.
    pub kind: ConsequenceKind,
    /// What happens, to be read behind the object's name: `restarts its 3 pods`.
    pub message: String,
}

/// The kinds of consequences, the gravest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ConsequenceKind {
    /// Data goes, or its owner does.
    DataLoss,
    /// A kind changes under its objects.
    CrdChange,
    /// Pods with state restart, or a database's primary moves.
    StatefulRestart,
    /// There are fewer pods, or none.
    ScaleDown,
    /// Pods restart.
    Restart,
}

/// What becomes of a live object, whose fields are those that the API server answers.
#[derive(Debug, Clone, Copy)]
pub enum Difference<'v> {
    /// It is made into another: what it is, and what a dry-run says that it will be.
    Changed(&'v Value, &'v Value),
    /// It is deleted.
    Removed(&'v Value),
}

/// Returns what a change does to what runs, the gravest first. The rules are the table `consequences.yaml`.
pub fn consequences(of: &GroupKind, difference: Difference<'_>) -> Vec<Consequence> {
    let table = Table::builtin();
    let found = match difference {
        Difference::Changed(before, after) => table.changed(of, before, after),
        Difference::Removed(before) => table.removed(of, before),
    };
    let mut found: Vec<_> = found
        .into_iter()
        .map(|(kind, message)| Consequence { kind, message })
        .collect();
    found.sort();
    found
}

impl ConsequenceKind {
    /// Returns the word that JSON carries and people read.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DataLoss => "dataLoss",
            Self::CrdChange => "crdChange",
            Self::StatefulRestart => "statefulRestart",
            Self::ScaleDown => "scaleDown",
            Self::Restart => "restart",
        }
    }
}

impl fmt::Display for ConsequenceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
