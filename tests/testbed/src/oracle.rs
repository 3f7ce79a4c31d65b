//! The real tools that our output is compared with.

use std::path::PathBuf;

use crate::Result;
use crate::binaries::{Binaries, ORACLES};

/// The path of kustomize 5.8.1, built into the cache the first time (under a minute; needs Go).
///
/// # Errors
/// [`crate::Error::Missing`] without Go.
pub fn kustomize() -> Result<PathBuf> {
    Ok(Binaries::ready(&ORACLES)?.program("kustomize"))
}
