//! Every field of real objects, changed in many ways: what is said here, beside what the API server says.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use tidegate_object::Object;
use tidegate_schema::Definitions;
use tidegate_testbed::{Client, ControlPlane, Upstream};

use crate::objects::{DEFINITION, SHARD, object, value};

const CRDS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

const CLUSTER: &str = "
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {name: pg, namespace: NS}
spec:
  instances: 3
  imageName: 'registry.example/postgresql:16'
  enableSuperuserAccess: false
  bootstrap: {initdb: {database: app, owner: app, secret: {name: app}, postInitSQL: [SELECT 1]}}
  storage: {size: 1Gi, storageClass: fast}
  resources: {requests: {cpu: 1, memory: 1Gi}, limits: {memory: 1Gi}}
  postgresql: {parameters: {shared_buffers: 256MB}, pg_hba: [host all all all md5]}
  affinity: {enablePodAntiAffinity: true, topologyKey: zone, tolerations: [{key: a, operator: Exists, tolerationSeconds: 3}]}
  managed: {roles: [{name: a, ensure: present, login: true, connectionLimit: 3, inRoles: [b]}]}
  env: [{name: A, value: b}]
";

const EXTERNAL_SECRET: &str = "
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: web, namespace: NS}
spec:
  refreshInterval: 1h
  secretStoreRef: {name: store, kind: SecretStore}
  target: {name: web, creationPolicy: Owner, template: {type: Opaque, data: {a: b}, metadata: {labels: {c: d}}}}
  data: [{secretKey: a, remoteRef: {key: b, property: c}}]
  dataFrom: [{extract: {key: d, conversionStrategy: Default}}]
";

/// Words of refusals that only the API server can judge.
const ITS_OWN: &[&str] = &["duplicate entries for key"];

/// What the two say about one object.
#[derive(Debug, Default)]
struct Tally {
    both_take: usize,
    both_refuse: usize,
    left_to_the_server: BTreeMap<String, usize>,
    differ: Vec<String>,
}

#[test]
fn nothing_is_refused_that_a_server_takes_and_no_wrong_shape_gets_past() {
    let control_plane = ControlPlane::shared();
    let namespace = control_plane.new_namespace("schema").unwrap();
    control_plane.apply(DEFINITION).unwrap();
    let upstream = [Upstream::Cnpg, Upstream::ExternalSecrets];
    control_plane.install_crds(&upstream).unwrap();
    let client = control_plane.client();
    let definitions: Vec<Object> = client.get(CRDS).unwrap()["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(typed)
        .collect();
    let definitions = Definitions::of(&definitions);
    let mut tally = Tally::default();
    for (resource, yaml) in [
        ("shards", SHARD),
        ("clusters", CLUSTER),
        ("externalsecrets", EXTERNAL_SECRET),
    ] {
        let base = value(&yaml.replace("NS", &namespace));
        assert_eq!(definitions.check(&object(&base.to_string())), []);
        let judge = (client, &definitions, resource);
        compare(&base, judge, &mut tally);
        for changed in changes(&base) {
            compare(&changed, judge, &mut tally);
        }
    }
    assert!(
        tally.both_take > 300 && tally.both_refuse > 800,
        "{tally:#?}"
    );
}

/// A definition of a list, which does not say its type.
fn typed(item: &Value) -> Object {
    let mut item = item.clone();
    item["apiVersion"] = json!("apiextensions.k8s.io/v1");
    item["kind"] = json!("CustomResourceDefinition");
    Object::new(item).unwrap()
}

fn compare(
    changed: &Value,
    (client, definitions, resource): (&Client, &Definitions<'_>, &str),
    tally: &mut Tally,
) {
    let ours = definitions.check(&Object::new(changed.clone()).unwrap());
    let text = |pointer| changed.pointer(pointer).and_then(Value::as_str).unwrap();
    let path = format!(
        "/apis/{}/namespaces/{}/{resource}/{}",
        text("/apiVersion"),
        text("/metadata/namespace"),
        text("/metadata/name")
    );
    let answer = client.apply(&path, "schema&dryRun=All&fieldValidation=Strict", changed);
    match (answer, ours.as_slice()) {
        (Ok(_), []) => tally.both_take += 1,
        (Ok(_), ours) => tally.differ.push(format!("taken by the server: {ours:?}")),
        (Err(_), [_, ..]) => tally.both_refuse += 1,
        (Err(error), []) => {
            let error = error.to_string();
            match ITS_OWN.iter().find(|words| error.contains(**words)) {
                Some(known) => *tally.left_to_the_server.entry((*known).into()).or_default() += 1,
                None => tally.differ.push(format!("missed: {error}")),
            }
        }
    }
}

/// The object with each of its fields and items taken away, replaced, or joined by one that nobody declared.
fn changes(base: &Value) -> Vec<Value> {
    let mut pointers = Vec::new();
    collect(base, "", &mut pointers);
    let mut changed = Vec::new();
    for pointer in pointers {
        for other in others() {
            let mut object = base.clone();
            *object.pointer_mut(&pointer).unwrap() = other;
            changed.push(object);
        }
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let mut object = base.clone();
        if let Some(Value::Object(fields)) = object.pointer_mut(parent) {
            fields.remove(name);
            changed.push(object);
            let mut object = base.clone();
            let fields = object.pointer_mut(parent).and_then(Value::as_object_mut);
            fields.unwrap().insert("undeclared".into(), json!(1));
            changed.push(object);
        }
    }
    changed
}

fn others() -> [Value; 10] {
    [
        json!("text"),
        json!(""),
        json!(7),
        json!(-1),
        json!(1.5),
        json!(true),
        json!([]),
        json!({}),
        json!(["text"]),
        json!({"undeclared": "text"}),
    ]
}

/// The pointers of everything below `spec` and of metadata's maps.
fn collect(value: &Value, at: &str, pointers: &mut Vec<String>) {
    let mut below: Vec<(String, &Value)> = Vec::new();
    match value {
        Value::Object(fields) => below.extend(named(fields)),
        Value::Array(items) => {
            let items = items.iter().enumerate();
            below.extend(items.map(|(index, item)| (index.to_string(), item)));
        }
        _ => {}
    }
    for (name, value) in below {
        let pointer = format!("{at}/{name}");
        let is_identity = matches!(
            pointer.as_str(),
            "/apiVersion" | "/kind" | "/metadata" | "/metadata/name" | "/metadata/namespace"
        );
        if !is_identity {
            pointers.push(pointer.clone());
        }
        collect(value, &pointer, pointers);
    }
}

fn named(fields: &Map<String, Value>) -> impl Iterator<Item = (String, &Value)> {
    fields.iter().map(|(name, value)| (name.clone(), value))
}
