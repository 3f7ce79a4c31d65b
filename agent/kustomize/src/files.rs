//! Reading from the tree: links followed, the root never left, every path remembered.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::rc::Rc;
use std::sync::Arc;

use crate::cache::BuildCache;
use crate::error::Place;
use crate::lock::{self, Lock};
use crate::resource::Resource;
use crate::{Cache, Entry, Options, RenderError, Tree, path, read};

/// How many links one path may go through, as in Linux.
const LINKS: usize = 40;
/// How many files one build may read.
const FILES: usize = 100_000;
/// Bytes of all files of one build; a file counts as often as it is read.
const BYTES: usize = 1 << 30;

/// The files that a build may read, and what it has read.
pub(crate) struct Files<'a> {
    tree: &'a dyn Tree,
    mirror: Option<&'a dyn Tree>,
    cache: Option<BuildCache<'a>>,
    /// What kustomizations have named so far, if there is a cache.
    loaded: RefCell<Vec<Content>>,
    closure: RefCell<BTreeSet<String>>,
    entries: RefCell<HashMap<String, Option<Entry>>>,
    locks: RefCell<HashMap<String, Rc<Lock>>>,
    read: std::cell::Cell<usize>,
    bytes: std::cell::Cell<usize>,
}

/// A file's content.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Content {
    /// The path without links, or the address of a remote file.
    pub(crate) name: Arc<str>,
    pub(crate) bytes: Arc<[u8]>,
}

/// What a path leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Found {
    Nothing,
    File(String),
    Folder(String),
}

impl<'a> Files<'a> {
    pub(crate) fn new(tree: &'a dyn Tree, options: &Options<'a>) -> Self {
        Self {
            tree,
            mirror: options.mirror,
            cache: options.cache.map(Cache::for_build),
            loaded: RefCell::default(),
            closure: RefCell::default(),
            entries: RefCell::default(),
            locks: RefCell::default(),
            bytes: std::cell::Cell::default(),
            read: std::cell::Cell::default(),
        }
    }

