//! The verdict on one object.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tidegate_object::Object;

use crate::rules;

/// How an object is, and the cluster's own reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// The verdict.
    pub status: Status,
    /// Why, in the cluster's words where it has any.
    pub message: String,
    /// When time alone may change the verdict.
    pub recheck_at: Option<Timestamp>,
}

/// The verdicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Status {
    /// It is as it should be.
    Current,
    /// It is on its way.
    InProgress,
    /// It does not get there by itself.
    Failed,
    /// Somebody paused it.
    Suspended,
    /// It is being deleted.
    Terminating,
    /// It is not there.
    Missing,
    /// Nothing is known.
    Unknown,
}

/// What a verdict needs beyond the object.
#[derive(Debug, Clone, Copy)]
pub struct Context {
    /// The time.
    pub now: Timestamp,
    /// Since when this generation of the object is there.
    pub since: Timestamp,
    /// Whether it was just written: kinds without an observed generation then get time to react.
    pub settle: bool,
}

/// Judges a live object by its kind's rule.
///
/// Follows kstatus where that is right, and the kinds' own documentation where it is not: a status
/// that should be there and is not means in progress, `Ready=False` right after creation is no
/// failure, and a condition alone is not enough where its reason says otherwise.
pub fn health(object: &Object, ctx: &Context) -> Health {
    if let Some(health) = terminating(object) {
        return health;
    }
    rules::judge(object, ctx)
}

impl Status {
    /// Tells whether nothing is left to wait for.
    pub fn is_done(self) -> bool {
        matches!(self, Self::Current | Self::Suspended)
    }

    /// Tells whether waiting alone will not help.
    pub fn is_failed(self) -> bool {
        matches!(self, Self::Failed | Self::Missing)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Current => "current",
            Self::InProgress => "in progress",
            Self::Failed => "failed",
            Self::Suspended => "suspended",
            Self::Terminating => "terminating",
            Self::Missing => "missing",
            Self::Unknown => "unknown",
        })
    }
}

impl Health {
    /// It is as it should be.
    pub fn current() -> Self {
        Self::new(Status::Current, "")
    }

    /// It is on its way.
    pub fn in_progress(message: impl Into<String>) -> Self {
        Self::new(Status::InProgress, message)
    }

    /// It does not get there by itself.
    pub fn failed(message: impl Into<String>) -> Self {
        Self::new(Status::Failed, message)
    }

    /// Somebody paused it.
    pub fn suspended(message: impl Into<String>) -> Self {
        Self::new(Status::Suspended, message)
    }

    /// It is not there.
    pub fn missing() -> Self {
        Self::new(Status::Missing, "it is not in the cluster")
    }

    /// The verdict may change at that time though nothing happens.
    #[must_use]
    pub fn until(self, at: Option<Timestamp>) -> Self {
        Self {
            recheck_at: at,
            ..self
        }
    }

    fn new(status: Status, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
            recheck_at: None,
        }
    }
}

fn terminating(object: &Object) -> Option<Health> {
    object.text("/metadata/deletionTimestamp")?;
    let finalizers = object
        .pointer("/metadata/finalizers")
        .and_then(|list| list.as_array());
    let names: Vec<&str> = finalizers
        .into_iter()
        .flatten()
        .filter_map(|name| name.as_str())
        .collect();
    let message = if names.is_empty() {
        "it is being deleted".to_owned()
    } else {
        format!(
            "it is being deleted, and waits for its finalizers: {}",
            names.join(", ")
        )
    };
    Some(Health::new(Status::Terminating, message))
}
