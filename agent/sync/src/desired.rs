//! The objects as they are to be in the cluster: the rendering, checked, normalised and marked.

mod definitions;
mod duplicates;
mod secret;

use serde_json::{Map, Value};
use thiserror::Error;
use tidegate_cluster::Kinds;
use tidegate_kustomize::Rendered;
use tidegate_object::{Gvk, Object, ObjectId, Origin};
use tidegate_plan::{Finding, FindingKind};
use tidegate_schema::Definitions;

use crate::{Owner, marks, misfit};

pub(crate) use definitions::is_definition;

/// A rendering as it is to be in the cluster.
#[derive(Debug, Default)]
pub struct Desired {
    /// The objects, in the order of the rendering.
    pub objects: Vec<Object>,
    /// What may not be sent, each with its place in Git.
    pub refused: Vec<Refusal>,
    /// What is worth a warning.
    pub findings: Vec<Finding>,
}

/// An object that is not sent, because it is wrong in itself.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct Refusal {
    /// The object.
    pub object: ObjectId,
    /// Where it stands in Git.
    pub origin: Option<Origin>,
    /// What is wrong, and what to do.
    pub message: String,
}

impl Refusal {
    fn of(object: &Object, message: String) -> Self {
        Self {
            object: object.id().clone(),
            origin: object.origin().cloned(),
            message,
        }
    }
}

impl Desired {
    /// Checks, normalises and marks a rendering.
    ///
    /// `namespaced` tells the scope of a kind, or that it is not known. A namespace on an object that has none is
    /// dropped with a finding, as the API server drops it in silence.
    pub fn of(
        rendered: &Rendered,
        owner: &Owner,
        namespaced: &dyn Fn(&Gvk) -> Option<bool>,
    ) -> Self {
        let mut desired = Self {
            findings: rendered.findings.iter().map(render_finding).collect(),
            ..Self::default()
        };
        for object in &rendered.objects {
            desired.take(object, owner, namespaced(object.gvk()));
        }
        desired
    }

    /// As [`Desired::of`], with the scopes of a cluster's kinds and of those that the rendering itself defines.
    pub fn on(kinds: &Kinds, rendered: &Rendered, owner: &Owner) -> Self {
        let defined = definitions::definitions(&rendered.objects);
        Self::of(rendered, owner, &|gvk| {
            let served = || kinds.resolve(gvk).map(|kind| kind.namespaced);
            defined.get(&gvk.group_kind()).copied().or_else(served)
        })
    }

    /// As [`Desired::of`], without a cluster: what the rendering defines is known, and its objects are held against it.
    pub fn alone(rendered: &Rendered, owner: &Owner) -> Self {
        let scopes = definitions::definitions(&rendered.objects);
        let scope = |gvk: &Gvk| scopes.get(&gvk.group_kind()).copied();
        let mut desired = Self::of(rendered, owner, &scope);
        let definitions = Definitions::of(&rendered.objects);
        for object in &desired.objects {
            desired
                .refused
                .extend(misfit(&definitions, object).map(|message| Refusal::of(object, message)));
        }
        desired
    }

    /// As [`Desired::on`], of one object; `None` if the rendering does not hold it.
    pub fn one(
        kinds: &Kinds,
        rendered: &Rendered,
        (owner, id): (&Owner, &ObjectId),
    ) -> Option<Result<Object, Refusal>> {
        let defined = definitions::definitions(&rendered.objects);
        let namespaced = |gvk: &Gvk| {
            let served = || kinds.resolve(gvk).map(|kind| kind.namespaced);
            defined.get(&gvk.group_kind()).copied().or_else(served)
        };
        let is_named = |it: &&Object| it.id().kind == id.kind && it.id().name == id.name;
        rendered.objects.iter().filter(is_named).find_map(|object| {
            let mut desired = Self::default();
            desired.take(object, owner, namespaced(object.gvk()));
            let refused = desired.refused.into_iter().find(|it| it.object == *id);
            let taken = desired.objects.into_iter().find(|it| it.id() == id);
            taken.map(Ok).or(refused.map(Err))
        })
    }

