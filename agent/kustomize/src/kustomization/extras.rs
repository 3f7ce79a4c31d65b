//! Reading what kustomizations share with the files that they name: selectors, replacements, vars.

use super::decode::{At, Decoded, Read};
use super::{FieldOptions, Replacement, ReplacementEntry, Selector, Source, Target, Var};
use crate::field_spec::{Config, FieldSpec, Missing, NameReference};
use crate::gvk::Gvk;

const SELECTOR: [&str; 7] = [
    "group",
    "version",
    "kind",
    "name",
    "namespace",
    "annotationSelector",
    "labelSelector",
];
const CONFIG: [&str; 11] = [
    "namePrefix",
    "nameSuffix",
    "namespace",
    "commonLabels",
    "labels",
    "templateLabels",
    "commonAnnotations",
    "varReference",
    "images",
    "replicas",
    "nameReference",
];

impl Replacement {
    fn read_field(&mut self, name: &str, at: &At<'_>) -> Decoded {
        match name {
            "source" => self.source = at.optional()?,
            "targets" => self.targets = at.optional()?,
            _ => self.source_value = at.optional()?,
        }
        Ok(())
    }
}

impl Read for Selector {
    fn read(at: &At<'_>) -> Decoded<Self> {
        let mut selector = Self::default();
        at.fields(&SELECTOR, |name, at| {
            let text = at.text()?;
            match name {
                "group" => selector.gvk.group = text,
                "version" => selector.gvk.version = text,
                "kind" => selector.gvk.kind = text,
                "name" => selector.name = text,
                "namespace" => selector.namespace = text,
                "annotationSelector" => selector.annotations = text,
                _ => selector.labels = text,
            }
            Ok(())
        })?;
        Ok(selector)
    }
}

impl Read for ReplacementEntry {
    fn read(at: &At<'_>) -> Decoded<Self> {
        let mut entry = Self::default();
        at.fields(&["path", "source", "targets", "sourceValue"], |name, at| {
            match name {
                "path" => entry.path = at.text()?,
                _ => entry.replacement.read_field(name, &at)?,
            }
            Ok(())
        })?;
        Ok(entry)
    }
}

impl Read for Replacement {
    fn read(at: &At<'_>) -> Decoded<Self> {
        let mut replacement = Self::default();
        at.fields(&["source", "targets", "sourceValue"], |name, at| {
            replacement.read_field(name, &at)
        })?;
        Ok(replacement)
    }
}

impl Read for Source {
    fn read(at: &At<'_>) -> Decoded<Self> {
        let mut source = Self::default();
        let names = [
            "group",
            "version",
            "kind",
            "name",
            "namespace",
            "fieldPath",
            "options",
        ];
        at.fields(&names, |name, at| {
            match name {
                "group" => source.gvk.group = at.text()?,
                "version" => source.gvk.version = at.text()?,
                "kind" => source.gvk.kind = at.text()?,
                "name" => source.name = at.text()?,
                "namespace" => source.namespace = at.text()?,
                "fieldPath" => source.field_path = at.text()?,
                _ => source.options = at.optional()?,
            }
            Ok(())
        })?;
        Ok(source)
    }
}

impl Read for Target {
    fn read(at: &At<'_>) -> Decoded<Self> {
        let mut target = Self::default();
        at.fields(
            &["select", "reject", "fieldPaths", "options"],
            |name, at| {
                match name {
                    "select" => target.select = at.optional()?,
                    "reject" => target.reject = at.list()?,
                    "fieldPaths" => target.field_paths = at.list()?,
                    _ => target.options = at.optional()?,
                }
                Ok(())
            },
        )?;
        Ok(target)
    }
}

impl Read for FieldOptions {
    fn read(at: &At<'_>) -> Decoded<Self> {
        let mut options = Self::default();
        at.fields(&["delimiter", "index", "encoding", "create"], |name, at| {
            match name {
                "delimiter" => options.delimiter = at.text()?,
                "index" => options.index = at.integer()?,
                "encoding" => drop(at.text()?),
                _ => options.create = at.bool()?,
            }
            Ok(())
        })?;
        Ok(options)
    }
}

impl Read for FieldSpec {
    fn read(at: &At<'_>) -> Decoded<Self> {
        let mut selector = Gvk::default();
        let (mut path, mut missing) = (String::new(), Missing::Skip);
        at.fields(
            &["group", "version", "kind", "path", "create"],
            |name, at| {
                match name {
                    "group" => selector.group = at.text()?,
                    "version" => selector.version = at.text()?,
                    "kind" => selector.kind = at.text()?,
                    "path" => path = at.text()?,
                    _ if at.bool()? => missing = Missing::Create,
                    _ => {}
                }
                Ok(())
            },
        )?;
        Ok(Self::new(selector, &path, missing))
    }
}

impl Read for Config {
    fn read(at: &At<'_>) -> Decoded<Self> {
        let mut config = Self::default();
        at.fields(&CONFIG, |name, at| {
            match name {
                "nameReference" => config.name_references = at.list()?,
                _ => *config.section_mut(name) = at.list()?,
            }
            Ok(())
        })?;
        config.sort();
        Ok(config)
    }
}

impl Read for NameReference {
    fn read(at: &At<'_>) -> Decoded<Self> {
        let mut target = Gvk::default();
        let mut referrers = Vec::new();
        at.fields(&["group", "version", "kind", "fieldSpecs"], |name, at| {
            match name {
                "group" => target.group = at.text()?,
                "version" => target.version = at.text()?,
                "kind" => target.kind = at.text()?,
                _ => referrers = at.list()?,
            }
            Ok(())
        })?;
        Ok(Self { target, referrers })
    }
}

impl Read for Var {
    fn read(at: &At<'_>) -> Decoded<Self> {
        let mut var = Self::default();
        at.fields(&["name", "objref", "fieldref"], |name, at| {
            match name {
                "name" => var.name = at.text()?,
                "objref" => object_reference(&at, &mut var)?,
                _ => at.fields(&["fieldPath"], |_, at| {
                    var.field_path = at.text()?;
                    Ok(())
                })?,
            }
            Ok(())
        })?;
        if var.field_path.is_empty() {
            var.field_path.push_str("metadata.name");
        }
        Ok(var)
    }
}

fn object_reference(at: &At<'_>, var: &mut Var) -> Decoded {
    let mut api_version = String::new();
    let names = [
        "apiVersion",
        "group",
        "version",
        "kind",
        "name",
        "namespace",
    ];
    at.fields(&names, |name, at| {
        let text = at.text()?;
        match name {
            "apiVersion" => api_version = text,
            "group" => var.gvk.group = text,
            "version" => var.gvk.version = text,
            "kind" => var.gvk.kind = text,
            "name" => var.object = text,
            _ => var.namespace = text,
        }
        Ok(())
    })?;
    match api_version.split('/').collect::<Vec<_>>().as_slice() {
        [""] => {}
        [version] => (*version).clone_into(&mut var.gvk.version),
        [group, version] => {
            (*group).clone_into(&mut var.gvk.group);
            (*version).clone_into(&mut var.gvk.version);
        }
        _ => {}
    }
    Ok(())
}
