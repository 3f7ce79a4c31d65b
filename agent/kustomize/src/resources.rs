//! The objects of a build, in order, found by their ids.

use std::collections::HashMap;
use std::hash::BuildHasher as _;

use foldhash::quality::RandomState;

use crate::fault::Step;
use crate::gvk::ResourceId;
use crate::resource::Resource;

/// Objects in the order in which they were added.
#[derive(Debug, Clone, Default)]
pub(crate) struct Resources {
    pub(crate) list: Vec<Resource>,
    /// The objects by current id; `None` after ids changed.
    index: Option<Index>,
    /// The objects by all names that they have or had; `None` after names changed.
    names: Option<Names>,
    /// Set if these are only a part of the objects.
    census: Option<Census>,
}

/// What a step asked of a part of the objects, and which of them it meant.
#[derive(Debug, Clone, Default)]
pub(crate) struct Census {
    /// What each part of the step asks for.
    pub(crate) wanted: Vec<Wanted>,
    /// Tickets of objects, with the parts that meant them.
    pub(crate) meant: Vec<(usize, usize)>,
    /// Whether an object that was changed alone got another id.
    pub(crate) has_renamed: bool,
}

/// How many objects a part of a step must mean, if nothing is to be said about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    One,
    Some,
}

#[derive(Debug, Clone, Default)]
struct Index {
    hasher: RandomState,
    by_hash: HashMap<u64, usize, RandomState>,
}

impl Index {
    fn hash(&self, id: &ResourceId) -> u64 {
        self.hasher
            .hash_one((&id.gvk, &id.name, id.effective_namespace()))
    }
}

impl Resources {
    pub(crate) fn new(list: Vec<Resource>) -> Self {
        Self {
            list,
            ..Self::default()
        }
    }

    /// A part of the objects.
    pub(crate) fn part(list: Vec<Resource>) -> Self {
        Self {
            list,
            census: Some(Census::default()),
            ..Self::default()
        }
    }

    pub(crate) fn is_part(&self) -> bool {
        self.census.is_some()
    }

    pub(crate) fn into_census(self) -> (Vec<Resource>, Census) {
        (self.list, self.census.unwrap_or_default())
    }

    /// Notes which objects a part of a step means, if these are a part of the objects.
    pub(crate) fn note_meant(&mut self, wanted: Wanted, positions: &[usize]) {
        let Some(census) = &mut self.census else {
            return;
        };
        let part = census.wanted.len();
        census.wanted.push(wanted);
        let tickets = positions
            .iter()
            .filter_map(|position| self.list.get(*position))
            .map(|resource| (resource.ticket(), part));
        census.meant.extend(tickets);
    }

    /// To be called after objects changed: empty ones go, ids are read again.
    pub(crate) fn settle(&mut self) {
        let count = self.list.len();
        self.list.retain(|resource| !resource.is_gone);
        let mut has_changed = count != self.list.len();
        for resource in &mut self.list {
            resource.settle();
            has_changed |= resource.refresh();
        }
        if has_changed {
            self.index = None;
        }
        self.names = None;
    }

    /// To be called after one object changed: it goes if it is empty, its id is read again.
    pub(crate) fn settle_one(&mut self, position: usize) {
        let Some(resource) = self.list.get_mut(position) else {
            return;
        };
        let is_gone = resource.is_gone;
        if !is_gone {
            resource.settle();
        }
        let is_new = !is_gone && resource.refresh();
        if let Some(census) = &mut self.census {
            census.has_renamed |= resource.is_renamed();
        }
        if is_gone {
            self.list.remove(position);
            return self.forget_names();
        }
        if is_new {
            self.index = None;
            self.note(position);
        }
    }

    /// Puts an object in the place of another one.
    pub(crate) fn replace(&mut self, position: usize, resource: Resource) {
        let Some(slot) = self.list.get_mut(position) else {
            return;
        };
        if !slot.id().is_same(resource.id()) {
            self.index = None;
        }
        *slot = resource;
        self.note(position);
    }

    /// Adds an object's names to those that are known; what it is no longer called does no harm.
    fn note(&mut self, position: usize) {
        if let (Some(names), Some(resource)) = (&mut self.names, self.list.get(position)) {
            names.add(position, resource);
        }
    }

