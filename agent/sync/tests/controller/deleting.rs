//! What becomes of a layer's objects when the Layer itself is deleted.

use serde_json::{Value, json};
use tidegate_testbed::{GitServer, wait};

use super::stage::{LIMIT, Site, condition, config_map, stage};

const CLAIM: &str = "
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data, namespace: NS}
spec: {accessModes: [ReadWriteOnce], storageClassName: none, resources: {requests: {storage: 1Gi}}}
";

impl Site {
    fn layer_path(&self, name: &str) -> String {
        let namespace = &self.namespace;
        format!("/apis/tidegate.dev/v1alpha1/namespaces/{namespace}/layers/{name}")
    }

    fn delete_layer(&self, name: &str) {
        let client = self.stage.control_plane.client();
        client.delete(&self.layer_path(name)).unwrap();
    }

    fn until_away(&self, path: &str) {
        let client = self.stage.control_plane.client();
        wait::until(&format!("{path} to be gone"), LIMIT, || {
            match client.get(path) {
                Ok(there) => Err(there.to_string()),
                Err(_) => Ok(()),
            }
        })
        .unwrap();
    }

    fn until_held(&self, name: &str) -> Value {
        let ours = json!(["tidegate.dev/objects"]);
        self.until(name, |layer| layer["metadata"]["finalizers"] == ours)
    }

    fn inventory(layer: &Value) -> String {
        let uid = layer["metadata"]["uid"].as_str().unwrap();
        format!("/api/v1/namespaces/tidegate-system/secrets/tidegate-inventory-{uid}")
    }

    fn live(&self, resource: &str, name: &str) -> Value {
        let path = format!("/api/v1/namespaces/{}/{resource}/{name}", self.namespace);
        self.stage.control_plane.client().get(&path).unwrap()
    }

    fn farewell(&self) -> String {
        let path = format!(
            "/apis/events.k8s.io/v1/namespaces/{}/events",
            self.namespace
        );
        wait::until("the event", LIMIT, || {
            let events = self.stage.control_plane.client().get(&path).unwrap();
            let mut events = events["items"].as_array().unwrap().iter();
            let found = events.find(|event| event["reason"] == "LayerDeleted");
            found
                .map(|event| event["note"].as_str().unwrap().to_owned())
                .ok_or_else(|| "there is none".to_owned())
        })
        .unwrap()
    }
}

#[test]
fn a_layer_that_says_delete_takes_its_objects_along_but_no_data() {
    let site = stage().site("taking-along");
    site.credentials("git", GitServer::PASSWORD);
    let first = site.push(&[
        ("layer/a.yaml", &config_map("a", &site.namespace, "1")),
        ("layer/b.yaml", &config_map("b", &site.namespace, "1")),
        ("layer/data.yaml", &CLAIM.replace("NS", &site.namespace)),
    ]);
    let mut spec = site.spec("layer");
    spec["deletionPolicy"] = json!("delete");
    site.layer("web", &spec);
    site.until_ready("web", &first);
    let layer = site.until_held("web");
    site.delete_layer("web");
    site.until_away(&site.layer_path("web"));
    assert_eq!(
        (site.value("a"), site.value("b")),
        (String::new(), String::new())
    );
    let claim = site.live("persistentvolumeclaims", "data");
    assert_eq!(claim["metadata"]["labels"], Value::Null);
    assert_eq!(claim["metadata"]["deletionTimestamp"], Value::Null);
    let farewell = site.farewell();
    assert!(
        farewell.starts_with("2 objects deleted; 1 stay: core/PersistentVolumeClaim/"),
        "{farewell}"
    );
    site.until_away(&Site::inventory(&layer));
}

#[test]
fn a_layer_leaves_its_objects_unless_it_says_otherwise() {
    let site = stage().site("leaving-all");
    site.credentials("git", GitServer::PASSWORD);
    let first = site.push(&[("layer/a.yaml", &config_map("a", &site.namespace, "1"))]);
    let mut spec = site.spec("layer");
    spec["deletionPolicy"] = json!("delete");
    site.layer("web", &spec);
    site.until_ready("web", &first);
    site.until_held("web");
    // Taken back, nothing of ours is in the way any more.
    spec["deletionPolicy"] = json!("orphan");
    site.layer("web", &spec);
    site.until("web", |layer| layer["metadata"]["finalizers"].is_null());
    site.delete_layer("web");
    site.until_away(&site.layer_path("web"));
    assert_eq!(site.value("a"), "1");
}

#[test]
fn what_cannot_go_is_named_and_may_be_left() {
    let site = stage().site("stuck");
    site.credentials("git", GitServer::PASSWORD);
    let first = site.push(&[
        ("layer/a.yaml", &config_map("a", &site.namespace, "1")),
        ("layer/b.yaml", &config_map("b", &site.namespace, "1")),
    ]);
    let mut spec = site.spec("layer");
    spec["deletionPolicy"] = json!("delete");
    site.layer("web", &spec);
    site.until_ready("web", &first);
    site.until_held("web");
    // The deployer loses its rights.
    let path = "/apis/rbac.authorization.k8s.io/v1/namespaces/NS/rolebindings";
    let path = path.replace("NS", &site.namespace);
    let client = site.stage.control_plane.client();
    let bindings = client.get(&path).unwrap();
    for binding in bindings["items"].as_array().unwrap() {
        let name = binding["metadata"]["name"].as_str().unwrap();
        client.delete(&format!("{path}/{name}")).unwrap();
    }
    site.delete_layer("web");
    let layer = site.until("web", |layer| {
        let ready = condition(layer, "Ready");
        let message = ready["message"].as_str().unwrap_or_default();
        ready["reason"] == "Terminating" && message.contains("cannot be deleted")
    });
    let message = condition(&layer, "Ready")["message"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        message.contains("set spec.deletionPolicy to orphan"),
        "{message}"
    );
    let orphan = json!({"spec": {"deletionPolicy": "orphan"}});
    client.merge(&site.layer_path("web"), &orphan).unwrap();
    site.until_away(&site.layer_path("web"));
    assert_eq!((site.value("a"), site.value("b")), ("1".into(), "1".into()));
    assert_eq!(
        site.farewell(),
        "its objects stay: spec.deletionPolicy is orphan"
    );
}
