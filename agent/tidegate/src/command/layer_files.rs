//! The Layers that stand in a repository, in the `layers.yaml` of their stage.

use anyhow::{Context as _, Result};
use tidegate_kustomize::Tree;
use tidegate_sync::{Layer, LayerSpec};
use tidegate_yaml::{Limits, parse_documents};

const FILE: &str = "layers.yaml";

/// Finds the Layer that applies a folder, in the folders above it, the nearest first.
pub(crate) fn applying(tree: &dyn Tree, path: &str) -> Result<Option<LayerSpec>> {
    let mut folder = path;
    while let Some((above, _)) = folder.rsplit_once('/') {
        for layer in layers(tree, &format!("{above}/{FILE}"))? {
            if layer.spec.path.trim_matches('/') == path {
                return Ok(Some(layer.spec));
            }
        }
        folder = above;
    }
    Ok(None)
}

fn layers(tree: &dyn Tree, file: &str) -> Result<Vec<Layer>> {
    let Some(content) = tree.read(file)? else {
        return Ok(Vec::new());
    };
    let text = std::str::from_utf8(&content).with_context(|| file.to_owned())?;
    let documents = parse_documents(text, &Limits::default()).with_context(|| file.to_owned())?;
    let mut layers = Vec::new();
    for document in documents.iter().filter(|document| !document.is_empty()) {
        let value = document.root.to_json().with_context(|| file.to_owned())?;
        if value.get("kind").and_then(serde_json::Value::as_str) == Some("Layer") {
            let at = || format!("{file}:{}", document.mark().line);
            layers.push(serde_json::from_value(value).with_context(at)?);
        }
    }
    Ok(layers)
}

#[cfg(test)]
mod tests {
    use tidegate_source::Directory;

    use super::*;

    const LAYERS: &str = "\
apiVersion: tidegate.dev/v1alpha1
kind: Layer
metadata: {name: web}
spec:
  source: {git: {url: https://git.example.com/a.git}}
  path: stages/dev/web
  requires: [{apiVersion: v1, kind: Secret, name: token, namespace: web}]
";

    fn found(layers: &str, path: &str) -> Result<Option<LayerSpec>> {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(root.path().join("stages/dev/web")).unwrap();
        std::fs::write(root.path().join("stages/dev/layers.yaml"), layers).unwrap();
        applying(&Directory::open(root.path()).unwrap(), path)
    }

    #[test]
    fn the_layer_of_a_folder_stands_above_it() {
        let spec = found(LAYERS, "stages/dev/web").unwrap().unwrap();
        assert_eq!(spec.requires[0].name, "token");
        assert_eq!(found(LAYERS, "stages/dev/other").unwrap(), None);
    }

    #[test]
    fn a_layer_that_cannot_be_read_is_named_by_its_place() {
        let text = LAYERS
            .replace("kind: Layer", "kind: Layer\nx: 1")
            .replace("  source", "  sauce");
        let error = found(&text, "stages/dev/web").unwrap_err();
        assert!(
            format!("{error:#}").contains("stages/dev/layers.yaml:1"),
            "{error:#}"
        );
    }
}
