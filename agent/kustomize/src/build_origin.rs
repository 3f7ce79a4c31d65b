//! `buildMetadata`: where objects come from, and what was done to them, as annotations.

use tidegate_yaml::emit;

use crate::build::Built;
use crate::error::Place;
use crate::fault::Step;
use crate::history::{ORIGIN, TRANSFORMATIONS};
use crate::node::{self, Kind};
use crate::resource::Resource;
use crate::resources::Resources;

/// Where something comes from, as kustomize writes it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct BuildOrigin {
    path: String,
    repository: String,
    reference: String,
    configured_in: String,
    configured_by: Option<Plugin>,
}

/// The plugin that made or changed an object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Plugin {
    pub(crate) api_version: String,
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) namespace: String,
}

impl BuildOrigin {
    /// The origin of what a kustomization here names.
    pub(crate) fn of_file(&self, written: &str) -> Self {
        let mut origin = self.clone();
        if let Some((host, path)) = remote(written) {
            origin.path = cleaned(&path);
            origin.repository = host;
            origin.reference = String::new();
        } else {
            origin.path = cleaned(&format!("{}/{written}", self.path));
        }
        origin
    }

    /// The origin of what a built-in plugin here makes.
    pub(crate) fn of_builtin(&self, file: &str, kind: &str) -> Self {
        Self {
            path: String::new(),
            configured_in: cleaned(&format!("{}/{file}", self.path)),
            configured_by: Some(Plugin {
                api_version: "builtin".to_owned(),
                kind: kind.to_owned(),
                ..Plugin::default()
            }),
            ..self.clone()
        }
    }

    fn text(&self) -> String {
        let mut text = String::new();
        let fields = [
            ("path", &self.path),
            ("repo", &self.repository),
            ("ref", &self.reference),
            ("configuredIn", &self.configured_in),
        ];
        for (name, value) in fields {
            push(&mut text, "", (name, value));
        }
        if let Some(plugin) = &self.configured_by {
            text.push_str("configuredBy:\n");
            let fields = [
                ("apiVersion", &plugin.api_version),
                ("kind", &plugin.kind),
                ("name", &plugin.name),
                ("namespace", &plugin.namespace),
            ];
            for (name, value) in fields {
                push(&mut text, "  ", (name, value));
            }
        }
        if text.is_empty() {
            text.push_str("{}\n");
        }
        text
    }

    /// Writes the origin on an object that was read; its other annotations stay as they are.
    pub(crate) fn set(&self, resource: &mut Resource) -> Built {
        let path = ["metadata", "annotations"];
        let mut write = || {
            let made = Some(Kind::Mapping);
            let Some(annotations) = node::lookup(&mut resource.node, &path, made)? else {
                return Ok(());
            };
            if node::is_null(annotations) {
                *annotations = node::empty(Kind::Mapping);
            }
            node::set_field(annotations, ORIGIN, node::string(&self.text())).map(drop)
        };
        write().map_err(crate::build::at(Place::default()))
    }

    /// Writes the origin on an object that has none.
    pub(crate) fn set_missing(&self, resource: &mut Resource) -> Step {
        if has_origin(resource) {
            return Ok(());
        }
        set(resource, ORIGIN, self.text())
    }

    /// Writes down on all objects that they were made or changed.
    pub(crate) fn record(&self, resources: &mut Resources) -> Step {
        for resource in &mut resources.list {
            if !has_origin(resource) {
                set(resource, ORIGIN, self.text())?;
                continue;
            }
            let known = node::metadata_entry(&resource.node, "annotations", TRANSFORMATIONS);
            let mut text = known.unwrap_or_default().to_owned();
            for (index, line) in self.text().lines().enumerate() {
                text.push_str(if index == 0 { "- " } else { "  " });
                text.push_str(line);
                text.push('\n');
            }
            set(resource, TRANSFORMATIONS, text)?;
        }
        Ok(())
    }
}

/// The origin that an object carries.
pub(crate) fn of(resource: &Resource) -> Option<String> {
    node::metadata_entry(&resource.node, "annotations", ORIGIN).map(str::to_owned)
}

/// Gives an object back the origin that it carried.
pub(crate) fn restore(resource: &mut Resource, origin: Option<String>) -> Step {
    match origin {
        Some(origin) => set(resource, ORIGIN, origin),
        None => Ok(()),
    }
}

/// The origin of what a configured plugin makes or changes.
pub(crate) fn of_plugin(configuration: &Resource) -> Option<BuildOrigin> {
    let text = of(configuration)?;
    let field = |name: &str| {
        let mut lines = text.lines();
        lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    };
    let id = configuration.id();
    Some(BuildOrigin {
        path: String::new(),
        repository: field("repo").unwrap_or_default().to_owned(),
        reference: field("ref").unwrap_or_default().to_owned(),
        configured_in: field("path").unwrap_or_default().to_owned(),
        configured_by: Some(Plugin {
            api_version: id.gvk.api_version(),
            kind: id.gvk.kind.clone(),
            name: id.name.clone(),
            namespace: id.namespace.clone(),
        }),
    })
}

fn has_origin(resource: &Resource) -> bool {
    node::metadata_entry(&resource.node, "annotations", ORIGIN).is_some()
}

fn set(resource: &mut Resource, name: &str, value: String) -> Step {
    let mut annotations = resource.annotations();
    match annotations.iter_mut().find(|(known, _)| known == name) {
        Some((_, known)) => *known = value,
        None => annotations.push((name.to_owned(), value)),
    }
    node::set_metadata_map(&mut resource.node, "annotations", annotations)
}

fn push(text: &mut String, indent: &str, (name, value): (&str, &String)) {
    if !value.is_empty() {
        text.push_str(indent);
        text.push_str(name);
        text.push_str(": ");
        text.push_str(&emit(&value.as_str().into()));
    }
}

/// The repository and the path of an address, as kustomize takes it apart.
fn remote(written: &str) -> Option<(String, String)> {
    let address = written.split('?').next().unwrap_or_default();
    let scheme = ["https://", "http://"]
        .into_iter()
        .find(|scheme| address.starts_with(scheme))?;
    let rest = address.get(scheme.len()..)?;
    let mut parts = rest.splitn(4, '/');
    let (host, owner, name) = (parts.next()?, parts.next()?, parts.next()?);
    let path = parts.next().unwrap_or_default().to_owned();
    Some((format!("{scheme}{host}/{owner}/{name}"), path))
}

/// Cleans a path as Go's `filepath.Join` does, which may leave its root.
fn cleaned(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    if parts.is_empty() {
        return String::new();
    }
    parts.join("/")
}
