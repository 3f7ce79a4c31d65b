//! Everything that stands on the stage: control plane, operators, Git server, agent, layers.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::Value;
use tidegate_testbed::{
    Access, Agent, AgentOptions, Commit, ControlPlane, GitServer, Operators, Options, Repository,
    Route, agent, stage, vendor,
};

/// The name of the repository that is served.
const REPOSITORY: &str = "platform";
/// The stage that is deployed.
const STAGE: &str = "clusters/stages/local";

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
        let repository = (&self.git, REPOSITORY);
        Ok(stage::register(&self.control_plane, STAGE, repository)?)
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
}

/// The folder of this repository.
fn root() -> Result<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
    folder.map(Path::to_owned).context("no workspace")
}
