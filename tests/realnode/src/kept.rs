//! Folders that are made once, and kept in the cache under a hash of what they are made from.

use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use tidegate_testbed::{Error, Result, cache};

/// Finds the folder that was made from these sources, or makes it: `make` fills a new folder, which gets its place
/// when it is complete.
pub(crate) fn folder(
    name: &str,
    sources: &[&[u8]],
    make: impl FnOnce(&Path) -> Result<()>,
) -> Result<PathBuf> {
    let mut hash = Sha256::new();
    for source in sources {
        hash.update(source.len().to_le_bytes());
        hash.update(source);
    }
    let digest = hash.finalize();
    let bytes = digest.iter().take(8).map(|byte| format!("{byte:02x}"));
    let digits = bytes.collect::<Vec<_>>().concat();
    let folder = cache::subfolder("realnode/folders")?.join(format!("{name}-{digits}"));
    let _lock = cache::lock(&folder.with_extension("lock"))?;
    if folder.is_dir() {
        return Ok(folder);
    }
    let unfinished = folder.with_extension("unfinished");
    if unfinished.exists() {
        fs::remove_dir_all(&unfinished).map_err(Error::file(&unfinished))?;
    }
    fs::create_dir_all(&unfinished).map_err(Error::file(&unfinished))?;
    make(&unfinished)?;
    fs::rename(&unfinished, &folder).map_err(Error::file(&folder))?;
    Ok(folder)
}
