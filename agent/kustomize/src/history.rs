//! A build's memory as annotations: what kustomize keeps there can be read, and lost, by patches.

use tidegate_yaml::{Node, NodeValue};

use crate::fault::Step;
use crate::node::{self, Kind};
use crate::resource::{Behavior, History, Previous, Resource};

const DOMAIN: &str = "internal.config.kubernetes.io/";
const NAMES: &str = "previousNames";
const NAMESPACES: &str = "previousNamespaces";
const KINDS: &str = "previousKinds";
const PREFIXES: &str = "prefixes";
const SUFFIXES: &str = "suffixes";
const BEHAVIOR: &str = "generatorBehavior";
const NEEDS_HASH: &str = "needsHashSuffix";
const ENABLED: &str = "enabled";
/// What kustomize takes away at the end, whoever wrote it.
const STRIPPED: [&str; 18] = [
    "internal.config.kubernetes.io/previousKinds",
    "internal.config.kubernetes.io/previousNames",
    "internal.config.kubernetes.io/prefixes",
    "internal.config.kubernetes.io/suffixes",
    "internal.config.kubernetes.io/previousNamespaces",
    "internal.config.kubernetes.io/allowNameChange",
    "internal.config.kubernetes.io/allowKindChange",
    "internal.config.kubernetes.io/refBy",
    "internal.config.kubernetes.io/generatorBehavior",
    "internal.config.kubernetes.io/needsHashSuffix",
    "internal.config.kubernetes.io/path",
    "internal.config.kubernetes.io/index",
    "internal.config.kubernetes.io/seqindent",
    "internal.config.kubernetes.io/id",
    "internal.config.kubernetes.io/annotations-migration-resource-id",
    "config.kubernetes.io/path",
    "config.kubernetes.io/index",
    "config.k8s.io/id",
];
const HELM: &str = "internal.config.kubernetes.io/helm-generated";

/// Whether kustomize takes an annotation away at the end.
fn is_stripped(name: &str) -> bool {
    STRIPPED.contains(&name) || name == HELM
}

/// Writes the memory down as annotations.
pub(crate) fn write(resource: &mut Resource) -> Step {
    let history = &resource.history;
    if !history.is_annotated() {
        return Ok(());
    }
    let list = |part: fn(&Previous) -> &String| {
        let parts: Vec<&str> = history
            .previous
            .iter()
            .map(|one| part(one).as_str())
            .collect();
        parts.join(",")
    };
    let behavior = history.behavior.map(|behavior| match behavior {
        Behavior::Create => "create",
        Behavior::Replace => "replace",
        Behavior::Merge => "merge",
    });
    let entries = [
        (NAMES, list(|one| &one.name)),
        (NAMESPACES, list(|one| &one.namespace)),
        (KINDS, list(|one| &one.kind)),
        (PREFIXES, history.prefixes.join(",")),
        (SUFFIXES, history.suffixes.join(",")),
        (BEHAVIOR, behavior.unwrap_or_default().to_owned()),
        (
            NEEDS_HASH,
            if history.needs_hash { ENABLED } else { "" }.to_owned(),
        ),
    ];
    clear_empty(resource.node.get_mut("metadata"))?;
    let path = ["metadata", "annotations"];
    let Some(annotations) = node::lookup(&mut resource.node, &path, Some(Kind::Mapping))? else {
        return Ok(());
    };
    if node::is_null(annotations) {
        *annotations = node::empty(Kind::Mapping);
    }
    for (name, value) in entries.into_iter().filter(|(_, value)| !value.is_empty()) {
        node::set_field(
            annotations,
            &format!("{DOMAIN}{name}"),
            node::string(&value),
        )?;
    }
    Ok(())
}

/// Takes away an `annotations` without content, whatever its kind (`ClearEmptyAnnotations`).
fn clear_empty(metadata: Option<&mut Node>) -> Step {
    let Some(metadata) = metadata else {
        return Ok(());
    };
    let has_content = |node: &Node| match &node.value {
        NodeValue::Scalar(..) => false,
        NodeValue::Sequence(items) => !items.is_empty(),
        NodeValue::Mapping(pairs) => !pairs.is_empty(),
    };
    if metadata
        .get("annotations")
        .is_some_and(|node| !has_content(node))
    {
        node::clear(metadata, "annotations")?;
    }
    Ok(())
}

