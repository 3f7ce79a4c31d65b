//! A sync that a Pod asks for over HTTP: whoever has just that right may, and nobody else.

use reqwest::Method;
use serde_json::{Value, json};
use tidegate_testbed::wait;

use crate::place::Place;
use crate::rig::{LIMIT, Rig, rig};

const CONFIG: &str = "apiVersion: v1
kind: ConfigMap
metadata: {name: config, namespace: NS}
";

#[test]
fn a_pod_with_the_right_to_sync_may_do_just_that() {
    let rig = rig();
    let origin = rig.origin("access");
    let place = rig.place(&origin, "access");
    let elsewhere = rig.place(&origin, "elsewhere");
    let revision = place.push(CONFIG);
    place.set_layer(&place.spec());
    place.until_healthy(&revision);
    let trigger = account(rig, &place, "trigger");
    let bystander = account(rig, &place, "bystander");
    let call = |method: Method, path: &str, token: Option<&str>| {
        rig.agent.call(method, path, token).unwrap()
    };
    let layer = format!("/api/v1/layers/{}/{}", place.namespace, place.name);
    let sync = format!("{layer}/sync");

    for (token, code) in [
        (None, 401),
        (Some("made up"), 401),
        (Some(bystander.as_str()), 403),
    ] {
        let (answered, problem) = call(Method::POST, &sync, token);
        assert_eq!(answered, code, "{problem}");
        assert_eq!(problem["status"], code);
    }
    let (_, problem) = call(Method::POST, &sync, Some(&bystander));
    let detail = problem["detail"].as_str().unwrap_or_default();
    assert!(
        detail.contains("bind the ClusterRole tidegate-sync"),
        "{problem}"
    );
    bind(&place, "trigger");
    let ticket = wait::until("the right to be known", LIMIT, || {
        let (code, answer) = call(Method::POST, &sync, Some(&trigger));
        (code == 202)
            .then_some(answer.clone())
            .ok_or_else(|| answer.to_string())
    });
    let run = ticket.unwrap()["run"].as_str().unwrap().to_owned();
    wait::until("the run to be over", LIMIT, || {
        let (_, answer) = call(Method::GET, &format!("{layer}/runs/{run}"), Some(&trigger));
        (answer["state"] == "healthy")
            .then_some(())
            .ok_or_else(|| answer.to_string())
    })
    .unwrap();
    let live = place.layer();
    let last = &live["status"]["history"][0];
    assert_eq!(
        (&last["id"], &last["trigger"]),
        (&json!(run), &json!("manual"))
    );
    let by = place.text("system:serviceaccount:NS:trigger");
    assert_eq!(last["requestedBy"], by);

    // It is the right to sync the layers of one namespace, and no other.
    let (code, answer) = call(Method::GET, &layer, Some(&trigger));
    assert_eq!(code, 403, "{answer}");
    let other = format!(
        "/api/v1/layers/{}/{}/sync",
        elsewhere.namespace, elsewhere.name
    );
    let (code, answer) = call(Method::POST, &other, Some(&trigger));
    assert_eq!(code, 403, "{answer}");
}

/// The token of a new account.
fn account(rig: &Rig, place: &Place, name: &str) -> String {
    let object = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}});
    place.apply(
        &format!("/api/v1/namespaces/NS/serviceaccounts/{name}"),
        &object,
    );
    rig.control_plane
        .account_token(&place.namespace, name)
        .unwrap()
}

/// Gives an account the role that the agent's manifests have for this.
fn bind(place: &Place, name: &str) {
    let binding: Value = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": {"name": name},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "tidegate-sync"},
        "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": place.namespace}],
    });
    let path = format!("/apis/rbac.authorization.k8s.io/v1/namespaces/NS/rolebindings/{name}");
    place.apply(&path, &binding);
}
