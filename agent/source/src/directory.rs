//! A directory on disk as a tree.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tidegate_kustomize::{Entry, Tree, TreeError};

use crate::limits::{Limits, Passed};

/// Git's own folder, which no revision holds.
const GIT: &str = ".git";

/// A directory on disk. Nothing outside of it is reached: symbolic links are reported, not followed.
///
/// Files are read when they are asked for. Where somebody writes at the same time, a build may see
/// one file before and another after the change; [`crate::Watch`] tells of the change, and the next
/// build sees all of it.
#[derive(Debug, Clone)]
pub struct Directory {
    root: PathBuf,
    file_bytes: u64,
}

impl Directory {
    /// Opens a directory, after links in its own path.
    ///
    /// # Errors
    /// If there is no directory at the path, or it cannot be read.
    pub fn open(path: &Path) -> io::Result<Self> {
        let root = fs::canonicalize(path)?;
        if !fs::metadata(&root)?.is_dir() {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        let file_bytes = Limits::default().file_bytes;
        Ok(Self { root, file_bytes })
    }

    /// Opens what a path belongs to, and returns with it the path within.
    ///
    /// That is the work tree of a Git repository around the path, so that `../base`, `tidegate.lock`
    /// and `vendor/` are found as in the repository itself; where there is none, the directory
    /// `otherwise` if it is around the path; else the path itself. [`Self::above`] goes on from there.
    ///
    /// # Errors
    /// If there is no directory at the path, or its name is not UTF-8.
    pub fn around(path: &Path, otherwise: &Path) -> io::Result<(Self, String)> {
        let path = Self::open(path)?.root;
        let root = path
            .ancestors()
            .find(|folder| has_git(folder))
            .map(Path::to_owned);
        let otherwise = fs::canonicalize(otherwise).ok();
        let otherwise = otherwise.filter(|folder| path.starts_with(folder));
        let root = root.or(otherwise).unwrap_or_else(|| path.clone());
        Self::open(&root)?.with(&path)
    }

    /// Opens the directory above, and returns with it a path that was within this one. `None` above a Git
    /// repository's work tree, which is a whole, and above the topmost directory.
    ///
    /// # Errors
    /// If the directory cannot be read, or its name is not UTF-8.
    pub fn above(&self, within: &str) -> io::Result<Option<(Self, String)>> {
        let above = self.root.parent().filter(|_| !has_git(&self.root));
        let path = self.root.join(within);
        above
            .map(|above| Self::open(above)?.with(&path))
            .transpose()
    }

    fn with(self, path: &Path) -> io::Result<(Self, String)> {
        let within = path.strip_prefix(&self.root).map_err(io::Error::other)?;
        let within = within.to_str().ok_or(io::ErrorKind::InvalidFilename)?;
        let within = within.to_owned();
        Ok((self, within))
    }

    /// The directory's absolute path, without links.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Walks down to a path; `None` where nothing is, or a link stands in the way.
    fn find(&self, path: &str) -> Result<Option<(PathBuf, fs::Metadata)>, TreeError> {
        let failed = |error: &io::Error| unreadable(path, error);
        let mut place = self.root.clone();
        let mut found = fs::symlink_metadata(&place).map_err(|error| failed(&error))?;
        for part in path.split('/').filter(|part| !part.is_empty()) {
            if !found.is_dir() || matches!(part, "." | ".." | GIT) || part.contains('\0') {
                return Ok(None);
            }
            place.push(part);
            found = match fs::symlink_metadata(&place) {
                Ok(found) => found,
                Err(error) if is_absent(&error) => return Ok(None),
                Err(error) => return Err(failed(&error)),
            };
        }
        Ok(Some((place, found)))
    }
}

impl Tree for Directory {
    fn entry(&self, path: &str) -> Result<Option<Entry>, TreeError> {
        let Some((place, found)) = self.find(path)? else {
            return Ok(None);
        };
        shown(path, &place, &found).map(Some)
    }

    fn read(&self, path: &str) -> Result<Option<Arc<[u8]>>, TreeError> {
        let Some((place, found)) = self.find(path)? else {
            return Ok(None);
        };
        if shown(path, &place, &found)? != Entry::File {
            return Ok(None);
        }
        Passed::check("file bytes", self.file_bytes, found.len()).map_err(|passed| TreeError {
            path: path.into(),
            reason: passed.to_string(),
        })?;
        let bytes = fs::read(&place).map_err(|error| unreadable(path, &error))?;
        Ok(Some(bytes.into()))
    }

    fn list(&self, path: &str) -> Result<Vec<(String, Entry)>, TreeError> {
        let failed = |error: &io::Error| unreadable(path, error);
        let Some((place, _)) = self.find(path)?.filter(|(_, found)| found.is_dir()) else {
            return Ok(Vec::new());
        };
        let mut entries = Vec::new();
        for found in fs::read_dir(&place).map_err(|error| failed(&error))? {
            let found = found.map_err(|error| failed(&error))?;
            let name = found.file_name().into_string().map_err(|name| TreeError {
                path: path.into(),
                reason: format!(
                    "the name `{}` in it is not UTF-8: rename it",
                    name.display()
                ),
            })?;
            if name == GIT {
                continue;
            }
            let metadata = found.metadata().map_err(|error| failed(&error))?;
            let kind = metadata.file_type();
            // Sockets and pipes are in no repository either.
            if kind.is_file() || kind.is_dir() || kind.is_symlink() {
                entries.push((name, shown(path, &found.path(), &metadata)?));
            }
        }
        entries.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(entries)
    }
}

fn has_git(folder: &Path) -> bool {
    folder.join(GIT).exists()
}

fn shown(path: &str, place: &Path, found: &fs::Metadata) -> Result<Entry, TreeError> {
    let kind = found.file_type();
    if kind.is_dir() {
        return Ok(Entry::Directory);
    }
    if kind.is_symlink() {
        let target = fs::read_link(place).map_err(|error| unreadable(path, &error))?;
        let target = target.into_os_string().into_string();
        return target.map(Entry::Link).map_err(|_| TreeError {
            path: path.into(),
            reason: "the link's target is not UTF-8".into(),
        });
    }
    if kind.is_file() {
        return Ok(Entry::File);
    }
    Err(TreeError {
        path: path.into(),
        reason: "it is neither a file nor a directory".into(),
    })
}

fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory | io::ErrorKind::InvalidFilename
    )
}

fn unreadable(path: &str, error: &io::Error) -> TreeError {
    TreeError {
        path: path.into(),
        reason: error.to_string(),
    }
}
