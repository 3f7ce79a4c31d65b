//! `patches`, `patchesStrategicMerge`, `patchesJson6902`.

use serde_json::Value;
use tidegate_yaml::{Limits, Node, NodeValue, parse_first_document};

use crate::fault::{Fault, Step};
use crate::history;
use crate::json_patch::{self, Operation};
use crate::kustomization::{Selector, key_text};
use crate::merge;
use crate::node::{self, JsonStyle};
use crate::read::{self, Start};
use crate::resource::Resource;
use crate::resources::{Resources, Wanted};
use crate::schema::Schema;
use crate::selector::{Matcher, is_text};

/// What a patch's text turned out to be.
#[derive(Debug)]
pub(crate) enum Patch {
    Merge(Vec<Resource>),
    Json(Vec<Operation>),
}

impl Patch {
    /// Tells the two kinds of patch apart by trying both.
    pub(crate) fn read(text: &str, start: Start<'_>) -> Step<Self> {
        let merge = read::from_text(text, start);
        let json = operations(text);
        match (merge, json) {
            (Ok(merge), Ok(json)) if !merge.is_empty() && !json.is_empty() => {
                Err("the text is both a strategic merge patch and a JSON patch".into())
            }
            (Ok(merge), _) => Ok(Self::Merge(merge)),
            (Err(_), Ok(json)) => Ok(Self::Json(json)),
            (Err(error), Err(Fault::Here(reason))) if is_list(text) => {
                Err(format!("the text is no JSON patch: {reason}; nor an object: {error}").into())
            }
            (Err(error), Err(_)) => Err(error.into()),
        }
    }
}

fn is_list(text: &str) -> bool {
    let text = text.trim_start();
    text.starts_with('[') || text.starts_with("- ")
}

/// Reads a JSON patch written in YAML or JSON.
pub(crate) fn operations(text: &str) -> Step<Vec<Operation>> {
    if text.is_empty() {
        return Err("the patch is empty".into());
    }
    let value = if text.starts_with('[') {
        serde_json::from_str(text).map_err(|error| Fault::Here(error.to_string()))?
    } else {
        let document = parse_first_document(text, &Limits::default())
            .map_err(|error| Fault::Here(error.to_string()))?;
        match &document {
            Some(document) => old_json(&document.root)?,
            None => Value::Null,
        }
    };
    json_patch::read(&value)
}

/// A node as go-yaml v2 decodes it: `yes` is a boolean.
pub(crate) fn old_json(node: &Node) -> Step<Value> {
    use crate::yaml_1_1::NonText;
    let fault = |error: tidegate_yaml::YamlError| Fault::Here(error.to_string());
    Ok(match &node.value {
        NodeValue::Scalar(text, tidegate_yaml::ScalarStyle::Plain) if node.tag.is_none() => {
            match crate::yaml_1_1::resolve(text) {
                Some(NonText::Bool(value)) => Value::Bool(value),
                None => Value::String(text.to_string()),
                Some(_) => node.to_json().map_err(fault)?,
            }
        }
        NodeValue::Scalar(..) => node.to_json().map_err(fault)?,
        NodeValue::Sequence(items) => {
            Value::Array(items.iter().map(old_json).collect::<Step<_>>()?)
        }
        NodeValue::Mapping(pairs) => {
            let null = "has null as a key; put the key in quotes";
            let pair = |(key, value): &(Node, Node)| {
                Ok((key_text(key).ok_or(null)?.into_owned(), old_json(value)?))
            };
            Value::Object(pairs.iter().map(pair).collect::<Step<_>>()?)
        }
    })
}

/// Merges a patch into the object that it names.
pub(crate) fn merge_by_id(resources: &mut Resources, patch: &Resource, schema: &Schema) -> Step {
    let id = patch.original_id();
    let found = resources.positions(&id);
    resources.note_meant(Wanted::One, &found);
    if resources.is_part() && found.is_empty() {
        return Ok(());
    }
    let position = resources
        .only(&id)
        .map_err(|fault| fault.within(|| "the patch's target was not found".to_owned()))?;
    if let Some(resource) = resources.list.get_mut(position) {
        merge_one(resource, patch.clone(), schema)?;
    }
    if patch.history.renames || patch.history.changes_kind {
        resources.forget_names();
    }
    resources.settle_one(position);
    Ok(())
}

