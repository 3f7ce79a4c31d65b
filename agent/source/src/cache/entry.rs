//! The place of one repository in the cache.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use git2::Oid;

use super::Generation;
use crate::limits::Passed;
use crate::session::lock;

/// The place of one repository in the cache.
pub(crate) struct Entry {
    folder: PathBuf,
    state: Mutex<State>,
    /// Whether the last listing with these credentials succeeded: only then is anything handed out.
    pub(crate) listed: AtomicBool,
    /// When it was last used, in nanoseconds since the cache was opened.
    pub(crate) used: AtomicU64,
    bytes: AtomicU64,
}

/// What a fetch changes; who holds it is the only one to fetch.
#[derive(Default)]
pub(crate) struct State {
    current: Option<Arc<Generation>>,
    /// Whether what an earlier process left was looked for: what is there later is still read.
    has_looked: bool,
    /// Commits that are whole and within the limits.
    pub(crate) checked: BTreeSet<Oid>,
    /// The commit that last passed a limit: it is not fetched again to see the same.
    pub(crate) refused: Option<(Oid, Passed)>,
}

impl State {
    /// Makes a repository the current one; the one before it goes when nobody reads it any more.
    pub(crate) fn replace(&mut self, generation: Arc<Generation>) {
        let before = self.current.replace(generation);
        self.checked.clear();
        if let Some(before) = before {
            before.doom();
        }
    }
}

impl Entry {
    pub(crate) fn new(folder: PathBuf) -> Self {
        let bytes = AtomicU64::new(size(&folder));
        Self {
            folder,
            bytes,
            state: Mutex::default(),
            listed: AtomicBool::new(false),
            used: AtomicU64::new(0),
        }
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Waits for a fetch of the same repository that is under way.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Returns the repository, if there is one that is not known to be damaged.
    pub(crate) fn current(&self, state: &mut State) -> io::Result<Option<Arc<Generation>>> {
        if !std::mem::replace(&mut state.has_looked, true) {
            state.current = self.left_over()?.map(Generation::at).map(Arc::new);
        }
        if let Some(broken) = state.current.take_if(|current| current.is_broken()) {
            tracing::warn!(folder = %broken.folder().display(), "threw a damaged repository away");
            broken.doom();
            state.checked.clear();
        }
        Ok(state.current.clone())
    }

    /// Makes an empty repository that is not current yet.
    pub(crate) fn fresh(&self) -> Result<Arc<Generation>, git2::Error> {
        let failed = |error: io::Error| git2::Error::from_str(&error.to_string());
        fs::create_dir_all(&self.folder).map_err(failed)?;
        let number = self.numbers().map_err(failed)?.last().unwrap_or(&0) + 1;
        Generation::create(self.folder.join(number.to_string())).map(Arc::new)
    }

    /// Removes the repository, unless it is being fetched; tells whether it did.
    pub(crate) fn remove(&self) -> bool {
        let Ok(mut state) = self.state.try_lock() else {
            return false;
        };
        if let Ok(Some(current)) = self.current(&mut state) {
            current.doom();
        }
        state.current = None;
        state.checked.clear();
        self.bytes.store(0, Ordering::Relaxed);
        true
    }

    /// Bytes on disk, when it was last measured.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Measures the bytes on disk.
    pub(crate) fn measure(&self) {
        self.bytes.store(size(&self.folder), Ordering::Relaxed);
    }

    /// Finds what an earlier process left, and removes all but the newest.
    fn left_over(&self) -> io::Result<Option<PathBuf>> {
        if !self.folder.exists() {
            return Ok(None);
        }
        let newest = self.numbers()?.last().map(u64::to_string);
        for found in fs::read_dir(&self.folder)? {
            let found = found?;
            if Some(found.file_name().to_string_lossy().as_ref()) != newest.as_deref() {
                fs::remove_dir_all(found.path())?;
            }
        }
        Ok(newest.map(|newest| self.folder.join(newest)))
    }

    /// The numbers of the repositories in the folder, in order.
    fn numbers(&self) -> io::Result<Vec<u64>> {
        let mut numbers = Vec::new();
        for found in fs::read_dir(&self.folder)? {
            numbers.extend(found?.file_name().to_string_lossy().parse::<u64>());
        }
        numbers.sort_unstable();
        Ok(numbers)
    }
}

/// What disappears while it is counted counts nothing.
fn size(folder: &Path) -> u64 {
    let Ok(found) = fs::read_dir(folder) else {
        return 0;
    };
    let sizes = found.flatten().map(|found| match found.metadata() {
        Ok(metadata) if metadata.is_dir() => size(&found.path()),
        Ok(metadata) => metadata.len(),
        Err(_) => 0,
    });
    sizes.sum()
}
