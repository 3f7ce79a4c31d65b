//! The files of a commit, read straight from Git's objects.

use std::fmt;
use std::sync::{Arc, Mutex};

use git2::{ErrorCode, ObjectType, Oid, Repository};
use sha2::{Digest as _, Sha256};
use tidegate_kustomize::{Entry, Tree, TreeError};

use crate::cache::Generation;
use crate::commit::CommitInfo;
use crate::limits::{Limits, Passed, count};
use crate::session::lock;

const DIRECTORY: u32 = 0o040_000;
const LINK: u32 = 0o120_000;
const SUBMODULE: u32 = 0o160_000;
/// The type of a mode, without permissions.
const TYPE: u32 = 0o170_000;
/// The first line of a file whose content is elsewhere (git-lfs, docs/spec.md).
const LFS_POINTER: &[u8] = b"version https://git-lfs.github.com/spec/v1";
const LFS_POINTER_BYTES: usize = 1024;

/// The files of a commit. Nothing is checked out; clones share one open repository.
///
/// The objects stay readable as long as the value lives, whatever happens to the cache.
#[derive(Clone)]
pub struct GitTree(Arc<Shared>);

struct Shared {
    repository: Mutex<Repository>,
    generation: Arc<Generation>,
    id: Oid,
    root: Oid,
    commit: CommitInfo,
    file_bytes: u64,
}

/// What stands at a path.
#[derive(Clone, Copy)]
struct Found {
    id: Oid,
    mode: u32,
}

impl GitTree {
    pub(crate) fn open(
        generation: &Arc<Generation>,
        commit: Oid,
        limits: &Limits,
    ) -> Result<Self, git2::Error> {
        let repository = generation.repository()?;
        let (root, info) = {
            let commit = repository.find_commit(commit)?;
            (commit.tree_id(), CommitInfo::of(&commit))
        };
        Ok(Self(Arc::new(Shared {
            repository: Mutex::new(repository),
            generation: Arc::clone(generation),
            id: commit,
            root,
            commit: info,
            file_bytes: limits.file_bytes,
        })))
    }

    /// The commit.
    pub fn commit(&self) -> &CommitInfo {
        &self.0.commit
    }

    /// Returns a digest of what is at some paths, without reading a file.
    ///
    /// It is the same for two commits if each path has the same content in both: a file's bytes, a
    /// link's target, the names in a directory, or nothing.
    ///
    /// # Errors
    /// If the tree cannot be read.
    pub fn digest<P: AsRef<str>>(
        &self,
        paths: impl IntoIterator<Item = P>,
    ) -> Result<[u8; 32], TreeError> {
        let mut digest = Sha256::new();
        for path in paths {
            let path = path.as_ref();
            digest.update(count(path.len()).to_be_bytes());
            digest.update(path);
            self.update(&mut digest, path)?;
        }
        Ok(digest.finalize().into())
    }

    /// Keeps the commit in the cache under a name, such as a layer's uid and `applied`, until the
    /// name is given to another one: a later fetch then brings only what changed since.
    ///
    /// # Errors
    /// If the cache cannot be written, or the name is none of a ref.
    pub fn keep(&self, name: &str) -> Result<(), TreeError> {
        let name = format!("refs/tidegate/kept/{name}");
        let repository = lock(&self.0.repository);
        let kept = repository.reference(&name, self.0.id, true, "");
        kept.map(drop).map_err(|error| failed("", error.message()))
    }

    fn update(&self, digest: &mut Sha256, path: &str) -> Result<(), TreeError> {
        let Some(found) = self.find(path)? else {
            digest.update([0]);
            return Ok(());
        };
        digest.update(found.mode.to_be_bytes());
        if found.mode & TYPE != DIRECTORY {
            digest.update(found.id.as_bytes());
            return Ok(());
        }
        let names = self.names(path, found.id)?;
        digest.update(count(names.len()).to_be_bytes());
        for (name, entry) in names {
            digest.update(count(name.len()).to_be_bytes());
            digest.update(name);
            digest.update((entry.mode & TYPE).to_be_bytes());
        }
        Ok(())
    }

    /// Walks down to a path. Links are not followed.
    fn find(&self, path: &str) -> Result<Option<Found>, TreeError> {
        let repository = lock(&self.0.repository);
        let mut found = Found {
            id: self.0.root,
            mode: DIRECTORY,
        };
        let broken = |error: git2::Error| self.broken(path, &error);
        for part in path.split('/').filter(|part| !part.is_empty()) {
            match found.mode & TYPE {
                DIRECTORY => {}
                SUBMODULE => return Err(submodule(path)),
                _ => return Ok(None),
            }
            let tree = repository.find_tree(found.id).map_err(broken)?;
            let Some(entry) = tree.get_name(part) else {
                return Ok(None);
            };
            found = Found::of(&entry);
        }
        Ok(Some(found))
    }

    fn names(&self, path: &str, id: Oid) -> Result<Vec<(String, Found)>, TreeError> {
        let repository = lock(&self.0.repository);
        let tree = repository.find_tree(id);
        let tree = tree.map_err(|error| self.broken(path, &error))?;
        let named = tree.iter().map(|entry| {
            let name = String::from_utf8(entry.name_bytes().to_vec());
            let name = name.map_err(|error| {
                let name = String::from_utf8_lossy(error.as_bytes()).into_owned();
                failed(
                    path,
                    &format!("the name `{name}` in it is not UTF-8: rename it"),
                )
            })?;
            Ok((name, Found::of(&entry)))
        });
        let mut named = named.collect::<Result<Vec<_>, TreeError>>()?;
        // Git sorts a directory as if its name ended with a slash.
        named.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(named)
    }

