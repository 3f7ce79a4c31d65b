//! How much a repository may cost before it is refused.

use std::fmt;
use std::time::Duration;

/// Bounds on what a server may send, and on what a revision may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one listing of refs, over http and https.
    pub listing_bytes: u64,
    /// Bytes of one fetch.
    pub pack_bytes: u64,
    /// Objects of one fetch.
    pub objects: u64,
    /// Files and folders of a revision.
    pub files: u64,
    /// Folders within folders.
    pub depth: u64,
    /// Bytes of one file, and of the list of names of one folder.
    pub file_bytes: u64,
    /// Packs of one cached repository, above which it is packed anew.
    pub packs: u64,
    /// Bytes of the cache folder, above which the repositories that were not used for longest go.
    pub cache_bytes: u64,
    /// How long a cached repository stays that nobody asks for, as after a change of credentials.
    pub unused: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        const MIB: u64 = 1 << 20;
        Self {
            listing_bytes: 32 * MIB,
            pack_bytes: 512 * MIB,
            objects: 2_000_000,
            files: 500_000,
            depth: 64,
            file_bytes: 16 * MIB,
            packs: 50,
            cache_bytes: 1024 * MIB,
            unused: Duration::from_secs(24 * 3600),
        }
    }
}

/// A bound that was passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Passed {
    /// The bound's name.
    pub limit: &'static str,
    /// The bound.
    pub value: u64,
}

impl Passed {
    /// Tells whether a number is above a bound.
    pub(crate) fn check(limit: &'static str, value: u64, found: u64) -> Result<(), Self> {
        if found > value {
            return Err(Self { limit, value });
        }
        Ok(())
    }
}

impl fmt::Display for Passed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "more than {} {}", self.value, self.limit)
    }
}

/// Converts a size of memory or disk.
pub(crate) fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
