//! How often each field of a kustomization is used by the trees that both renderers see.

use std::collections::{BTreeMap, BTreeSet};

use tidegate_yaml::{Limits, Node, parse_documents};

use crate::tree::MemoryTree;

/// Every field that is rendered, `[]` standing for an item of a list.
const FIELDS: [&str; 120] = [
    "apiVersion",
    "kind",
    "metadata",
    "resources[]",
    "bases[]",
    "components[]",
    "crds[]",
    "configurations[]",
    "generators[]",
    "transformers[]",
    "validators[]",
    "namespace",
    "namePrefix",
    "nameSuffix",
    "commonLabels",
    "commonAnnotations",
    "labels[].pairs",
    "labels[].includeSelectors",
    "labels[].includeTemplates",
    "labels[].fields[].path",
    "labels[].fields[].group",
    "labels[].fields[].version",
    "labels[].fields[].kind",
    "labels[].fields[].create",
    "patches[].path",
    "patches[].patch",
    "patches[].options.allowNameChange",
    "patches[].options.allowKindChange",
    "patches[].target.group",
    "patches[].target.version",
    "patches[].target.kind",
    "patches[].target.name",
    "patches[].target.namespace",
    "patches[].target.labelSelector",
    "patches[].target.annotationSelector",
    "patchesStrategicMerge[]",
    "patchesJson6902[].path",
    "patchesJson6902[].patch",
    "patchesJson6902[].target.group",
    "patchesJson6902[].target.version",
    "patchesJson6902[].target.kind",
    "patchesJson6902[].target.name",
    "patchesJson6902[].target.namespace",
    "images[].name",
    "images[].newName",
    "images[].newTag",
    "images[].tagSuffix",
    "images[].digest",
    "imageTags[].name",
    "replicas[].name",
    "replicas[].count",
    "replacements[].path",
    "replacements[].source.group",
    "replacements[].source.version",
    "replacements[].source.kind",
    "replacements[].source.name",
    "replacements[].source.namespace",
    "replacements[].source.fieldPath",
    "replacements[].source.options.delimiter",
    "replacements[].source.options.index",
    "replacements[].sourceValue",
    "replacements[].targets[].select.group",
    "replacements[].targets[].select.version",
    "replacements[].targets[].select.kind",
    "replacements[].targets[].select.name",
    "replacements[].targets[].select.namespace",
    "replacements[].targets[].select.labelSelector",
    "replacements[].targets[].select.annotationSelector",
    "replacements[].targets[].reject[].group",
    "replacements[].targets[].reject[].version",
    "replacements[].targets[].reject[].kind",
    "replacements[].targets[].reject[].name",
    "replacements[].targets[].reject[].namespace",
    "replacements[].targets[].reject[].labelSelector",
    "replacements[].targets[].reject[].annotationSelector",
    "replacements[].targets[].fieldPaths[]",
    "replacements[].targets[].options.delimiter",
    "replacements[].targets[].options.index",
    "replacements[].targets[].options.create",
    "configMapGenerator[].name",
    "configMapGenerator[].namespace",
    "configMapGenerator[].behavior",
    "configMapGenerator[].literals[]",
    "configMapGenerator[].files[]",
    "configMapGenerator[].envs[]",
    "configMapGenerator[].env",
    "configMapGenerator[].options.labels",
    "configMapGenerator[].options.annotations",
    "configMapGenerator[].options.disableNameSuffixHash",
    "configMapGenerator[].options.immutable",
    "secretGenerator[].name",
    "secretGenerator[].namespace",
    "secretGenerator[].behavior",
    "secretGenerator[].literals[]",
    "secretGenerator[].files[]",
    "secretGenerator[].envs[]",
    "secretGenerator[].env",
    "secretGenerator[].type",
    "secretGenerator[].options.labels",
    "secretGenerator[].options.annotations",
    "secretGenerator[].options.disableNameSuffixHash",
    "secretGenerator[].options.immutable",
    "generatorOptions.labels",
    "generatorOptions.annotations",
    "generatorOptions.disableNameSuffixHash",
    "generatorOptions.immutable",
    "vars[].name",
    "vars[].objref.apiVersion",
    "vars[].objref.group",
    "vars[].objref.version",
    "vars[].objref.kind",
    "vars[].objref.name",
    "vars[].objref.namespace",
    "vars[].fieldref.fieldPath",
    "openapi.path",
    "openapi.version",
    "sortOptions.order",
    "sortOptions.legacySortOptions.orderFirst[]",
    "sortOptions.legacySortOptions.orderLast[]",
    "buildMetadata[]",
];

/// Trees by the fields that they use.
#[derive(Default)]
pub(crate) struct Coverage {
    trees: usize,
    by_field: BTreeMap<String, usize>,
}

impl Coverage {
    pub(crate) fn add(&mut self, tree: &MemoryTree) {
        let mut used = BTreeSet::new();
        for (path, text) in &tree.files {
            if !path.to_lowercase().contains("kustomization") {
                continue;
            }
            let documents = parse_documents(text, &Limits::default()).unwrap_or_default();
            if let Some(document) = documents.first() {
                collect(&document.root, "", &mut used);
            }
        }
        self.trees += 1;
        for field in used {
            *self.by_field.entry(field).or_default() += 1;
        }
    }

    /// Prints the fields with their shares, and answers those that no tree uses.
    pub(crate) fn report(&self, what: &str) -> Vec<&'static str> {
        let count = |field: &str| self.by_field.get(field).copied().unwrap_or_default();
        for field in FIELDS {
            let (count, trees) = (count(field), self.trees.max(1));
            let share = 1000 * count / trees;
            println!("{what}: {field}: {count} ({}.{} %)", share / 10, share % 10);
        }
        let unused: Vec<_> = FIELDS
            .into_iter()
            .filter(|field| count(field) == 0)
            .collect();
        println!(
            "{what}: {} of {} fields are used in {} trees",
            FIELDS.len() - unused.len(),
            FIELDS.len(),
            self.trees
        );
        unused
    }
}

fn collect(node: &Node, path: &str, used: &mut BTreeSet<String>) {
    used.insert(path.to_owned());
    for (key, value) in node.pairs().unwrap_or_default() {
        let name = key.text().unwrap_or_default();
        let below = if path.is_empty() {
            name.to_owned()
        } else {
            format!("{path}.{name}")
        };
        collect(value, &below, used);
    }
    for item in node.items().unwrap_or_default() {
        collect(item, &format!("{path}[]"), used);
    }
}
