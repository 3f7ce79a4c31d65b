//! Everything that is measured stands here: control plane, Git server, agent; and the layers.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use tidegate_testbed::{
    Access, Agent, AgentOptions, Commit, ControlPlane, GitServer, Options, Repository, Route,
    agent, wait,
};

use crate::cost::Running;

/// The account that the layers are written with.
const DEPLOYER: &str = "tidegate-deployer";
/// The folder of every layer.
pub(super) const FOLDER: &str = "layer";
/// How long anything may take before the measurement is given up.
pub(super) const LIMIT: Duration = Duration::from_secs(300);

/// A control plane with the agent, fed by a Git server.
pub(super) struct Rig {
    pub(super) agent: Agent,
    pub(super) git: GitServer,
    // Last, so that everybody leaves before it.
    pub(super) control_plane: ControlPlane,
}

/// A layer of the same name as its repository and its namespace.
pub(super) struct Layer<'a> {
    pub(super) rig: &'a Rig,
    pub(super) name: &'static str,
    pub(super) repository: Repository,
}

impl Rig {
    pub(super) fn start(program: &Path) -> Result<Self> {
        let control_plane = ControlPlane::start(&Options::default())?;
        agent::install(&control_plane)?;
        for object in deployer() {
            control_plane.apply(&object.to_string())?;
        }
        let git = GitServer::start()?;
        let options = AgentOptions {
            program: program.canonicalize().with_context(|| {
                format!(
                    "{}: build it with `cargo build --release -p tidegate`",
                    program.display()
                )
            })?,
            mirror: None,
            access: Access::Open,
            flags: Vec::new(),
        };
        let agent = Agent::start(&control_plane, &options)?;
        Ok(Self {
            agent,
            git,
            control_plane,
        })
    }

    /// What the agent has taken so far.
    pub(super) fn agent_cost(&self) -> Result<Running> {
        Running::read(self.agent.process_id())
    }

    /// Makes a repository and a namespace for a layer, which is not registered yet.
    pub(super) fn layer(&self, name: &'static str) -> Result<Layer<'_>> {
        let namespace =
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
        self.control_plane.apply(&namespace.to_string())?;
        Ok(Layer {
            rig: self,
            name,
            repository: self.git.create(name)?,
        })
    }
}

impl Layer<'_> {
    /// Registers the Layer.
    pub(super) fn register(&self, interval: &str) -> Result<()> {
        let metadata = json!({"name": self.name, "namespace": agent::NAMESPACE});
        let secret = json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": metadata,
            "stringData": {"ca.crt": self.rig.git.authority()},
        });
        let layer = json!({
            "apiVersion": "tidegate.dev/v1alpha1", "kind": "Layer", "metadata": metadata,
            "spec": {
                "source": {"git": {
                    "url": self.rig.git.https_url(Route::Open, self.name),
                    "ref": {"branch": "main"},
                    "interval": interval,
                    "secretRef": {"name": self.name},
                }},
                "path": FOLDER,
            },
        });
        self.rig.control_plane.apply(&secret.to_string())?;
        Ok(self.rig.control_plane.apply(&layer.to_string())?)
    }

    /// Sets how often the agent looks at the repository by itself, and waits until it knows.
    pub(super) fn set_interval(&self, interval: &str) -> Result<()> {
        let change = json!({"spec": {"source": {"git": {"interval": interval}}}});
        let changed = self
            .rig
            .control_plane
            .client()
            .merge(&self.path(), &change)?;
        let generation = changed.pointer("/metadata/generation").cloned();
        Ok(wait::until(
            "the agent to know the interval",
            LIMIT,
            || {
                let layer = self.read()?;
                let observed = layer.pointer("/status/observedGeneration").cloned();
                if observed == generation {
                    return Ok(());
                }
                Err(format!("observedGeneration is {observed:?}"))
            },
        )?)
    }

    /// Commits and pushes.
    pub(super) fn push(&self, commit: &Commit) -> Result<String> {
        Ok(self.repository.push(commit)?)
    }

    /// Waits until the layer is healthy at a commit.
    pub(super) fn until_healthy(&self, commit: &str) -> Result<()> {
        Ok(wait::until("the layer to be healthy", LIMIT, || {
            let layer = self.read()?;
            let revision = layer.pointer("/status/lastHealthyRevision");
            if revision
                .and_then(Value::as_str)
                .is_some_and(|text| text.ends_with(commit))
            {
                return Ok(());
            }
            Err(layer.get("status").unwrap_or(&Value::Null).to_string())
        })?)
    }

    fn read(&self) -> Result<Value, String> {
        let client = self.rig.control_plane.client();
        client.get(&self.path()).map_err(|error| error.to_string())
    }

    fn path(&self) -> String {
        let namespace = agent::NAMESPACE;
        format!(
            "/apis/tidegate.dev/v1alpha1/namespaces/{namespace}/layers/{}",
            self.name
        )
    }
}

/// An account that may write anything, as the shipped broad one.
fn deployer() -> [Value; 2] {
    let namespace = agent::NAMESPACE;
    [
        json!({
            "apiVersion": "v1", "kind": "ServiceAccount",
            "metadata": {"name": DEPLOYER, "namespace": namespace},
        }),
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
            "metadata": {"name": "bench-deployer"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
            "subjects": [{"kind": "ServiceAccount", "name": DEPLOYER, "namespace": namespace}],
        }),
    ]
}
