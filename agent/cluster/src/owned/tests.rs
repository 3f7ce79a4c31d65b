//! What is seen of an object and what is not, by what is owned.

use super::*;

const MANAGER: &str = "tidegate:1";

/// An object whose entry of ours, and of another manager, own these fields.
fn live(body: &Value, ours: &Value, theirs: &Value) -> Object {
    let mut value = json!({"apiVersion": "v1", "kind": "Thing",
    "metadata": {"name": "a", "uid": "u", "managedFields": [
        entry(MANAGER, "Apply", ours, "2026-01-01T00:00:00Z"),
        entry("somebody", "Update", theirs, "2026-01-01T00:00:01Z"),
    ]}});
    let (Some(fields), Some(body)) = (value.as_object_mut(), body.as_object()) else {
        panic!("no mapping")
    };
    fields.extend(body.clone());
    Object::new(value).unwrap()
}

fn entry(manager: &str, operation: &str, fields: &Value, time: &str) -> Value {
    json!({"manager": manager, "operation": operation, "apiVersion": "v1", "time": time,
           "fieldsType": "FieldsV1", "fieldsV1": fields})
}

/// Whether a change of the body from `before` to `after` is seen, with what we and others own afterwards.
fn check(ours: &Value, theirs: &Value, (before, after): (&Value, &Value), expected: &[&str]) {
    let before = live(before, ours, &json!({}));
    let after = live(after, ours, theirs);
    let owned = Owned::of(&before, MANAGER).unwrap();
    let owned = owned.united(&Owned::of(&after, MANAGER).unwrap());
    let found: Vec<String> = differences(&owned, &before, &after)
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(found, expected);
    let is_same = normal_form(&before, MANAGER) == normal_form(&after, MANAGER);
    assert!(expected.is_empty() || !is_same);
}

#[test]
fn what_is_owned_is_compared_and_nothing_else() {
    let ours = json!({"f:data": {"f:a": {}}});
    let before = json!({"data": {"a": "1"}});
    check(
        &ours,
        &json!({}),
        (&before, &json!({"data": {"a": "1", "b": "2"}})),
        &[],
    );
    check(
        &ours,
        &json!({}),
        (&before, &json!({"data": {"a": "2"}})),
        &["data.a"],
    );
    check(
        &ours,
        &json!({}),
        (&before, &json!({"data": {}})),
        &["data.a"],
    );
    check(&ours, &json!({}), (&before, &json!({})), &["data"]);
    check(
        &ours,
        &json!({}),
        (&before, &json!({"data": {"a": null}})),
        &["data.a"],
    );
}

#[test]
fn items_of_lists_are_found_by_their_keys_and_keep_their_order() {
    let ours = json!({"f:spec": {"f:ports": {
        "k:{\"port\":80,\"protocol\":\"TCP\"}": {".": {}, "f:name": {}, "f:port": {}},
        "k:{\"port\":81,\"protocol\":\"TCP\"}": {".": {}, "f:port": {}}}}});
    let web = json!({"port": 80, "protocol": "TCP", "name": "web"});
    let other = json!({"port": 81, "protocol": "TCP"});
    let foreign = json!({"port": 82, "protocol": "TCP"});
    let ports = |items: &[&Value]| json!({"spec": {"ports": items}});
    let before = ports(&[&web, &other]);
    check(
        &ours,
        &json!({}),
        (&before, &ports(&[&foreign, &web, &other])),
        &[],
    );
    check(
        &ours,
        &json!({}),
        (&before, &ports(&[&other, &web])),
        &["spec.ports"],
    );
    let renamed = json!({"port": 80, "protocol": "TCP", "name": "http"});
    check(
        &ours,
        &json!({}),
        (&before, &ports(&[&renamed, &other])),
        &["spec.ports[port=80,protocol=TCP].name"],
    );
    check(
        &ours,
        &json!({}),
        (&before, &ports(&[&web])),
        &["spec.ports[port=81,protocol=TCP]"],
    );
    check(
        &ours,
        &json!({}),
        (&before, &ports(&[&web, &web, &other])),
        &["spec.ports[port=80,protocol=TCP]"],
    );
}

#[test]
fn items_of_sets_are_their_values() {
    let ours = json!({"f:metadata": {"f:finalizers": {".": {}, "v:\"a/b\"": {}, "v:\"c\"": {}}}});
    let with = |items: Value| json!({"metadata": {"name": "a", "uid": "u", "finalizers": items}});
    let object = |items: Value| {
        let mut value = live(&json!({}), &ours, &json!({})).into_value();
        value["metadata"]["finalizers"] = with(items)["metadata"]["finalizers"].clone();
        Object::new(value).unwrap()
    };
    let before = object(json!(["a/b", "c"]));
    let owned = Owned::of(&before, MANAGER).unwrap();
    let found = |after: Value| -> Vec<String> {
        let found = differences(&owned, &before, &object(after));
        found.iter().map(ToString::to_string).collect()
    };
    assert_eq!(found(json!(["d", "a/b", "c"])), [""; 0]);
    assert_eq!(found(json!(["c"])), ["metadata.finalizers[a/b]"]);
    assert_eq!(found(json!(["c", "a/b"])), ["metadata.finalizers"]);
}

