//! `generators`, `transformers` and `validators`: the built-in plugins, each configured by an object.

use std::rc::Rc;

use tidegate_yaml::Mark;

use super::transformers::Loader;
use super::{Accumulated, Build, Built, Folder, foreign};
use crate::error::Place;
use crate::generate::{self, Generated};
use crate::kustomization::plugin::{self, AffixConfig, EntriesConfig, FieldsOf};
use crate::kustomization::{
    At, ConfigMapArgs, Item, Kustomization, Patch, Read, Reader, SecretArgs,
};
use crate::node::{self, JsonStyle};
use crate::read::{self, Start};
use crate::resource::Resource;
use crate::transform::namespace::Namespace;
use crate::transformer::{Configured, Transformer};

/// A plugin that is configured.
pub(super) enum Plugin {
    Generator(Vec<Resource>),
    Transformer(Box<Configured<'static>>),
}

impl Build<'_> {
    /// Reads and configures the plugins of one field.
    pub(super) fn plugins(
        &self,
        folder: &Rc<Folder>,
        kustomization: &Kustomization,
        (field, list): (&str, &[Item<String>]),
    ) -> Built<Vec<(Plugin, Resource)>> {
        let mut configurations = Accumulated::default();
        // The field of each configuration.
        let mut fields = Vec::new();
        // Inline configurations come first, whatever their place in the list.
        let mut paths = Vec::new();
        for (index, item) in list.iter().enumerate() {
            let place = kustomization.place(item.line, format!("{field}[{index}]"));
            let start = Start {
                file: &kustomization.file,
                line: item.line,
            };
            match read::from_text(&item.value, start) {
                Ok(inline) => {
                    for mut resource in inline {
                        if let Some(origin) = &folder.origin {
                            origin
                                .of_file(super::file_name(kustomization))
                                .set(&mut resource)?;
                        }
                        let resources = &mut configurations.resources;
                        resources
                            .append(resource)
                            .map_err(super::at(place.clone()))?;
                    }
                    fields.resize(configurations.resources.list.len(), place.field);
                }
                Err(_) => paths.push((&item.value, place)),
            }
        }
        for (path, place) in paths {
            self.add_resource(folder, (path, &place), &mut configurations)?;
            fields.resize(configurations.resources.list.len(), place.field);
        }
        let list = configurations.resources.list.into_iter().zip(fields);
        list.map(|(resource, field)| Ok((self.configure(folder, &resource, &field)?, resource)))
            .collect()
    }

    fn configure(&self, folder: &Folder, resource: &Resource, field: &str) -> Built<Plugin> {
        let place = Place {
            line: resource.origin.line,
            field: resource.gvk().kind.clone(),
            ..Place::file(&resource.origin.file)
        };
        let gvk = resource.gvk();
        if !gvk.group.is_empty() || gvk.version != "builtin" {
            return Err(foreign::refused(resource, field));
        }
        let json = resource
            .node
            .to_json()
            .map_err(|error| read::malformed(&error, resource.place()))?;
        let mark = Mark {
            line: u32::try_from(resource.origin.line).unwrap_or(1),
            column: 1,
        };
        let root = node::from_json(&json, mark, JsonStyle::Quoted);
        let reader = Reader::lenient(&resource.origin.file);
        let config = Config {
            at: At::root(&root, &reader),
            place,
            loader: Loader {
                build: self,
                folder,
                file: &resource.origin.file,
            },
        };
        config.read((&gvk.kind, field))
    }
}

/// The configuration of one plugin.
struct Config<'a, 'b> {
    at: At<'a>,
    place: Place,
    loader: Loader<'a, 'b>,
}

impl Config<'_, '_> {
    fn read(self, (kind, field): (&str, &str)) -> Built<Plugin> {
        match kind {
            "ConfigMapGenerator" | "SecretGenerator" => self.generator(kind),
            "IAMPolicyGenerator" => {
                let account = plugin::service_account(&self.at)?;
                let origin = tidegate_object::Origin {
                    file: self.place.file.as_str().into(),
                    document: 0,
                    line: self.place.line,
                };
                Ok(Plugin::Generator(vec![Resource::new(account, origin, 0)]))
            }
            "HelmChartInflationGenerator" => Err(crate::error::helm(Place {
                field: field.to_owned(),
                ..self.place
            })),
            _ => {
                let (transformer, kind) = self.transformer(kind)?;
                Ok(Plugin::Transformer(Box::new(Configured {
                    transformer,
                    place: self.place,
                    kind,
                })))
            }
        }
    }

    fn generator(self, kind: &str) -> Built<Plugin> {
        let (generated, mut args) = if kind == "SecretGenerator" {
            (Generated::Secret, SecretArgs::read(&self.at)?.0)
        } else {
            (Generated::ConfigMap, ConfigMapArgs::read(&self.at)?.0)
        };
        let (name, namespace) = plugin::names(&self.at)?;
        if args.name.is_empty() {
            args.name = name;
        }
        if args.namespace.is_empty() {
            args.namespace = namespace;
        }
        if !args.env.is_empty() {
            let message = "`env` is not read outside of a kustomization; write `envs`, a list";
            self.loader.build.find(self.place.clone(), message);
        }
        let context = generate::Context {
            files: self.loader.build.files,
            find: &|place, message| self.loader.build.find(place, message),
            folder: &self.loader.folder.path,
            place: self.place,
        };
        Ok(Plugin::Generator(vec![generate::generate(
            generated, &args, &context,
        )?]))
    }

