//! A build from the folder to its output.

use std::collections::BTreeSet;

use serde_json::Value;
use tidegate_object::{Object, Origin};

use crate::build::Build;
use crate::error::Place;
use crate::files::{Files, Found};
use crate::resource::Resource;
use crate::resources::Resources;
use crate::{Finding, Options, RenderError, Rendered, Rule, Tree, folder, read};

/// What a build prints: values that need not be Kubernetes objects.
///
/// It can hold secrets, so it has no `Debug`.
#[derive(Clone)]
pub struct Output {
    /// The values, in kustomize's order, each with its place.
    pub values: Vec<(Value, Origin)>,
    /// What is worth a warning, and changes nothing in the output.
    pub findings: Vec<Finding>,
    /// Every path that was read or looked for.
    pub closure: BTreeSet<String>,
    /// How the folder was read.
    pub rule: Rule,
}

impl Output {
    /// The text that `kustomize build` prints.
    pub fn to_yaml(&self) -> String {
        tidegate_yaml::emit_all(self.values.iter().map(|(value, _)| value))
    }
}

/// Renders a folder into Kubernetes objects.
///
/// # Errors
/// As [`render`], and if a rendered value has no `apiVersion`, which kustomize lets pass.
pub fn build(tree: &dyn Tree, path: &str, options: &Options<'_>) -> Result<Rendered, RenderError> {
    let output = render(tree, path, options)?;
    let object = |(value, origin): (Value, Origin)| {
        let place = Place {
            line: origin.line,
            ..Place::file(&origin.file)
        };
        let object = Object::new(value).map_err(|error| place.invalid(error.to_string()))?;
        Ok::<_, RenderError>(object.with_origin(origin))
    };
    Ok(Rendered {
        objects: output
            .values
            .into_iter()
            .map(object)
            .collect::<Result<_, _>>()?,
        findings: output.findings,
        closure: output.closure,
        rule: output.rule,
    })
}

/// Renders a folder into what `kustomize build` prints.
///
/// A folder without a kustomization is rendered by [`Rule::Folder`].
///
/// # Errors
/// What kustomize refuses is refused, with file, line and field; so is what would leave the tree, start
/// a process or reach the network.
pub fn render(tree: &dyn Tree, path: &str, options: &Options<'_>) -> Result<Output, RenderError> {
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
    Ok(Output {
        values: values(resources)?,
        findings,
        closure: files.into_closure(),
        rule,
    })
}

fn values(resources: Resources) -> Result<Vec<(Value, Origin)>, RenderError> {
    let value = |resource: Resource| {
        let place = resource.place();
        let value = resource.node.into_json();
        let value = value.map_err(|error| read::malformed(&error, place))?;
        Ok((value, resource.origin))
    };
    resources.list.into_iter().map(value).collect()
}
