//! A kustomization file: its fields, as they were written.

mod decode;
mod extras;
pub(crate) mod plugin;
mod read;

use std::sync::Arc;

pub(crate) use decode::{At, Read, Reader, key_text};

use crate::error::Place;
use crate::gvk::Gvk;

/// The names under which a kustomization is looked for.
pub(crate) const FILE_NAMES: [&str; 3] =
    ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// The two kinds of kustomization.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Role {
    #[default]
    Kustomization,
    Component,
}

/// A list item, with the line where it starts.
#[derive(Debug, Clone, Default)]
pub(crate) struct Item<T> {
    pub(crate) line: usize,
    pub(crate) value: T,
}

impl<T> Item<T> {
    fn map<U>(self, change: impl FnOnce(T) -> U) -> Item<U> {
        Item {
            line: self.line,
            value: change(self.value),
        }
    }
}

/// Texts by name, in the order of their names.
pub(crate) type Texts = std::collections::BTreeMap<String, String>;

/// The fields of a kustomization.
#[derive(Debug, Default)]
pub(crate) struct Kustomization {
    pub(crate) file: Arc<str>,
    /// The file's bytes.
    pub(crate) bytes: Arc<[u8]>,
    pub(crate) role: Role,
    pub(crate) open_api: Item<Texts>,
    pub(crate) crds: Vec<Item<String>>,
    pub(crate) generators: Vec<Item<String>>,
    pub(crate) transformers: Vec<Item<String>>,
    pub(crate) validators: Vec<Item<String>>,
    pub(crate) build_metadata: Item<Vec<String>>,
    pub(crate) name_prefix: Item<String>,
    pub(crate) name_suffix: Item<String>,
    pub(crate) namespace: Item<String>,
    pub(crate) common_labels: Item<Texts>,
    pub(crate) labels: Vec<Item<Label>>,
    pub(crate) common_annotations: Item<Texts>,
    pub(crate) patches_strategic_merge: Vec<Item<String>>,
    pub(crate) patches_json6902: Vec<Item<Patch>>,
    pub(crate) patches: Vec<Item<Patch>>,
    pub(crate) images: Vec<Item<Image>>,
    pub(crate) replacements: Vec<Item<ReplacementEntry>>,
    pub(crate) replicas: Vec<Item<Replica>>,
    pub(crate) vars: Vec<Item<Var>>,
    pub(crate) sort_options: Option<Item<SortOptions>>,
    pub(crate) resources: Vec<Item<String>>,
    pub(crate) components: Vec<Item<String>>,
    pub(crate) config_maps: Vec<Item<GeneratorArgs>>,
    pub(crate) secrets: Vec<Item<GeneratorArgs>>,
    pub(crate) generator_options: Option<Item<GeneratorOptions>>,
    pub(crate) configurations: Vec<Item<String>>,
}

impl Kustomization {
    /// A place in the file.
    pub(crate) fn place(&self, line: usize, field: impl Into<String>) -> Place {
        Place {
            line,
            field: field.into(),
            ..Place::file(&self.file)
        }
    }
}

/// An entry of `labels`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Label {
    pub(crate) pairs: Texts,
    pub(crate) selectors: bool,
    pub(crate) templates: bool,
    pub(crate) fields: Vec<crate::field_spec::FieldSpec>,
}

/// An entry of `patches` or `patchesJson6902`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Patch {
    pub(crate) path: String,
    pub(crate) inline: String,
    pub(crate) target: Option<Selector>,
    pub(crate) renames: bool,
    pub(crate) changes_kind: bool,
}

/// What selects objects: regular expressions, and label selectors.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Selector {
    pub(crate) gvk: Gvk,
    pub(crate) name: String,
    pub(crate) namespace: String,
    pub(crate) annotations: String,
    pub(crate) labels: String,
}

/// An entry of `images`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Image {
    pub(crate) name: String,
    pub(crate) new_name: String,
    pub(crate) tag_suffix: String,
    pub(crate) new_tag: String,
    pub(crate) digest: String,
}

