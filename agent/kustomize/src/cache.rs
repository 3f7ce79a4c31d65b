//! The objects of files that builds have read, for builds that come later.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::files::Content;
use crate::resource::Resource;
use crate::{RenderError, read};

/// The objects of files that builds have read: a file that has not changed is not parsed again.
///
/// A file counts as unchanged if its path and all its bytes are the same, so a build with a cache gives
/// exactly what it gives without. One cache may serve many builds and many trees, also at the same time.
///
/// What it holds is bounded by the length of the files' texts; in memory, their objects take about five
/// times as much. Where the bound is reached, files that the last builds did not read go first, and what
/// then finds no room is parsed each time.
///
/// It can hold secrets, so it has no `Debug`.
pub struct Cache {
    bytes: usize,
    known: Mutex<Known>,
}

/// How often builds found a file in a [`Cache`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CacheUse {
    /// Files whose objects were known.
    pub known: usize,
    /// Files that were parsed.
    pub parsed: usize,
}

#[derive(Default)]
struct Known {
    files: HashMap<Content, File>,
    /// The length of all texts.
    bytes: usize,
    /// The number of the last build.
    build: usize,
    /// The last build that made room.
    swept: usize,
    counts: CacheUse,
}

struct File {
    objects: Arc<[Resource]>,
    /// The last build that read it.
    build: usize,
}

impl Cache {
    /// A cache of files whose texts are no longer than `bytes` together.
    pub fn new(bytes: usize) -> Self {
        Self {
            bytes,
            known: Mutex::default(),
        }
    }

    /// How often all builds so far found a file.
    pub fn counts(&self) -> CacheUse {
        self.lock().counts
    }

    /// A build's view of it.
    pub(crate) fn for_build(&self) -> BuildCache<'_> {
        let mut known = self.lock();
        known.build += 1;
        BuildCache {
            cache: self,
            build: known.build,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        // No change of it can be interrupted half-way.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A cache as one build uses it.
#[derive(Clone, Copy)]
pub(crate) struct BuildCache<'a> {
    cache: &'a Cache,
    build: usize,
}

impl BuildCache<'_> {
    /// The objects of a file.
    pub(crate) fn objects(&self, content: &Content) -> Result<Vec<Resource>, RenderError> {
        let known = self.cache.lock().find(content, self.build);
        if let Some(known) = known {
            return Ok(known.to_vec());
        }
        let objects = read::resources(content)?;
        let mut known = self.cache.lock();
        if known.make_room(content.bytes.len(), self.cache.bytes, self.build) {
            known.add(content, objects.as_slice().into(), self.build);
        }
        Ok(objects)
    }
}

impl Known {
    fn find(&mut self, content: &Content, build: usize) -> Option<Arc<[Resource]>> {
        let Some(file) = self.files.get_mut(content) else {
            self.counts.parsed += 1;
            return None;
        };
        self.counts.known += 1;
        file.build = build;
        Some(Arc::clone(&file.objects))
    }

    /// Whether a text of a length finds room, once what is out of use has gone.
    fn make_room(&mut self, length: usize, limit: usize, build: usize) -> bool {
        if self.bytes + length > limit && self.swept != build {
            self.swept = build;
            self.files.retain(|_, file| file.build + 1 >= build);
            self.bytes = self.files.keys().map(|known| known.bytes.len()).sum();
        }
        self.bytes + length <= limit
    }

    fn add(&mut self, content: &Content, objects: Arc<[Resource]>, build: usize) {
        let file = File { objects, build };
        if self.files.insert(content.clone(), file).is_none() {
            self.bytes += content.bytes.len();
        }
    }
}
