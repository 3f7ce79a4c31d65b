//! What a build has read once it does not read again: bases that several overlays share.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use tidegate_kustomize::{Entry, Options, Tree, TreeError, render, render_values};

use crate::tree::MemoryTree;

/// A tree that counts how often each file is read.
struct Counted {
    tree: MemoryTree,
    reads: Mutex<HashMap<String, usize>>,
}

impl Counted {
    fn new(files: &[(&str, &str)]) -> Self {
        Self {
            tree: MemoryTree::new(files),
            reads: Mutex::default(),
        }
    }

    fn reads(&self, path: &str) -> usize {
        self.reads.lock().unwrap().get(path).copied().unwrap_or(0)
    }
}

impl Tree for Counted {
    fn entry(&self, path: &str) -> Result<Option<Entry>, TreeError> {
        self.tree.entry(path)
    }

    fn read(&self, path: &str) -> Result<Option<Arc<[u8]>>, TreeError> {
        *self
            .reads
            .lock()
            .unwrap()
            .entry(path.to_owned())
            .or_default() += 1;
        self.tree.read(path)
    }

    fn list(&self, path: &str) -> Result<Vec<(String, Entry)>, TreeError> {
        self.tree.list(path)
    }
}

const OBJECT: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n";
const DIAMOND: [(&str, &str); 7] = [
    ("kustomization.yaml", "resources: [one, two, three]\n"),
    (
        "one/kustomization.yaml",
        "resources: [../base]\nnamePrefix: one-\n",
    ),
    (
        "two/kustomization.yaml",
        "resources: [../base]\nnamePrefix: two-\n",
    ),
    (
        "three/kustomization.yaml",
        "resources: [../base]\nnamePrefix: three-\n",
    ),
    (
        "base/kustomization.yaml",
        "resources: [deeper]\nimages: [{name: absent, newTag: v1}]\n",
    ),
    ("base/deeper/kustomization.yaml", "resources: [a.yaml]\n"),
    ("base/deeper/a.yaml", OBJECT),
];

#[test]
fn a_base_that_overlays_share_is_built_once() {
    let tree = Counted::new(&DIAMOND);
    let output = render_values(&tree, "", &Options::default()).unwrap();
    let names: Vec<_> = output
        .content
        .iter()
        .map(|value| value["metadata"]["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["one-a", "three-a", "two-a"]);
    assert_eq!(tree.reads("base/deeper/a.yaml"), 1);
    assert_eq!(output.findings.len(), 1, "{:?}", output.findings);
}

#[test]
fn a_base_is_built_again_where_the_way_to_it_shows() {
    let mut files = DIAMOND;
    files[0].1 = "resources: [one, two, three]\nbuildMetadata: [originAnnotations]\n";
    let tree = Counted::new(&files);
    let output = render_values(&tree, "", &Options::default()).unwrap();
    let first = &output.content[0]["metadata"]["annotations"];
    assert_eq!(
        first["config.kubernetes.io/origin"],
        "path: base/deeper/a.yaml\n"
    );
    assert_eq!(tree.reads("base/deeper/a.yaml"), 3);
}

#[test]
fn a_shared_base_that_leads_back_is_refused_where_it_does() {
    let tree = MemoryTree::new(&[
        (
            "top/kustomization.yaml",
            "resources: [../base, ../site/over]\n",
        ),
        (
            "site/over/kustomization.yaml",
            "resources: [../../base]\nnamePrefix: x-\n",
        ),
        ("site/kustomization.yaml", "resources: [a.yaml]\n"),
        ("site/a.yaml", OBJECT),
        ("base/kustomization.yaml", "resources: [../site]\n"),
    ]);
    let error = render(&tree, "top", &Options::default()).err().unwrap();
    assert_eq!(
        error.to_string(),
        "base/kustomization.yaml:1: resources[0]: `site` contains `site/over`, which led to it: a cycle; \
         a base must not contain what uses it"
    );
}
