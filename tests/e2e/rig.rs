//! What the tests share: one control plane, one Git server, one agent.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tidegate_testbed::{
    Access, Agent, AgentOptions, Commit, ControlPlane, GitServer, Repository, Route, agent,
    command_output,
};

/// How long a condition may take to come true.
pub(crate) const LIMIT: Duration = Duration::from_secs(120);

/// The `tidegate` program.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_tidegate");
/// The repository that most layers follow, each a folder of its own.
const REPOSITORY: &str = "platform";

/// What the tests share.
pub(crate) struct Rig {
    pub(crate) control_plane: &'static ControlPlane,
    pub(crate) git: GitServer,
    pub(crate) agent: Agent,
    repository: Mutex<Repository>,
}

/// The rig; the first test that asks starts it.
pub(crate) fn rig() -> &'static Rig {
    static RIG: OnceLock<Rig> = OnceLock::new();
    RIG.get_or_init(Rig::start)
}

/// How the agent of a test is started.
pub(crate) fn agent_options() -> AgentOptions {
    AgentOptions {
        program: PathBuf::from(PROGRAM),
        mirror: None,
        access: Access::Cluster,
        flags: Vec::new(),
    }
}

impl Rig {
    fn start() -> Self {
        let control_plane = ControlPlane::shared();
        agent::install(control_plane).unwrap();
        let git = GitServer::start().unwrap();
        let repository = git.create(REPOSITORY).unwrap();
        let agent = Agent::start(control_plane, &agent_options()).unwrap();
        repository.set_webhook(&agent.webhook()).unwrap();
        Self {
            control_plane,
            git,
            agent,
            repository: Mutex::new(repository),
        }
    }

    /// The address of the repository that most layers follow.
    pub(crate) fn url(&self) -> String {
        self.git.https_url(Route::Basic, REPOSITORY)
    }

    /// Pushes a commit on the main branch, and answers the revision; tests that run side by side take turns.
    pub(crate) fn push(&self, commit: &Commit) -> String {
        let repository = self.repository.lock();
        let repository = repository.unwrap_or_else(PoisonError::into_inner);
        format!("main@sha1:{}", repository.push(commit).unwrap())
    }

    /// Runs git in the author's copy of the repository.
    pub(crate) fn author(&self, arguments: &[&str]) {
        let repository = self.repository.lock();
        let repository = repository.unwrap_or_else(PoisonError::into_inner);
        repository.git(arguments).unwrap();
    }

    /// Applies an object as the administrator, at its API path.
    pub(crate) fn apply(&self, path: &str, object: &Value) {
        let applied = self.control_plane.client().apply(path, "e2e", object);
        applied.unwrap();
    }

    /// Reads an object; null if it is not there.
    pub(crate) fn read(&self, path: &str) -> Value {
        self.control_plane.client().get(path).unwrap_or_default()
    }

    /// What `tidegate` prints, as the administrator.
    pub(crate) fn tidegate(&self, arguments: &[&str]) -> String {
        let kubeconfig = self.control_plane.kubeconfig();
        let kubeconfig = format!("--kubeconfig={}", kubeconfig.display());
        let arguments = [arguments, &[&kubeconfig]].concat();
        command_output(Path::new(PROGRAM), &arguments).unwrap()
    }

    /// Creates the Secret with which the repository can be read.
    pub(crate) fn create_credentials(&self, namespace: &str, password: &str) {
        let data = json!({
            "username": GitServer::USERNAME,
            "password": password,
            "ca.crt": self.git.authority(),
        });
        self.create_secret(namespace, &data);
    }

    /// Creates the Secret of a layer's source.
    pub(crate) fn create_secret(&self, namespace: &str, data: &Value) {
        let secret = json!({
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "git", "namespace": namespace},
            "stringData": data,
        });
        self.apply(
            &format!("/api/v1/namespaces/{namespace}/secrets/git"),
            &secret,
        );
    }
}
