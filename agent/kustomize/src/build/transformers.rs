//! The built-in transformers in kustomize's order, which is not that of the file.

use super::{Accumulated, Build, Built, Folder, at};
use crate::error::Place;
use crate::fault::{Fault, Step};
use crate::field_spec::{Config, FieldSpec, merge_all, merge_one};
use crate::files::{self, Content};
use crate::kustomization::{
    At, Kustomization, Label, Patch as PatchEntry, Read as _, Reader, Replacement,
};
use crate::read::Start;
use crate::resources::Resources;
use crate::transform::names::Affix;
use crate::transform::namespace::{Namespace, Subjects};
use crate::transform::patches::{self, Patch, Remember};
use crate::transform::{entries, images, names, namespace, replacements, replicas};

impl Build<'_> {
    pub(super) fn run_transformers(
        &self,
        folder: &Folder,
        kustomization: &Kustomization,
        built: &mut Accumulated,
    ) -> Built {
        let config = built.config.clone();
        let config = config
            .as_deref()
            .unwrap_or_else(|| crate::knowledge::default_config());
        let run = Run {
            build: self,
            folder,
            kustomization,
            config,
        };
        let resources = &mut built.resources;
        run.strategic_merges(resources)?;
        run.patches(resources)?;
        run.namespace(resources)?;
        run.names(resources)?;
        run.labels(resources)?;
        run.annotations(resources)?;
        run.json_patches(resources)?;
        run.replicas(resources)?;
        run.images(resources)?;
        run.replacements(resources)
    }
}

/// The transformers of one kustomization.
struct Run<'a, 'b> {
    build: &'a Build<'b>,
    folder: &'a Folder,
    kustomization: &'a Kustomization,
    config: &'a Config,
}

/// Runs one step, then drops what it emptied.
fn settled<T>(
    resources: &mut Resources,
    place: Place,
    step: impl FnOnce(&mut Resources) -> Step<T>,
) -> Built<T> {
    let done = step(resources).map_err(at(place))?;
    resources.settle();
    Ok(done)
}

impl Run<'_, '_> {
    fn place(&self, line: usize, field: impl Into<String>) -> Place {
        self.kustomization.place(line, field)
    }

    fn load(&self, path: &str, place: &Place) -> Built<Content> {
        self.build.files.load(&self.folder.path, path, place)
    }

