//! The durable record of the objects that a layer owns.

mod store;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use tidegate_cluster::ApiError;
use tidegate_object::ObjectId;

pub(crate) use store::{Held, Store};

/// The format that this version writes, and the newest that it reads.
const FORMAT: u32 = 1;

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
        "the inventory {name} has format {found}, and this version reads up to {FORMAT}: use the version of Tidegate that wrote it"
    )]
    Newer {
        /// The Secret.
        name: String,
        /// Its format.
        found: u32,
    },
    /// It is larger than the API server takes.
    #[error(
        "the inventory of {objects} objects is larger than a Secret may be (1 MiB): split the layer"
    )]
    TooLarge {
        /// How many objects it holds.
        objects: usize,
    },
    /// It is not what was written.
    #[error(
        "the inventory {name} cannot be read: {problem}: restore the Secret, or delete it to have it rebuilt from the marks on the objects"
    )]
    Malformed {
        /// The Secret.
        name: String,
        /// What is wrong.
        problem: String,
    },
}

/// The inventory as it is written.
#[derive(Serialize, Deserialize)]
struct Written {
    format: u32,
    objects: BTreeMap<ObjectId, Entry>,
}

/// The format alone: the rest of a newer one may have another shape.
#[derive(Deserialize)]
struct Head {
    format: u32,
}

impl Inventory {
    /// Returns what is known of an object.
    pub(crate) fn get(&self, id: &ObjectId) -> Option<&Entry> {
        self.entries.get(id)
    }

    fn write(&self) -> Result<Vec<u8>, serde_json::Error> {
        let objects = self.entries.clone();
        let format = FORMAT;
        serde_json::to_vec(&Written { format, objects })
    }

    fn read(name: &str, bytes: &[u8]) -> Result<Self, InventoryError> {
        let malformed = |error: serde_json::Error| InventoryError::Malformed {
            name: name.into(),
            problem: error.to_string(),
        };
        let head: Head = serde_json::from_slice(bytes).map_err(malformed)?;
        if head.format > FORMAT {
            return Err(InventoryError::Newer {
                name: name.into(),
                found: head.format,
            });
        }
        let written: Written = serde_json::from_slice(bytes).map_err(malformed)?;
        Ok(Self {
            entries: written.objects,
        })
    }
}

impl InventoryError {
    /// Tells whether the same request may succeed soon.
    pub(crate) fn is_transient(&self) -> bool {
        matches!(self, Self::Api(error) if error.class.is_transient())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_inventory_is_read_as_it_was_written() {
        let entry = Entry {
            api_version: "apps/v1".into(),
            uid: "u1".into(),
            digest: "d1".into(),
            applied: Some(Timestamp::UNIX_EPOCH),
        };
        let id = "apps/Deployment/web/web".parse().unwrap();
        let inventory = Inventory {
            entries: BTreeMap::from([(id, entry)]),
        };
        let bytes = inventory.write().unwrap();
        insta::assert_snapshot!(String::from_utf8_lossy(&bytes), @r#"{"format":1,"objects":{"apps/Deployment/web/web":{"apiVersion":"apps/v1","uid":"u1","digest":"d1","applied":"1970-01-01T00:00:00Z"}}}"#);
        assert_eq!(Inventory::read("a", &bytes), Ok(inventory));
    }

    #[test]
    fn what_cannot_be_read_says_what_to_do() {
        for (text, expected) in [
            (
                r#"{"format":2,"heads":[]}"#,
                "the inventory a has format 2, and this version reads up to 1: use the version of Tidegate that wrote it",
            ),
            (
                r#"{"format":1}"#,
                "the inventory a cannot be read: missing field `objects` at line 1 column 12: restore the Secret, or delete it to have it rebuilt from the marks on the objects",
            ),
        ] {
            let error = Inventory::read("a", text.as_bytes()).unwrap_err();
            assert_eq!(error.to_string(), expected);
        }
    }
}
