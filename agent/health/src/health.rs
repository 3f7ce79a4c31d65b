//! The health of one object.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tidegate_object::Object;

use crate::context::{Context, Settle};
use crate::rule::{self, Guard, Rule};
use crate::verdict::{Class, Verdict};
use crate::{facts, facts::Observed};

/// How long an old status may still be seen after a change, for kinds that do not report which
/// generation they have observed.
const SETTLE_WINDOW: SignedDuration = SignedDuration::from_secs(15);

/// How well an object is, and what the cluster says about that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Health {
    /// How well it is.
    pub status: Status,
    /// The cluster's own reason; empty if there is nothing to say.
    pub message: String,
    /// What is wrong with it without keeping it from its work.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// When time alone may change the verdict; `None` if only a change of the object can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recheck_at: Option<Timestamp>,
}

/// How well an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Status {
    /// It is as its spec says.
    Current,
    /// It is on its way.
    InProgress,
    /// It needs a change to get well.
    Failed,
    /// Somebody told it to stand still.
    Suspended,
    /// It is being deleted.
    Terminating,
    /// It is not there.
    Missing,
    /// Nothing is known of it.
    Unknown,
}

/// Judges a live object by its kind's rule.
///
/// Of the same object and context it always says the same. A missing object has no value to judge:
/// that is [`Health::missing`], by the caller.
pub fn health(object: &Object, ctx: &Context<'_>) -> Health {
    if let Some(message) = facts::deletion(object) {
        return Health::new(Status::Terminating, message);
    }
    let rule = rule::of(&object.id().kind);
    let verdict = (rule.judge)(object, ctx.neighbours);
    // A controller that is told to stand still may never look at the latest generation.
    let behind = behind(object, rule.guard).filter(|_| verdict.class != Class::Suspended);
    if let Some(message) = behind {
        return Health::new(Status::InProgress, message);
    }
    let since = ctx.since.or_else(|| facts::last_write(object));
    let settling = still_to_come(ctx.now, since, SETTLE_WINDOW);
    if let Some(end) = settling.filter(|_| may_be_outdated(object, (&verdict, rule), ctx.settle)) {
        let health = Health::new(
            Status::InProgress,
            "its controller may not have looked at it yet",
        );
        return Health {
            recheck_at: Some(end),
            ..health
        };
    }
    let waits_until = match verdict.class {
        Class::Silent => settling,
        Class::Failing => still_to_come(ctx.now, since.max(verdict.since), rule.grace),
        _ => None,
    };
    resolve(verdict, waits_until)
}

impl Health {
    /// The health of an object that is not there.
    pub fn missing() -> Self {
        Self::new(Status::Missing, "not there")
    }

    /// The health of an object of which nothing is known.
    pub fn unknown(message: impl Into<String>) -> Self {
        Self::new(Status::Unknown, message)
    }

    /// A failure, with its reason.
    pub fn failed(message: impl Into<String>) -> Self {
        Self::new(Status::Failed, message)
    }

    /// The failure of an object whose deadline has passed, with what the cluster says about it.
    pub fn late(waited: SignedDuration, reason: &str) -> Self {
        let reason = if reason.is_empty() {
            "no reason given"
        } else {
            reason
        };
        Self::failed(format!("not ready within {waited:#}: {reason}"))
    }

    fn new(status: Status, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
            warnings: Vec::new(),
            recheck_at: None,
        }
    }
}

impl Status {
    /// Tells whether nothing is to be waited for: it is current, or told to stand still.
    pub fn is_done(self) -> bool {
        matches!(self, Self::Current | Self::Suspended)
    }

    /// Tells whether waiting alone will not help.
    pub fn is_failed(self) -> bool {
        matches!(self, Self::Failed | Self::Missing)
    }

    /// Returns the word that JSON carries, for example `inProgress`; people read what `Display` writes.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::InProgress => "inProgress",
            Self::Failed => "failed",
            Self::Suspended => "suspended",
            Self::Terminating => "terminating",
            Self::Missing => "missing",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InProgress => "in progress",
            other => other.as_str(),
        })
    }
}

fn behind(object: &Object, guard: Guard) -> Option<String> {
    let observed = match (guard, facts::observed(object)) {
        (Guard::Existence | Guard::Own, _)
        | (_, Observed::Latest)
        | (Guard::Settle, Observed::Unreported) => {
            return None;
        }
        (_, Observed::Older(generation)) => generation,
        (Guard::Observed, Observed::Unreported) => 0,
    };
    let generation = object.generation().unwrap_or_default();
    Some(match observed {
        0 => "its controller has not looked at it yet".into(),
        _ => format!("its controller has seen generation {observed} of {generation}"),
    })
}

/// Tells whether a verdict may rest on a status of the time before a change.
fn may_be_outdated(object: &Object, judged: (&Verdict, &Rule), settle: Settle) -> bool {
    let (verdict, rule) = judged;
    if matches!(verdict.class, Class::InProgress | Class::Silent) {
        return false;
    }
    match settle {
        Settle::No => false,
        // The spec of a first generation never was another, so its status is of this spec.
        Settle::AfterChange => {
            rule.guard == Guard::Settle
                && facts::observed(object) == Observed::Unreported
                && object.generation() != Some(1)
        }
        Settle::AfterProvider => rule.guard != Guard::Existence,
    }
}

fn resolve(verdict: Verdict, waits_until: Option<Timestamp>) -> Health {
    let status = match verdict.class {
        Class::Silent | Class::Failing if waits_until.is_some() => Status::InProgress,
        Class::Current | Class::Silent => Status::Current,
        Class::InProgress => Status::InProgress,
        Class::Failing | Class::Failed => Status::Failed,
        Class::Suspended => Status::Suspended,
    };
    Health {
        status,
        message: verdict.message,
        warnings: verdict.warnings,
        recheck_at: waits_until,
    }
}

/// Returns the end of a window, unless it has passed.
fn still_to_come(
    now: Timestamp,
    since: Option<Timestamp>,
    window: SignedDuration,
) -> Option<Timestamp> {
    since?.checked_add(window).ok().filter(|end| *end > now)
}
