//! What builds have read and made, for builds that come later.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use foldhash::quality::RandomState;

use crate::files::Content;
use crate::memo::{Memo, Outcome, Outcomes, Step};
use crate::resource::Resource;
use crate::{RenderError, read};

/// What builds have read and made: a file that has not changed is not parsed again, and on an object that
/// has not changed the steps of a build are not run again, as long as what they go by is the same.
///
/// A file counts as unchanged if its path and all its bytes are the same, so a build with a cache gives
/// exactly what it gives without. One cache may serve many builds and many trees, also at the same time.
///
/// What it holds is bounded: the length of the files' texts, and by the same number the length of what was made of
/// them, each step's outcome counted. In memory, objects take about five times as much. Where the bound
/// is reached, what the last builds did not use goes first, and what then finds no room is worked out each time.
///
/// It can hold secrets, so it has no `Debug`.
pub struct Cache {
    bytes: usize,
    known: Mutex<Known>,
}

/// How often builds found a file, or what a step makes of an object, in a [`Cache`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CacheUse {
    /// Files whose objects were known.
    pub known: usize,
    /// Files that were parsed.
    pub parsed: usize,
    /// Outcomes of a step for an object that were known.
    pub taken: usize,
    /// Outcomes of a step for an object that were worked out.
    pub made: usize,
}

#[derive(Default)]
struct Known {
    files: HashMap<Arc<str>, Vec<File>, RandomState>,
    /// The length of all texts.
    bytes: usize,
    /// The number of the last build.
    build: usize,
    /// The last build that made room.
    swept: usize,
    counts: CacheUse,
    memo: Memo,
}

struct File {
    bytes: Arc<[u8]>,
    objects: Arc<[Resource]>,
    /// The last build that read it.
    build: usize,
}

/// For how many builds a former content of a file is kept that none of them reads.
const PATIENCE: usize = 16;

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

    /// Takes what a step made of objects.
    pub(crate) fn take(&self, step: Step) -> Outcomes {
        self.cache.lock().memo.take(step)
    }

    /// Keeps what a step made of objects, so many of which it made now, beside what it made of others.
    pub(crate) fn keep(
        &self,
        step: Step,
        mut outcomes: Outcomes,
        (all, made): (Vec<Outcome>, usize),
    ) {
        let taken = all.len() - made.min(all.len());
        for outcome in all {
            outcomes.add(outcome, self.build);
        }
        let mut known = self.cache.lock();
        known.counts.taken += taken;
        known.counts.made += made;
        known
            .memo
            .keep(step, outcomes, (self.build, self.cache.bytes));
    }
}

impl Known {
    fn find(&mut self, content: &Content, build: usize) -> Option<Arc<[Resource]>> {
        let files = self.files.get_mut(&content.name).into_iter().flatten();
        let Some(file) = files.into_iter().find(|file| file.bytes == content.bytes) else {
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
            self.files.retain(|_, files| {
                files.retain(|file| file.build + 1 >= build);
                !files.is_empty()
            });
            let files = self.files.values().flatten();
            self.bytes = files.map(|file| file.bytes.len()).sum();
        }
        self.bytes + length <= limit
    }

    fn add(&mut self, content: &Content, objects: Arc<[Resource]>, build: usize) {
        let bytes = Arc::clone(&content.bytes);
        let files = self.files.entry(Arc::clone(&content.name)).or_default();
        let before: usize = files.iter().map(|file| file.bytes.len()).sum();
        files.retain(|file| file.build + PATIENCE >= build);
        let kept: usize = files.iter().map(|file| file.bytes.len()).sum();
        self.bytes -= before - kept;
        if files.iter().all(|file| file.bytes != bytes) {
            self.bytes += bytes.len();
            files.push(File {
                bytes,
                objects,
                build,
            });
        }
    }
}
