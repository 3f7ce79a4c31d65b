//! What a run does to an object.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a run does to an object.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(rename_all = "camelCase")]
pub enum Change {
    /// It is made.
    Create,
    /// Fields of it change.
    Update,
    /// An object that nobody owns becomes the layer's.
    Adopt,
    /// It is as Git says.
    None,
    /// Only the cluster can tell, and it was not asked.
    #[default]
    Unknown,
}

impl Change {
    /// Returns the word that JSON carries and people read.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Adopt => "adopt",
            Self::None => "none",
            Self::Unknown => "unknown",
        }
    }

    /// Tells whether the object is written.
    pub fn is_write(self) -> bool {
        !matches!(self, Self::None)
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
