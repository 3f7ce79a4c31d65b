//! How an inventory is written: a small one whole, a large one as chunks beside a head that names them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tidegate_object::ObjectId;

use super::{Entry, Inventory};

/// The format of an inventory that is written whole. Every version reads it.
const WHOLE: u32 = 1;

/// The format of a head that names chunks.
const CHUNKED: u32 = 2;

/// The newest format that this version reads.
pub(super) const NEWEST: u32 = CHUNKED;

/// The most bytes of an inventory that is written whole: about 1300 objects.
const LARGEST_WHOLE: usize = 256 << 10;

/// About how large a chunk is. A change of one object writes one chunk anew.
const CHUNK: usize = 128 << 10;

/// The most that the data of a Secret may have (`MaxSecretSize` in the API's types).
const LARGEST: usize = 1 << 20;

/// The bytes of a chunk's digest that are in its name.
const DIGEST: usize = 16;

/// An inventory as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Packed {
    /// What is replaced last, and only if it is still what was read.
    pub head: Vec<u8>,
    /// What the head names, by digest; nothing if the head holds all.
    pub chunks: BTreeMap<String, Vec<u8>>,
}

/// What a head says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Head {
    /// All there is.
    Whole(Inventory),
    /// The digests of the chunks.
    Chunks(Vec<String>),
    /// It is of a later version, in this format.
    Newer(u32),
    /// It is not what was written, and why.
    Damaged(String),
}

#[derive(Serialize, Deserialize)]
struct Format {
    format: u32,
}

#[derive(Serialize, Deserialize)]
struct WrittenWhole {
    format: u32,
    objects: Objects,
}

#[derive(Serialize, Deserialize)]
struct WrittenHead {
    format: u32,
    chunks: Vec<String>,
}

type Objects = BTreeMap<ObjectId, Entry>;

impl Packed {
    /// Writes an inventory: in the older format as long as that holds it, so that an older version can read it.
    pub(super) fn of(inventory: &Inventory) -> Result<Self, serde_json::Error> {
        Self::within(inventory, LARGEST_WHOLE, CHUNK)
    }

    fn within(
        inventory: &Inventory,
        whole: usize,
        chunk: usize,
    ) -> Result<Self, serde_json::Error> {
        let head = serde_json::to_vec(&Whole {
            format: WHOLE,
            objects: &inventory.entries,
        })?;
        if head.len() <= whole {
            let chunks = BTreeMap::new();
            return Ok(Self { head, chunks });
        }
        let chunks = split(&inventory.entries, head.len() / chunk.max(1))?;
        let head = WrittenHead {
            format: CHUNKED,
            chunks: chunks.keys().cloned().collect(),
        };
        let head = serde_json::to_vec(&head)?;
        Ok(Self { head, chunks })
    }
}

/// An inventory that is written whole, borrowed.
#[derive(Serialize)]
struct Whole<'a> {
    format: u32,
    objects: &'a Objects,
}

impl Head {
    /// Reads a head.
    pub(super) fn read(bytes: &[u8]) -> Self {
        match Self::try_to_read(bytes) {
            Ok(head) => head,
            Err(error) => Self::Damaged(error.to_string()),
        }
    }

    fn try_to_read(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        let Format { format } = serde_json::from_slice(bytes)?;
        Ok(match format {
            0..=WHOLE => {
                let WrittenWhole { objects, .. } = serde_json::from_slice(bytes)?;
                Self::Whole(Inventory { entries: objects })
            }
            CHUNKED => {
                let WrittenHead { chunks, .. } = serde_json::from_slice(bytes)?;
                Self::Chunks(chunks)
            }
            newer => Self::Newer(newer),
        })
    }
}

/// Reads a chunk; `None` if it is not what its digest says.
pub(super) fn chunk(digest: &str, bytes: &[u8]) -> Option<Objects> {
    let is_whole = digest_of(bytes) == digest;
    is_whole
        .then(|| serde_json::from_slice(bytes).ok())
        .flatten()
}

/// Deals objects out by a hash of their names, so that one that comes or goes changes one chunk.
fn split(objects: &Objects, about: usize) -> Result<BTreeMap<String, Vec<u8>>, serde_json::Error> {
    let mut count = about.max(1).next_power_of_two();
    loop {
        let mut parts: Vec<BTreeMap<&ObjectId, &Entry>> = vec![BTreeMap::new(); count];
        for (id, entry) in objects {
            if let Some(part) = parts.get_mut(place(id, count)) {
                part.insert(id, entry);
            }
        }
        let parts = parts.iter().filter(|part| !part.is_empty());
        let written = parts.map(serde_json::to_vec);
        let written = written.collect::<Result<Vec<_>, _>>()?;
        if count > objects.len() || written.iter().all(|part| part.len() <= LARGEST) {
            let named = written.into_iter().map(|part| (digest_of(&part), part));
            return Ok(named.collect());
        }
        count *= 2;
    }
}