#[test]
fn an_atomic_value_counts_as_a_whole() {
    let ours = json!({"f:spec": {"f:args": {}, "f:selector": {}}});
    let before = json!({"spec": {"args": ["a"], "selector": {"app": "web"}}});
    let after = json!({"spec": {"args": ["a", "b"], "selector": {"app": "web"}}});
    check(&ours, &json!({}), (&before, &after), &["spec.args"]);
    let after = json!({"spec": {"args": ["a"], "selector": {"app": "web", "x": "y"}}});
    check(&ours, &json!({}), (&before, &after), &["spec.selector"]);
}

#[test]
fn of_an_empty_mapping_that_others_fill_only_its_presence_is_ours() {
    let ours = json!({"f:spec": {"f:emptyDir": {}}});
    let theirs = json!({"f:spec": {"f:emptyDir": {"f:sizeLimit": {}}}});
    let before = json!({"spec": {"emptyDir": {}}});
    let filled = json!({"spec": {"emptyDir": {"sizeLimit": "1Gi"}}});
    check(&ours, &theirs, (&before, &filled), &[]);
    check(&ours, &json!({}), (&before, &filled), &["spec.emptyDir"]);
    check(
        &ours,
        &theirs,
        (&before, &json!({"spec": {}})),
        &["spec.emptyDir"],
    );
}

#[test]
fn the_form_is_the_same_however_the_set_is_written() {
    let one = json!({"f:spec": {"f:ports": {"k:{\"a\":1,\"b\":2}": {"f:x": {}}}}});
    let same = json!({"f:spec": {"f:ports": {"k:{\"b\": 2, \"a\": 1}": {"f:x": {}}}}});
    let body = json!({"spec": {"ports": [{"a": 1, "b": 2, "x": 3}]}});
    let form = |ours| normal_form(&live(&body, ours, &json!({})), MANAGER);
    assert_eq!(form(&one), form(&same));
    assert!(form(&one).unwrap().to_string().contains("[3]"));
}

#[test]
fn a_secret_is_known_by_its_keys() {
    let ours = json!({"f:data": {"f:password": {}}});
    let secret = |body: Value| {
        let value = live(&body, &ours, &json!({})).map(|fields| {
            fields["kind"] = json!("Secret");
        });
        normal_form(&value.unwrap(), MANAGER).unwrap()
    };
    let whole = secret(json!({"data": {"password": "aHVudGVyMg=="}}));
    assert_eq!(whole, secret(json!({})));
    assert!(!whole.to_string().contains("aHVudGVyMg=="));
}

#[test]
fn nothing_is_known_of_another_version_another_operation_or_unknown_elements() {
    let fields = json!({"f:data": {}});
    let known = |change: &dyn Fn(&mut Value)| {
        let mut value = live(&json!({}), &fields, &json!({})).into_value();
        change(&mut value["metadata"]["managedFields"][0]);
        normal_form(&Object::new(value).unwrap(), MANAGER).is_some()
    };
    assert!(known(&|_| {}));
    assert!(!known(&|entry| entry["apiVersion"] = json!("v1beta1")));
    assert!(!known(&|entry| entry["operation"] = json!("Update")));
    assert!(!known(&|entry| entry["subresource"] = json!("status")));
    assert!(!known(&|entry| entry["fieldsV1"] = json!({"x:data": {}})));
    assert!(!known(&|entry| entry["manager"] = json!("tidegate:2")));
}

#[test]
fn a_field_names_who_wrote_it_last() {
    let ours = json!({"f:data": {"f:a": {}}});
    let theirs = json!({"f:data": {"f:b": {}, "f:c.d": {}}});
    let object = live(&json!({}), &ours, &theirs);
    let writer = |path: &[&str]| {
        let path = FieldPath(path.iter().map(ToString::to_string).collect());
        let writer = path.writer(&object, MANAGER);
        (path.to_string(), writer.map(|writer| writer.manager))
    };
    let somebody = Some("somebody".to_owned());
    assert_eq!(
        writer(&["f:data", "f:b"]),
        ("data.b".into(), somebody.clone())
    );
    assert_eq!(
        writer(&["f:data", "f:c.d"]),
        ("data[c.d]".into(), somebody.clone())
    );
    assert_eq!(writer(&["f:data", "f:a"]), ("data.a".into(), somebody));
}
