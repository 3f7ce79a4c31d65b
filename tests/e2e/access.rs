//! A sync that a Pod asks for over HTTP: whoever has just that right may, and nobody else.

use reqwest::Method;
use serde_json::{Value, json};
use tidegate_testbed::wait;

use crate::place::{Place, is_healthy};
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

#[test]
fn a_layer_is_suspended_and_rolled_back_over_http_by_who_may() {
    let rig = rig();
    let origin = rig.origin("operated");
    let place = rig.place(&origin, "operated");
    let first = place.push(CONFIG);
    place.set_layer(&place.spec());
    place.until_healthy(&first);
    let second = place.push(&format!("{CONFIG}data: {{value: second}}\n"));
    place.until_healthy(&second);
    let token = account(rig, &place, "operator");
    let call = |action: &str, body: &Value| {
        let path = format!("/api/v1/layers/{}/{}/{action}", place.namespace, place.name);
        rig.agent.send(&path, (&token, body)).unwrap()
    };
    let commit = first.rsplit(':').next().unwrap();
    let hold = json!({"revision": commit, "for": "1h"});

    bind(&place, "operator");
    for (action, body) in [
        ("suspend", json!({})),
        ("resume", json!({})),
        ("rollback", hold.clone()),
    ] {
        let (code, problem) = call(action, &body);
        let detail = problem["detail"].as_str().unwrap_or_default();
        assert_eq!(code, 403, "{problem}");
        assert!(
            detail.contains("bind the ClusterRole tidegate-operate"),
            "{problem}"
        );
    }
    bind_role(&place, "operator", "tidegate-operate");
    let ticket = wait::until("the right to be known", LIMIT, || {
        let (code, answer) = call("rollback", &hold);
        (code == 202)
            .then_some(answer.clone())
            .ok_or_else(|| answer.to_string())
    });
    let run = ticket.unwrap()["run"].clone();
    place.until("the layer to be held", |layer| {
        layer["status"]["sync"] == json!({"id": run, "state": "healthy"})
    });
    let live = place.layer();
    assert_eq!(live["spec"]["hold"]["revision"], commit);
    let history = live["status"]["history"].as_array().unwrap();
    let past = history.iter().find(|past| past["id"] == run).unwrap();
    assert_eq!(
        past["requestedBy"],
        place.text("system:serviceaccount:NS:operator")
    );
    let (code, problem) = call("rollback", &json!({"revision": "main"}));
    assert_eq!(code, 400, "{problem}");
    let detail = problem["detail"].as_str().unwrap_or_default();
    assert!(detail.contains("forty hexadecimal digits"), "{problem}");

    let (code, answer) = call("suspend", &json!({}));
    assert_eq!(code, 204, "{answer}");
    assert_eq!(place.layer()["spec"]["suspend"], true);
    let (code, answer) = call("resume", &json!({}));
    assert_eq!(code, 202, "{answer}");
    place.until("the layer to follow its ref again", |layer| {
        is_healthy(layer, &second) && layer["spec"]["hold"].is_null()
    });
}

/// The token of a new account.
pub(crate) fn account(rig: &Rig, place: &Place, name: &str) -> String {
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
pub(crate) fn bind(place: &Place, name: &str) {
    bind_role(place, name, "tidegate-sync");
}

pub(crate) fn bind_role(place: &Place, name: &str, role: &str) {
    let binding: Value = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": {"name": format!("{name}-{role}")},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
        "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": place.namespace}],
    });
    let path =
        format!("/apis/rbac.authorization.k8s.io/v1/namespaces/NS/rolebindings/{name}-{role}");
    place.apply(&path, &binding);
}
