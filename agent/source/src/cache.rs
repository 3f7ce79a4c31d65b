//! The folder of bare repositories: one for each URL and credentials, none of them needed.
//!
//! ```text
//! <folder>/key             32 random bytes: names of repositories tell nothing of credentials
//! <folder>/lock            held while a process uses the folder
//! <folder>/<id>/<number>   a bare repository; a new number replaces a damaged or crowded one
//! ```

mod entry;
mod generation;

pub(crate) use entry::{Entry, State};
pub(crate) use generation::Generation;

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use thiserror::Error;

use crate::credentials::keyed_digest;
use crate::session::lock;
use crate::{Credentials, GitUrl, Limits, hex};

/// The cache folder cannot be used.
#[derive(Debug, Error)]
pub enum CacheError {
    /// It cannot be read or written.
    #[error("the cache folder {0} cannot be used: {1}")]
    Unusable(PathBuf, #[source] io::Error),
    /// Another process holds it.
    #[error("the cache folder {0} is used by another process: give each its own")]
    InUse(PathBuf),
    /// libgit2 cannot be set up.
    #[error("git cannot be set up: {0}")]
    Git(#[source] git2::Error),
}

pub(crate) struct Cache {
    folder: PathBuf,
    key: [u8; 32],
    entries: Mutex<BTreeMap<String, Arc<Entry>>>,
    opened: Instant,
    lock: File,
}

impl Cache {
    pub(crate) fn open(folder: &Path) -> Result<Self, CacheError> {
        let unusable = |error| CacheError::Unusable(folder.to_owned(), error);
        // What is in it was fetched with somebody's credentials.
        let mut made = DirBuilder::new();
        let made = made.recursive(true).mode(0o700).create(folder);
        made.map_err(unusable)?;
        let lock = private(&folder.join("lock")).map_err(unusable)?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => CacheError::InUse(folder.to_owned()),
            TryLockError::Error(error) => unusable(error),
        })?;
        Ok(Self {
            folder: folder.to_owned(),
            key: key(&folder.join("key")).map_err(unusable)?,
            entries: Mutex::new(entries(folder).map_err(unusable)?),
            opened: Instant::now(),
            lock,
        })
    }

    /// Returns the name under which a repository is cached.
    pub(crate) fn id(&self, url: &GitUrl, credentials: &Credentials) -> String {
        let digest = credentials.digest(&self.key);
        let parts = [url.remote().as_bytes(), &digest];
        let digest = keyed_digest(&self.key, parts.into_iter().map(Some));
        hex::half(&digest)
    }

    /// Returns the place of a repository, and notes that it is used.
    pub(crate) fn entry(&self, id: &str) -> Arc<Entry> {
        let mut entries = lock(&self.entries);
        let entry = entries
            .entry(id.to_owned())
            .or_insert_with(|| Arc::new(Entry::new(self.folder.join(id))));
        entry.used.store(self.now(), Ordering::Relaxed);
        Arc::clone(entry)
    }

    /// Removes what is no longer used, then what was not used for longest until the folder is small
    /// enough.
    ///
    /// What is being fetched, and the one that was used last, stay.
    pub(crate) fn shrink(&self, limits: &Limits) {
        let entries: Vec<_> = lock(&self.entries).values().map(Arc::clone).collect();
        let mut entries: Vec<_> = entries
            .iter()
            .map(|entry| (entry.used.load(Ordering::Relaxed), entry.bytes(), entry))
            .collect();
        entries.sort_by_key(|(used, ..)| *used);
        let mut all: u64 = entries.iter().map(|(_, bytes, _)| bytes).sum();
        entries.pop();
        let (now, unused) = (self.now(), nanoseconds(limits.unused));
        for (used, bytes, entry) in entries.into_iter().filter(|(_, bytes, _)| *bytes > 0) {
            let is_unused = now.saturating_sub(used) > unused;
            if (is_unused || all > limits.cache_bytes) && entry.remove() {
                tracing::info!(folder = %entry.folder().display(), bytes, "removed a repository from the cache");
                all = all.saturating_sub(bytes);
            }
        }
    }

    /// Nanoseconds since the cache was opened.
    fn now(&self) -> u64 {
        nanoseconds(self.opened.elapsed())
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

impl Drop for Cache {
    fn drop(&mut self) {
        // A process that another thread just starts holds the open file until it runs its program.
        if let Err(error) = self.lock.unlock() {
            tracing::warn!(folder = %self.folder.display(), %error, "failed to unlock the cache");
        }
    }
}

fn entries(folder: &Path) -> io::Result<BTreeMap<String, Arc<Entry>>> {
    let mut entries = BTreeMap::new();
    for found in fs::read_dir(folder)? {
        let found = found?;
        if found.file_type()?.is_dir() {
            let name = found.file_name().to_string_lossy().into_owned();
            entries.insert(name, Arc::new(Entry::new(found.path())));
        }
    }
    Ok(entries)
}

fn private(path: &Path) -> io::Result<File> {
    File::options()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .mode(0o600)
        .open(path)
}

/// Reads the key, or makes one where none is.
fn key(path: &Path) -> io::Result<[u8; 32]> {
    let mut key = [0; 32];
    let mut file = private(path)?;
    if file.metadata()?.len() == 32 {
        file.read_exact(&mut key)?;
        return Ok(key);
    }
    File::open("/dev/urandom")?.read_exact(&mut key)?;
    file.set_len(0)?;
    file.write_all(&key)?;
    file.sync_all()?;
    Ok(key)
}
