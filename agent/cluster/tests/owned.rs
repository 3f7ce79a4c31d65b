//! The normal form against server-side dry-run: every leaf of some objects, changed and taken away by somebody else.
#![cfg(test)]

use serde_json::{Map, Value, json};
use tidegate_cluster::{Owned, differences, normal_form};
use tidegate_object::Object;
use tidegate_testbed::ControlPlane;

const MANAGER: &str = "tidegate:1";

/// Objects, each with the path of its collection.
const OBJECTS: &str = r#"
- path: api/v1/namespaces/NS/configmaps
  object:
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: a, labels: {app: web}, annotations: {note: "yes"}}
    data: {colour: blue, size: ""}
- path: api/v1/namespaces/NS/secrets
  object:
    apiVersion: v1
    kind: Secret
    metadata: {name: a, labels: {app: web}}
    data: {password: aHVudGVyMg==}
- path: api/v1/namespaces/NS/services
  object:
    apiVersion: v1
    kind: Service
    metadata: {name: a}
    spec:
      selector: {app: web}
      ports: [{name: web, port: 80, targetPort: http}, {name: admin, port: 81}]
- path: apis/apps/v1/namespaces/NS/deployments
  object:
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: a}
    spec:
      replicas: 0
      paused: true
      selector: {matchLabels: {app: web}}
      template:
        metadata: {labels: {app: web, tier: front}}
        spec:
          volumes: [{name: cache, emptyDir: {}}, {name: more, configMap: {name: a}}]
          containers:
          - name: web
            image: example.com/web:1
            args: [serve, --all]
            env: [{name: A, value: "1"}, {name: B, value: "2"}]
            ports: [{containerPort: 80}]
            resources: {requests: {cpu: 0.1, memory: 1024Mi}}
            volumeMounts: [{name: cache, mountPath: /cache}, {name: more, mountPath: /more}]
          - {name: side, image: "example.com/side:1"}
"#;

/// How often the form and the dry-run agreed.
#[derive(Debug, Default)]
struct Counts {
    drift: usize,
    none: usize,
    needless: usize,
    /// Edits that no apply can put right.
    beyond_repair: usize,
    refused: usize,
}

#[test]
fn what_a_dry_run_would_put_right_is_seen_and_nothing_else_is_called_drift() {
    let control_plane = ControlPlane::shared();
    let namespace = control_plane.new_namespace("owned").unwrap();
    let cases: Vec<Value> = serde_yaml::from_str(OBJECTS).unwrap();
    let mut counts = Counts::default();
    for case in &cases {
        let collection = case["path"].as_str().unwrap().replace("NS", &namespace);
        let path = format!("/{collection}/a");
        let client = control_plane.client();
        let desired = &case["object"];
        let learned = client.apply(&path, MANAGER, desired).unwrap();
        for change in changes(&learned, desired) {
            // What cannot be put right by an apply, such as a port of another number and the same name, is made anew.
            let applied = client.apply(&path, MANAGER, desired).or_else(|_| {
                client.delete(&path)?;
                client.apply(&path, MANAGER, desired)
            });
            let applied = Object::new(applied.unwrap()).unwrap();
            if client.merge(&path, &change).is_err() {
                counts.refused += 1;
                continue;
            }
            let asked = format!("{MANAGER}&dryRun=All");
            // Controllers write beside us: a dry-run counts for the object that it was asked of.
            let (edited, wanted) = loop {
                let edited = Object::new(client.get(&path).unwrap()).unwrap();
                let wanted = client.apply(&path, &asked, desired);
                let after = Object::new(client.get(&path).unwrap()).unwrap();
                if after.resource_version() == edited.resource_version() {
                    break (edited, wanted);
                }
            };
            if let Ok(wanted) = wanted {
                let wanted = Object::new(wanted).unwrap();
                check((&applied, &edited, &wanted), &change, &mut counts);
            } else {
                let forms = [&applied, &edited].map(|object| normal_form(object, MANAGER));
                assert_ne!(forms[0], forms[1], "{change}");
                counts.beyond_repair += 1;
            }
        }
    }
    println!("{counts:?}");
    assert!(counts.drift > 30 && counts.none > 3, "{counts:?}");
}

/// Holds what the detector says of an edit against the dry-run.
fn check(
    (applied, edited, wanted): (&Object, &Object, &Object),
    change: &Value,
    counts: &mut Counts,
) {
    let is_suspicious = normal_form(applied, MANAGER) != normal_form(edited, MANAGER);
    let would_change = bare(edited) != bare(wanted);
    let owned = Owned::of(wanted, MANAGER).unwrap();
    let owned = match Owned::of(edited, MANAGER) {
        Some(still) => owned.united(&still),
        None => owned,
    };
    let found = differences(&owned, edited, wanted);
    assert_eq!(
        is_suspicious && !found.is_empty(),
        would_change,
        "{change}: {found:?}"
    );
    match (is_suspicious, would_change) {
        (_, true) => counts.drift += 1,
        (true, false) => counts.needless += 1,
        (false, false) => counts.none += 1,
    }
}

/// An object without what changes with every write.
fn bare(object: &Object) -> Value {
    let mut value = object.value().clone();
    let metadata = value["metadata"].as_object_mut().unwrap();
    for field in ["managedFields", "resourceVersion", "generation"] {
        metadata.remove(field);
    }
    value
}

/// Every leaf that is desired, changed and taken away; every list turned round; and a label of somebody else.
fn changes(live: &Value, desired: &Value) -> Vec<Value> {
    let mut edits = vec![];
    for field in ["spec", "data"] {
        if let Some(below) = desired.get(field) {
            edit(below, &live[field], &mut |edited| {
                edits.push(json!({field: edited}));
            });
        }
    }
    for field in ["labels", "annotations"] {
        edits.push(json!({"metadata": {field: {"foreign": "x"}}}));
        edits.push(json!({"metadata": {field: null}}));
    }
    edits
}

/// Makes merge patches (RFC 7386) of the live value, one for each edit of what is desired.
fn edit(desired: &Value, live: &Value, made: &mut dyn FnMut(Value)) {
    match (desired, live) {
        (Value::Object(fields), Value::Object(_)) if !fields.is_empty() => {
            for (name, below) in fields {
                made(json!({name: null}));
                edit(below, &live[name], &mut |edited| {
                    made(json!({name: edited}));
                });
            }
        }
        (Value::Array(items), Value::Array(lives)) => {
            made(lives.iter().rev().cloned().collect());
            for (index, item) in items.iter().enumerate() {
                let replaced = |edited: Option<Value>| {
                    let mut lives = lives.clone();
                    match edited {
                        Some(edited) => merge(&mut lives[index], &edited),
                        None => drop(lives.remove(index)),
                    }
                    Value::Array(lives)
                };
                made(replaced(None));
                edit(item, &lives[index], &mut |edited| {
                    made(replaced(Some(edited)));
                });
            }
        }
        (_, Value::String(text)) => made(json!(format!("{text}x"))),
        (_, Value::Number(number)) => made(json!(number.as_i64().unwrap_or_default() + 1)),
        (_, Value::Bool(is)) => made(json!(!is)),
        _ => {}
    }
}

fn merge(value: &mut Value, change: &Value) {
    let Value::Object(changes) = change else {
        return value.clone_from(change);
    };
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    let Some(fields) = value.as_object_mut() else {
        return;
    };
    for (name, change) in changes {
        if change.is_null() {
            fields.remove(name);
        } else {
            merge(fields.entry(name.clone()).or_insert(Value::Null), change);
        }
    }
}
