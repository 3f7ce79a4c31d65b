//! Plugins that are not built in: kustomize runs them as programs, containers or scripts, and nothing runs here.

use tidegate_yaml::{Limits, Node, parse_first_document};

use crate::RenderError;
use crate::error::Place;
use crate::resource::Resource;

const FUNCTION: [&str; 2] = ["config.kubernetes.io/function", "config.k8s.io/function"];
const CONTAINER: &str = "config.kubernetes.io/container";

/// The error for a plugin that a field names.
pub(super) fn refused(resource: &Resource, field: &str) -> RenderError {
    RenderError::NotRun {
        place: Box::new(Place {
            line: resource.origin.line,
            field: field.to_owned(),
            ..Place::file(&resource.origin.file)
        }),
        what: what(resource),
        reason:
            "rendering starts no process, and only the plugins of `apiVersion: builtin` are known; \
                 run it beforehand, commit what it gives, and list that under `resources`"
                .to_owned(),
    }
}

/// What kustomize would run.
fn what(resource: &Resource) -> String {
    let annotations = resource.annotations();
    let annotation = |name: &str| {
        let mut annotations = annotations.iter();
        let found = annotations.find(|(known, value)| known == name && !value.is_empty());
        found.map(|(_, value)| value.as_str())
    };
    let spec = FUNCTION.iter().find_map(|name| annotation(name));
    let spec = spec.and_then(|text| parse_first_document(text, &Limits::default()).ok()?);
    let named = spec.and_then(|document| function(&document.root));
    let legacy = || annotation(CONTAINER).map(|image| format!("the container function `{image}`"));
    let gvk = resource.gvk();
    let plugin = || {
        let (version, kind) = (gvk.api_version(), &gvk.kind);
        format!("the plugin `{version} {kind}`, a program or a Go library,")
    };
    named.or_else(legacy).unwrap_or_else(plugin)
}

/// A function, by what its specification names.
fn function(spec: &Node) -> Option<String> {
    let field = |part: &str, name: &str| {
        let text = spec.get(part)?.get(name)?.text()?;
        (!text.is_empty()).then(|| text.to_owned())
    };
    if let Some(image) = field("container", "image") {
        return Some(format!("the container function `{image}`"));
    }
    if let Some(path) = field("exec", "path") {
        return Some(format!("the exec function `{path}`"));
    }
    let script = ["path", "url", "name"];
    let script = script.iter().find_map(|name| field("starlark", name));
    script.map(|script| format!("the Starlark function `{script}`"))
}