    fn transformer(&self, kind: &str) -> Built<(Transformer<'static>, &'static str)> {
        Ok(match kind {
            "AnnotationsTransformer" => (self.entries("annotations")?, "AnnotationsTransformer"),
            "LabelTransformer" => (self.entries("labels")?, "LabelTransformer"),
            "HashTransformer" => (Transformer::Hash, "HashTransformer"),
            "ImageTagTransformer" => {
                let FieldsOf { value, fields } = FieldsOf::read_named(&self.at, "imageTag")?;
                (
                    Transformer::Images(value, fields.into()),
                    "ImageTagTransformer",
                )
            }
            "ReplicaCountTransformer" => {
                let FieldsOf { value, fields } = FieldsOf::read_named(&self.at, "replica")?;
                (
                    Transformer::Replicas(value, fields.into()),
                    "ReplicaCountTransformer",
                )
            }
            "NamespaceTransformer" => {
                let namespace = Namespace::read(&self.at)?;
                (Transformer::Namespace(namespace), "NamespaceTransformer")
            }
            "PrefixTransformer" => (self.affix()?.0, "PrefixTransformer"),
            "SuffixTransformer" => (self.affix()?.1, "SuffixTransformer"),
            "PrefixSuffixTransformer" => {
                let (prefix, suffix) = self.affix()?;
                let both = Transformer::Both(Box::new([prefix, suffix]));
                (both, "PrefixSuffixTransformer")
            }
            "PatchTransformer" => {
                let entry = Patch::read(&self.at)?;
                let patch = self.loader.patch(&entry, &self.place)?;
                (Transformer::Patch(patch, entry.target), "PatchTransformer")
            }
            "PatchJson6902Transformer" => {
                let entry = plugin::json_patch(&self.at)?;
                let transformer = self.loader.json_patch(&entry, &self.place)?;
                (transformer, "PatchJson6902Transformer")
            }
            "PatchStrategicMergeTransformer" => {
                (self.strategic_merge()?, "PatchStrategicMergeTransformer")
            }
            "ReplacementTransformer" => {
                let mut replacements = Vec::new();
                for entry in plugin::replacements(&self.at)? {
                    replacements.extend(self.loader.replacements(&entry, &self.place)?);
                }
                (
                    Transformer::Replacements(replacements),
                    "ReplacementTransformer",
                )
            }
            "ValueAddTransformer" => (self.value_add()?, "ValueAddTransformer"),
            other => {
                let reason = format!("there is no built-in plugin `{other}`");
                return Err(self.place.clone().invalid(reason));
            }
        })
    }

    fn entries(&self, name: &'static str) -> Built<Transformer<'static>> {
        let EntriesConfig { entries, fields } = EntriesConfig::read_named(&self.at, name)?;
        Ok(Transformer::Entries(entries, fields.into()))
    }

    fn affix(&self) -> Built<(Transformer<'static>, Transformer<'static>)> {
        let AffixConfig {
            prefix,
            suffix,
            fields,
        } = AffixConfig::read(&self.at)?;
        let missing = || self.place.clone().invalid("`fieldSpecs` is missing");
        let fields = fields.ok_or_else(missing)?;
        Ok((
            Transformer::Prefix(prefix, fields.clone().into()),
            Transformer::Suffix(suffix, fields.into()),
        ))
    }

    fn strategic_merge(&self) -> Built<Transformer<'static>> {
        let (paths, inline) = plugin::strategic_merge(&self.at)?;
        let mut patches = Vec::new();
        for path in &paths {
            patches.extend(self.loader.strategic_merge(path, &self.place)?);
        }
        if !inline.is_empty() {
            patches.extend(read::from_text(
                &inline,
                self.loader.inline(self.place.line),
            )?);
        }
        if patches.is_empty() {
            return Err(self.place.clone().invalid("the patch is empty"));
        }
        Ok(Transformer::StrategicMerge(patches))
    }

    fn value_add(&self) -> Built<Transformer<'static>> {
        let (mut value, path) = plugin::value_add(&self.at)?;
        if value.value.is_empty() {
            crate::path::base(&self.loader.folder.path).clone_into(&mut value.value);
        }
        if !path.is_empty() {
            let content = self.loader.text(&path, &self.place)?;
            if let Some(root) = super::first_document(&content)? {
                let reader = Reader::lenient(&content.name);
                value
                    .targets
                    .extend(plugin::value_targets(&At::root(&root, &reader))?);
            }
        }
        let invalid = |reason: &str| Err(self.place.clone().invalid(reason));
        if value.targets.is_empty() {
            return invalid("`targets` is missing");
        }
        if value
            .targets
            .iter()
            .any(|target| target.field_path.is_empty())
        {
            return invalid("a target needs a `fieldPath`");
        }
        Ok(Transformer::ValueAdd(value))
    }
}