    fn blob(&self, path: &str, id: Oid) -> Result<Arc<[u8]>, TreeError> {
        let broken = |error: git2::Error| self.broken(path, &error);
        let repository = lock(&self.0.repository);
        let objects = repository.odb().map_err(broken)?;
        let (size, _) = objects.read_header(id).map_err(broken)?;
        let limit = Passed::check("file bytes", self.0.file_bytes, count(size));
        limit.map_err(|passed| failed(path, &passed.to_string()))?;
        let object = objects.read(id).map_err(broken)?;
        if object.kind() != ObjectType::Blob {
            return Err(failed(path, "the commit is damaged: it is no file"));
        }
        Ok(object.data().into())
    }

    fn shown(&self, path: &str, found: Found) -> Result<Entry, TreeError> {
        match found.mode & TYPE {
            DIRECTORY => Ok(Entry::Directory),
            LINK => {
                let target = self.blob(path, found.id)?;
                let target = std::str::from_utf8(&target);
                let target = target.map_err(|_| failed(path, "the link's target is not UTF-8"))?;
                Ok(Entry::Link(target.to_owned()))
            }
            SUBMODULE => Err(submodule(path)),
            _ => Ok(Entry::File),
        }
    }

    /// What is missing or damaged makes the cache useless; it is fetched anew next time.
    fn broken(&self, path: &str, error: &git2::Error) -> TreeError {
        self.0.generation.mark_broken();
        let what = match error.code() {
            ErrorCode::NotFound => "an object of the commit is missing from the cache",
            _ => "the cache is damaged",
        };
        failed(
            path,
            &format!("{what}, and will be fetched anew: {}", error.message()),
        )
    }
}

impl Tree for GitTree {
    fn entry(&self, path: &str) -> Result<Option<Entry>, TreeError> {
        let found = self.find(path)?;
        found.map(|found| self.shown(path, found)).transpose()
    }

    fn read(&self, path: &str) -> Result<Option<Arc<[u8]>>, TreeError> {
        let Some(found) = self.find(path)? else {
            return Ok(None);
        };
        match found.mode & TYPE {
            DIRECTORY | LINK => return Ok(None),
            SUBMODULE => return Err(submodule(path)),
            _ => {}
        }
        let bytes = self.blob(path, found.id)?;
        if bytes.len() < LFS_POINTER_BYTES && bytes.starts_with(LFS_POINTER) {
            return Err(failed(
                path,
                "it is stored with Git LFS, which is not followed: commit the file itself",
            ));
        }
        Ok(Some(bytes))
    }

    fn list(&self, path: &str) -> Result<Vec<(String, Entry)>, TreeError> {
        let found = self.find(path)?;
        let Some(found) = found.filter(|found| found.mode & TYPE == DIRECTORY) else {
            return Ok(Vec::new());
        };
        let names = self.names(path, found.id)?.into_iter();
        names
            .filter(|(_, found)| found.mode & TYPE != SUBMODULE)
            .map(|(name, found)| {
                let entry = self.shown(&join(path, &name), found)?;
                Ok((name, entry))
            })
            .collect()
    }
}

impl Found {
    fn of(entry: &git2::TreeEntry<'_>) -> Self {
        Self {
            id: entry.id(),
            mode: u32::try_from(entry.filemode()).unwrap_or_default(),
        }
    }
}

impl fmt::Debug for GitTree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GitTree({})", self.0.commit.id)
    }
}

/// Checks the number of files and folders of a commit, and how deep they are.
///
/// A folder may not be larger than a file. It counts each time that it appears: a few objects can name one folder a million times.
pub(crate) fn check(
    repository: &Repository,
    commit: Oid,
    limits: &Limits,
) -> Result<Result<(), Passed>, git2::Error> {
    let mut folders = vec![(repository.find_commit(commit)?.tree_id(), 0)];
    let mut files = 0;
    let objects = repository.odb()?;
    while let Some((folder, depth)) = folders.pop() {
        // Before it is read: a folder of many names is small in a pack.
        let (size, _) = objects.read_header(folder)?;
        let checked = Passed::check("folder bytes", limits.file_bytes, count(size));
        if checked.is_err() {
            return Ok(checked);
        }
        let tree = repository.find_tree(folder)?;
        files += count(tree.len());
        let checked = Passed::check("files", limits.files, files)
            .and_then(|()| Passed::check("folders within folders", limits.depth, depth));
        if checked.is_err() {
            return Ok(checked);
        }
        let within = tree.iter().map(|entry| Found::of(&entry));
        let within = within.filter(|found| found.mode & TYPE == DIRECTORY);
        folders.extend(within.map(|found| (found.id, depth + 1)));
    }
    Ok(Ok(()))
}

fn submodule(path: &str) -> TreeError {
    failed(
        path,
        "a Git submodule is there, which is not followed: commit its files",
    )
}

fn failed(path: &str, reason: &str) -> TreeError {
    TreeError {
        path: path.into(),
        reason: reason.into(),
    }
}

fn join(folder: &str, name: &str) -> String {
    match folder {
        "" => name.to_owned(),
        folder => format!("{folder}/{name}"),
    }
}