    /// Adds an object whose id must be new.
    pub(crate) fn append(&mut self, resource: Resource) -> Step {
        if let Some(known) = self.current(resource.id()) {
            return Err(format!(
                "`{}` of {} has the same id as that of {}; rename or remove one of the two",
                resource.id(),
                resource.origin,
                known.origin
            )
            .into());
        }
        if let Some(index) = &mut self.index {
            let hash = index.hash(resource.id());
            index.by_hash.entry(hash).or_insert(self.list.len());
        }
        self.list.push(resource);
        self.note(self.list.len() - 1);
        Ok(())
    }

    pub(crate) fn append_all(&mut self, others: Self) -> Step {
        if self.list.is_empty() {
            *self = others;
            return self.check_unique();
        }
        let mut others = others.list.into_iter();
        others.try_for_each(|resource| self.append(resource))
    }

    /// Fails if two objects have the same current id.
    pub(crate) fn check_unique(&mut self) -> Step {
        if self.index.is_some() {
            return Ok(());
        }
        let list = std::mem::take(&mut self.list);
        self.list.reserve(list.len());
        let mut list = list.into_iter();
        list.try_for_each(|resource| self.append(resource))
    }

    /// The object with a current id.
    fn current(&mut self, id: &ResourceId) -> Option<&Resource> {
        let index = self.index.get_or_insert_with(|| {
            let mut index = Index::default();
            for (position, resource) in self.list.iter().enumerate() {
                let hash = index.hash(resource.id());
                index.by_hash.entry(hash).or_insert(position);
            }
            index
        });
        let position = *index.by_hash.get(&index.hash(id))?;
        let found = self.list.get(position)?;
        if found.id().is_same(id) {
            return Some(found);
        }
        // Two ids with one hash: rare enough to look at all.
        self.list.iter().find(|resource| resource.id().is_same(id))
    }

    /// To be called after one object got another name.
    pub(crate) fn forget_names(&mut self) {
        self.names = None;
        self.index = None;
    }

    /// The positions of objects whose current or a former id is `id`.
    pub(crate) fn positions(&mut self, id: &ResourceId) -> Vec<usize> {
        let list = &self.list;
        let names = self.names.get_or_insert_with(|| Names::new(list));
        let is_meant = |position: &&usize| {
            let found = list.get(**position);
            found.is_some_and(|resource| !resource.is_gone && resource.was(id))
        };
        names
            .of(&id.name)
            .iter()
            .filter(is_meant)
            .copied()
            .collect()
    }

    /// The positions of all objects that have or had a name, and maybe of more.
    pub(crate) fn named(&mut self, name: &str) -> Vec<usize> {
        let list = &self.list;
        let names = self.names.get_or_insert_with(|| Names::new(list));
        names.of(name).to_vec()
    }

    /// The one object whose current or a former id is `id`.
    pub(crate) fn only(&mut self, id: &ResourceId) -> Step<usize> {
        match self.positions(id).as_slice() {
            [position] => Ok(*position),
            [] => Err(format!("no object is `{id}`").into()),
            several => Err(format!("{} objects are or were `{id}`", several.len()).into()),
        }
    }
}

/// Positions by names, in the order of the list.
#[derive(Debug, Clone, Default)]
struct Names(HashMap<Box<str>, Vec<usize>, RandomState>);

impl Names {
    fn new(list: &[Resource]) -> Self {
        let known = HashMap::with_capacity_and_hasher(list.len(), RandomState::default());
        let mut names = Self(known);
        for (position, resource) in list.iter().enumerate() {
            names.add(position, resource);
        }
        names
    }

    fn add(&mut self, position: usize, resource: &Resource) {
        let previous = resource.history.previous.iter().map(|one| &one.name);
        for name in previous.chain([&resource.id().name]) {
            let Some(positions) = self.0.get_mut(name.as_str()) else {
                self.0.insert(name.as_str().into(), vec![position]);
                continue;
            };
            match positions.binary_search(&position) {
                Ok(_) => {}
                Err(index) => positions.insert(index, position),
            }
        }
    }

    fn of(&self, name: &str) -> &[usize] {
        self.0.get(name).map_or(&[], Vec::as_slice)
    }
}
