//! Everything that stands on the stage: control plane, operators, Git server, agent, layers.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize as _;
use serde_json::{Value, json};
use tidegate_testbed::{
    Access, Agent, AgentOptions, Commit, ControlPlane, GitServer, Operators, Options, Repository,
    Route, agent, vendor,
};

/// The name of the repository that is served.
const REPOSITORY: &str = "platform";
/// The Secret with the credentials of the repository.
const CREDENTIALS: &str = "platform-git";
/// The stage that is deployed.
const STAGE: &str = "clusters/stages/local";
/// What each layer's webhook and its poll are for: with the webhook, the poll can be slow.
const INTERVAL: &str = "10s";

/// A control plane with the agent, fed by a Git server.
pub(crate) struct Scene {
    pub(crate) agent: Agent,
    pub(crate) repository: Repository,
    pub(crate) git: GitServer,
    _operators: Operators,
    // Last, so that everybody leaves before it.
    pub(crate) control_plane: ControlPlane,
}

/// How fast the played parts are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// One step of a database cluster.
    pub(crate) operators: Duration,
    /// The start of a pod.
    pub(crate) pods: Duration,
}

impl Scene {
    /// Starts everything but the layers.
    pub(crate) fn start(program: &Path, pace: Pace) -> Result<Self> {
        let root = root()?;
        vendor::fill(&root)?;
        let control_plane = ControlPlane::start(&Options {
            pod_start: pace.pods,
            ..Options::default()
        })?;
        let operators = Operators::start(&control_plane, pace.operators)?;
        agent::install(&control_plane)?;
        let git = GitServer::start()?;
        let repository = git.copy(REPOSITORY, &root)?;
        let agent = Agent::start(
            &control_plane,
            &AgentOptions {
                program: program.canonicalize().context("--program")?,
                mirror: Some(root.join("vendor")),
                access: Access::Open,
                flags: Vec::new(),
            },
        )?;
        repository.set_webhook(&agent.webhook())?;
        Ok(Self {
            agent,
            repository,
            git,
            _operators: operators,
            control_plane,
        })
    }

    /// Registers the stage: accounts, and Layers, which follow the Git server; answers the Layers' names.
    pub(crate) fn create_layers(&self) -> Result<Vec<String>> {
        self.create_credentials()?;
        let folder = root()?.join(STAGE);
        let text = self
            .control_plane
            .kubectl(&["kustomize", &folder.to_string_lossy()])?;
        let mut names = Vec::new();
        for mut object in documents(&text)? {
            if object.get("kind").and_then(Value::as_str) == Some("Layer") {
                self.lead_here(&mut object)?;
                let name = object.pointer("/metadata/name").and_then(Value::as_str);
                names.push(name.unwrap_or_default().to_owned());
            }
            self.control_plane.apply(&object.to_string())?;
        }
        Ok(names)
    }

    /// Commits a change to the served repository, and pushes it.
    pub(crate) fn push(&self, commit: &Commit) -> Result<String> {
        Ok(self.repository.push(commit)?)
    }

    /// Reads a file of the repository's head.
    pub(crate) fn read(&self, path: &str) -> Result<String> {
        Ok(self.repository.git(&["show", &format!("main:{path}")])?)
    }

    /// Reads a Layer.
    pub(crate) fn layer(&self, name: &str) -> Result<Value> {
        let path = format!(
            "/apis/tidegate.dev/v1alpha1/namespaces/{}/layers/{name}",
            agent::NAMESPACE
        );
        Ok(self.control_plane.client().get(&path)?)
    }

    /// The address at which a person can clone and push.
    pub(crate) fn clone_url(&self) -> String {
        self.git.http_url(Route::Open, REPOSITORY)
    }

    fn create_credentials(&self) -> Result<()> {
        let secret = json!({
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": CREDENTIALS, "namespace": agent::NAMESPACE},
            "stringData": {
                "username": GitServer::USERNAME,
                "password": GitServer::PASSWORD,
                "ca.crt": self.git.authority(),
            },
        });
        Ok(self.control_plane.apply(&secret.to_string())?)
    }

    fn lead_here(&self, layer: &mut Value) -> Result<()> {
        let Some(git) = layer.pointer_mut("/spec/source/git") else {
            bail!("{STAGE}: a Layer has no spec.source.git");
        };
        let url = self.git.https_url(Route::Basic, REPOSITORY);
        let ours = json!({
            "url": url,
            "ref": {"branch": "main"},
            "interval": INTERVAL,
            "secretRef": {"name": CREDENTIALS},
        });
        *git = ours;
        Ok(())
    }
}

fn documents(text: &str) -> Result<Vec<Value>> {
    use serde_yaml::Deserializer;
    Deserializer::from_str(text)
        .map(|document| serde_json::Value::deserialize(document).context(STAGE))
        .filter(|value| !matches!(value, Ok(Value::Null)))
        .collect()
}

/// The folder of this repository.
fn root() -> Result<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
    folder.map(Path::to_owned).context("no workspace")
}
