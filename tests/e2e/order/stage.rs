//! The stage `local`, brought up by the agent from a Git server that holds this repository's head.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize as _;
use serde_json::{Value, json};
use tidegate_testbed::{
    Agent, AgentOptions, ControlPlane, GitServer, Operators, Options, Repository, Route, agent,
    vendor, wait,
};

use crate::place::{is_healthy, told};
use crate::rig::{LIMIT, agent_options, ask};

const STAGE: &str = "clusters/stages/local";
/// Slow enough for the seconds in which Kubernetes writes its times.
const PODS: Duration = Duration::from_millis(1200);
const OPERATORS: Duration = Duration::from_millis(400);

/// The stage when all its layers are healthy.
pub(super) struct Stage {
    /// The names of the layers.
    pub(super) layers: Vec<String>,
    agent: Agent,
    _operators: Operators,
    _git: GitServer,
    // Last, so that everybody leaves before it.
    pub(super) control_plane: ControlPlane,
}

impl Stage {
    /// Brings it up.
    pub(super) fn up() -> Self {
        let root = root();
        vendor::fill(&root).unwrap();
        let options = Options {
            pod_start: PODS,
            ..Options::default()
        };
        let control_plane = ControlPlane::start(&options).unwrap();
        let operators = Operators::start(&control_plane, OPERATORS).unwrap();
        agent::install(&control_plane).unwrap();
        let git = GitServer::start().unwrap();
        let repository = git.create("platform").unwrap();
        let revision = push_head(&repository, &root);
        let options = AgentOptions {
            mirror: Some(root.join("vendor")),
            ..agent_options()
        };
        let agent = Agent::start(&control_plane, &options).unwrap();
        let layers = register(&control_plane, &git, &root);
        let stage = Self {
            layers,
            agent,
            _operators: operators,
            _git: git,
            control_plane,
        };
        stage.until_healthy(&revision);
        stage
    }

    /// The plan of a layer, as the agent's API has it.
    pub(super) fn plan(&self, layer: &str) -> Value {
        let path = format!("/api/v1/layers/{}/{layer}/plan", agent::NAMESPACE);
        ask(&self.control_plane, &self.agent, &path)
    }

    /// Reads an object; null if it is not there.
    pub(super) fn read(&self, path: &str) -> Value {
        self.control_plane.client().get(path).unwrap_or_default()
    }

    /// All pods.
    pub(super) fn pods(&self) -> Vec<Value> {
        let pods = self.read("/api/v1/pods");
        pods["items"].as_array().cloned().unwrap_or_default()
    }

    fn until_healthy(&self, revision: &str) {
        let namespace = agent::NAMESPACE;
        for name in &self.layers {
            let path = format!("/apis/tidegate.dev/v1alpha1/namespaces/{namespace}/layers/{name}");
            let waited = wait::until(&format!("{name} to be healthy"), LIMIT, || {
                let layer = self.read(&path);
                is_healthy(&layer, revision)
                    .then_some(())
                    .ok_or_else(|| told(&layer))
            });
            waited.unwrap();
        }
    }
}

/// Pushes what is committed to the served repository, as its main branch; answers the revision.
fn push_head(repository: &Repository, root: &Path) -> String {
    let root = root.to_string_lossy();
    let fetch = ["fetch", "--quiet", &root, "+HEAD:refs/heads/main"];
    repository.git(&fetch).unwrap();
    let push = ["push", "--quiet", "origin", "main"];
    repository.git(&push).unwrap();
    format!("main@sha1:{}", repository.head("main").unwrap())
}

/// Registers the stage's accounts and Layers, which follow the Git server; answers the Layers' names.
fn register(control_plane: &ControlPlane, git: &GitServer, root: &Path) -> Vec<String> {
    let credentials = json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "git", "namespace": agent::NAMESPACE},
        "stringData": {"username": GitServer::USERNAME, "password": GitServer::PASSWORD, "ca.crt": git.authority()},
    });
    let source = json!({
        "url": git.https_url(Route::Basic, "platform"),
        "ref": {"branch": "main"},
        "secretRef": {"name": "git"},
    });
    let folder = root.join(STAGE);
    let text = control_plane
        .kubectl(&["kustomize", &folder.to_string_lossy()])
        .unwrap();
    let mut objects = vec![credentials];
    let mut names = Vec::new();
    for document in serde_yaml::Deserializer::from_str(&text) {
        let mut object = Value::deserialize(document).unwrap();
        if object["kind"] == "Layer" {
            object["spec"]["source"]["git"] = source.clone();
            names.push(object["metadata"]["name"].as_str().unwrap().to_owned());
        }
        objects.push(object);
    }
    let objects: Vec<String> = objects.iter().map(Value::to_string).collect();
    control_plane.apply(&objects.join("\n---\n")).unwrap();
    names
}

/// The folder of this repository.
fn root() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
    folder.unwrap().to_owned()
}