/// An entry of `replacements`: a file, or a replacement.
#[derive(Debug, Clone, Default)]
pub(crate) struct ReplacementEntry {
    pub(crate) path: String,
    pub(crate) replacement: Replacement,
}

/// A value that is copied from one field to others.
#[derive(Debug, Clone, Default)]
pub(crate) struct Replacement {
    pub(crate) source: Option<Source>,
    pub(crate) source_value: Option<String>,
    /// `None` if the field is absent.
    pub(crate) targets: Option<Vec<Target>>,
}

/// Where a replacement's value comes from.
#[derive(Debug, Clone, Default)]
pub(crate) struct Source {
    pub(crate) gvk: Gvk,
    pub(crate) name: String,
    pub(crate) namespace: String,
    pub(crate) field_path: String,
    pub(crate) options: Option<FieldOptions>,
}

/// Where a replacement's value goes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Target {
    pub(crate) select: Option<Selector>,
    pub(crate) reject: Vec<Selector>,
    pub(crate) field_paths: Vec<String>,
    pub(crate) options: Option<FieldOptions>,
}

/// How a field is taken apart, and whether it is made.
#[derive(Debug, Clone, Default)]
pub(crate) struct FieldOptions {
    pub(crate) delimiter: String,
    pub(crate) index: i64,
    pub(crate) create: bool,
}

/// An entry of `replicas`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Replica {
    pub(crate) name: String,
    pub(crate) count: i64,
}

/// An entry of `vars`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Var {
    pub(crate) name: String,
    pub(crate) gvk: Gvk,
    pub(crate) object: String,
    pub(crate) namespace: String,
    pub(crate) field_path: String,
}

/// `sortOptions`.
#[derive(Debug, Clone, Default)]
pub(crate) struct SortOptions {
    pub(crate) order: String,
    pub(crate) legacy: Option<LegacyOrder>,
}

/// The kinds that come first and last.
#[derive(Debug, Clone, Default)]
pub(crate) struct LegacyOrder {
    pub(crate) first: Vec<String>,
    pub(crate) last: Vec<String>,
}

/// An entry of `configMapGenerator` or `secretGenerator`.
#[derive(Debug, Clone, Default)]
pub(crate) struct GeneratorArgs {
    pub(crate) name: String,
    pub(crate) namespace: String,
    pub(crate) behavior: String,
    pub(crate) literals: Vec<String>,
    pub(crate) files: Vec<String>,
    pub(crate) envs: Vec<String>,
    /// The old name for a single one of `envs`.
    pub(crate) env: String,
    /// Of a Secret.
    pub(crate) secret_type: String,
    pub(crate) options: Option<GeneratorOptions>,
}

/// A generator that has no `type`.
pub(crate) struct ConfigMapArgs(pub(crate) GeneratorArgs);

/// A generator that may have a `type`.
pub(crate) struct SecretArgs(pub(crate) GeneratorArgs);

/// `generatorOptions`, or a generator's own.
#[derive(Debug, Clone, Default)]
pub(crate) struct GeneratorOptions {
    pub(crate) labels: Texts,
    pub(crate) annotations: Texts,
    pub(crate) disable_hash: bool,
    pub(crate) immutable: bool,
}

impl GeneratorArgs {
    /// Brings `env` to its new name, which kustomize does in kustomizations only.
    pub(crate) fn with_env(mut self) -> Self {
        if !self.env.is_empty() {
            self.envs.push(std::mem::take(&mut self.env));
        }
        self
    }

    /// Adds what all generators of a kustomization have in common.
    pub(crate) fn with_common(mut self, common: Option<&GeneratorOptions>) -> Self {
        let Some(common) = common else {
            return self;
        };
        let own = self.options.get_or_insert_default();
        for (name, value) in &common.labels {
            own.labels
                .entry(name.clone())
                .or_insert_with(|| value.clone());
        }
        for (name, value) in &common.annotations {
            own.annotations
                .entry(name.clone())
                .or_insert_with(|| value.clone());
        }
        own.disable_hash |= common.disable_hash;
        own.immutable |= common.immutable;
        self
    }
}
