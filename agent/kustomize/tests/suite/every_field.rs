//! Every field that kustomize's transformers reach, in objects made from the table of those fields.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use crate::oracle::{difference, ours, theirs};
use crate::tree::MemoryTree;

const FIELDS: &str = include_str!("../../src/knowledge/fields.txt");
const TRANSFORMERS: &str = "resources: [all.yaml]
namespace: ns
namePrefix: p-
nameSuffix: -s
commonLabels: {common: \"1\"}
labels:
- {pairs: {template: \"1\"}, includeTemplates: true}
commonAnnotations: {note: \"1\"}
images: [{name: nginx, newTag: \"2\"}]
";
const VARS: &str = "resources: [all.yaml]
namePrefix: p-
vars:
- {name: V, objref: {apiVersion: v1, kind: ConfigMap, name: t}, fieldref: {fieldPath: metadata.name}}
";

/// Whether the parts of a path are mappings, or lists of them.
#[derive(Clone, Copy)]
enum Form {
    Mappings,
    Lists,
}

/// A line of the table: a field of the objects of a kind.
struct Field {
    section: &'static str,
    api_version: String,
    kind: &'static str,
    path: &'static str,
}

/// The fields by what they hold: a section, or the kind that they name.
fn fields() -> BTreeMap<String, (Option<Field>, Vec<Field>)> {
    let mut all: BTreeMap<String, (Option<Field>, Vec<Field>)> = BTreeMap::new();
    let mut target = String::new();
    for line in FIELDS.lines() {
        let words: Vec<&str> = line.split('\t').collect();
        let is_target = words[0] == "target";
        let [group, version, kind] = words[2 - usize::from(is_target)..][..3] else {
            panic!("{line}");
        };
        let version = if version.is_empty() { "v1" } else { version };
        let field = Field {
            section: words[0],
            api_version: if group.is_empty() {
                version.to_owned()
            } else {
                format!("{group}/{version}")
            },
            kind: if kind.is_empty() { "Thing" } else { kind },
            path: words.get(5).copied().unwrap_or_default(),
        };
        if is_target {
            target = format!("{kind} {}", field.api_version);
            all.entry(target.clone()).or_default().0 = Some(field);
        } else {
            let name = if field.section == "nameReference" {
                &target
            } else {
                field.section
            };
            all.entry(name.to_owned()).or_default().1.push(field);
        }
    }
    all
}

impl Field {
    fn leaf(&self) -> Value {
        let last = self.path.rsplit('/').next().unwrap_or_default();
        match self.section {
            "commonLabels" | "templateLabels" | "commonAnnotations" => json!({"old": "x"}),
            "images" => json!("nginx:1"),
            "replicas" => json!(1),
            "varReference" => json!("a-$(V)"),
            _ if matches!(last, "subjects" | "service") => json!({"name": "t"}),
            _ => json!("t"),
        }
    }

    /// An object of the kind that has the field, as JSON, which is YAML too.
    fn object(&self, name: &str, form: Form) -> String {
        let parts: Vec<&str> = self.path.split('/').collect();
        let (first, rest) = parts.split_first().unwrap();
        let mut value = self.leaf();
        for part in rest.iter().rev() {
            value = wrap(part, value, form);
        }
        let mut root = Map::new();
        root.insert("apiVersion".to_owned(), json!(self.api_version));
        root.insert("kind".to_owned(), json!(self.kind));
        root.insert("metadata".to_owned(), json!({"name": name}));
        if *first == "metadata" {
            if let Value::Object(metadata) = value {
                root["metadata"].as_object_mut().unwrap().extend(metadata);
            }
            root["metadata"]["name"] = json!(name);
        } else {
            let wrapped = wrap(first, value, form);
            root.extend(wrapped.as_object().unwrap().clone());
        }
        Value::Object(root).to_string()
    }
}

/// A mapping with one field; fields that are lists by name, or in that form, get a list.
fn wrap(part: &str, value: Value, form: Form) -> Value {
    let name = part.trim_end_matches("[]");
    let holds_mapping = value.is_object() && !matches!(name, "labels" | "annotations" | "metadata");
    let is_list = part.ends_with("[]") || (matches!(form, Form::Lists) && holds_mapping);
    json!({ name: if is_list { json!([value]) } else { value } })
}

fn tree(kustomization: &str, objects: &[String]) -> MemoryTree {
    let text = objects.join("\n---\n") + "\n";
    MemoryTree::new(&[("kustomization.yaml", kustomization), ("all.yaml", &text)])
}

fn trees(name: &str, (target, fields): &(Option<Field>, Vec<Field>), form: Form) -> MemoryTree {
    let mut objects = Vec::new();
    let mut kustomization = TRANSFORMERS.to_owned();
    if name == "varReference" {
        VARS.clone_into(&mut kustomization);
        objects.push(
            r#"{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "t"}}"#.to_owned(),
        );
    } else if name == "replicas" {
        kustomization.push_str("replicas:\n");
        for number in 0..fields.len() {
            let _ = writeln!(kustomization, "- {{name: o{number}, count: 5}}");
        }
    }
    if let Some(target) = target {
        let made = json!({"apiVersion": target.api_version, "kind": target.kind, "metadata": {"name": "t"}});
        objects.push(made.to_string());
    }
    let numbered = fields.iter().enumerate();
    objects.extend(numbered.map(|(number, field)| field.object(&format!("o{number}"), form)));
    tree(&kustomization, &objects)
}

#[test]
fn every_built_in_field_is_reached_as_kustomize_reaches_it() {
    let (mut count, mut failing, mut problems) = (0, Vec::new(), Vec::new());
    for (name, group) in &fields() {
        for form in [Form::Mappings, Form::Lists] {
            let tree = trees(name, group, form);
            let theirs = theirs(&tree, "");
            if let Err(reason) = &theirs {
                failing.push(format!("{name}: {reason}"));
            }
            count += group.1.len();
            problems.extend(
                difference(&ours(&tree, ""), &theirs).map(|text| format!("{name}:\n{text}")),
            );
        }
    }
    println!(
        "{count} fields, {} mismatches, {} groups refused: {failing:#?}",
        problems.len(),
        failing.len()
    );
    assert!(problems.is_empty(), "{}", problems.join("\n\n"));
}
