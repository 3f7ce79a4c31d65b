//! A platform on a node: the agent as its manifests install it, a Git server beside the node, the stage's layers.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use tidegate_testbed::{
    Commit, ControlPlane, Error, GitServer, Operator, Operators, Repository, Result, agent,
    program, stage, vendor, wait,
};

use crate::{Node, images, node};

/// The stage: `clusters/stages/local` with images of this machine.
const STAGE: &str = "tests/realnode/stage";
/// The name of the repository that is served.
const REPOSITORY: &str = "platform";
/// Everything starts on two cores.
const LIMIT: Duration = Duration::from_secs(1200);

/// A node with the agent in it, and a copy of this repository for the agent to follow.
#[derive(Debug)]
pub struct Platform {
    repository: Repository,
    git: GitServer,
    _played: Operators,
    // Last, so that everybody leaves before it.
    node: Node,
}

impl Platform {
    /// Starts the node, makes the images known to it, and installs the agent, built as `program`.
    ///
    /// # Errors
    /// Those of [`Node::start`]; [`Error::Command`] with what a build said.
    pub fn start(program: &Path) -> Result<Self> {
        let root = program::workspace();
        let pinned = vendor::fill(root)?;
        let node = Node::start()?;
        for image in images::of_the_layers()? {
            node.import(&image)?;
        }
        let folder = node.folder().join("agent");
        node.import(&images::agent(program, &folder)?)?;
        let git = GitServer::start_at(node::HOST_ADDRESS)?;
        let repository = git.copy(REPOSITORY, root)?;
        commit_pinned(&repository, &pinned)?;
        let platform = Self {
            repository,
            git,
            _played: Operators::start_one(node.control_plane(), Operator::CertManager)?,
            node,
        };
        platform.install_agent()?;
        Ok(platform)
    }

    /// The node.
    pub fn node(&self) -> &Node {
        &self.node
    }

    /// The repository that the layers follow.
    pub fn repository(&self) -> &Repository {
        &self.repository
    }

    /// Registers the stage: accounts, and Layers, which follow the Git server; answers the Layers' names.
    ///
    /// # Errors
    /// Those of [`stage::register`].
    pub fn create_layers(&self) -> Result<Vec<String>> {
        stage::register(self.control_plane(), STAGE, (&self.git, REPOSITORY))
    }

    /// Waits until a layer is healthy at a revision of the repository.
    ///
    /// # Errors
    /// [`Error::Timeout`] with what the layer waits for.
    pub fn wait_healthy(&self, layer: &str, revision: &str) -> Result<()> {
        wait::until(
            &format!("{layer} to be healthy at {revision}"),
            LIMIT,
            || {
                let layer = self.layer(layer).map_err(|error| error.to_string())?;
                let healthy = layer.pointer("/status/lastHealthyRevision");
                let is_there = healthy.and_then(Value::as_str);
                if is_there.is_some_and(|healthy| healthy.ends_with(revision)) {
                    return Ok(());
                }
                let text = |field| {
                    layer
                        .pointer(field)
                        .map(Value::to_string)
                        .unwrap_or_default()
                };
                Err(format!(
                    "waiting for {}\nconditions {}",
                    text("/status/waitingFor"),
                    text("/status/conditions")
                ))
            },
        )
    }

    /// Reads a Layer.
    ///
    /// # Errors
    /// [`Error::Api`] if there is none.
    pub fn layer(&self, name: &str) -> Result<Value> {
        let path = format!(
            "/apis/tidegate.dev/v1alpha1/namespaces/{}/layers/{name}",
            agent::NAMESPACE
        );
        self.control_plane().client().get(&path)
    }

    /// The control plane, with all rights.
    pub fn control_plane(&self) -> &ControlPlane {
        self.node.control_plane()
    }

    /// Does what docs/install.md tells a user.
    fn install_agent(&self) -> Result<()> {
        let folder = program::workspace().join("manifests/tidegate");
        let folder = folder.to_string_lossy();
        // The Layer's definition must be there before the rest is of use.
        self.control_plane()
            .kubectl(&["apply", "--server-side", "--kustomize", &folder])?;
        self.node.wait_available(agent::NAMESPACE, "tidegate")
    }
}

/// Commits the pinned files, as users may: the agent fetches none.
fn commit_pinned(repository: &Repository, pinned: &[String]) -> Result<()> {
    let mut commit = Commit::on("main").message("Bring the pinned files along");
    for digest in pinned {
        let path = format!("vendor/{digest}");
        let file = program::workspace().join(&path);
        let content = std::fs::read(&file).map_err(Error::file(&file))?;
        commit = commit.file(&path, content);
    }
    repository.push(&commit).map(drop)
}
