//! What became of fields that a layer owns and others have changed.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tidegate_object::ObjectId;

/// A change that others made to what a layer owns of an object, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Drift {
    /// Counts what is noticed of a layer while the agent runs, from 1.
    pub number: u64,
    /// The object.
    pub object: ObjectId,
    /// What became of it.
    pub verdict: Verdict,
    /// The fields that differed, at most ten; none if the object was gone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
    /// The field manager that wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub writer: Option<String>,
    /// When that was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written: Option<Timestamp>,
    /// When it was noticed.
    pub noticed: Timestamp,
    /// Why it is not put right.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
}

/// What became of a change that others made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// It was put right.
    Repaired,
    /// The object was gone, and was made again.
    Remade,
    /// The values were as applied, but no longer the layer's: one apply took them back.
    Reclaimed,
    /// An apply would change nothing: the object looks different only because of defaults, a conversion or a webhook.
    Relearned,
    /// It is reported, and left.
    Reported,
    /// The object is held: it is left until that ends.
    Held,
    /// The object was held, and is no longer.
    HoldEnded,
    /// Somebody changes it again and again: it is left for a while.
    Contested,
    /// An apply that would put it right is refused.
    Refused,
}

impl Verdict {
    /// Returns the word that JSON, Events and metrics carry.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Repaired => "repaired",
            Self::Remade => "remade",
            Self::Reclaimed => "reclaimed",
            Self::Relearned => "relearned",
            Self::Reported => "reported",
            Self::Held => "held",
            Self::HoldEnded => "holdEnded",
            Self::Contested => "contested",
            Self::Refused => "refused",
        }
    }

    /// Tells whether the layer's objects were written.
    pub fn is_write(self) -> bool {
        matches!(self, Self::Repaired | Self::Remade | Self::Reclaimed)
    }
}

/// What was changed, by whom, and why it stays; without the object.
impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.fields.as_slice() {
            [] if self.verdict == Verdict::HoldEnded => f.write_str("its hold has ended")?,
            [] if self.verdict == Verdict::Remade => f.write_str("it was gone")?,
            [] => f.write_str("it was changed")?,
            fields => write!(f, "{} changed", fields.join(", "))?,
        }
        if let Some(writer) = &self.writer {
            write!(f, " by {writer}")?;
        }
        if let Some(written) = self.written {
            write!(f, " at {written}")?;
        }
        if !self.message.is_empty() {
            write!(f, ": {}", self.message)?;
        }
        Ok(())
    }
}
