//! Each rule has a case: an object that has its field.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;

use serde::Deserialize;

use super::*;

#[test]
fn fields_name_what_the_snapshots_say() {
    insta::glob!("../../tests/references", "*.yaml", |path| {
        let mut text = String::new();
        for object in objects(&fs::read_to_string(path).unwrap()) {
            writeln!(text, "{}", object.id()).unwrap();
            for reference in Rules::new(&[]).unwrap().references(&object) {
                writeln!(text, "  {}", line(&reference)).unwrap();
            }
        }
        insta::with_settings!({
            snapshot_path => "../../tests/references",
            prepend_module_to_snapshot => false,
            snapshot_suffix => "",
            omit_expression => true,
        }, {
            insta::assert_snapshot!(path.file_stem().unwrap().to_str().unwrap(), text);
        });
    });
}

#[test]
fn every_rule_has_a_case() {
    let rules = Rules::new(&[]).unwrap();
    let mut cases = BTreeSet::new();
    let mut kinds = BTreeSet::new();
    insta::glob!("../../tests/references", "*.yaml", |path| {
        for object in objects(&fs::read_to_string(path).unwrap()) {
            let kind = &object.id().kind;
            for reference in rules.references(&object) {
                let path = reference.rule.path.as_str();
                cases.insert(format!("{kind} {}", below_pod_spec(kind, path)));
                kinds.insert(kind.clone());
            }
        }
    });
    for (kind, path) in rules.table.fields() {
        let of_pod = rules.table.pod_spec(kind).is_some() && path != below_pod_spec(kind, path);
        let found = if of_pod {
            kinds.contains(kind) && cases.contains(&format!("Pod {}", below_pod_spec(kind, path)))
        } else {
            cases.contains(&format!("{kind} {path}"))
        };
        assert!(found, "no case has {path} of {kind}");
    }
}

/// Returns a path from the pod spec on, if it leads there.
fn below_pod_spec<'p>(kind: &GroupKind, path: &'p str) -> &'p str {
    let spec = Table::builtin().pod_spec(kind);
    let rest = spec.and_then(|spec| path.strip_prefix(spec.as_str())?.strip_prefix('.'));
    rest.unwrap_or(path)
}

fn line(reference: &Reference<'_>) -> String {
    let Reference { rule, kind, .. } = reference;
    let group = kind.group.as_deref().unwrap_or("*");
    let place = reference.namespace.unwrap_or("_");
    let mut text = format!("{:?} ", rule.class).to_lowercase();
    let path = rule.path.as_str();
    write!(
        text,
        "{path} → {group}/{}/{place}/{}",
        kind.kind, reference.name
    )
    .unwrap();
    if !reference.keys.is_empty() {
        write!(text, " keys {}", reference.keys.join(",")).unwrap();
    }
    if reference.is_optional {
        text.push_str(" optional");
    }
    text
}

fn objects(text: &str) -> Vec<Object> {
    let documents = serde_yaml::Deserializer::from_str(text);
    let values = documents.map(|document| Value::deserialize(document).unwrap());
    values.map(|value| Object::new(value).unwrap()).collect()
}
