//! One bare repository on disk, for as long as somebody reads it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use git2::{Oid, Repository, RepositoryInitOptions};

use crate::limits::count;

/// One bare repository on disk. A damaged or crowded one is replaced by another, never repaired.
pub(crate) struct Generation {
    folder: PathBuf,
    broken: AtomicBool,
    doomed: AtomicBool,
}

impl Generation {
    pub(crate) fn at(folder: PathBuf) -> Self {
        Self {
            folder,
            broken: AtomicBool::new(false),
            doomed: AtomicBool::new(false),
        }
    }

    /// Makes an empty one; a process that dies on the way leaves nothing that looks like one.
    pub(crate) fn create(folder: PathBuf) -> Result<Self, git2::Error> {
        let failed = |error: std::io::Error| git2::Error::from_str(&error.to_string());
        let unfinished = folder.with_extension("new");
        if unfinished.exists() {
            fs::remove_dir_all(&unfinished).map_err(failed)?;
        }
        let mut options = RepositoryInitOptions::new();
        Repository::init_opts(&unfinished, options.bare(true).external_template(false))?;
        fs::rename(&unfinished, &folder).map_err(failed)?;
        Ok(Self::at(folder))
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn repository(&self) -> Result<Repository, git2::Error> {
        Repository::open_bare(&self.folder)
    }

    /// Tells whether a commit is there, its files perhaps not.
    pub(crate) fn has(&self, commit: Oid) -> bool {
        self.repository()
            .is_ok_and(|repository| repository.find_commit(commit).is_ok())
    }

    /// The number of packs: one more with each fetch.
    pub(crate) fn packs(&self) -> u64 {
        let found = fs::read_dir(self.folder.join("objects/pack"));
        let found = found.into_iter().flatten().flatten();
        let packs = found.filter(|found| found.path().extension().is_some_and(|end| end == "pack"));
        count(packs.count())
    }

    pub(crate) fn mark_broken(&self) {
        self.broken.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_broken(&self) -> bool {
        self.broken.load(Ordering::Relaxed)
    }

    /// Lets the folder go with its last reader.
    pub(crate) fn doom(&self) {
        self.doomed.store(true, Ordering::Relaxed);
    }
}

impl Drop for Generation {
    fn drop(&mut self) {
        if !self.doomed.load(Ordering::Relaxed) {
            return;
        }
        if let Err(error) = fs::remove_dir_all(&self.folder) {
            tracing::warn!(folder = %self.folder.display(), %error, "failed to remove a repository");
        }
        // Only an empty folder goes: another repository may be in it by now.
        let _gone = self.folder.parent().map(fs::remove_dir);
    }
}
