//! The fields of a kustomization as transformers, in kustomize's order, which is not that of the file.

use super::{Build, Built, Folder, at};
use crate::error::Place;
use crate::fault::{Fault, Step};
use crate::field_spec::{Config, FieldSpec, merge_all, merge_one};
use crate::files;
use crate::kustomization::{At, Kustomization, Label, Read as _, Reader};
use crate::kustomization::{Patch as PatchEntry, Replacement, ReplacementEntry};
use crate::read::{self, Start};
use crate::transform::namespace::{Namespace, Subjects};
use crate::transform::patches::{self, Patch};
use crate::transformer::{Configured, Transformer};

/// Reads files for one kustomization, or for a configuration of its own.
pub(super) struct Loader<'a, 'b> {
    pub(super) build: &'a Build<'b>,
    pub(super) folder: &'a Folder,
    /// The file in which inline texts stand.
    pub(super) file: &'a std::sync::Arc<str>,
}

/// The transformers of a kustomization's fields.
pub(super) fn configured<'c>(
    loader: &Loader<'_, '_>,
    kustomization: &'c Kustomization,
    config: &'c Config,
) -> Built<Vec<Configured<'c>>> {
    let mut list = List {
        loader,
        kustomization,
        config,
        transformers: Vec::new(),
    };
    list.strategic_merges()?;
    list.patches()?;
    list.namespace();
    list.affixes();
    list.labels()?;
    list.annotations();
    list.json_patches()?;
    list.replicas();
    list.images();
    list.replacements()?;
    Ok(list.transformers)
}

struct List<'a, 'b, 'c> {
    loader: &'a Loader<'a, 'b>,
    kustomization: &'c Kustomization,
    config: &'c Config,
    transformers: Vec<Configured<'c>>,
}

impl<'c> List<'_, '_, 'c> {
    fn place(&self, line: usize, field: impl Into<String>) -> Place {
        self.kustomization.place(line, field)
    }

    fn add(&mut self, transformer: Transformer<'c>, kind: &'static str, place: Place) {
        self.transformers.push(Configured {
            transformer,
            place,
            kind,
        });
    }

    fn strategic_merges(&mut self) -> Built {
        let list = &self.kustomization.patches_strategic_merge;
        let Some(first) = list.first() else {
            return Ok(());
        };
        let mut patches = Vec::new();
        for (index, item) in list.iter().enumerate() {
            let place = self.place(item.line, format!("patchesStrategicMerge[{index}]"));
            patches.extend(self.loader.strategic_merge(&item.value, &place)?);
        }
        let place = self.place(first.line, "patchesStrategicMerge");
        if patches.is_empty() {
            return Err(place.invalid("no entry holds a patch; remove the field"));
        }
        let transformer = Transformer::StrategicMerge(patches);
        self.add(transformer, "PatchStrategicMergeTransformer", place);
        Ok(())
    }

    fn patches(&mut self) -> Built {
        for (index, item) in self.kustomization.patches.iter().enumerate() {
            let place = self.place(item.line, format!("patches[{index}]"));
            let patch = self.loader.patch(&item.value, &place)?;
            let transformer = Transformer::Patch(patch, item.value.target.clone());
            self.add(transformer, "PatchTransformer", place);
        }
        Ok(())
    }

    fn namespace(&mut self) {
        let item = &self.kustomization.namespace;
        if item.value.is_empty() {
            return;
        }
        let namespace = Namespace {
            name: item.value.as_str().into(),
            fields: self.config.namespace.as_slice().into(),
            subjects: Subjects::NamedDefault,
            unset_only: false,
        };
        let place = self.place(item.line, "namespace");
        self.add(
            Transformer::Namespace(namespace),
            "NamespaceTransformer",
            place,
        );
    }

    fn affixes(&mut self) {
        let (prefix, suffix) = (
            &self.kustomization.name_prefix,
            &self.kustomization.name_suffix,
        );
        if !prefix.value.is_empty() {
            let fields = self.config.name_prefix.as_slice().into();
            let transformer = Transformer::Prefix(prefix.value.clone(), fields);
            self.add(
                transformer,
                "PrefixTransformer",
                self.place(prefix.line, "namePrefix"),
            );
        }
        if !suffix.value.is_empty() {
            let fields = self.config.name_suffix.as_slice().into();
            let transformer = Transformer::Suffix(suffix.value.clone(), fields);
            self.add(
                transformer,
                "SuffixTransformer",
                self.place(suffix.line, "nameSuffix"),
            );
        }
    }

    fn labels(&mut self) -> Built {
        let (labels, common) = (
            &self.kustomization.labels,
            &self.kustomization.common_labels,
        );
        if labels.is_empty() && common.value.is_empty() {
            return Ok(());
        }
        for (index, item) in labels.iter().enumerate() {
            let place = self.place(item.line, format!("labels[{index}]"));
            let fields = label_fields(&item.value, self.config).map_err(at(place.clone()))?;
            let transformer = Transformer::Entries(item.value.pairs.clone(), fields.into());
            self.add(transformer, "LabelTransformer", place);
        }
        let fields = self.config.common_labels.as_slice().into();
        let transformer = Transformer::Entries(common.value.clone(), fields);
        self.add(
            transformer,
            "LabelTransformer",
            self.place(common.line, "commonLabels"),
        );
        Ok(())
    }

    fn annotations(&mut self) {
        let common = &self.kustomization.common_annotations;
        if common.value.is_empty() {
            return;
        }
        let fields = self.config.common_annotations.as_slice().into();
        let transformer = Transformer::Entries(common.value.clone(), fields);
        let place = self.place(common.line, "commonAnnotations");
        self.add(transformer, "AnnotationsTransformer", place);
    }