    fn inline(&self, line: usize) -> Start<'_> {
        Start {
            file: &self.kustomization.file,
            line,
        }
    }

    fn strategic_merges(&self, resources: &mut Resources) -> Built {
        for (index, item) in self
            .kustomization
            .patches_strategic_merge
            .iter()
            .enumerate()
        {
            let place = self.place(item.line, format!("patchesStrategicMerge[{index}]"));
            let inline = crate::read::from_text(&item.value, self.inline(item.line));
            let patches = match inline {
                Ok(patches) => patches,
                Err(_) => crate::read::resources(&self.load(&item.value, &place)?)?,
            };
            settled(resources, place, |resources| {
                let mut patches = patches.iter();
                patches.try_for_each(|patch| {
                    patches::merge_by_id(resources, patch, crate::knowledge::schema())
                })
            })?;
        }
        Ok(())
    }

    fn patches(&self, resources: &mut Resources) -> Built {
        for (index, item) in self.kustomization.patches.iter().enumerate() {
            let place = self.place(item.line, format!("patches[{index}]"));
            let (entry, line) = (&item.value, item.line);
            let patch = self.read_patch(entry, &place)?;
            let count = settled(resources, place, |resources| apply(resources, entry, patch))?;
            if count == Some(0) {
                let place = self.place(line, format!("patches[{index}].target"));
                let message = "the target matches no object; correct or remove the patch";
                self.build.find(place, message);
            }
        }
        Ok(())
    }

    fn read_patch(&self, entry: &PatchEntry, place: &Place) -> Built<Patch> {
        let inline = entry.inline.trim();
        let invalid = |reason: &str| Err(place.clone().invalid(reason));
        let patch = match (inline.is_empty(), entry.path.is_empty()) {
            (true, true) => return invalid("a patch needs `path` or `patch`"),
            (false, false) => return invalid("`path` and `patch` exclude each other"),
            (false, true) => Patch::read(inline, self.inline(place.line)),
            (true, false) => {
                let content = self.load(&entry.path, place)?;
                let start = Start {
                    file: &content.name,
                    line: 0,
                };
                Patch::read(files::text(&content)?, start)
            }
        };
        let mut patch = patch.map_err(at(place.clone()))?;
        if let Patch::Merge(list) = &mut patch {
            for one in list {
                one.history.renames = entry.renames;
                one.history.changes_kind = entry.changes_kind;
            }
        }
        Ok(patch)
    }

    fn namespace(&self, resources: &mut Resources) -> Built {
        let item = &self.kustomization.namespace;
        if item.value.is_empty() {
            return Ok(());
        }
        let namespace = Namespace {
            name: &item.value,
            fields: &self.config.namespace,
            subjects: Subjects::NamedDefault,
            unset_only: false,
        };
        settled(resources, self.place(item.line, "namespace"), |resources| {
            namespace::set(resources, namespace)
        })
    }

    fn names(&self, resources: &mut Resources) -> Built {
        let (prefix, suffix) = (
            &self.kustomization.name_prefix,
            &self.kustomization.name_suffix,
        );
        if !prefix.value.is_empty() {
            settled(
                resources,
                self.place(prefix.line, "namePrefix"),
                |resources| {
                    names::affix(
                        resources,
                        Affix::Prefix(&prefix.value),
                        &self.config.name_prefix,
                    )
                },
            )?;
        }
        if !suffix.value.is_empty() {
            settled(
                resources,
                self.place(suffix.line, "nameSuffix"),
                |resources| {
                    names::affix(
                        resources,
                        Affix::Suffix(&suffix.value),
                        &self.config.name_suffix,
                    )
                },
            )?;
        }
        Ok(())
    }

    fn labels(&self, resources: &mut Resources) -> Built {
        for (index, item) in self.kustomization.labels.iter().enumerate() {
            let place = self.place(item.line, format!("labels[{index}]"));
            let fields = self.label_fields(&item.value).map_err(at(place.clone()))?;
            settled(resources, place, |resources| {
                entries::set(resources, &item.value.pairs, &fields)
            })?;
        }
        let common = &self.kustomization.common_labels;
        settled(
            resources,
            self.place(common.line, "commonLabels"),
            |resources| entries::set(resources, &common.value, &self.config.common_labels),
        )
    }

    fn label_fields(&self, label: &Label) -> Step<Vec<FieldSpec>> {
        let mut fields = label.fields.clone();
        let mut merge = || {
            merge_all(&mut fields, &self.config.labels)?;
            if label.selectors {
                return merge_all(&mut fields, &self.config.common_labels);
            }
            if label.templates {
                merge_all(&mut fields, &self.config.template_labels)?;
            }
            merge_one(&mut fields, &FieldSpec::everywhere("metadata/labels"))
        };
        merge().map_err(|conflict| Fault::Here(conflict.0))?;
        Ok(fields)
    }

    fn annotations(&self, resources: &mut Resources) -> Built {
        let common = &self.kustomization.common_annotations;
        let place = self.place(common.line, "commonAnnotations");
        settled(resources, place, |resources| {
            entries::set(resources, &common.value, &self.config.common_annotations)
        })
    }

    fn json_patches(&self, resources: &mut Resources) -> Built {
        for (index, item) in self.kustomization.patches_json6902.iter().enumerate() {
            let field = format!("patchesJson6902[{index}]");
            let place = self.place(item.line, field.clone());
            let entry = &item.value;
            let invalid = |reason: &str| Err(place.clone().invalid(reason));
            let Some(target) = entry
                .target
                .as_ref()
                .filter(|target| !target.name.is_empty())
            else {
                return invalid("`target.name` is missing");
            };
            let text = match (entry.path.is_empty(), entry.inline.is_empty()) {
                (true, true) => return invalid("a patch needs `path` or `patch`"),
                (false, false) => return invalid("`path` and `patch` exclude each other"),
                (true, false) => entry.inline.clone(),
                (false, true) => files::text(&self.load(&entry.path, &place)?)?.to_owned(),
            };
            let operations = patches::operations(&text).map_err(at(place.clone()))?;
            if operations.is_empty() {
                return invalid("the patch is empty");
            }
            let count = settled(resources, place, |resources| {
                patches::apply_json(resources, &operations, target, Remember::Nothing)
            })?;
            if count == 0 {
                let message = "the target matches no object; correct or remove the patch";
                self.build.find(self.place(item.line, field), message);
            }
        }
        Ok(())
    }

    fn replicas(&self, resources: &mut Resources) -> Built {
        for (index, item) in self.kustomization.replicas.iter().enumerate() {
            let place = self.place(item.line, format!("replicas[{index}]"));
            settled(resources, place, |resources| {
                replicas::set(resources, &item.value, &self.config.replicas)
            })?;
        }
        Ok(())
    }

    fn images(&self, resources: &mut Resources) -> Built {
        for (index, item) in self.kustomization.images.iter().enumerate() {
            let field = format!("images[{index}]");
            let count = settled(
                resources,
                self.place(item.line, field.clone()),
                |resources| images::set(resources, &item.value, &self.config.images),
            )?;
            if count == 0 {
                let name = &item.value.name;
                let message = format!("no image is named `{name}`; correct or remove the entry");
                self.build.find(self.place(item.line, field), message);
            }
        }
        Ok(())
    }

    fn replacements(&self, resources: &mut Resources) -> Built {
        for (index, item) in self.kustomization.replacements.iter().enumerate() {
            let field = format!("replacements[{index}]");
            let place = self.place(item.line, field.clone());
            for replacement in &self.replacements_of(&item.value, &place)? {
                let unmatched = settled(resources, place.clone(), |resources| {
                    replacements::apply(resources, replacement)
                })?;
                for target in unmatched {
                    let field = format!("{field}.targets[{target}]");
                    let message = "selects no object; correct or remove the target";
                    self.build.find(self.place(item.line, field), message);
                }
            }
        }
        Ok(())
    }

    fn replacements_of(
        &self,
        entry: &crate::kustomization::ReplacementEntry,
        place: &Place,
    ) -> Built<Vec<Replacement>> {
        let inline = &entry.replacement;
        if entry.path.is_empty() {
            return Ok(vec![inline.clone()]);
        }
        let has_targets = inline
            .targets
            .as_ref()
            .is_some_and(|targets| !targets.is_empty());
        if inline.source.is_some() || has_targets {
            let reason = "`path` and an inline replacement exclude each other";
            return Err(place.clone().invalid(reason));
        }
        let content = self.load(&entry.path, place)?;
        let Some(root) = super::first_document(&content)? else {
            return Err(
                Place::file(&content.name).invalid("must be a replacement or a list of them")
            );
        };
        let reader = Reader::lenient(&content.name);
        let at = At::root(&root, &reader);
        if root.items().is_some() {
            return at.list();
        }
        Ok(vec![Replacement::read(&at)?])
    }
}

/// Applies one entry; answers how many objects its target selected.
fn apply(resources: &mut Resources, entry: &PatchEntry, patch: Patch) -> Step<Option<usize>> {
    let schema = crate::knowledge::schema();
    match (patch, &entry.target) {
        (Patch::Merge(list), Some(target)) => match list.as_slice() {
            [] => Ok(None),
            [one] => patches::merge_selected(resources, one, target, schema).map(Some),
            _ => {
                Err("several patches in one entry cannot have a target; make each an entry".into())
            }
        },
        (Patch::Merge(list), None) => {
            for patch in &list {
                patches::merge_by_id(resources, patch, schema)?;
                if patch.history.renames || patch.history.changes_kind {
                    resources.settle();
                }
            }
            Ok(None)
        }
        (Patch::Json(operations), _) if operations.is_empty() => Ok(None),
        (Patch::Json(_), None) => Err("a JSON patch needs a `target`".into()),
        (Patch::Json(operations), Some(target)) => {
            patches::apply_json(resources, &operations, target, Remember::Id).map(Some)
        }
    }
}
