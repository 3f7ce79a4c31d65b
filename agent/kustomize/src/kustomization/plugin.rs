//! Reading the configurations of built-in plugins.

use tidegate_yaml::Node;

use super::decode::{At, Decoded, Read};
use super::{Patch, ReplacementEntry, Texts};
use crate::field_spec::FieldSpec;
use crate::node;
use crate::transform::namespace::{Namespace, Subjects};
use crate::transform::value_add::{Target, ValueAdd};

/// Labels or annotations, and the fields that they go to.
#[derive(Default)]
pub(crate) struct EntriesConfig {
    pub(crate) entries: Texts,
    pub(crate) fields: Vec<FieldSpec>,
}

impl EntriesConfig {
    pub(crate) fn read_named(at: &At<'_>, name: &'static str) -> Decoded<Self> {
        let mut config = Self::default();
        at.fields(&[name, "fieldSpecs"], |found, at| {
            if found == "fieldSpecs" {
                config.fields = at.list()?;
            } else {
                config.entries = at.texts()?;
            }
            Ok(())
        })?;
        Ok(config)
    }
}

/// A value, and the fields that it goes to.
#[derive(Default)]
pub(crate) struct FieldsOf<T> {
    pub(crate) value: T,
    pub(crate) fields: Vec<FieldSpec>,
}

impl<T: Read + Default> FieldsOf<T> {
    pub(crate) fn read_named(at: &At<'_>, name: &'static str) -> Decoded<Self> {
        let mut config = Self::default();
        at.fields(&[name, "fieldSpecs"], |found, at| {
            if found == "fieldSpecs" {
                config.fields = at.list()?;
            } else {
                config.value = T::read(&at)?;
            }
            Ok(())
        })?;
        Ok(config)
    }
}

/// A prefix or a suffix.
#[derive(Default)]
pub(crate) struct AffixConfig {
    pub(crate) prefix: String,
    pub(crate) suffix: String,
    /// `None` if the field is absent.
    pub(crate) fields: Option<Vec<FieldSpec>>,
}

impl Read for AffixConfig {
    fn read(at: &At<'_>) -> Decoded<Self> {
        let mut config = Self::default();
        at.fields(&["prefix", "suffix", "fieldSpecs"], |name, at| {
            match name {
                "prefix" => config.prefix = at.text()?,
                "suffix" => config.suffix = at.text()?,
                _ => config.fields = at.optional()?,
            }
            Ok(())
        })?;
        Ok(config)
    }
}

impl Read for Namespace<'static> {
    fn read(at: &At<'_>) -> Decoded<Self> {
        let mut fields = Vec::new();
        let mut subjects = Subjects::NamedDefault;
        let mut unset_only = false;
        let names = ["fieldSpecs", "unsetOnly", "setRoleBindingSubjects"];
        at.fields(&names, |name, at| {
            match name {
                "fieldSpecs" => fields = at.list()?,
                "unsetOnly" => unset_only = at.bool()?,
                _ => subjects = Subjects::read(&at)?,
            }
            Ok(())
        })?;
        Ok(Self {
            name: self::names(at)?.1.into(),
            fields: fields.into(),
            subjects,
            unset_only,
        })
    }
}

impl Read for Subjects {
    fn read(at: &At<'_>) -> Decoded<Self> {
        match at.text()?.as_str() {
            "" | "defaultOnly" => Ok(Self::NamedDefault),
            "allServiceAccounts" => Ok(Self::AllServiceAccounts),
            "none" => Ok(Self::None),
            other => {
                let expected = "must be defaultOnly, allServiceAccounts or none";
                Err(at.invalid(format!("`{other}` {expected}")))
            }
        }
    }
}

/// `metadata.name` and `metadata.namespace`.
pub(crate) fn names(at: &At<'_>) -> Decoded<(String, String)> {
    let (mut name, mut namespace) = (String::new(), String::new());
    at.fields(&["metadata"], |_, at| {
        at.fields(&["name", "namespace"], |field, at| {
            match field {
                "name" => name = at.text()?,
                _ => namespace = at.text()?,
            }
            Ok(())
        })
    })?;
    Ok((name, namespace))
}

