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
    let verdict = settled(object, (verdict, rule), ctx);
    resolve(verdict, rule, (object, ctx))
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

/// Distrusts a verdict that may be of the time before a change.
fn settled(object: &Object, judged: (Verdict, &Rule), ctx: &Context<'_>) -> Verdict {
    let (verdict, rule) = judged;
    let old_status_possible = match ctx.settle {
        Settle::No => false,
        // The spec of a first generation never was another, so its status is of this spec.
        Settle::AfterChange => {
            rule.guard == Guard::Settle
                && facts::observed(object) == Observed::Unreported
                && object.generation() != Some(1)
        }
        Settle::AfterProvider => rule.guard != Guard::Existence,
    };
    let of_a_status = !matches!(verdict.class, Class::InProgress | Class::Silent);
    if old_status_possible && of_a_status {
        return Verdict {
            unsettled: true,
            ..verdict
        };
    }
    verdict
}

fn resolve(verdict: Verdict, rule: &Rule, (object, ctx): (&Object, &Context<'_>)) -> Health {
    let since = ctx.since.or_else(|| facts::last_write(object));
    let ends = |since: Option<Timestamp>, window| {
        since
            .and_then(|since| since.checked_add(window).ok())
            .filter(|end| *end > ctx.now)
    };
    let settles = ends(since, SETTLE_WINDOW);
    let Verdict {
        class,
        message,
        warnings,
        since: began,
        unsettled,
    } = verdict;
    if let Some(end) = settles.filter(|_| unsettled) {
        let health = Health::new(
            Status::InProgress,
            "its controller may not have looked at it yet",
        );
        return Health {
            recheck_at: Some(end),
            ..health
        };
    }
    let grace = ends(since.max(began), rule.grace);
    let (status, recheck_at) = match class {
        Class::Current => (Status::Current, None),
        Class::Silent => (
            settles.map_or(Status::Current, |_| Status::InProgress),
            settles,
        ),
        Class::InProgress => (Status::InProgress, None),
        Class::Failing => (grace.map_or(Status::Failed, |_| Status::InProgress), grace),
        Class::Failed => (Status::Failed, None),
        Class::Suspended => (Status::Suspended, None),
    };
    Health {
        status,
        message,
        warnings,
        recheck_at,
    }
}
