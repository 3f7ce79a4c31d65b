//! A build from the folder to its output.

use std::collections::BTreeSet;

use serde_json::Value;
use tidegate_object::{Object, Origin};

use crate::build::Build;
use crate::cache::BuildCache;
use crate::error::Place;
use crate::files::{Files, Found};
use crate::memo::{Made, Outcome, Step};
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
    let files = Files::new(tree, options);
    let built = run(&files, path)?;
    let object = |resource: Resource| {
        let value = value(&resource)?;
        let place = Place {
            line: resource.origin.line,
            ..Place::file(&resource.origin.file)
        };
        let object = Object::new(value).map_err(|error| place.invalid(error.to_string()))?;
        Ok(object.with_origin(resource.origin.clone()))
    };
    let objects = built.objects.into_iter().map(object);
    Ok(Rendered {
        objects: objects.collect::<Result<_, RenderError>>()?,
        findings: built.findings,
        closure: files.into_closure(),
        rule: built.rule,
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
    let files = Files::new(tree, options);
    let built = run(&files, path)?;
    let content = match files.cache() {
        Some(cache) => print_again(&built.objects, cache)?,
        None => print(&built.objects)?,
    };
    Ok(built.into_output(content, files))
}

fn print(objects: &[Resource]) -> Result<String, RenderError> {
    let mut text = String::new();
    for object in objects {
        separate(&mut text);
        print_one(object, &mut text)?;
    }
    Ok(text)
}

/// Prints only those objects that were not printed before.
fn print_again(objects: &[Resource], cache: BuildCache<'_>) -> Result<String, RenderError> {
    let step = Step::of("print", []);
    let mut known = cache.take(step);
    let mut outcomes = Vec::with_capacity(objects.len());
    let (mut text, mut made) = (String::new(), 0);
    for object in objects {
        separate(&mut text);
        let outcome = known.take(object);
        let printed = outcome.as_ref().and_then(Outcome::text);
        if let Some(printed) = printed {
            text.push_str(printed);
            outcomes.extend(outcome);
            continue;
        }
        let start = text.len();
        print_one(object, &mut text)?;
        let printed = text.get(start..).unwrap_or_default();
        let printed = Made::Text(printed.into());
        outcomes.push(Outcome::new(object.clone(), printed, Vec::new()));
        made += 1;
    }
    cache.keep(step, known, (outcomes, made));
    Ok(text)
}

fn separate(text: &mut String) {
    if !text.is_empty() {
        text.push_str("---\n");
    }
}

fn print_one(object: &Resource, text: &mut String) -> Result<(), RenderError> {
    let printed = tidegate_yaml::emit_node(&object.node, text);
    printed.map_err(|error| read::malformed(&error, object.place()))
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
    let files = Files::new(tree, options);
    let built = run(&files, path)?;
    let values = built.objects.iter().map(value);
    let values = values.collect::<Result<_, _>>()?;
    Ok(built.into_output(values, files))
}

fn value(object: &Resource) -> Result<Value, RenderError> {
    let value = object.node.to_json();
    value.map_err(|error| read::malformed(&error, object.place()))
}

/// What a folder is built to.
struct Built {
    objects: Vec<Resource>,
    findings: Vec<Finding>,
    rule: Rule,
}

impl Built {
    fn into_output<T>(self, content: T, files: Files<'_>) -> Output<T> {
        let objects = self.objects.iter();
        Output {
            content,
            origins: objects.map(|object| object.origin.clone()).collect(),
            findings: self.findings,
            closure: files.into_closure(),
            rule: self.rule,
        }
    }
}

fn run(files: &Files<'_>, path: &str) -> Result<Built, RenderError> {
    let build = Build::new(files);
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
    Ok(Built {
        objects: resources.list,
        findings: build.findings.into_inner(),
        rule,
    })
}
