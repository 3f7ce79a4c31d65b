//! A transformer, ready to run: from a field of a kustomization, or from a configuration of its own.

use std::borrow::Cow;

use crate::build::{Build, Built, at};
use crate::error::Place;
use crate::fault::Step;
use crate::field_spec::FieldSpec;
use crate::json_patch::Operation;
use crate::kustomization::{Image, Replacement, Replica, Selector, Texts};
use crate::resource::Resource;
use crate::resources::Resources;
use crate::transform::names::Affix;
use crate::transform::namespace::Namespace;
use crate::transform::patches::{self, Patch, Remember};
use crate::transform::value_add::ValueAdd;
use crate::transform::{
    entries, hash, images, names, namespace, replacements, replicas, value_add,
};

/// The fields that a transformer reaches.
pub(crate) type Fields<'a> = Cow<'a, [FieldSpec]>;

/// What to do to all objects.
#[derive(Debug)]
pub(crate) enum Transformer<'a> {
    /// Each patch into the object that it names.
    StrategicMerge(Vec<Resource>),
    Patch(Patch, Option<Selector>),
    JsonPatch(Vec<Operation>, Selector),
    Namespace(Namespace<'a>),
    Prefix(String, Fields<'a>),
    Suffix(String, Fields<'a>),
    /// Labels or annotations.
    Entries(Texts, Fields<'a>),
    Replicas(Replica, Fields<'a>),
    Images(Image, Fields<'a>),
    Replacements(Vec<Replacement>),
    Hash,
    ValueAdd(ValueAdd),
    /// One after the other.
    Both(Box<[Self; 2]>),
}

/// Of which objects a transformer must know to change one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sight {
    /// Of that one alone; ids stay.
    Patched,
    /// Of that one alone, but no two may come to have the same id.
    Namespace,
    /// Of that one alone.
    Each,
    All,
}

impl Transformer<'_> {
    pub(crate) fn sight(&self) -> Sight {
        match self {
            Self::StrategicMerge(_) | Self::Patch(..) => Sight::Patched,
            Self::Namespace(_) => Sight::Namespace,
            Self::JsonPatch(..)
            | Self::Prefix(..)
            | Self::Suffix(..)
            | Self::Entries(..)
            | Self::Replicas(..)
            | Self::Images(..) => Sight::Each,
            Self::Replacements(_) | Self::Hash | Self::ValueAdd(_) | Self::Both(_) => Sight::All,
        }
    }
}

/// A transformer, what it is called, and where it stands.
#[derive(Debug)]
pub(crate) struct Configured<'a> {
    pub(crate) transformer: Transformer<'a>,
    pub(crate) place: Place,
    /// Its kind, as `buildMetadata` names it.
    pub(crate) kind: &'static str,
}

impl Configured<'_> {
    /// Runs, then drops what it emptied.
    pub(crate) fn run(&self, resources: &mut Resources, build: &Build<'_>) -> Built {
        let run = Run {
            place: &self.place,
            build,
        };
        run.run(&self.transformer, resources)
            .map_err(at(self.place.clone()))?;
        // Patches settle the objects that they change: there may be many of both.
        let is_patch = matches!(
            self.transformer,
            Transformer::StrategicMerge(_) | Transformer::Patch(..) | Transformer::JsonPatch(..)
        );
        if !is_patch {
            resources.settle();
        }
        Ok(())
    }
}

const EMPTY: &str = "the patch is empty; write one, or remove the entry";

struct Run<'a, 'b> {
    place: &'a Place,
    build: &'a Build<'b>,
}

impl Run<'_, '_> {
    fn run(&self, transformer: &Transformer<'_>, resources: &mut Resources) -> Step {
        match transformer {
            Transformer::StrategicMerge(patches) => {
                let schema = self.build.schema();
                let mut patches = patches.iter();
                patches.try_for_each(|patch| patches::merge_by_id(resources, patch, &schema))
            }
            Transformer::Patch(patch, target) => self.patch(resources, patch, target.as_ref()),
            Transformer::JsonPatch(operations, target) => {
                let count = patches::apply_json(resources, operations, target, Remember::Nothing)?;
                self.expect_some(resources, count);
                Ok(())
            }
            Transformer::Namespace(namespace) => namespace::set(resources, namespace),
            Transformer::Prefix(prefix, fields) => {
                names::affix(resources, Affix::Prefix(prefix), fields)
            }
            Transformer::Suffix(suffix, fields) => {
                names::affix(resources, Affix::Suffix(suffix), fields)
            }
            Transformer::Entries(texts, fields) => entries::set(resources, texts, fields),
            Transformer::Replicas(replica, fields) => replicas::set(resources, replica, fields),
            Transformer::Images(image, fields) => self.images(resources, image, fields),
            Transformer::Replacements(list) => self.replacements(resources, list),
            Transformer::Hash => hash::add(resources),
            Transformer::ValueAdd(value) => value_add::add(resources, value),
            Transformer::Both(both) => {
                let mut both = both.iter();
                both.try_for_each(|one| {
                    self.run(one, resources)?;
                    resources.settle();
                    Ok(())
                })
            }
        }
    }

    fn patch(&self, resources: &mut Resources, patch: &Patch, target: Option<&Selector>) -> Step {
        let schema = self.build.schema();
        let count = match (patch, target) {
            (Patch::Merge(list), None) => {
                let mut list = list.iter();
                return list.try_for_each(|one| patches::merge_by_id(resources, one, &schema));
            }
            (Patch::Merge(list), Some(target)) => match list.as_slice() {
                [] => {
                    self.build.find(self.place.clone(), EMPTY);
                    return Ok(());
                }
                [one] => patches::merge_selected(resources, one, target, &schema)?,
                _ => {
                    let reason =
                        "several patches in one entry cannot have a target; make each an entry";
                    return Err(reason.into());
                }
            },
            (Patch::Json(operations), _) if operations.is_empty() => {
                self.build.find(self.place.clone(), EMPTY);
                return Ok(());
            }
            (Patch::Json(_), None) => return Err("a JSON patch needs a `target`".into()),
            (Patch::Json(operations), Some(target)) => {
                patches::apply_json(resources, operations, target, Remember::Id)?
            }
        };
        self.expect_some(resources, count);
        Ok(())
    }

    fn expect_some(&self, resources: &Resources, count: usize) {
        if count == 0 && !resources.is_part() {
            let message = "the target matches no object; correct or remove the patch";
            self.build.find(self.below("target"), message);
        }
    }

    fn below(&self, field: &str) -> Place {
        let mut place = self.place.clone();
        place.field = format!("{}.{field}", place.field);
        place
    }

    fn images(&self, resources: &mut Resources, image: &Image, fields: &[FieldSpec]) -> Step {
        if images::set(resources, image, fields)? == 0 && !resources.is_part() {
            let message = format!(
                "no image is named `{}`; correct or remove the entry",
                image.name
            );
            self.build.find(self.place.clone(), message);
        }
        Ok(())
    }

    fn replacements(&self, resources: &mut Resources, list: &[Replacement]) -> Step {
        for replacement in list {
            for target in replacements::apply(resources, replacement)? {
                let message = "selects no object; correct or remove the target";
                self.build
                    .find(self.below(&format!("targets[{target}]")), message);
            }
            resources.settle();
        }
        Ok(())
    }
}
