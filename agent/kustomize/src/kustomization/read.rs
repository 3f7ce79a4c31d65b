//! Reading a kustomization: known fields, old names and what became of them.

use std::sync::Arc;

use tidegate_yaml::Node;

use super::decode::{At, Decoded, Read, Reader};
use super::{ConfigMapArgs, SecretArgs};
use super::{GeneratorArgs, GeneratorOptions, Image, Kustomization, Label, LegacyOrder, Patch};
use super::{Replica, Role, SortOptions};

const FIELDS: [&str; 34] = [
    "apiVersion",
    "bases",
    "buildMetadata",
    "commonAnnotations",
    "commonLabels",
    "components",
    "configMapGenerator",
    "configurations",
    "crds",
    "generatorOptions",
    "generators",
    "helmChartInflationGenerator",
    "helmCharts",
    "helmGlobals",
    "imageTags",
    "images",
    "kind",
    "labels",
    "metadata",
    "namePrefix",
    "nameSuffix",
    "namespace",
    "openapi",
    "patches",
    "patchesJson6902",
    "patchesStrategicMerge",
    "replacements",
    "replicas",
    "resources",
    "secretGenerator",
    "sortOptions",
    "transformers",
    "validators",
    "vars",
];

/// What is read before old names are brought to new ones.
#[derive(Default)]
struct Raw {
    kustomization: Kustomization,
    kind: String,
    api_version: String,
    bases: Vec<super::Item<String>>,
    image_tags: Vec<super::Item<Image>>,
    /// Whether any field but `kind` and `apiVersion` says something.
    says_something: bool,
}

impl Kustomization {
    /// Reads a kustomization's document.
    pub(crate) fn read(file: &str, node: &Node) -> Decoded<Self> {
        let reader = Reader::strict(file);
        let at = At::root(node, &reader);
        let mut raw = Raw::default();
        at.fields(&FIELDS, |name, at| raw.read_field(name, &at))?;
        raw.finish(file, &at)
    }
}

impl Raw {
    fn read_field(&mut self, name: &str, at: &At<'_>) -> Decoded {
        let text = at.node.text();
        let is_old = matches!(name, "bases" | "imageTags" | "helmChartInflationGenerator");
        let is_empty_list = at.node.items().is_some_and(<[Node]>::is_empty);
        let is_empty_text = text.is_some_and(str::is_empty);
        let is_type = matches!(name, "apiVersion" | "kind");
        self.says_something |=
            !(at.is_null() || is_type || is_empty_text || (is_old && is_empty_list));
        match name {
            "apiVersion" => self.api_version = at.text()?,
            "kind" => self.kind = at.text()?,
            "bases" => self.bases = at.items()?,
            "imageTags" => self.image_tags = at.items()?,
            "metadata" => metadata(at)?,
            "helmGlobals" => {
                at.fields(&["chartHome", "configHome"], |_, at| at.text().map(drop))?;
            }
            "helmCharts" | "helmChartInflationGenerator" if !at.is_null() && !is_empty_list => {
                return Err(crate::error::helm(at.place()));
            }
            _ => self.kustomization.read_field(name, at)?,
        }
        Ok(())
    }

    /// Checks kind and version, and brings old fields to their new names.
    fn finish(self, file: &str, at: &At<'_>) -> Decoded<Kustomization> {
        let mut kustomization = self.kustomization;
        kustomization.file = Arc::from(file);
        kustomization.resources.extend(self.bases);
        kustomization.images.extend(self.image_tags);
        if !self.says_something {
            return Err(at.invalid("the kustomization is empty; list `resources`"));
        }
        let (role, version) = match self.kind.as_str() {
            "" | "Kustomization" => (Role::Kustomization, "kustomize.config.k8s.io/v1beta1"),
            "Component" => (Role::Component, "kustomize.config.k8s.io/v1alpha1"),
            other => {
                let reason = format!("kind `{other}` must be Kustomization or Component");
                return Err(at.invalid(reason));
            }
        };
        if !self.api_version.is_empty() && self.api_version != version {
            let found = &self.api_version;
            return Err(at.invalid(format!("apiVersion `{found}` must be `{version}`")));
        }
        kustomization.role = role;
        Ok(kustomization)
    }
}

impl Kustomization {
    fn read_field(&mut self, name: &str, at: &At<'_>) -> Decoded {
        match name {
            "namePrefix" => self.name_prefix = at.item()?,
            "nameSuffix" => self.name_suffix = at.item()?,
            "namespace" => self.namespace = at.item()?,
            "commonLabels" => self.common_labels = at.item()?,
            "labels" => self.labels = at.items()?,
            "commonAnnotations" => self.common_annotations = at.item()?,
            "patchesStrategicMerge" => self.patches_strategic_merge = at.items()?,
            "patchesJson6902" => self.patches_json6902 = at.items()?,
            "patches" => self.patches = at.items()?,
            "images" => self.images = at.items()?,
            "replacements" => self.replacements = at.items()?,
            "replicas" => self.replicas = at.items()?,
            "vars" => self.vars = at.items()?,
            "sortOptions" => {
                self.sort_options = at.optional()?;
            }
            "resources" => self.resources = at.items()?,
            "components" => self.components = at.items()?,
            "configMapGenerator" => {
                self.config_maps = at
                    .items::<ConfigMapArgs>()?
                    .into_iter()
                    .map(|item| item.map(|args| args.0.with_env()))
                    .collect();
            }
            "secretGenerator" => {
                self.secrets = at
                    .items::<SecretArgs>()?
                    .into_iter()
                    .map(|item| item.map(|args| args.0.with_env()))
                    .collect();
            }
            "generatorOptions" => self.generator_options = at.optional()?,
            "configurations" => self.configurations = at.items()?,
            "openapi" => self.open_api = at.item()?,
            "crds" => self.crds = at.items()?,
            "generators" => self.generators = at.items()?,
            "transformers" => self.transformers = at.items()?,
            "validators" => self.validators = at.items()?,
            "buildMetadata" => self.build_metadata = at.item()?,
            _ => {}
        }
        Ok(())
    }
}

