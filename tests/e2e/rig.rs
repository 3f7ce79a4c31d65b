//! What most tests share: one control plane with its operators, one Git server, one agent.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use reqwest::Method;
use serde_json::Value;
use tidegate_testbed::{
    Access, Agent, AgentOptions, ControlPlane, GitServer, Operators, Upstream, agent,
    command_output,
};

use crate::place::{Origin, Place};

/// How long a condition may take to come true.
pub(crate) const LIMIT: Duration = Duration::from_secs(120);

/// The `tidegate` program.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_tidegate");

/// What the tests share.
pub(crate) struct Rig {
    pub(crate) control_plane: &'static ControlPlane,
    pub(crate) operators: Operators,
    pub(crate) git: GitServer,
    pub(crate) agent: Agent,
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

/// What `tidegate` prints, as a control plane's administrator.
pub(crate) fn tidegate(control_plane: &ControlPlane, arguments: &[&str]) -> String {
    let kubeconfig = control_plane.kubeconfig();
    let kubeconfig = format!("--kubeconfig={}", kubeconfig.display());
    let arguments = [arguments, &[&kubeconfig]].concat();
    command_output(Path::new(PROGRAM), &arguments).unwrap()
}

/// Exit code, stdout and stderr of `tidegate` with a command about the layer.
pub(crate) fn tidegate_about(place: &Place, arguments: &[&str]) -> (Option<i32>, String, String) {
    let kubeconfig = rig().control_plane.kubeconfig();
    let kubeconfig = format!("--kubeconfig={}", kubeconfig.display());
    let layer = [place.name, "-n", &place.namespace, &kubeconfig];
    let (code, out, error) = said(&[arguments, &layer].concat());
    let text = |text: String| text.replace(&place.namespace, "NS");
    (code, text(out), text(error))
}

/// Exit code, stdout and stderr of `tidegate`.
#[expect(
    clippy::disallowed_methods,
    reason = "the exit code is part of what is said"
)]
pub(crate) fn said(arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = std::process::Command::new(PROGRAM);
    let output = command.args(arguments).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

impl Rig {
    fn start() -> Self {
        let control_plane = ControlPlane::shared();
        let operators = Operators::start(control_plane, Duration::from_millis(50)).unwrap();
        let crds = [Upstream::Cnpg, Upstream::ExternalSecrets];
        control_plane.install_crds(&crds).unwrap();
        agent::install(control_plane).unwrap();
        Self {
            control_plane,
            operators,
            git: GitServer::start().unwrap(),
            agent: Agent::start(control_plane, &agent_options()).unwrap(),
        }
    }

    /// A new repository whose pushes are told to the agent.
    pub(crate) fn origin(&self, name: &str) -> Origin {
        let origin = Origin::new(&self.git, name);
        let webhook = self.agent.webhook();
        origin.repository.set_webhook(&webhook).unwrap();
        origin
    }

    /// A new place that follows a repository.
    pub(crate) fn place(&self, origin: &Origin, name: &'static str) -> Place {
        Place::new(self.control_plane, origin, name)
    }

    /// What the agent's API says about a layer.
    pub(crate) fn ask(&self, place: &Place, what: &str) -> Value {
        let path = format!("/api/v1/layers/{}/{}{what}", place.namespace, place.name);
        ask(self.control_plane, &self.agent, &path)
    }
}

/// What an agent's API says to somebody who may read everything.
pub(crate) fn ask(control_plane: &ControlPlane, agent: &Agent, path: &str) -> Value {
    let token = control_plane.account_token(agent::NAMESPACE, "tidegate");
    let answer = agent.call(Method::GET, path, Some(&token.unwrap()));
    let (code, answer) = answer.unwrap();
    assert_eq!(code, 200, "{answer}");
    answer
}
