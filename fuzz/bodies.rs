//! What the fuzz targets do with a text; a test of `tidegate-kustomize` does the same on a stable compiler.
//!
//! Nothing may panic, whatever the text. What is rendered must be YAML that is read and printed as it was.

use std::sync::Arc;

use tidegate_kustomize::{Entry, Options, Tree, TreeError, render};
use tidegate_yaml::{Limits, StyledDocument, emit, parse_documents};

const OBJECTS: &str = "apiVersion: v1
kind: ConfigMap
metadata: {name: a, labels: {a: b}, annotations: {j: '{\"x\": [1]}', y: \"x:\\n- {y: z}\\n\"}}
data: {a: b}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: a}
spec: {template: {spec: {containers: [{name: a, image: b, ports: [{containerPort: 1}]}]}}}
";

/// Any text, read and printed as YAML.
pub(crate) fn yaml(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let limits = Limits {
        bytes: 1 << 16,
        depth: 50,
        nodes: 20_000,
        copies: 5_000,
    };
    for document in parse_documents(text, &limits).unwrap_or_default() {
        let Ok(value) = document.root.to_json() else {
            continue;
        };
        let printed = emit(&value);
        let again =
            parse_documents(&printed, &Limits::default()).expect("what was printed is YAML");
        let again = again.first().map(|document| document.root.to_json());
        assert_eq!(
            again.map(|value| value.map(|value| emit(&value))),
            Some(Ok(printed))
        );
    }
    if let Ok(Some(document)) = StyledDocument::parse(text, &limits) {
        // As in go-yaml, a comment may come to stand where it makes the text no YAML.
        let _ = document.print();
    }
}

/// Any text as a kustomization, and as the files that it may name.
pub(crate) fn kustomization(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    rendered(&[
        ("kustomization.yaml", text),
        ("a.yaml", OBJECTS),
        ("r0.yaml", OBJECTS),
    ]);
    let naming = "resources: [a.yaml]\nconfigurations: [b.yaml]\n";
    rendered(&[
        ("kustomization.yaml", naming),
        ("a.yaml", OBJECTS),
        ("b.yaml", text),
    ]);
    rendered(&[
        (
            "kustomization.yaml",
            "resources: [a.yaml]\nnamePrefix: p-\n",
        ),
        ("a.yaml", text),
    ]);
}

/// Any text as a patch of either kind.
pub(crate) fn patch(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let kustomization =
        "resources: [a.yaml]\npatches: [{path: p.yaml, target: {name: a}}, {path: p.yaml}]\n";
    rendered(&[
        ("kustomization.yaml", kustomization),
        ("a.yaml", OBJECTS),
        ("p.yaml", text),
    ]);
}

/// Any text as the path of a replacement, and as the text that the path leads into.
pub(crate) fn replacement(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let (path, held) = text.split_once('\n').unwrap_or((text, "x: {y: z}"));
    for options in ["{create: true}", "{delimiter: '.', index: 1}"] {
        let path = quoted(path);
        let kustomization = format!(
            "resources: [a.yaml]\nreplacements:\n- source: {{kind: ConfigMap, fieldPath: data.a}}\n  targets:\n  \
             - {{select: {{name: a}}, fieldPaths: [{path}], options: {options}}}\n"
        );
        let object = format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata: {{a: b, t: {}}}\n",
            quoted(held)
        );
        rendered(&[("kustomization.yaml", &kustomization), ("a.yaml", &object)]);
    }
}

/// A text in double quotes.
fn quoted(text: &str) -> String {
    let escape = |char: char| match char {
        '"' | '\\' => format!("\\{char}"),
        ' '..='~' => char.to_string(),
        other => format!("\\U{:08X}", u32::from(other)),
    };
    format!("\"{}\"", text.chars().map(escape).collect::<String>())
}

fn rendered(files: &[(&str, &str)]) {
    if let Ok(output) = render(&Files(files), "", &Options::default()) {
        parse_documents(&output.content, &Limits::default()).expect("what was rendered is YAML");
    }
}

struct Files<'a>(&'a [(&'a str, &'a str)]);

impl Tree for Files<'_> {
    fn entry(&self, path: &str) -> Result<Option<Entry>, TreeError> {
        Ok(self.read(path)?.map(|_| Entry::File))
    }

    fn read(&self, path: &str) -> Result<Option<Arc<[u8]>>, TreeError> {
        let found = self.0.iter().find(|(name, _)| *name == path);
        Ok(found.map(|(_, text)| text.as_bytes().into()))
    }

    fn list(&self, _: &str) -> Result<Vec<(String, Entry)>, TreeError> {
        Ok(self
            .0
            .iter()
            .map(|(name, _)| ((*name).to_owned(), Entry::File))
            .collect())
    }
}