/// Merges a patch into all objects that a selector means; answers how many.
pub(crate) fn merge_selected(
    resources: &mut Resources,
    patch: &Resource,
    target: &Selector,
    schema: &Schema,
) -> Step<usize> {
    let selected = selected(resources, target)?;
    resources.note_meant(Wanted::Some, &selected);
    let patch = with_texts(patch.clone())?;
    for position in &selected {
        let Some(resource) = resources.list.get_mut(*position) else {
            continue;
        };
        let mut copy = patch.clone();
        // The target's version is the patch's, its kind is not.
        let gvk = resource.gvk();
        node::set_field(
            &mut copy.node,
            "apiVersion",
            node::scalar(&gvk.api_version()),
        )?;
        merge_one(resource, copy, schema)?;
    }
    if patch.history.renames || patch.history.changes_kind {
        resources.forget_names();
    }
    // From behind, since settling may take objects out.
    for position in selected.iter().rev() {
        resources.settle_one(*position);
    }
    resources.check_unique()?;
    Ok(selected.len())
}

/// Makes a patch's labels and annotations texts, as kustomize does for patches with a target: a
/// null in them deletes nothing.
fn with_texts(mut patch: Resource) -> Step<Resource> {
    let (labels, annotations) = (patch.labels(), patch.annotations());
    node::set_metadata_map(&mut patch.node, "labels", labels)?;
    node::set_metadata_map(&mut patch.node, "annotations", annotations)?;
    let namespace = patch.id().namespace.clone();
    patch.set_namespace(&namespace)?;
    Ok(patch)
}

/// The positions of the objects that a selector means.
fn selected(resources: &mut Resources, target: &Selector) -> Step<Vec<usize>> {
    let matcher = Matcher::new(target)?;
    let candidates = if !target.name.is_empty() && is_text(&target.name) {
        resources.named(&target.name)
    } else {
        (0..resources.list.len()).collect()
    };
    let mut positions = Vec::new();
    for position in candidates {
        let Some(resource) = resources.list.get(position) else {
            continue;
        };
        if matcher.selects(resource)? {
            positions.push(position);
        }
    }
    Ok(positions)
}

/// Merges a patch into an object, whose name, kind and namespace stay.
fn merge_one(resource: &mut Resource, patch: Resource, schema: &Schema) -> Step {
    let id = resource.id().clone();
    let (renames, changes_kind) = (patch.history.renames, patch.history.changes_kind);
    if renames || changes_kind {
        resource.store_id();
    }
    let touches = patch.node.get("metadata").is_some_and(|metadata| {
        metadata.get("annotations").is_some() || metadata.get("$patch").is_some()
    }) || patch.node.get("$patch").is_some();
    if touches {
        history::write(resource)?;
    }
    resource.may_differ |= !resource.shared.is_empty();
    let own = std::mem::replace(&mut resource.node, node::empty(node::Kind::Mapping));
    let origin = resource.origin.to_string();
    let merged =
        merge::merge(schema, own, patch.into_node()).map_err(|fault| fault.within(|| origin))?;
    let Some(merged) = merged.filter(|node| !node::is_nil_or_empty(node)) else {
        resource.is_gone = true;
        return Ok(());
    };
    resource.node = merged;
    if touches {
        history::read(resource)?;
    }
    if !changes_kind {
        node::put(&mut resource.node, "kind", node::scalar(&id.gvk.kind))?;
    }
    if !renames {
        resource.set_name(&id.name)?;
    }
    resource.set_namespace(&id.namespace)
}

/// Applies a JSON patch to all objects that a selector means; answers how many.
pub(crate) fn apply_json(
    resources: &mut Resources,
    operations: &[Operation],
    target: &Selector,
    remember: Remember,
) -> Step<usize> {
    let selected = selected(resources, target)?;
    resources.note_meant(Wanted::Some, &selected);
    for position in &selected {
        let Some(resource) = resources.list.get_mut(*position) else {
            continue;
        };
        if remember == Remember::Id {
            resource.store_id();
        }
        apply_one(resource, operations)
            .map_err(|fault| fault.within(|| resource.origin.to_string()))?;
    }
    for position in selected.iter().rev() {
        resources.settle_one(*position);
    }
    Ok(selected.len())
}

/// Whether the id from before the patch is remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Remember {
    Id,
    Nothing,
}

fn apply_one(resource: &mut Resource, operations: &[Operation]) -> Step {
    history::write(resource)?;
    let mark = resource.node.mark;
    let mut json = resource
        .node
        .to_json()
        .map_err(|error| Fault::from(read::malformed(&error, resource.place())))?;
    for operation in operations {
        operation.apply(&mut json)?;
    }
    if !json.is_object() {
        return Err("the patch leaves no mapping".into());
    }
    let history = resource.history.clone();
    resource.shared.clear();
    resource.node = node::from_json(&json, mark, JsonStyle::Yaml);
    history::strip(resource, history::Kept::ALL)?;
    resource.history = history;
    resource.is_gone = node::is_nil_or_empty(&resource.node);
    Ok(())
}