fn metadata(at: &At<'_>) -> Decoded {
    const NAMES: [&str; 4] = ["name", "namespace", "labels", "annotations"];
    at.fields(&NAMES, |name, at| match name {
        "name" | "namespace" => at.text().map(drop),
        _ => at.texts().map(drop),
    })
}

fn generator_args(at: &At<'_>, names: &[&'static str], args: &mut GeneratorArgs) -> Decoded {
    at.fields(names, |name, at| {
        match name {
            "name" => args.name = at.text()?,
            "namespace" => args.namespace = at.text()?,
            "behavior" => args.behavior = at.text()?,
            "literals" => args.literals = at.list()?,
            "files" => args.files = at.list()?,
            "envs" => args.envs = at.list()?,
            "env" => args.env = at.text()?,
            "options" => args.options = at.optional()?,
            _ => args.secret_type = at.text()?,
        }
        Ok(())
    })
}

/// The fields of a generator; the last is that of Secrets alone.
const GENERATOR: [&str; 9] = [
    "name",
    "namespace",
    "behavior",
    "literals",
    "files",
    "envs",
    "env",
    "options",
    "type",
];

impl Read for Label {
    fn read(at: &At<'_>) -> Decoded<Self> {
        let mut label = Self::default();
        let names = ["pairs", "includeSelectors", "includeTemplates", "fields"];
        at.fields(&names, |name, at| {
            match name {
                "pairs" => label.pairs = at.texts()?,
                "includeSelectors" => label.selectors = at.bool()?,
                "includeTemplates" => label.templates = at.bool()?,
                _ => label.fields = at.list()?,
            }
            Ok(())
        })?;
        Ok(label)
    }
}

impl Read for Patch {
    fn read(at: &At<'_>) -> Decoded<Self> {
        let mut patch = Self::default();
        at.fields(&["path", "patch", "target", "options"], |name, at| {
            match name {
                "path" => patch.path = at.text()?,
                "patch" => patch.inline = at.text()?,
                "target" => patch.target = at.optional()?,
                _ => at.fields(&["allowNameChange", "allowKindChange"], |name, at| {
                    match name {
                        "allowNameChange" => patch.renames = at.bool()?,
                        _ => patch.changes_kind = at.bool()?,
                    }
                    Ok(())
                })?,
            }
            Ok(())
        })?;
        Ok(patch)
    }
}

impl Read for Image {
    fn read(at: &At<'_>) -> Decoded<Self> {
        let mut image = Self::default();
        let names = ["name", "newName", "tagSuffix", "newTag", "digest"];
        at.fields(&names, |name, at| {
            let text = at.text()?;
            match name {
                "name" => image.name = text,
                "newName" => image.new_name = text,
                "tagSuffix" => image.tag_suffix = text,
                "newTag" => image.new_tag = text,
                _ => image.digest = text,
            }
            Ok(())
        })?;
        Ok(image)
    }
}

impl Read for Replica {
    fn read(at: &At<'_>) -> Decoded<Self> {
        let mut replica = Self::default();
        at.fields(&["name", "count"], |name, at| {
            match name {
                "name" => replica.name = at.text()?,
                _ => replica.count = at.integer()?,
            }
            Ok(())
        })?;
        Ok(replica)
    }
}

impl Read for SortOptions {
    fn read(at: &At<'_>) -> Decoded<Self> {
        let mut options = Self::default();
        at.fields(&["order", "legacySortOptions"], |name, at| {
            match name {
                "order" => options.order = at.text()?,
                _ => options.legacy = at.optional()?,
            }
            Ok(())
        })?;
        Ok(options)
    }
}

impl Read for LegacyOrder {
    fn read(at: &At<'_>) -> Decoded<Self> {
        let mut order = Self::default();
        at.fields(&["orderFirst", "orderLast"], |name, at| {
            match name {
                "orderFirst" => order.first = at.list()?,
                _ => order.last = at.list()?,
            }
            Ok(())
        })?;
        Ok(order)
    }
}

impl Read for ConfigMapArgs {
    fn read(at: &At<'_>) -> Decoded<Self> {
        let mut args = GeneratorArgs::default();
        let (_, names) = GENERATOR.split_last().unwrap_or((&"", &[]));
        generator_args(at, names, &mut args)?;
        Ok(Self(args))
    }
}

impl Read for SecretArgs {
    fn read(at: &At<'_>) -> Decoded<Self> {
        let mut args = GeneratorArgs::default();
        generator_args(at, &GENERATOR, &mut args)?;
        Ok(Self(args))
    }
}

impl Read for GeneratorOptions {
    fn read(at: &At<'_>) -> Decoded<Self> {
        let mut options = Self::default();
        let names = [
            "labels",
            "annotations",
            "disableNameSuffixHash",
            "immutable",
        ];
        at.fields(&names, |name, at| {
            match name {
                "labels" => options.labels = at.texts()?,
                "annotations" => options.annotations = at.texts()?,
                "disableNameSuffixHash" => options.disable_hash = at.bool()?,
                _ => options.immutable = at.bool()?,
            }
            Ok(())
        })?;
        Ok(options)
    }
}
