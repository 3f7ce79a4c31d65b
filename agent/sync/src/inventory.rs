//! The durable record of the objects that a layer owns.

mod catalog;
mod chunks;
mod key;
mod packed;
mod secret;
mod store;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use tidegate_cluster::ApiError;
use tidegate_object::ObjectId;

use packed::NEWEST;
pub(crate) use store::{Held, Store};

/// The objects that a layer owns.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Inventory {
    /// Each with what is known of it.
    pub entries: BTreeMap<ObjectId, Entry>,
}

/// What the inventory knows of an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Entry {
    /// The version at which it is applied.
    pub api_version: String,
    /// Its uid; empty until it was written.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub uid: String,
    /// The digest of what was applied; empty until it was written.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub digest: String,
    /// The fingerprint of the normal form that was learned of it, in hexadecimal digits; empty while none is known.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub form: String,
    /// When it was applied last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applied: Option<Timestamp>,
}

/// An inventory that cannot be read or kept. Nothing was lost: what is there stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum InventoryError {
    /// The API server refused, or did not answer.
    #[error("the inventory cannot be reached: {0}")]
    Api(ApiError),
    /// Somebody else wrote it meanwhile.
    #[error(
        "the inventory {0} was changed by somebody else meanwhile: the run is tried again with what is there now"
    )]
    Changed(String),
    /// It is of a later version.
    #[error(
        "the inventory {name} has format {found}, and this version reads up to {NEWEST}: use the version of Tidegate that wrote it"
    )]
    Newer {
        /// The Secret.
        name: String,
        /// Its format.
        found: u32,
    },
    /// It cannot be written, or the key of digests is not what was written.
    #[error("the Secret {name} cannot be used: {problem}")]
    Malformed {
        /// The Secret.
        name: String,
        /// What is wrong, and what to do.
        problem: String,
    },
}

impl Inventory {
    /// Returns what is known of an object.
    pub(crate) fn get(&self, id: &ObjectId) -> Option<&Entry> {
        self.entries.get(id)
    }
}

impl InventoryError {
    /// Tells whether the same request may succeed soon.
    pub(crate) fn is_transient(&self) -> bool {
        matches!(self, Self::Api(error) if error.class.is_transient())
    }
}
