//! The folder that outlives build folders: binaries, downloads, port leases.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use crate::{Error, Result};

/// The cache folder: `$TIDEGATE_CACHE`, else `$XDG_CACHE_HOME/tidegate`, else `~/.cache/tidegate`.
pub fn folder() -> PathBuf {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    if let Some(path) = variable("TIDEGATE_CACHE") {
        return path.into();
    }
    if let Some(path) = variable("XDG_CACHE_HOME") {
        return Path::new(&path).join("tidegate");
    }
    let home = variable("HOME").map_or_else(std::env::temp_dir, PathBuf::from);
    home.join(".cache/tidegate")
}

/// Makes a folder of the cache, and answers its path.
///
/// # Errors
/// [`Error::File`].
pub fn subfolder(name: &str) -> Result<PathBuf> {
    let path = folder().join(name);
    fs::create_dir_all(&path).map_err(Error::file(&path))?;
    Ok(path)
}

/// Waits for the lock file, and holds it until the answer is dropped or the process ends.
///
/// # Errors
/// [`Error::File`].
pub fn lock(path: &Path) -> Result<File> {
    let file = open_lock(path)?;
    file.lock().map_err(Error::file(path))?;
    Ok(file)
}

/// Opens a lock file without locking it.
pub(crate) fn open_lock(path: &Path) -> Result<File> {
    File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
        .map_err(Error::file(path))
}
