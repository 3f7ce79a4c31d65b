//! A stage's layers, rendered as the agent renders them.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde_json::Value;
use tidegate_kustomize::{Options, build, render};
use tidegate_object::Object;
use tidegate_source::Directory;
use tidegate_testbed::vendor;

/// The stages that hold a database layer.
pub(crate) const STAGES: [&str; 3] = ["local", "dev", "prod"];

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
    folder.unwrap().to_owned()
}

/// The objects of a folder; fails on findings, since the layer is to have none.
pub(crate) fn objects(path: &str) -> Vec<Object> {
    let rendered = build(&tree(), path, &Options::default()).unwrap();
    assert!(
        rendered.findings.is_empty(),
        "{path}: {:?}",
        rendered.findings
    );
    rendered.objects
}

/// The objects of a stage's layer.
pub(crate) fn layer(stage: &str, layer: &str) -> Vec<Object> {
    objects(&format!("clusters/stages/{stage}/{layer}"))
}

/// A folder as YAML.
pub(crate) fn yaml(path: &str) -> String {
    let output = render(&tree(), path, &Options::default());
    output.unwrap().content
}

/// The objects of a kind.
pub(crate) fn of_kind<'a>(objects: &'a [Object], kind: &str) -> Vec<&'a Object> {
    let is_kind = |object: &&Object| object.gvk().kind == kind;
    objects.iter().filter(is_kind).collect()
}

/// The texts at every place of a value that has one of the keys.
pub(crate) fn texts<'a>(value: &'a Value, keys: &[&str]) -> Vec<&'a str> {
    match value {
        Value::Object(fields) => {
            let own = fields
                .iter()
                .filter(|(key, _)| keys.contains(&key.as_str()))
                .filter_map(|(_, value)| value.as_str());
            let inner = fields.values().flat_map(|value| texts(value, keys));
            own.chain(inner).collect()
        }
        Value::Array(items) => items.iter().flat_map(|value| texts(value, keys)).collect(),
        _ => Vec::new(),
    }
}

fn tree() -> Directory {
    static VENDORED: OnceLock<()> = OnceLock::new();
    VENDORED.get_or_init(|| {
        vendor::fill(&root()).unwrap();
    });
    Directory::open(&root()).unwrap()
}
