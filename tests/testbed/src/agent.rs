//! The agent as a process of this machine, with the rights that its manifests give it and no others.

mod pod;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::Method;
use reqwest::blocking::Response;
use serde_json::Value;

use crate::certificates::Authority;
use crate::client::{Connection, Credentials};
use crate::guardian::Guardian;
use crate::port::Port;
use crate::service::{Service, Specification};
use crate::{ControlPlane, Error, FaultProxy, Result, client, program};

pub use pod::Container;

/// The namespace into which the manifests install the agent.
pub const NAMESPACE: &str = "tidegate-system";

/// The agent's account.
const ACCOUNT: (&str, &str) = (NAMESPACE, "tidegate");
/// The name of the webhook receiver, and the secret that its calls are signed with.
const RECEIVER: &str = "platform";
const SECRET: &str = "testbed-webhook-secret";
const LIMIT: Duration = Duration::from_secs(10);

/// What an agent is started with.
#[derive(Debug, Clone)]
pub struct AgentOptions {
    /// The `tidegate` program.
    pub program: PathBuf,
    /// The folder of pinned files.
    pub mirror: Option<PathBuf>,
    /// Whether the API asks who calls. Without it the API is open, and speaks plain HTTP.
    pub access: Access,
    /// More flags.
    pub flags: Vec<String>,
}

/// Who may use the agent's API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Whoever the cluster's own authentication and authorization let in; over TLS.
    Cluster,
    /// Everybody on this machine.
    Open,
}

/// A running agent; it ends with this value.
#[derive(Debug)]
pub struct Agent {
    service: Service,
    options: AgentOptions,
    authority: Authority,
    api: Port,
    metrics: Port,
    // Last, so that the group ends after its members.
    guardian: Guardian,
}

/// Installs the agent's manifests, without the Deployment: the agent runs as a process of this machine.
///
/// # Errors
/// [`Error::Command`] with kubectl's own message.
pub fn install(control_plane: &ControlPlane) -> Result<()> {
    let folder = program::workspace().join("manifests/tidegate");
    let folder = folder.to_string_lossy();
    let rendered = control_plane.kubectl(&["kustomize", &folder])?;
    let documents = rendered.split("\n---\n");
    let others = documents.filter(|text| !text.lines().any(|line| line == "kind: Deployment"));
    control_plane.apply(&others.collect::<Vec<_>>().join("\n---\n"))?;
    control_plane.kubectl(&[
        "wait",
        "--for=condition=Established",
        "--timeout=60s",
        "crd/layers.tidegate.dev",
    ])?;
    Ok(())
}

impl Agent {
    /// Starts an agent with the rights of its own account, and waits until it is ready.
    ///
    /// # Errors
    /// [`Error::Ended`] with its log if it does not start.
    pub fn start(control_plane: &ControlPlane, options: &AgentOptions) -> Result<Self> {
        let guardian = Guardian::new("agent")?;
        let kubeconfig = guardian.folder().join("kubeconfig");
        control_plane.write_account_kubeconfig(&kubeconfig, ACCOUNT)?;
        let arguments = vec![
            "agent".to_owned(),
            format!("--kubeconfig={}", kubeconfig.display()),
            format!("--namespace={NAMESPACE}"),
        ];
        Self::launch(guardian, options, (options.program.clone(), arguments))
    }

    /// Starts an agent that reaches the API server through a proxy, which must show no certificate of its own
    /// ([`Self::connection`]), and waits until it is ready.
    ///
    /// # Errors
    /// [`Error::Ended`] with its log if it does not start.
    pub fn start_through(proxy: &FaultProxy, options: &AgentOptions) -> Result<Self> {
        let guardian = Guardian::new("agent")?;
        let kubeconfig = guardian.folder().join("kubeconfig");
        proxy.write_kubeconfig(&kubeconfig)?;
        let arguments = vec![
            "agent".to_owned(),
            format!("--kubeconfig={}", kubeconfig.display()),
            format!("--namespace={NAMESPACE}"),
        ];
        Self::launch(guardian, options, (options.program.clone(), arguments))
    }

