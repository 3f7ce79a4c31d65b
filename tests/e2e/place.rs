//! A namespace with a deployer of its own, and a Layer in it that follows a folder.

use serde_json::{Value, json};

use crate::rig::Rig;

/// Everything within the namespace.
pub(crate) const ALL_RIGHTS: &str = r#"[{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]"#;

/// Where one layer lives: its name is the name of its folder.
pub(crate) struct Place {
    pub(crate) rig: &'static Rig,
    pub(crate) namespace: String,
    pub(crate) name: &'static str,
}

impl Place {
    /// Makes the namespace, the deployer, and the credentials of the repository.
    pub(crate) fn new(rig: &'static Rig, name: &'static str) -> Self {
        let namespace = rig.control_plane.new_namespace(name).unwrap();
        let place = Self {
            rig,
            namespace,
            name,
        };
        place.create_deployer();
        place.set_rights(ALL_RIGHTS);
        rig.create_credentials(&place.namespace, tidegate_testbed::GitServer::PASSWORD);
        place
    }

    /// A text with the namespace in the place of `NS`.
    pub(crate) fn text(&self, text: &str) -> String {
        text.replace("NS", &self.namespace)
    }

    pub(crate) fn create_deployer(&self) {
        let account = json!({
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {"name": "tidegate-deployer"},
        });
        self.apply(
            "/api/v1/namespaces/NS/serviceaccounts/tidegate-deployer",
            &account,
        );
    }

    /// Says what the deployer may do in the namespace.
    pub(crate) fn set_rights(&self, rules: &str) {
        const RBAC: &str = "/apis/rbac.authorization.k8s.io/v1/namespaces/NS";
        let rules: Value = serde_json::from_str(rules).unwrap();
        let role = json!({
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "Role",
            "metadata": {"name": "deployer"},
            "rules": rules,
        });
        self.apply(&format!("{RBAC}/roles/deployer"), &role);
        let binding = json!({
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "metadata": {"name": "deployer"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "deployer"},
            "subjects": [{"kind": "ServiceAccount", "name": "tidegate-deployer", "namespace": self.namespace}],
        });
        self.apply(&format!("{RBAC}/rolebindings/deployer"), &binding);
    }

    /// A spec that follows the folder on the main branch.
    pub(crate) fn spec(&self) -> Value {
        json!({
            "source": {"git": {
                "url": self.rig.url(),
                "ref": {"branch": "main"},
                "interval": "3s",
                "timeout": "20s",
                "secretRef": {"name": "git"},
            }},
            "path": self.name,
            "retryInterval": "1s",
        })
    }

    /// Creates or changes the Layer.
    pub(crate) fn set_layer(&self, spec: &Value) {
        let layer = json!({
            "apiVersion": "tidegate.dev/v1alpha1",
            "kind": "Layer",
            "metadata": {"name": self.name},
            "spec": spec,
        });
        self.apply(&self.layer_path(), &layer);
    }

    /// The Layer, as the API server has it.
    pub(crate) fn layer(&self) -> Value {
        self.rig.read(&self.layer_path())
    }

    /// Whether a Layer is the one of this place.
    pub(crate) fn is_of(&self, layer: &Value) -> bool {
        layer["metadata"]["namespace"] == self.namespace && layer["metadata"]["name"] == self.name
    }

    /// Applies an object as the administrator; `NS` in the path is the namespace.
    pub(crate) fn apply(&self, path: &str, object: &Value) {
        self.rig.apply(&self.text(path), object);
    }

    /// Reads an object; `NS` in the path is the namespace.
    pub(crate) fn read(&self, path: &str) -> Value {
        self.rig.read(&self.text(path))
    }

    fn layer_path(&self) -> String {
        let name = self.name;
        self.text(&format!(
            "/apis/tidegate.dev/v1alpha1/namespaces/NS/layers/{name}"
        ))
    }
}

/// A condition of a Layer; null if it has none of that type.
pub(crate) fn condition(layer: &Value, kind: &str) -> Value {
    let conditions = layer["status"]["conditions"].as_array();
    let mut conditions = conditions.into_iter().flatten();
    let found = conditions.find(|condition| condition["type"] == kind);
    found.cloned().unwrap_or_default()
}

/// Whether a Layer is healthy at a revision.
pub(crate) fn is_healthy(layer: &Value, revision: &str) -> bool {
    condition(layer, "Ready")["status"] == "True"
        && layer["status"]["lastHealthyRevision"] == revision
}

/// Everything that a Layer's status says in words.
pub(crate) fn told(layer: &Value) -> String {
    let conditions = layer["status"]["conditions"].as_array();
    let conditions = conditions.into_iter().flatten().map(|condition| {
        let text = |key: &str| condition[key].as_str().unwrap_or_default().to_owned();
        format!("{} {}: {}\n", text("type"), text("reason"), text("message"))
    });
    let waits = layer["status"]["waitingFor"].as_array();
    let waits = waits.into_iter().flatten().map(|wait| {
        let text = |key: &str| wait[key].as_str().unwrap_or_default().to_owned();
        format!("waits for {}: {}\n", text("object"), text("reason"))
    });
    conditions.chain(waits).collect()
}
