//! Every form of a replacement's path with every option, on one object that has all kinds of fields.

use crate::oracle::{difference, ours, theirs};
use crate::tree::MemoryTree;

const OBJECTS: &str = r#"apiVersion: v1
kind: ConfigMap
metadata:
  name: source
  labels: {app: one-two-three}
data:
  text: one:two:three
  number: "5"
  flag: "true"
  json: '{"a": {"b": [1, {"c": "d"}]}}'
  lines: |
    first
    second
  empty: ""
  quoted: "a"
spec: {number: 5, float: 1.50, flag: true, none: null, list: [a, b], map: {k: v, "1": w}}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: target
  labels: {app: a/b/c}
  annotations:
    plain: x/y/z
    a.b/c: dotted
    config.example.com/json: '{"x": {"y": "one/two"}, "l": [1, 2], "s": "t"}'
    config.example.com/yaml: |
      # a comment
      x:
        y: one/two   # another
      l: [1, 2]
      "q": 'z'
    yaml: |
      z:
        - name: a
          v: {a: "x", b: 'y', c: [ 1, 2 ], d: }
          on: |
            text

              more
        - - nested
          - >-
            folded text
            on lines

             indented
      x:
          y: one/two
          none:
      l: [1, 2]
      "q": 'z'
      e: {}
      list:
      - {name: a, v: 1}
      - name: b
        v:   "2"
      long: some text that is much longer than eighty columns of a terminal, which are where lines would end
    broken: '{"x": '
spec:
  replicas: 1
  ratio: 0.5
  paused: false
  none: null
  quoted: "1"
  single: 'yes'
  block: |
    text
  empty: {}
  nothing: []
  template:
    spec:
      containers:
      - {name: a, image: "reg/a:1", args: [x, y/z], env: [{name: E, value: v/w}, {name: F}]}
      - {name: b.c, image: "reg/b:2", ports: [{containerPort: 80, protocol: TCP}]}
      - {name: d=e, image: "reg/d:3"}
      volumes: []
