//! A control plane, a Git server and a controller that all tests of this program share.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use serde_json::{Value, json};
use tidegate_cluster::{Cluster, ConnectOptions};
use tidegate_source::{Limits, Local, Repositories};
use tidegate_sync::{Controller, ControllerOptions, Engine, Fleet, Metrics, Ticket};
use tidegate_testbed::{Commit, ControlPlane, GitServer, Repository, Route, wait};
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// How long a test waits for what it expects.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// Where the agent keeps its own state.
const STATE: &str = "tidegate-system";

/// What all tests share.
pub(crate) struct Stage {
    pub(crate) control_plane: &'static ControlPlane,
    pub(crate) git: GitServer,
    pub(crate) fleet: Fleet,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) runtime: Runtime,
    _leads: watch::Sender<bool>,
}

/// The API server with the CRD of Layers.
pub(crate) fn control_plane() -> &'static ControlPlane {
    static READY: OnceLock<&'static ControlPlane> = OnceLock::new();
    READY.get_or_init(|| {
        let control_plane = ControlPlane::shared();
        let crd = tidegate_sync::crd_yaml().unwrap();
        control_plane.apply(&crd).unwrap();
        let wait = [
            "wait",
            "--for=condition=Established",
            "crd/layers.tidegate.dev",
        ];
        control_plane.kubectl(&wait).unwrap();
        control_plane
    })
}

/// The stage, with a controller that leads.
pub(crate) fn stage() -> &'static Stage {
    static STAGE: OnceLock<Stage> = OnceLock::new();
    STAGE.get_or_init(Stage::start)
}

impl Stage {
    fn start() -> Self {
        let control_plane = control_plane();
        let namespace = json!({"metadata": {"name": STATE}});
        control_plane
            .client()
            .create("/api/v1/namespaces", &namespace)
            .unwrap();
        let git = GitServer::start().unwrap();
        let runtime = Runtime::new().unwrap();
        let (fleet, requests) = Fleet::new();
        let metrics = Metrics::new().unwrap();
        let (leads, lead) = watch::channel(true);
        runtime.block_on(async {
            let options = ControllerOptions {
                engine: Engine::new(cluster(control_plane, &metrics).await, STATE),
                repositories: Arc::new(repositories()),
                mirror: None,
                metrics: Arc::clone(&metrics),
                instance: "test".into(),
                concurrency: 8,
            };
            let cluster = cluster(control_plane, &metrics).await;
            let controller = Controller::new(&cluster, (fleet.clone(), requests), options);
            tokio::spawn(async move {
                controller.run(lead, &|| {}, CancellationToken::new()).await;
            });
        });
        Self {
            control_plane,
            git,
            fleet,
            metrics,
            runtime,
            _leads: leads,
        }
    }

    /// A namespace with a deployer that may do everything in it, and a repository of the same name.
    pub(crate) fn site(&'static self, prefix: &str) -> Site {
        let namespace = self.control_plane.new_namespace(prefix).unwrap();
        self.control_plane.apply(&deployer(&namespace)).unwrap();
        let repository = self.git.create(&namespace).unwrap();
        Site {
            stage: self,
            namespace,
            repository,
        }
    }
}

/// A namespace and a repository of a test.
pub(crate) struct Site {
    pub(crate) stage: &'static Stage,
    pub(crate) namespace: String,
    pub(crate) repository: Repository,
}

impl Site {
    pub(crate) fn url(&self, route: Route) -> String {
        self.stage.git.https_url(route, &self.namespace)
    }

    /// Pushes files to the main branch, and answers the revision.
    pub(crate) fn push(&self, files: &[(&str, &str)]) -> String {
        let commit = files
            .iter()
            .fold(Commit::on("main"), |commit, (path, text)| {
                commit.file(path, text)
            });
        self.push_commit(&commit)
    }

    /// Pushes a commit on the main branch, and answers the revision.
    pub(crate) fn push_commit(&self, commit: &Commit) -> String {
        format!("main@sha1:{}", self.repository.push(commit).unwrap())
    }

    /// Creates the Secret with which every repository can be read.
    pub(crate) fn credentials(&self, name: &str, password: &str) {
        let secret = json!({
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": name, "namespace": self.namespace},
            "stringData": {
                "username": GitServer::USERNAME,
                "password": password,
                "ca.crt": self.stage.git.authority(),
            },
        });
        self.stage.control_plane.apply(&secret.to_string()).unwrap();
    }