    pub(crate) fn cache(&self) -> Option<BuildCache<'a>> {
        self.cache
    }

    /// How many files kustomizations have named so far.
    pub(crate) fn loaded(&self) -> usize {
        self.loaded.borrow().len()
    }

    /// The files that kustomizations have named since there were so many.
    pub(crate) fn loaded_since(&self, count: usize) -> Vec<Content> {
        let loaded = self.loaded.borrow();
        loaded.get(count..).unwrap_or_default().to_vec()
    }

    /// Every path that was read or looked for.
    pub(crate) fn into_closure(self) -> BTreeSet<String> {
        self.closure.into_inner()
    }

    /// Follows a path from a folder, links included.
    pub(crate) fn find(
        &self,
        folder: &str,
        written: &str,
        place: &Place,
    ) -> Result<Found, RenderError> {
        let leaves = || RenderError::Leaves {
            place: Box::new(place.clone()),
            path: written.to_owned(),
        };
        if written.starts_with('/') {
            return Err(leaves());
        }
        let cleaned = path::join(folder, written).ok_or_else(leaves)?;
        let mut ahead: VecDeque<String> = parts(&cleaned);
        let (mut current, mut links) = (String::new(), 0);
        let mut last = Entry::Directory;
        while let Some(part) = ahead.pop_front() {
            let next = path::join(&current, &part).ok_or_else(leaves)?;
            match self.entry(&next)? {
                None => return Ok(Found::Nothing),
                Some(Entry::File) if !ahead.is_empty() => return Ok(Found::Nothing),
                Some(Entry::Link(target)) => {
                    links += 1;
                    if links > LINKS {
                        let reason = format!("`{written}` goes through more than {LINKS} links");
                        return Err(place.clone().invalid(reason));
                    }
                    if target.starts_with('/') {
                        let reason = format!(
                            "`{next}` is a link to `{target}`, which leaves the tree; use a \
                             relative link inside of it"
                        );
                        return Err(place.clone().invalid(reason));
                    }
                    for part in target.split('/').rev().filter(|part| !part.is_empty()) {
                        ahead.push_front(part.to_owned());
                    }
                }
                Some(entry) => (current, last) = (next, entry),
            }
        }
        Ok(match last {
            Entry::File => Found::File(current),
            _ => Found::Folder(current),
        })
    }

    fn entry(&self, path: &str) -> Result<Option<Entry>, RenderError> {
        if path.is_empty() {
            return Ok(Some(Entry::Directory));
        }
        if let Some(known) = self.entries.borrow().get(path) {
            return Ok(known.clone());
        }
        self.closure.borrow_mut().insert(path.to_owned());
        let entry = self.tree.entry(path)?;
        self.entries
            .borrow_mut()
            .insert(path.to_owned(), entry.clone());
        Ok(entry)
    }

    /// The names in a folder.
    pub(crate) fn list(&self, folder: &str) -> Result<Vec<(String, Entry)>, RenderError> {
        self.closure.borrow_mut().insert(folder.to_owned());
        Ok(self.tree.list(folder)?)
    }

    /// Reads a file whose path has no links.
    pub(crate) fn content(&self, file: &str, place: &Place) -> Result<Content, RenderError> {
        self.closure.borrow_mut().insert(file.to_owned());
        self.count(place)?;
        let missing = || place.clone().invalid(format!("`{file}` does not exist"));
        let bytes = self.tree.read(file)?.ok_or_else(missing)?;
        self.bytes.set(self.bytes.get().saturating_add(bytes.len()));
        if self.bytes.get() > BYTES {
            return Err(RenderError::Limit {
                place: Box::new(place.clone()),
                what: "bytes of files",
                limit: BYTES,
            });
        }
        Ok(Content {
            name: file.into(),
            bytes,
        })
    }

    /// The objects of a file.
    pub(crate) fn objects(&self, content: &Content) -> Result<Vec<Resource>, RenderError> {
        match &self.cache {
            Some(cache) => cache.objects(content),
            None => read::resources(content),
        }
    }

    fn count(&self, place: &Place) -> Result<(), RenderError> {
        self.read.set(self.read.get() + 1);
        if self.read.get() > FILES {
            return Err(RenderError::Limit {
                place: Box::new(place.clone()),
                what: "files",
                limit: FILES,
            });
        }
        Ok(())
    }

    /// Reads a file that a kustomization in `folder` names: in or below that folder, or remote.
    pub(crate) fn load(
        &self,
        folder: &str,
        written: &str,
        place: &Place,
    ) -> Result<Content, RenderError> {
        let content = self.load_one(folder, written, place)?;
        if self.cache.is_some() {
            self.loaded.borrow_mut().push(content.clone());
        }
        Ok(content)
    }

    fn load_one(&self, folder: &str, written: &str, place: &Place) -> Result<Content, RenderError> {
        if path::is_http(written) {
            return self.remote(folder, written, place);
        }
        let invalid = |reason: String| Err(place.clone().invalid(reason));
        match self.find(folder, written, place)? {
            Found::File(file) if path::is_within(&file, folder) => self.content(&file, place),
            Found::File(file) => invalid(format!(
                "`{written}` is `{file}`, which is not in or below `{folder}`; move it there, or \
                 make its folder a base"
            )),
            Found::Folder(_) => invalid(format!("`{written}` is a folder, not a file")),
            Found::Nothing => invalid(missing(written, folder)),
        }
    }

    /// Reads a pinned remote file from `vendor/` or the mirror.
    fn remote(&self, folder: &str, url: &str, place: &Place) -> Result<Content, RenderError> {
        let lock_file = path::join(folder, lock::FILE_NAME).unwrap_or_default();
        let lock = self.lock(&lock_file, place)?;
        let unpinned = || RenderError::Unpinned {
            place: Box::new(place.clone()),
            url: url.to_owned(),
            lock: lock_file.clone(),
        };
        let expected = lock.pin(url).ok_or_else(unpinned)?;
        self.count(place)?;
        let vendored = format!("vendor/{expected}");
        let (path, bytes) = match self.vendored(&vendored, place)? {
            Some(bytes) => (vendored, bytes),
            None => match self.mirrored(expected)? {
                Some(bytes) => (expected.to_owned(), bytes),
                None => {
                    return Err(RenderError::NotVendored {
                        place: Box::new(place.clone()),
                        url: url.to_owned(),
                        sha256: expected.to_owned(),
                    });
                }
            },
        };
        let found = lock::digest(&bytes);
        if found != expected {
            return Err(RenderError::Digest {
                place: Box::new(place.clone()),
                url: url.to_owned(),
                path,
                expected: expected.to_owned(),
                found,
            });
        }
        Ok(Content {
            name: url.into(),
            bytes,
        })
    }

    fn vendored(&self, path: &str, place: &Place) -> Result<Option<Arc<[u8]>>, RenderError> {
        match self.find("", path, place)? {
            Found::File(file) => self
                .content(&file, place)
                .map(|content| Some(content.bytes)),
            _ => Ok(None),
        }
    }

    fn mirrored(&self, digest: &str) -> Result<Option<Arc<[u8]>>, RenderError> {
        match self.mirror {
            Some(mirror) => Ok(mirror.read(digest)?),
            None => Ok(None),
        }
    }

    fn lock(&self, file: &str, place: &Place) -> Result<Rc<Lock>, RenderError> {
        if let Some(known) = self.locks.borrow().get(file) {
            return Ok(Rc::clone(known));
        }
        let lock = match self.entry(file)? {
            Some(Entry::File) => {
                let content = self.content(file, place)?;
                Lock::read(file, text(&content)?)?
            }
            _ => Lock::default(),
        };
        let lock = Rc::new(lock);
        self.locks
            .borrow_mut()
            .insert(file.to_owned(), Rc::clone(&lock));
        Ok(lock)
    }
}

/// Says that a path leads nowhere.
pub(crate) fn missing(written: &str, folder: &str) -> String {
    let folder = if folder.is_empty() { "." } else { folder };
    format!("`{written}` does not exist in `{folder}`")
}

fn parts(path: &str) -> VecDeque<String> {
    let parts = path.split('/').filter(|part| !part.is_empty());
    parts.map(str::to_owned).collect()
}

/// A file's text.
pub(crate) fn text(content: &Content) -> Result<&str, RenderError> {
    std::str::from_utf8(&content.bytes).map_err(|error| {
        let before = content.bytes.get(..error.valid_up_to()).unwrap_or_default();
        let place = Place {
            line: before.split(|byte| *byte == b'\n').count(),
            ..Place::file(&content.name)
        };
        place.invalid("is not UTF-8")
    })
}