    /// How an agent reaches the API server: with a token of its own account.
    ///
    /// # Errors
    /// [`Error::Api`] if the manifests are not installed.
    pub fn connection(control_plane: &ControlPlane) -> Result<Connection> {
        Ok(Connection {
            credentials: Credentials::Token(control_plane.account_token(ACCOUNT.0, ACCOUNT.1)?),
            ..control_plane.connection().clone()
        })
    }

    /// Starts an agent as its Pod would: with the arguments and the environment of its container, and its
    /// account's files where the kubelet puts them; waits until it is ready.
    ///
    /// # Errors
    /// [`Error::Ended`] with its log if it does not start, or if this machine lets nobody mount.
    pub fn start_in_pod(
        control_plane: &ControlPlane,
        options: &AgentOptions,
        container: &Container,
    ) -> Result<Self> {
        let guardian = Guardian::new("agent")?;
        pod::write_account(guardian.folder(), control_plane, ACCOUNT)?;
        let arguments = pod::arguments(
            guardian.folder(),
            control_plane.connection(),
            (&options.program, container),
        )?;
        Self::launch(guardian, options, ("unshare".into(), arguments))
    }

    /// Gives an agent in a Pod a new token, as the kubelet does before the last one expires.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn rotate_token(&self, control_plane: &ControlPlane) -> Result<()> {
        pod::write_account(self.guardian.folder(), control_plane, ACCOUNT)
    }

    /// Starts a program that becomes the agent, with what the rig adds to its arguments.
    fn launch(
        guardian: Guardian,
        options: &AgentOptions,
        (program, mut arguments): (PathBuf, Vec<String>),
    ) -> Result<Self> {
        let (api, metrics) = (Port::lease()?, Port::lease()?);
        let hooks = guardian.folder().join("webhooks");
        fs::create_dir_all(&hooks).map_err(Error::file(&hooks))?;
        fs::write(hooks.join(RECEIVER), SECRET).map_err(Error::file(&hooks))?;
        let authority = Authority::new("tidegate testbed agent")?;
        authority
            .server(&["127.0.0.1", "localhost"])?
            .write(guardian.folder(), "tls")?;
        arguments.extend(places(options, guardian.folder(), (&api, &metrics)));
        let specification = Specification {
            name: "agent",
            program,
            arguments,
            environment: Vec::new(),
        };
        let service = Service::start(&guardian, specification)?;
        let mut agent = Self {
            service,
            options: options.clone(),
            authority,
            api,
            metrics,
            guardian,
        };
        agent.wait_ready()?;
        Ok(agent)
    }

    /// The address of the API.
    pub fn api_url(&self) -> String {
        let scheme = match self.options.access {
            Access::Cluster => "https",
            Access::Open => "http",
        };
        format!("{scheme}://127.0.0.1:{}", self.api.number())
    }

    /// The address of health and metrics.
    pub fn metrics_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.metrics.number())
    }

    /// A call that a repository makes after each push.
    pub fn webhook(&self) -> crate::Webhook {
        crate::Webhook {
            url: format!("{}/hooks/github/{RECEIVER}", self.api_url()),
            secret: Some(SECRET.to_owned()),
            authority: (self.options.access == Access::Cluster)
                .then(|| self.authority.certificate().to_owned()),
            ..crate::Webhook::default()
        }
    }

    /// What `/metrics` says.
    ///
    /// # Errors
    /// [`Error::Http`] without an answer.
    pub fn metrics(&self) -> Result<String> {
        let url = format!("{}/metrics", self.metrics_url());
        let read = self.http()?.get(&url).send().and_then(Response::text);
        read.map_err(|source| Error::Http {
            request: format!("GET {url}"),
            source,
        })
    }

    /// Calls the API, with a bearer token if it asks who calls; answers the status and the body.
    ///
    /// # Errors
    /// [`Error::Http`] without an answer.
    pub fn call(&self, method: Method, path: &str, token: Option<&str>) -> Result<(u16, Value)> {
        let url = format!("{}{path}", self.api_url());
        let name = format!("{method} {url}");
        let mut request = self.http()?.request(method, &url);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        answer_to(name, request)
    }

    /// Posts JSON to the API as somebody; answers the status and the body, as [`Self::call`] does.
    ///
    /// # Errors
    /// [`Error::Http`] without an answer.
    pub fn send(&self, path: &str, (token, body): (&str, &Value)) -> Result<(u16, Value)> {
        let url = format!("{}{path}", self.api_url());
        let request = self.http()?.post(&url).bearer_auth(token);
        answer_to(format!("POST {url}"), request.body(body.to_string()))
    }

    /// The id of the process.
    pub fn process_id(&self) -> u32 {
        self.service.process_id()
    }

    /// The file that the agent writes its log to.
    pub fn log(&self) -> PathBuf {
        self.guardian.folder().join("agent.log")
    }

    /// Ends the agent at once, as a crash would.
    pub fn kill(&mut self) {
        self.service.kill();
    }

    /// Tells the agent to stop, and waits until it has.
    ///
    /// # Errors
    /// [`Error::Command`] if it does not run.
    pub fn stop(&mut self) -> Result<()> {
        self.service.signal("TERM")?;
        self.service.wait();
        Ok(())
    }

    /// Starts the agent again, with the same cache, and waits until it is ready.
    ///
    /// # Errors
    /// [`Error::Ended`] with its log.
    pub fn restart(&mut self) -> Result<()> {
        self.start_again()?;
        self.wait_ready()
    }

    /// Starts the agent again, with the same cache; it may not be ready yet, or not soon.
    ///
    /// # Errors
    /// [`Error::Run`] if it cannot be run at all.
    pub fn start_again(&mut self) -> Result<()> {
        self.service.restart(&self.guardian)
    }

    /// Whether the process that was started last still runs.
    pub fn is_running(&mut self) -> bool {
        self.service.is_running()
    }

    /// What `/readyz` says, with its status.
    ///
    /// # Errors
    /// [`Error::Http`] without an answer.
    pub fn readiness(&self) -> Result<(u16, String)> {
        let url = format!("{}/readyz", self.metrics_url());
        let answer = self.http()?.get(&url).send();
        let answer = answer.and_then(|answer| Ok((answer.status().as_u16(), answer.text()?)));
        answer.map_err(|source| Error::Http {
            request: format!("GET {url}"),
            source,
        })
    }

    fn http(&self) -> Result<reqwest::blocking::Client> {
        let connection = Connection {
            url: self.api_url(),
            authority: self.authority.certificate().to_owned(),
            credentials: Credentials::Token(String::new()),
        };
        reqwest::blocking::Client::builder()
            .tls_backend_preconfigured(client::tls(&connection)?)
            .timeout(LIMIT)
            .no_proxy()
            .build()
            .map_err(|error| Error::malformed("the client's settings", &error))
    }

    /// Waits until the agent says that it is ready.
    ///
    /// # Errors
    /// [`Error::Ended`] with its log, [`Error::Timeout`] with what it last said.
    pub fn wait_ready(&mut self) -> Result<()> {
        let http = self.http()?;
        let url = format!("{}/readyz", self.metrics_url());
        self.service.wait_ready(|| {
            let answer = http.get(&url).send().map_err(|error| error.to_string())?;
            match answer.status().as_u16() {
                200 => Ok(()),
                _ => Err(answer.text().unwrap_or_default()),
            }
        })
    }
}

/// The arguments for what is elsewhere than in a container: folders, addresses.
fn places(options: &AgentOptions, folder: &Path, ports: (&Port, &Port)) -> Vec<String> {
    let path = |name: &str| folder.join(name).to_string_lossy().into_owned();
    let mut arguments = vec![
        format!("--cache={}", path("cache")),
        format!("--webhooks-dir={}", path("webhooks")),
        format!("--tls-dir={}", path("")),
        format!("--api-address=127.0.0.1:{}", ports.0.number()),
        format!("--metrics-address=127.0.0.1:{}", ports.1.number()),
    ];
    if let Some(mirror) = &options.mirror {
        arguments.push(format!("--mirror={}", mirror.display()));
    }
    if options.access == Access::Open {
        arguments.push("--insecure-no-auth".to_owned());
    }
    arguments.extend(options.flags.iter().cloned());
    arguments
}

fn answer_to(name: String, request: reqwest::blocking::RequestBuilder) -> Result<(u16, Value)> {
    let answer = request.send().map_err(|source| Error::Http {
        request: name,
        source,
    })?;
    let code = answer.status().as_u16();
    let text = answer.text().unwrap_or_default();
    let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
    Ok((code, body))
}