fn place(id: &ObjectId, count: usize) -> usize {
    let digest = Sha256::digest(id.to_string());
    let first = digest.iter().take(4);
    let number = first.fold(0, |number: usize, byte| number << 8 | usize::from(*byte));
    number % count
}

fn digest_of(bytes: &[u8]) -> String {
    let mut digest = String::with_capacity(2 * DIGEST);
    for byte in Sha256::digest(bytes).iter().take(DIGEST) {
        let _ = write!(digest, "{byte:02x}");
    }
    digest
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn inventory(count: usize) -> Inventory {
        let entry = |index: usize| Entry {
            api_version: "apps/v1".into(),
            uid: format!("u{index}"),
            digest: "d".into(),
            form: String::new(),
            applied: Some(Timestamp::UNIX_EPOCH),
        };
        let id = |index| format!("apps/Deployment/web/w{index}").parse().unwrap();
        let entries = (0..count).map(|index| (id(index), entry(index)));
        Inventory {
            entries: entries.collect(),
        }
    }

    fn read(packed: &Packed) -> Inventory {
        match Head::read(&packed.head) {
            Head::Whole(inventory) => inventory,
            Head::Chunks(digests) => {
                let chunks = digests
                    .iter()
                    .map(|digest| chunk(digest, &packed.chunks[digest]));
                Inventory {
                    entries: chunks.flat_map(Option::unwrap).collect(),
                }
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_small_inventory_is_written_as_every_version_reads_it() {
        let packed = Packed::of(&inventory(1)).unwrap();
        insta::assert_snapshot!(String::from_utf8_lossy(&packed.head), @r#"{"format":1,"objects":{"apps/Deployment/web/w0":{"apiVersion":"apps/v1","uid":"u0","digest":"d","applied":"1970-01-01T00:00:00Z"}}}"#);
        assert_eq!(packed.chunks.len(), 0);
        assert_eq!(read(&packed), inventory(1));
    }

    #[test]
    fn a_large_inventory_is_read_as_it_was_written() {
        let packed = Packed::of(&inventory(50_000)).unwrap();
        assert!(packed.head.len() < LARGEST_WHOLE);
        assert!(packed.chunks.values().all(|chunk| chunk.len() < 2 * CHUNK));
        assert_eq!(read(&packed), inventory(50_000));
    }

    #[test]
    fn one_object_changes_one_chunk() {
        let before = Packed::within(&inventory(1000), 1000, 2000).unwrap();
        let mut changed = inventory(1000);
        let id = "apps/Deployment/web/w7".parse().unwrap();
        changed.entries.get_mut(&id).unwrap().digest = "e".into();
        let after = Packed::within(&changed, 1000, 2000).unwrap();
        let is_new = |digest: &&String| !before.chunks.contains_key(*digest);
        assert!(before.chunks.len() > 10);
        assert_eq!(after.chunks.keys().filter(is_new).count(), 1);
    }

    #[test]
    fn objects_with_long_names_still_fit_into_secrets() {
        let entry = Entry {
            api_version: "v".repeat(60_000),
            ..inventory(1).entries.into_values().next().unwrap()
        };
        let id = |index| format!("core/ConfigMap/n/{index}").parse().unwrap();
        let entries = (0..40).map(|index| (id(index), entry.clone())).collect();
        let packed = Packed::within(&Inventory { entries }, 1000, usize::MAX).unwrap();
        assert!(packed.chunks.values().all(|chunk| chunk.len() <= LARGEST));
    }

    #[test]
    fn what_is_damaged_is_known() {
        let check = |text: &str, expected: &str| {
            assert_eq!(format!("{:?}", Head::read(text.as_bytes())), expected);
        };
        check("{\"format\":3,\"heads\":[]}", "Newer(3)");
        check(
            "{\"format\":1}",
            "Damaged(\"missing field `objects` at line 1 column 12\")",
        );
        check("nothing", "Damaged(\"expected ident at line 1 column 2\")");
        let packed = Packed::within(&inventory(100), 100, 1000).unwrap();
        let (digest, bytes) = packed.chunks.first_key_value().unwrap();
        assert!(chunk(digest, bytes).is_some());
        assert_eq!(chunk(digest, &bytes[1..]), None);
    }
}
