//! A namespace with a deployer of its own, and a Layer in it that follows a folder of a repository.

use serde_json::{Value, json};
use tidegate_testbed::{Client, Commit, ControlPlane, GitServer, Repository, Route, wait};

use crate::rig::LIMIT;

/// Everything within the namespace.
pub(crate) const ALL_RIGHTS: &str = r#"[{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]"#;

/// A repository that layers follow, each a folder of its own.
#[derive(Clone)]
pub(crate) struct Origin {
    pub(crate) repository: Repository,
    pub(crate) url: String,
    authority: String,
}

impl Origin {
    pub(crate) fn new(git: &GitServer, name: &str) -> Self {
        Self {
            repository: git.create(name).unwrap(),
            url: git.https_url(Route::Basic, name),
            authority: git.authority().to_owned(),
        }
    }

    /// Pushes a commit on the main branch, and answers the revision.
    pub(crate) fn push(&self, commit: &Commit) -> String {
        format!("main@sha1:{}", self.repository.push(commit).unwrap())
    }
}

/// Where one layer lives: its name is the name of its folder.
pub(crate) struct Place {
    pub(crate) client: Client,
    pub(crate) origin: Origin,
    pub(crate) namespace: String,
    pub(crate) name: &'static str,
}

impl Place {
    /// Makes the namespace, the deployer, and the credentials of the repository.
    pub(crate) fn new(control_plane: &ControlPlane, origin: &Origin, name: &'static str) -> Self {
        let place = Self {
            client: control_plane.client().clone(),
            origin: origin.clone(),
            namespace: control_plane.new_namespace(name).unwrap(),
            name,
        };
        place.create_deployer();
        place.set_rights(ALL_RIGHTS);
        place.set_password(GitServer::PASSWORD);
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
        let path = "/api/v1/namespaces/NS/serviceaccounts/tidegate-deployer";
        self.apply(path, &account);
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

    /// Creates the Secret with which the repository can be read.
    pub(crate) fn set_password(&self, password: &str) {
        let username = GitServer::USERNAME;
        let authority = &self.origin.authority;
        self.set_secret(&json!({"username": username, "password": password, "ca.crt": authority}));
    }

    /// Creates the Secret of the layer's source.
    pub(crate) fn set_secret(&self, data: &Value) {
        let secret = json!({
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "git"},
            "stringData": data,
        });
        self.apply("/api/v1/namespaces/NS/secrets/git", &secret);
    }

    /// A spec that follows the folder on the main branch.
    pub(crate) fn spec(&self) -> Value {
        json!({
            "source": {"git": {
                "url": self.origin.url,
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
        self.read(&self.layer_path())
    }

    /// Whether a Layer is the one of this place.
    pub(crate) fn is_of(&self, layer: &Value) -> bool {
        layer["metadata"]["namespace"] == self.namespace && layer["metadata"]["name"] == self.name
    }

    /// Pushes the one file of the folder, and answers the revision.
    pub(crate) fn push(&self, text: &str) -> String {
        let path = format!("{}/all.yaml", self.name);
        let commit = Commit::on("main").file(&path, self.text(text));
        self.origin.push(&commit)
    }

    /// Waits until the Layer is as `look` wants it.
    pub(crate) fn until(&self, condition: &str, look: impl Fn(&Value) -> bool) {
        let waited = wait::until(condition, LIMIT, || {
            let layer = self.layer();
            look(&layer).then_some(()).ok_or_else(|| told(&layer))
        });
        waited.unwrap();
    }

    pub(crate) fn until_healthy(&self, revision: &str) {
        self.until("the layer to be healthy", |layer| {
            is_healthy(layer, revision)
        });
    }

    /// Applies an object as the administrator; `NS` in the path is the namespace.
    pub(crate) fn apply(&self, path: &str, object: &Value) {
        let applied = self.client.apply(&self.text(path), "e2e", object);
        applied.unwrap();
    }

    /// Merges into an object as the administrator; `NS` in the path is the namespace.
    pub(crate) fn merge(&self, path: &str, change: &Value) {
        self.client.merge(&self.text(path), change).unwrap();
    }

    /// Deletes an object, or all that a path names, as the administrator; `NS` in the path is the namespace.
    pub(crate) fn delete(&self, path: &str) {
        self.client.delete(&self.text(path)).unwrap();
    }

    /// The revision that was pushed last.
    pub(crate) fn head(&self) -> String {
        format!("main@sha1:{}", self.origin.repository.head("main").unwrap())
    }

    /// Reads an object, null if it is not there; `NS` in the path is the namespace.
    pub(crate) fn read(&self, path: &str) -> Value {
        self.client.get(&self.text(path)).unwrap_or_default()
    }

    fn layer_path(&self) -> String {
        let name = self.name;
        format!("/apis/tidegate.dev/v1alpha1/namespaces/NS/layers/{name}")
    }
}

/// A condition of an object; null if it has none of that type.
pub(crate) fn condition(object: &Value, kind: &str) -> Value {
    let conditions = object["status"]["conditions"].as_array();
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