    /// A spec that follows a directory of the repository, with credentials that fit.
    pub(crate) fn spec(&self, path: &str) -> Value {
        json!({
            "source": {"git": {
                "url": self.url(Route::Basic),
                "ref": {"branch": "main"},
                "interval": "1s",
                "timeout": "20s",
                "secretRef": {"name": "git"},
            }},
            "path": path,
            "retryInterval": "1s",
        })
    }

    /// Creates or changes a Layer.
    pub(crate) fn layer(&self, name: &str, spec: &Value) {
        let layer = json!({
            "apiVersion": "tidegate.dev/v1alpha1",
            "kind": "Layer",
            "metadata": {"name": name, "namespace": self.namespace},
            "spec": spec,
        });
        self.stage.control_plane.apply(&layer.to_string()).unwrap();
    }

    /// Reads a Layer.
    pub(crate) fn read(&self, name: &str) -> Value {
        let path = format!(
            "/apis/tidegate.dev/v1alpha1/namespaces/{}/layers/{name}",
            self.namespace
        );
        self.stage.control_plane.client().get(&path).unwrap()
    }

    /// Asks for a sync of a Layer, as `somebody`.
    pub(crate) fn sync(&self, name: &str) -> Ticket {
        let key = (self.namespace.clone(), name.to_owned());
        let asked = self.stage.fleet.sync(key, "somebody");
        self.stage.runtime.block_on(asked).unwrap()
    }

    /// Waits until a Layer is as `look` wants it.
    pub(crate) fn until(&self, name: &str, look: impl Fn(&Value) -> bool) -> Value {
        wait::until(&format!("layer {name} to come so far"), LIMIT, || {
            let layer = self.read(name);
            if look(&layer) {
                return Ok(layer);
            }
            Err(layer["status"].to_string())
        })
        .unwrap()
    }

    /// Waits until a Layer is healthy at a revision.
    pub(crate) fn until_ready(&self, name: &str, revision: &str) -> Value {
        self.until(name, |layer| {
            condition(layer, "Ready")["status"] == "True"
                && layer["status"]["lastHealthyRevision"] == revision
        })
    }

    /// Waits until a Layer is not ready for a reason, and answers the message.
    pub(crate) fn until_refused(&self, name: &str, reason: &str) -> String {
        let layer = self.until(name, |layer| condition(layer, "Ready")["reason"] == reason);
        condition(&layer, "Ready")["message"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    /// Reads a ConfigMap's value; empty if it is not there.
    pub(crate) fn value(&self, name: &str) -> String {
        let path = format!("/api/v1/namespaces/{}/configmaps/{name}", self.namespace);
        let found = self
            .stage
            .control_plane
            .client()
            .get(&path)
            .unwrap_or_default();
        found["data"]["value"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }
}

/// A condition of a Layer; null if it has none of that type.
pub(crate) fn condition(layer: &Value, kind: &str) -> Value {
    let conditions = layer["status"]["conditions"].as_array().cloned();
    let found = conditions
        .unwrap_or_default()
        .into_iter()
        .find(|it| it["type"] == kind);
    found.unwrap_or_default()
}

/// The manifest of a ConfigMap.
pub(crate) fn config_map(name: &str, namespace: &str, value: &str) -> String {
    let object = json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": namespace},
        "data": {"value": value},
    });
    object.to_string()
}

async fn cluster(control_plane: &ControlPlane, metrics: &Arc<Metrics>) -> Cluster {
    let options = ConnectOptions {
        kubeconfig: Some(control_plane.kubeconfig().to_owned()),
        observer: Some(metrics.clone()),
        ..ConnectOptions::default()
    };
    Cluster::connect(&options).await.unwrap()
}

fn repositories() -> Repositories {
    let folder: PathBuf = tempfile::tempdir().unwrap().keep();
    Repositories::open(tidegate_source::Options {
        folder,
        local: Local::Refused,
        limits: Limits::default(),
    })
    .unwrap()
}

fn deployer(namespace: &str) -> String {
    format!(
        "apiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: tidegate-deployer, namespace: {namespace}}}\n\
         ---\napiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\n\
         metadata: {{name: tidegate-deployer, namespace: {namespace}}}\n\
         roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}}\n\
         subjects: [{{kind: ServiceAccount, name: tidegate-deployer, namespace: {namespace}}}]\n"
    )
}
