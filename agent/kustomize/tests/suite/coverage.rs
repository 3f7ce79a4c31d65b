//! How often each field of a kustomization, and of what it configures, is used by the trees that both
//! renderers see.

use std::collections::{BTreeMap, BTreeSet};

use tidegate_yaml::{Limits, Node, parse_documents};

use crate::tree::MemoryTree;

/// Every field that kustomize reads, `[]` standing for an item of a list: a kind, a tab, a path.
const INPUTS: &str = include_str!("../inputs.txt");
const KUSTOMIZATION: &str = "Kustomization";
const CONFIGURATIONS: &str = "configurations";

/// A kind of input, and the path of a field in it.
type Field = (String, String);

/// The fields that are rendered: all but those of Helm charts.
fn fields() -> impl Iterator<Item = Field> {
    let pairs = INPUTS.lines().filter_map(|line| line.split_once('\t'));
    let is_helm = |path: &str| path.starts_with("helm");
    pairs
        .filter(move |(_, path)| !is_helm(path))
        .map(|(kind, path)| (kind.to_owned(), path.to_owned()))
}

/// Trees by the fields that they use.
#[derive(Default)]
pub(crate) struct Coverage {
    trees: usize,
    by_field: BTreeMap<Field, usize>,
}

impl Coverage {
    pub(crate) fn add(&mut self, tree: &MemoryTree) {
        let mut used = BTreeSet::new();
        for (path, text) in &tree.files {
            let name = path.rsplit('/').next().unwrap_or_default();
            let documents = parse_documents(text, &Limits::default()).unwrap_or_default();
            let mut roots = documents.iter().map(|document| &document.root);
            if name.to_lowercase().starts_with("kustomization") {
                if let Some(root) = roots.next() {
                    collect(root, KUSTOMIZATION, "", &mut used);
                    collect_inline(root, &mut used);
                    collect_configurations(tree, path, root, &mut used);
                }
                continue;
            }
            roots.for_each(|root| collect_plugin(root, &mut used));
        }
        self.trees += 1;
        for field in used {
            *self.by_field.entry(field).or_default() += 1;
        }
    }

    /// Prints the fields with their shares, and answers those that no tree uses.
    pub(crate) fn report(&self, what: &str) -> Vec<String> {
        let mut unused = Vec::new();
        let mut total = 0;
        for (kind, path) in fields() {
            total += 1;
            let name = format!("{kind}: {path}");
            let count = self.by_field.get(&(kind, path)).copied().unwrap_or(0);
            let share = 1000 * count / self.trees.max(1);
            println!("{what}: {name}: {count} ({}.{} %)", share / 10, share % 10);
            if count == 0 {
                unused.push(name);
            }
        }
        println!(
            "{what}: {} of {total} fields are used in {} trees",
            total - unused.len(),
            self.trees
        );
        unused
    }
}

/// Plugins that stand in the kustomization itself.
fn collect_inline(root: &Node, used: &mut BTreeSet<Field>) {
    for field in ["generators", "transformers", "validators"] {
        let items = root.get(field).and_then(Node::items).unwrap_or_default();
        for text in items.iter().filter_map(Node::text) {
            for document in parse_documents(text, &Limits::default()).unwrap_or_default() {
                collect_plugin(&document.root, used);
            }
        }
    }
}

/// The files that a kustomization has as `configurations`.
fn collect_configurations(tree: &MemoryTree, path: &str, root: &Node, used: &mut BTreeSet<Field>) {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let items = root.get(CONFIGURATIONS).and_then(Node::items);
    for name in items.unwrap_or_default().iter().filter_map(Node::text) {
        let file = format!("{folder}/{name}");
        let text = tree.files.get(file.trim_start_matches('/'));
        let documents = text.map(|text| parse_documents(text, &Limits::default()));
        if let Some(first) = documents.into_iter().flatten().flatten().next() {
            collect(&first.root, CONFIGURATIONS, "", used);
        }
    }
}

fn collect_plugin(root: &Node, used: &mut BTreeSet<Field>) {
    let text = |name: &str| root.get(name).and_then(Node::text).unwrap_or_default();
    if text("apiVersion") == "builtin" {
        collect(root, text("kind"), "", used);
    }
}

fn collect(node: &Node, kind: &str, path: &str, used: &mut BTreeSet<Field>) {
    used.insert((kind.to_owned(), path.to_owned()));
    for (key, value) in node.pairs().unwrap_or_default() {
        let name = key.text().unwrap_or_default();
        let below = if path.is_empty() {
            name.to_owned()
        } else {
            format!("{path}.{name}")
        };
        collect(value, kind, &below, used);
    }
    for item in node.items().unwrap_or_default() {
        collect(item, kind, &format!("{path}[]"), used);
    }
}
