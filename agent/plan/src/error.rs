//! Why there is no plan.

use std::fmt::{self, Write as _};

use thiserror::Error;
use tidegate_object::{ObjectId, Origin};

use crate::{EdgeReason, PathError};

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PlanError {
    /// Two manifests are of the same object.
    #[error("{id} stands twice: at {} and at {}: remove one", place(first.as_ref()), place(second.as_ref()))]
    Duplicate {
        /// The object.
        id: Box<ObjectId>,
        /// Where it stands first.
        first: Option<Origin>,
        /// Where it stands again.
        second: Option<Origin>,
    },
    /// Objects wait for each other, and an annotation says so.
    #[error("{}", circle(steps))]
    Cycle {
        /// The edges of the cycle: each waits for the next, the last for the first.
        steps: Vec<CycleStep>,
    },
    /// Explicit waves put more objects behind each other than a plan can hold.
    #[error(
        "`tidegate.dev/wave` puts {objects} objects behind each other in {edges} pairs, more than {limit}: number fewer objects, or use `tidegate.dev/depends-on`"
    )]
    Waves {
        /// How many objects are in explicit waves.
        objects: usize,
        /// How many pairs of them wait for each other.
        edges: usize,
        /// The most that a plan can hold.
        limit: usize,
    },
    /// A reference rule of the layer has a path that is none.
    #[error("references[{index}].path: {source}")]
    Rule {
        /// The rule's place in the list, from 0.
        index: usize,
        /// What is wrong with it.
        source: PathError,
    },
}

/// One edge of a cycle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CycleStep {
    /// The object that waits.
    pub from: ObjectId,
    /// Where it stands in Git.
    pub origin: Option<Origin>,
    /// The object that it waits for.
    pub to: ObjectId,
    /// Why.
    pub reason: EdgeReason,
}

impl fmt::Display for CycleStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            from, to, reason, ..
        } = self;
        match &self.origin {
            Some(origin) => write!(f, "{from} ({origin}) waits for {to}: {reason}"),
            None => write!(f, "{from} waits for {to}: {reason}"),
        }
    }
}

fn circle(steps: &[CycleStep]) -> String {
    let mut text = String::from("objects wait for each other in a circle:");
    for step in steps {
        let _ = write!(text, "\n  {step}");
    }
    let named: Vec<_> = steps
        .iter()
        .filter(|step| step.reason.is_explicit())
        .map(|step| format!("{} of {}", step.reason, step.from))
        .collect();
    let _ = write!(text, "\nremove one of: {}", named.join(", "));
    text
}

pub(crate) fn place(origin: Option<&Origin>) -> String {
    origin.map_or_else(|| "an unknown place".into(), ToString::to_string)
}
