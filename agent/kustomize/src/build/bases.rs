//! Bases that a build uses more than once: each is worked out at its first use, and kept for the others.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use super::{Accumulated, Build, Built, DEPTH, Folder};
use crate::error::Place;
use crate::files::Found;
use crate::kustomization::{Item, Kustomization};
use crate::path;

/// What is known of the bases of a build.
#[derive(Default)]
pub(super) struct Bases {
    /// How often each folder is still to be used.
    uses: HashMap<String, usize>,
    known: HashMap<String, Base>,
    /// The folders that were entered so far.
    entered: Vec<Entered>,
}

/// What a base has come to, and the folders to which it led.
struct Base {
    accumulated: Accumulated,
    depth: usize,
    /// With the greatest depth of each.
    entered: BTreeMap<String, usize>,
}

/// A folder that a build went into, and how deep it was.
struct Entered {
    path: String,
    depth: usize,
}

impl Bases {
    /// Notes that a folder is entered.
    pub(super) fn enter(&mut self, folder: &Folder) {
        self.entered.push(Entered {
            path: folder.path.clone(),
            depth: folder.depth(),
        });
    }

    fn entered_since(&self, count: usize) -> BTreeMap<String, usize> {
        let mut deepest = BTreeMap::new();
        for entered in self.entered.iter().skip(count) {
            let depth = deepest.entry(entered.path.clone()).or_default();
            *depth = entered.depth.max(*depth);
        }
        deepest
    }

    /// Notes that a base is used; answers whether it will be again.
    fn use_one(&mut self, path: &str) -> bool {
        let Some(uses) = self.uses.get_mut(path) else {
            return false;
        };
        *uses = uses.saturating_sub(1);
        *uses > 0
    }

    /// What a base has come to, if its use here does not fail; it stays known if it is used again.
    fn take(&mut self, folder: &Folder) -> Option<Accumulated> {
        let base = self.known.get(&folder.path)?;
        let depth = folder.depth();
        let entered = base.entered.iter().map(|(path, below)| Entered {
            path: path.clone(),
            depth: below - base.depth + depth,
        });
        let entered: Vec<_> = entered.collect();
        // What must fail here fails where it is worked out again.
        let fails = |below: &Entered| {
            let mut visited = folder.ancestry();
            below.depth > DEPTH
                || visited.any(|visited| path::is_within(&visited.path, &below.path))
        };
        if entered.iter().any(fails) {
            return None;
        }
        let accumulated = if self.uses.get(&folder.path).is_some_and(|uses| *uses > 0) {
            base.accumulated.clone()
        } else {
            self.known.remove(&folder.path)?.accumulated
        };
        self.enter(folder);
        self.entered.extend(entered);
        Some(accumulated)
    }
}

impl Build<'_> {
    /// What a base comes to.
    pub(super) fn base(
        &self,
        folder: &Rc<Folder>,
        kustomization: &Kustomization,
    ) -> Built<Accumulated> {
        let is_used_again = self.bases.borrow_mut().use_one(&folder.path);
        // An origin tells how a base was reached, and a schema may be another one next time.
        let is_alike = || folder.origin.is_none() && !self.has_chosen_schema();
        if is_alike()
            && let Some(known) = self.bases.borrow_mut().take(folder)
        {
            return Ok(known);
        }
        let before = self.bases.borrow().entered.len();
        let accumulated = self.accumulate(folder, kustomization, Accumulated::default())?;
        if is_used_again && is_alike() {
            let mut bases = self.bases.borrow_mut();
            let base = Base {
                accumulated: accumulated.clone(),
                depth: folder.depth(),
                entered: bases.entered_since(before + 1),
            };
            bases.known.insert(folder.path.clone(), base);
        }
        Ok(accumulated)
    }

    /// Counts how often each base below a kustomization will be used.
    ///
    /// What is wrong is left to the build, and so is what looks like a file: it is then not shared.
    pub(super) fn count_uses(&self, folder: &str, depth: usize) {
        let Some(kustomization) = self.kustomization(folder).ok().filter(|_| depth < DEPTH) else {
            return;
        };
        for path in self.folders(folder, &kustomization.resources) {
            if self.count_use(&path) == 1 {
                self.count_uses(&path, depth + 1);
            }
        }
        for path in self.folders(folder, &kustomization.components) {
            // A component runs each time, so what it uses is used again.
            if self.count_use(&path) <= 2 {
                self.count_uses(&path, depth + 1);
            }
        }
    }

    fn count_use(&self, path: &str) -> usize {
        let mut bases = self.bases.borrow_mut();
        let uses = bases.uses.entry(path.to_owned()).or_default();
        *uses += 1;
        *uses
    }

    fn folders(&self, folder: &str, list: &[Item<String>]) -> Vec<String> {
        let is_file = |item: &&Item<String>| {
            let name = path::base(&item.value);
            [".yaml", ".yml", ".json"]
                .iter()
                .any(|end| name.ends_with(end))
        };
        let found = |item: &Item<String>| {
            let place = Place::file(folder);
            match self.files.find(folder, &item.value, &place) {
                Ok(Found::Folder(path)) => Some(path),
                _ => None,
            }
        };
        list.iter()
            .filter(|item| !is_file(item))
            .filter_map(found)
            .collect()
    }
}
