//! What becomes of objects on their way from Git to the cluster.

use serde_json::{Value, json};
use tidegate_kustomize::Rendered;
use tidegate_object::{Object, Origin};

use super::Desired;
use crate::Owner;

fn desired(value: Value, namespaced: Option<bool>) -> Desired {
    let origin = Origin {
        file: "web/app.yaml".into(),
        document: 0,
        line: 7,
    };
    let rendered = Rendered {
        objects: vec![Object::new(value).unwrap().with_origin(origin)],
        ..Rendered::default()
    };
    let owner = Owner {
        namespace: "platform".into(),
        name: "web".into(),
        uid: "u1".into(),
    };
    Desired::of(&rendered, &owner, &|_| namespaced)
}

fn refusal(value: Value) -> String {
    let desired = desired(value, Some(true));
    assert!(desired.objects.is_empty());
    let refusal = &desired.refused[0];
    let place = refusal.origin.as_ref().unwrap();
    format!("{place}: {refusal}")
}

#[test]
fn a_namespaced_object_needs_a_namespace() {
    let text = refusal(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}));
    assert_eq!(
        text,
        "web/app.yaml:7: ConfigMap has no namespace: set metadata.namespace, or `namespace:` in the kustomization"
    );
}

#[test]
fn a_layer_does_not_hold_itself() {
    let layer = |name| json!({"apiVersion": "tidegate.dev/v1alpha1", "kind": "Layer", "metadata": {"name": name, "namespace": "platform"}});
    assert_eq!(
        refusal(layer("web")),
        "web/app.yaml:7: a layer cannot hold itself: keep it in another folder, and apply it by hand or by another layer"
    );
    assert_eq!(desired(layer("other"), Some(true)).refused, []);
}

#[test]
fn a_namespace_on_a_cluster_scoped_object_is_left_out_with_a_finding() {
    let value =
        json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "a", "namespace": "b"}});
    let desired = desired(value, Some(false));
    assert_eq!(desired.objects[0].id().to_string(), "core/Node/_/a");
    assert!(desired.findings[0].message.contains("`b` was left out"));
}

#[test]
fn texts_of_a_secret_become_data_and_win_over_it() {
    let desired = desired(
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a", "namespace": "b"},
               "data": {"x": "b2xk", "y": "eQ=="}, "stringData": {"x": "new", "z": null}}),
        Some(true),
    );
    let object = desired.objects[0].value();
    assert_eq!(object["data"], json!({"x": "bmV3", "y": "eQ=="}));
    assert_eq!(object.get("stringData"), None);
}

#[test]
fn a_text_of_a_secret_that_is_none_is_refused_without_its_value() {
    let text = refusal(json!({"apiVersion": "v1", "kind": "Secret",
        "metadata": {"name": "a", "namespace": "b"}, "stringData": {"pin": 4711}}));
    assert_eq!(
        text,
        "web/app.yaml:7: stringData.pin is no text: put it in quotes"
    );
}

#[test]
fn nulls_are_dropped_however_deep() {
    let desired = desired(
        json!({"apiVersion": "v1", "kind": "ConfigMap",
               "metadata": {"name": "a", "namespace": "b", "creationTimestamp": null},
               "data": {"x": "1", "y": null}, "list": [{"z": null}]}),
        Some(true),
    );
    let object = desired.objects[0].value();
    assert_eq!(object["data"], json!({"x": "1"}));
    assert_eq!(object["list"], json!([{}]));
    assert_eq!(object["metadata"].get("creationTimestamp"), None);
}

#[test]
fn marks_of_ours_in_git_are_replaced_with_a_finding() {
    let desired = desired(
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "b",
               "labels": {"tidegate.dev/layer": "other"}}}),
        Some(true),
    );
    assert_eq!(desired.objects[0].label("tidegate.dev/layer"), Some("u1"));
    assert_eq!(
        desired.objects[0].annotation("tidegate.dev/owner"),
        Some("platform/web:u1:core/ConfigMap/b/a")
    );
    assert_eq!(
        desired.findings[0].field.as_deref(),
        Some("metadata.labels[tidegate.dev/layer]")
    );
}

#[test]
fn entries_with_the_same_key_are_named() {
    let container = json!({"name": "web", "env": [{"name": "A", "value": "1"}, {"name": "A"}]});
    let deployment = |pod: Value| {
        json!({"apiVersion": "apps/v1", "kind": "Deployment",
               "metadata": {"name": "a", "namespace": "b"}, "spec": {"template": {"spec": pod}}})
    };
    for (value, expected) in [
        (
            deployment(json!({"containers": [container]})),
            "spec.template.spec.containers[0].env has two entries with name `A`: keep one",
        ),
        (
            deployment(json!({"containers": [{"name": "a"}, {"name": "a"}]})),
            "spec.template.spec.containers has two entries with name `a`: keep one",
        ),
        (
            json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a", "namespace": "b"},
                   "spec": {"ports": [{"port": 80, "name": "x"}, {"port": 80, "protocol": "TCP", "name": "y"}]}}),
            "spec.ports has two entries with port `80` and protocol `TCP`: keep one",
        ),
    ] {
        assert_eq!(refusal(value), format!("web/app.yaml:7: {expected}"));
    }
}