/// `paths` and `patches` of a strategic merge.
pub(crate) fn strategic_merge(at: &At<'_>) -> Decoded<(Vec<String>, String)> {
    let (mut paths, mut inline) = (Vec::new(), String::new());
    at.fields(&["paths", "patches"], |name, at| {
        match name {
            "paths" => paths = at.list()?,
            _ => inline = at.text()?,
        }
        Ok(())
    })?;
    Ok((paths, inline))
}

pub(crate) fn json_patch(at: &At<'_>) -> Decoded<Patch> {
    let mut patch = Patch::default();
    at.fields(&["target", "path", "jsonOp"], |name, at| {
        match name {
            "target" => patch.target = at.optional()?,
            "path" => patch.path = at.text()?,
            _ => patch.inline = at.text()?,
        }
        Ok(())
    })?;
    Ok(patch)
}

pub(crate) fn replacements(at: &At<'_>) -> Decoded<Vec<ReplacementEntry>> {
    let mut entries = Vec::new();
    at.fields(&["replacements"], |_, at| {
        entries = at.list()?;
        Ok(())
    })?;
    Ok(entries)
}

/// A value with its targets, and the file with more targets.
pub(crate) fn value_add(at: &At<'_>) -> Decoded<(ValueAdd, String)> {
    let (mut value, mut path) = (ValueAdd::default(), String::new());
    at.fields(&["value", "targets", "targetFilePath"], |name, at| {
        match name {
            "value" => at.text()?.trim().clone_into(&mut value.value),
            "targets" => value.targets = at.list()?,
            _ => path = at.text()?,
        }
        Ok(())
    })?;
    Ok((value, path))
}

pub(crate) fn value_targets(at: &At<'_>) -> Decoded<Vec<Target>> {
    let mut targets = Vec::new();
    at.fields(&["targets"], |_, at| {
        targets = at.list()?;
        Ok(())
    })?;
    Ok(targets)
}

impl Read for Target {
    fn read(at: &At<'_>) -> Decoded<Self> {
        let mut target = Self::default();
        at.fields(
            &["selector", "fieldPath", "filePathPosition"],
            |name, at| {
                match name {
                    "selector" => target.selector = at.optional()?,
                    "fieldPath" => target.field_path = at.text()?,
                    _ => {
                        let negative = |_| at.invalid("must not be negative");
                        target.position = usize::try_from(at.integer()?).map_err(negative)?;
                    }
                }
                Ok(())
            },
        )?;
        Ok(target)
    }
}

/// The ServiceAccount of an `IAMPolicyGenerator`.
pub(crate) fn service_account(at: &At<'_>) -> Decoded<Node> {
    let mut cloud = String::new();
    let (mut kubernetes, mut google) = (Texts::new(), Texts::new());
    at.fields(
        &["cloud", "kubernetesService", "serviceAccount"],
        |name, at| {
            match name {
                "cloud" => cloud = at.text()?,
                "kubernetesService" => kubernetes = at.texts()?,
                _ => google = at.texts()?,
            }
            Ok(())
        },
    )?;
    if cloud != "gke" {
        return Err(at.invalid(format!("cloud `{cloud}` is not supported; only gke is")));
    }
    let text = |texts: &Texts, name: &str| texts.get(name).cloned().unwrap_or_default();
    let account = format!(
        "{}@{}.iam.gserviceaccount.com",
        text(&google, "name"),
        text(&google, "projectId")
    );
    let mut json = serde_json::json!({
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {
            "annotations": {"iam.gke.io/gcp-service-account": account},
            "name": text(&kubernetes, "name"),
        },
    });
    let namespace = text(&kubernetes, "namespace");
    let metadata = json
        .get_mut("metadata")
        .and_then(|metadata| metadata.as_object_mut());
    if let Some(metadata) = metadata.filter(|_| !namespace.is_empty()) {
        metadata.insert("namespace".to_owned(), namespace.into());
    }
    Ok(node::from_json(&json, at.node.mark, node::JsonStyle::Yaml))
}