"#;
const SOURCES: [&str; 19] = [
    "source: {kind: ConfigMap, name: source, fieldPath: data.empty}",
    "source: {kind: ConfigMap, name: source, fieldPath: data.quoted}",
    "source: {kind: ConfigMap, name: source}",
    "source: {kind: ConfigMap, name: source, fieldPath: data.text}",
    "source: {kind: ConfigMap, name: source, fieldPath: data.text, options: {delimiter: ':', index: 1}}",
    "source: {kind: ConfigMap, name: source, fieldPath: data.text, options: {delimiter: ':', index: 3}}",
    "source: {kind: ConfigMap, name: source, fieldPath: data.text, options: {delimiter: ':', index: -1}}",
    "source: {kind: ConfigMap, name: source, fieldPath: data.number}",
    "source: {kind: ConfigMap, name: source, fieldPath: data.flag}",
    "source: {kind: ConfigMap, name: source, fieldPath: data.json}",
    "source: {kind: ConfigMap, name: source, fieldPath: data.lines}",
    "source: {kind: ConfigMap, name: source, fieldPath: spec.number}",
    "source: {kind: ConfigMap, name: source, fieldPath: spec.float}",
    "source: {kind: ConfigMap, name: source, fieldPath: spec.none}",
    "source: {kind: ConfigMap, name: source, fieldPath: spec.list}",
    "source: {kind: ConfigMap, name: source, fieldPath: spec.list.1}",
    "source: {kind: ConfigMap, name: source, fieldPath: spec.map}",
    "source: {kind: Deployment, fieldPath: 'spec.template.spec.containers.[name=b.c].ports.0.containerPort'}",
    "sourceValue: 'lit: eral'",
];
const PATHS: [&str; 52] = [
    "metadata.annotations.yaml.x.y",
    "metadata.annotations.yaml.l.1",
    "metadata.annotations.yaml.l",
    "metadata.annotations.yaml.q",
    "metadata.annotations.yaml.new.deep",
    "metadata.annotations.yaml.list.[name=a].v",
    "spec.none.x",
    "metadata.annotations.[config.example.com/json].l.0",
    "spec.template.spec.containers.*.env.0.value.x",
    "spec.template.spec.containers.*.args.1.x",
    "metadata.name",
    "metadata.namespace",
    "metadata.labels.app",
    "metadata.labels.new",
    "metadata.annotations.plain",
    "metadata.annotations.[a.b/c]",
    "metadata.annotations.a\\.b/c",
    "metadata.annotations.[new.d/e]",
    "metadata.annotations.new\\.d/e",
    "metadata.annotations.[config.example.com/json].x.y",
    "metadata.annotations.[config.example.com/json].l",
    "metadata.annotations.[config.example.com/json].new.deep",
    "metadata.annotations.broken.x",
    "metadata.annotations.plain.x",
    "spec.replicas",
    "spec.replicas.x",
    "spec.ratio",
    "spec.paused",
    "spec.none",
    "spec.quoted",
    "spec.single",
    "spec.block",
    "spec.empty",
    "spec.empty.x",
    "spec.nothing",
    "spec.nothing.0",
    "spec.nothing.-",
    "spec.missing",
    "spec.missing.a.b",
    "spec.template.spec.containers.0.image",
    "spec.template.spec.containers.7.image",
    "spec.template.spec.containers.-.image",
    "spec.template.spec.containers.*.image",
    "spec.template.spec.containers.*.env.*.value",
    "spec.template.spec.containers.[name=a].image",
    "spec.template.spec.containers.[name=b.c].image",
    "spec.template.spec.containers.[name=d=e].image",
    "spec.template.spec.containers.[name=new].image",
    "spec.template.spec.containers.[name=a].args.[=y/z]",
    "spec.template.spec.containers.[name=a].args.-",
    "spec.template.spec.containers.[name=a].env.[name=F].value",
    "spec.template.spec.volumes.[name=v].emptyDir",
];
const OPTIONS: [&str; 9] = [
    "{}",
    "{create: true}",
    "{delimiter: /}",
    "{delimiter: /, index: 1}",
    "{delimiter: /, index: -1}",
    "{delimiter: /, index: 9}",
    "{delimiter: /, index: 1, create: true}",
    "{index: 1}",
    "{delimiter: '', index: -1, create: true}",
];

/// The sources take turns, since all combinations would be too many for each run.
#[test]
fn every_path_with_every_option_is_replaced_as_kustomize_replaces_it() {
    let (mut count, mut failing, mut problems) = (0, 0, Vec::new());
    for (row, path) in PATHS.iter().enumerate() {
        for (column, options) in OPTIONS.iter().enumerate() {
            let turns = if std::env::var_os("TIDEGATE_CASES").is_some() {
                0..SOURCES.len()
            } else {
                row + column..row + column + 1
            };
            for turn in turns {
                let source = SOURCES[turn % SOURCES.len()];
                let kustomization = format!(
                    "resources: [all.yaml]\nreplacements:\n- {source}\n  targets:\n  - select: {{kind: \
                     Deployment}}\n    fieldPaths: [\"{}\"]\n    options: {options}\n",
                    path.replace('\\', "\\\\")
                );
                let tree = MemoryTree::new(&[
                    ("kustomization.yaml", &kustomization),
                    ("all.yaml", OBJECTS),
                ]);
                let theirs = theirs(&tree, "");
                count += 1;
                failing += usize::from(theirs.is_err());
                let difference = difference(&ours(&tree, ""), &theirs);
                problems.extend(
                    difference.map(|text| format!("{source} to {path} {options}:\n{text}")),
                );
            }
        }
    }
    println!(
        "{count} replacements, {failing} fail, {} mismatches",
        problems.len()
    );
    problems.truncate(12);
    assert!(problems.is_empty(), "{}", problems.join("\n\n"));
}