    fn take(&mut self, object: &Object, owner: &Owner, namespaced: Option<bool>) {
        let scoped = not_itself(object, owner).and_then(|()| self.scoped(object, namespaced));
        let normalised = scoped.and_then(|object| normalised(&object));
        let object = match normalised {
            Ok(object) => object,
            Err(message) => {
                self.refused.push(Refusal::of(object, message));
                return;
            }
        };
        let mut stripped = Vec::new();
        let id = object.id().clone();
        let marked = object.map(|fields| {
            stripped = marks::strip(fields);
            marks::set(fields, owner, &id);
        });
        let Ok(marked) = marked else { return };
        for field in stripped {
            let message = "the mark is Tidegate's own, and was left out: take it out of Git";
            self.findings
                .push(finding(&marked, FindingKind::MarkStripped, &field, message));
        }
        self.objects.push(marked);
    }

    /// Holds an object's namespace against the scope of its kind.
    fn scoped(&mut self, object: &Object, namespaced: Option<bool>) -> Result<Object, String> {
        let namespace = object.id().namespace.as_deref();
        match (namespaced, namespace) {
            (Some(true), None) => Err(format!(
                "{} has no namespace: set metadata.namespace, or `namespace:` in the kustomization",
                object.gvk().kind
            )),
            (Some(false), Some(namespace)) => {
                let message = format!(
                    "{} has no namespace, and `{namespace}` was left out: take it out of Git",
                    object.gvk().kind
                );
                let finding = finding(object, FindingKind::Render, "metadata.namespace", &message);
                self.findings.push(finding);
                without_namespace(object)
            }
            _ => Ok(object.clone()),
        }
    }
}

/// A layer that holds itself would wait for itself.
fn not_itself(object: &Object, owner: &Owner) -> Result<(), String> {
    let id = object.id();
    let is_itself = id.kind.is("tidegate.dev", "Layer")
        && id.namespace.as_deref() == Some(owner.namespace.as_str())
        && id.name == owner.name;
    if is_itself {
        return Err("a layer cannot hold itself: keep it in another folder, and apply it by hand or by another layer".into());
    }
    Ok(())
}

fn without_namespace(object: &Object) -> Result<Object, String> {
    let object = object.clone().map(|fields| {
        if let Some(metadata) = fields.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.remove("namespace");
        }
    });
    object.map_err(|error| error.to_string())
}

/// Brings an object to the one form in which it is sent and compared.
fn normalised(object: &Object) -> Result<Object, String> {
    let mut problem = None;
    let object = object.clone().map(|fields| {
        fields.values_mut().for_each(drop_nulls);
        problem = secret::fold(fields).err();
    });
    let object = object.map_err(|error| error.to_string())?;
    if let Some(problem) = problem {
        return Err(problem);
    }
    match duplicates::find(&object) {
        Some(duplicate) => Err(duplicate),
        None => Ok(object),
    }
}

/// A null means "not given"; sent, it would be a field that is owned.
fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(fields) => drop_null_fields(fields),
        Value::Array(items) => items.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}

fn drop_null_fields(fields: &mut Map<String, Value>) {
    fields.retain(|_, value| !value.is_null());
    fields.values_mut().for_each(drop_nulls);
}

fn finding(object: &Object, kind: FindingKind, field: &str, message: &str) -> Finding {
    Finding {
        kind,
        object: Some(object.id().clone()),
        origin: object.origin().cloned(),
        field: Some(field.into()),
        message: message.into(),
    }
}

fn render_finding(found: &tidegate_kustomize::Finding) -> Finding {
    Finding {
        kind: FindingKind::Render,
        object: None,
        origin: Some(Origin {
            file: found.file.as_str().into(),
            document: 0,
            line: found.line,
        }),
        field: Some(found.field.clone()),
        message: found.message.clone(),
    }
}

#[cfg(test)]
mod tests;
