//! A build from the folder to its output.

use std::collections::BTreeSet;

use serde_json::Value;
use tidegate_object::{Object, Origin};

use crate::build::Build;
use crate::error::Place;
use crate::files::{Files, Found};
use crate::resource::Resource;
use crate::{Finding, Options, RenderError, Rendered, Rule, Tree, folder, read};

/// What a build prints, as a text or as JSON values, which need not be Kubernetes objects.
///
/// It can hold secrets, so it has no `Debug`.
#[derive(Clone)]
pub struct Output<T> {
    /// The documents, in kustomize's order.
    pub content: T,
    /// Their places.
    pub origins: Vec<Origin>,
    /// What is worth a warning, and changes nothing in the output.
    pub findings: Vec<Finding>,
    /// Every path that was read or looked for.
    pub closure: BTreeSet<String>,
    /// How the folder was read.
    pub rule: Rule,
}

/// Renders a folder into Kubernetes objects.
///
/// # Errors
/// As [`render`], and if a rendered value has no `apiVersion`, which kustomize lets pass.
pub fn build(tree: &dyn Tree, path: &str, options: &Options<'_>) -> Result<Rendered, RenderError> {
    let output = run(tree, path, options, |objects: &mut Vec<_>, resource| {
        let value = value(resource)?;
        let place = Place {
            line: resource.origin.line,
            ..Place::file(&resource.origin.file)
        };
        let object = Object::new(value).map_err(|error| place.invalid(error.to_string()))?;
        objects.push(object.with_origin(resource.origin.clone()));
        Ok(())
    })?;
    Ok(Rendered {
        objects: output.content,
        findings: output.findings,
        closure: output.closure,
        rule: output.rule,
    })
}

/// Renders a folder into the text that `kustomize build` prints.
///
/// A folder without a kustomization is rendered by [`Rule::Folder`].
///
/// # Errors
/// What kustomize refuses is refused, with file, line and field; so is what would leave the tree, start
/// a process or reach the network.
pub fn render(
    tree: &dyn Tree,
    path: &str,
    options: &Options<'_>,
) -> Result<Output<String>, RenderError> {
    run(tree, path, options, |text: &mut String, resource| {
        if !text.is_empty() {
            text.push_str("---\n");
        }
        tidegate_yaml::emit_node(&resource.node, text)
            .map_err(|error| read::malformed(&error, resource.place()))
    })
}

/// Renders a folder into the values of what `kustomize build` prints.
///
/// # Errors
/// As [`render`].
pub fn render_values(
    tree: &dyn Tree,
    path: &str,
    options: &Options<'_>,
) -> Result<Output<Vec<Value>>, RenderError> {
    run(tree, path, options, |values: &mut Vec<_>, resource| {
        values.push(value(resource)?);
        Ok(())
    })
}

fn value(resource: &Resource) -> Result<Value, RenderError> {
    let value = resource.node.to_json();
    value.map_err(|error| read::malformed(&error, resource.place()))
}

fn run<T: Default>(
    tree: &dyn Tree,
    path: &str,
    options: &Options<'_>,
    add: impl Fn(&mut T, &Resource) -> Result<(), RenderError>,
) -> Result<Output<T>, RenderError> {
    let files = Files::new(tree, options);
    let (resources, findings, rule) = {
        let build = Build::new(&files);
        let place = Place::file(path);
        let root = match files.find("", path, &place)? {
            Found::Folder(root) => root,
            Found::File(_) => return Err(place.invalid("is a file; name its folder")),
            Found::Nothing => return Err(place.invalid("does not exist")),
        };
        let (resources, rule) = if build.kustomization_file(&root)?.is_some() {
            (build.top(&root)?, Rule::Kustomization)
        } else {
            (folder::render(&build, &root)?, Rule::Folder)
        };
        (resources, build.findings.into_inner(), rule)
    };
    let mut content = T::default();
    let mut origins = Vec::with_capacity(resources.list.len());
    for resource in resources.list {
        add(&mut content, &resource)?;
        origins.push(resource.origin.clone());
    }
    Ok(Output {
        content,
        origins,
        findings,
        closure: files.into_closure(),
        rule,
    })
}