/// Reads the memory from annotations, and takes them away.
pub(crate) fn read(resource: &mut Resource) -> Step {
    let annotations = resource.annotations();
    let text = |name: &str| {
        let mut annotations = annotations.iter();
        annotations
            .find(|(known, _)| known.strip_prefix(DOMAIN) == Some(name))
            .map(|(_, value)| value.as_str())
    };
    let list = |name: &str| -> Vec<String> {
        text(name).map_or_else(Vec::new, |value| {
            value.split(',').map(str::to_owned).collect()
        })
    };
    let (names, namespaces, kinds) = (list(NAMES), list(NAMESPACES), list(KINDS));
    let previous = names.into_iter().zip(namespaces).zip(kinds);
    resource.history = History {
        previous: previous
            .map(|((name, namespace), kind)| Previous {
                kind,
                name,
                namespace,
            })
            .collect(),
        prefixes: list(PREFIXES),
        suffixes: list(SUFFIXES),
        needs_hash: text(NEEDS_HASH) == Some(ENABLED),
        behavior: text(BEHAVIOR).map(behavior),
        ..History::default()
    };
    let metadata = resource.node.get_mut("metadata");
    if let Some(annotations) = metadata.and_then(|metadata| metadata.get_mut("annotations")) {
        for name in [
            NAMES, NAMESPACES, KINDS, PREFIXES, SUFFIXES, BEHAVIOR, NEEDS_HASH,
        ] {
            if annotations.pairs().is_some() {
                node::clear(annotations, &format!("{DOMAIN}{name}"))?;
            }
        }
    }
    Ok(())
}

fn behavior(text: &str) -> Behavior {
    match text {
        "replace" => Behavior::Replace,
        "merge" => Behavior::Merge,
        _ => Behavior::Create,
    }
}

/// What a build was told to write about itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) origins: bool,
    pub(crate) transformations: bool,
}

impl Kept {
    pub(crate) const ALL: Self = Self {
        origins: true,
        transformations: true,
    };
}

pub(crate) const ORIGIN: &str = "config.kubernetes.io/origin";
pub(crate) const TRANSFORMATIONS: &str = "alpha.config.kubernetes.io/transformations";

/// Takes away the annotations of kustomize's own; all others become texts, none becomes no field.
pub(crate) fn strip(resource: &mut Resource, kept: Kept) -> Step {
    if !stand_twice(&resource.node) {
        return retain(resource, |name| {
            !(is_stripped(name)
                || (name == ORIGIN && !kept.origins)
                || (name == TRANSFORMATIONS && !kept.transformations))
        });
    }
    // Each of kustomize's steps joins two fields of that name.
    if !resource.annotations().is_empty() {
        retain(resource, |name| !is_stripped(name))?;
    }
    if !kept.origins {
        retain(resource, |name| name != ORIGIN)?;
    }
    if !kept.transformations {
        retain(resource, |name| name != TRANSFORMATIONS)?;
    }
    Ok(())
}

fn retain(resource: &mut Resource, is_kept: impl Fn(&str) -> bool) -> Step {
    let mut annotations = resource.annotations();
    annotations.retain(|(name, _)| is_kept(name));
    node::set_metadata_map(&mut resource.node, "annotations", annotations)
}

fn stand_twice(node: &Node) -> bool {
    let pairs = node.get("metadata").and_then(Node::pairs);
    let keys = pairs.unwrap_or_default().iter();
    keys.filter(|(key, _)| key.text() == Some("annotations"))
        .nth(1)
        .is_some()
}

/// Whether a document carries annotations of a build.
pub(crate) fn has_any(resource: &Resource) -> bool {
    let metadata = resource.node.get("metadata");
    let annotations = metadata.and_then(|metadata| metadata.get("annotations")?.pairs());
    let mut pairs = annotations.unwrap_or_default().iter();
    pairs.any(|(key, _)| node::raw(key).starts_with(DOMAIN))
}