    fn json_patches(&mut self) -> Built {
        for (index, item) in self.kustomization.patches_json6902.iter().enumerate() {
            let place = self.place(item.line, format!("patchesJson6902[{index}]"));
            let transformer = self.loader.json_patch(&item.value, &place)?;
            self.add(transformer, "PatchJson6902Transformer", place);
        }
        Ok(())
    }

    fn replicas(&mut self) {
        for (index, item) in self.kustomization.replicas.iter().enumerate() {
            let fields = self.config.replicas.as_slice().into();
            let transformer = Transformer::Replicas(item.value.clone(), fields);
            let place = self.place(item.line, format!("replicas[{index}]"));
            self.add(transformer, "ReplicaCountTransformer", place);
        }
    }

    fn images(&mut self) {
        for (index, item) in self.kustomization.images.iter().enumerate() {
            let fields = self.config.images.as_slice().into();
            let transformer = Transformer::Images(item.value.clone(), fields);
            let place = self.place(item.line, format!("images[{index}]"));
            self.add(transformer, "ImageTagTransformer", place);
        }
    }

    fn replacements(&mut self) -> Built {
        let list = &self.kustomization.replacements;
        for (index, item) in list.iter().enumerate() {
            let place = self.place(item.line, format!("replacements[{index}]"));
            let replacements = self.loader.replacements(&item.value, &place)?;
            // All entries are one transformer to kustomize.
            let kind = if index + 1 == list.len() {
                "ReplacementTransformer"
            } else {
                ""
            };
            self.add(Transformer::Replacements(replacements), kind, place);
        }
        Ok(())
    }
}

fn label_fields(label: &Label, config: &Config) -> Step<Vec<FieldSpec>> {
    let mut fields = label.fields.clone();
    let mut merge = || {
        merge_all(&mut fields, &config.labels)?;
        if label.selectors {
            return merge_all(&mut fields, &config.common_labels);
        }
        if label.templates {
            merge_all(&mut fields, &config.template_labels)?;
        }
        merge_one(&mut fields, &FieldSpec::everywhere("metadata/labels"))
    };
    merge().map_err(|conflict| Fault::Here(conflict.0))?;
    Ok(fields)
}

impl Loader<'_, '_> {
    pub(super) fn text(&self, path: &str, place: &Place) -> Built<files::Content> {
        self.build.files.load(&self.folder.path, path, place)
    }

    pub(super) fn inline(&self, line: usize) -> Start<'_> {
        Start {
            file: self.file,
            line,
        }
    }

    /// An inline patch, or the path of one.
    pub(super) fn strategic_merge(
        &self,
        text: &str,
        place: &Place,
    ) -> Built<Vec<crate::resource::Resource>> {
        match read::from_text(text, self.inline(place.line)) {
            Ok(patches) => Ok(patches),
            Err(_) => read::resources(&self.text(text, place)?),
        }
    }

    pub(super) fn patch(&self, entry: &PatchEntry, place: &Place) -> Built<Patch> {
        let inline = entry.inline.trim();
        let invalid = |reason: &str| Err(place.clone().invalid(reason));
        let patch = match (inline.is_empty(), entry.path.is_empty()) {
            (true, true) => return invalid("a patch needs `path` or `patch`"),
            (false, false) => return invalid("`path` and `patch` exclude each other"),
            (false, true) => Patch::read(inline, self.inline(place.line)),
            (true, false) => {
                let content = self.text(&entry.path, place)?;
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

    pub(super) fn json_patch(
        &self,
        entry: &PatchEntry,
        place: &Place,
    ) -> Built<Transformer<'static>> {
        let invalid = |reason: &str| Err(place.clone().invalid(reason));
        let target = entry
            .target
            .as_ref()
            .filter(|target| !target.name.is_empty());
        let Some(target) = target else {
            return invalid("`target.name` is missing");
        };
        let text = match (entry.path.is_empty(), entry.inline.is_empty()) {
            (true, true) => return invalid("a patch needs `path` or `patch`"),
            (false, false) => return invalid("`path` and `patch` exclude each other"),
            (true, false) => entry.inline.clone(),
            (false, true) => files::text(&self.text(&entry.path, place)?)?.to_owned(),
        };
        let operations = patches::operations(&text).map_err(at(place.clone()))?;
        if operations.is_empty() {
            return invalid("the patch is empty");
        }
        Ok(Transformer::JsonPatch(operations, target.clone()))
    }

    pub(super) fn replacements(
        &self,
        entry: &ReplacementEntry,
        place: &Place,
    ) -> Built<Vec<Replacement>> {
        let inline = &entry.replacement;
        if entry.path.is_empty() {
            return Ok(vec![inline.clone()]);
        }
        let targets = inline.targets.as_deref().unwrap_or_default();
        if inline.source.is_some() || !targets.is_empty() {
            let reason = "`path` and an inline replacement exclude each other";
            return Err(place.clone().invalid(reason));
        }
        let content = self.text(&entry.path, place)?;
        let Some(root) = super::first_document(&content)? else {
            let reason = "must be a replacement or a list of them";
            return Err(Place::file(&content.name).invalid(reason));
        };
        let reader = Reader::lenient(&content.name);
        let at = At::root(&root, &reader);
        if root.items().is_some() {
            return at.list();
        }
        Ok(vec![Replacement::read(&at)?])
    }
}
