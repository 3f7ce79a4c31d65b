//! A Kubernetes control plane of real programs on loopback ports, or a cluster that is there already.

pub mod audit;
pub mod component;

pub(crate) mod kubeconfig;

mod borrowed;
mod own;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use serde_json::{Value, json};

use crate::binaries::{Binaries, CONTROL_PLANE};
use crate::certificates::Subject;
use crate::client::{Client, Connection, Credentials};
use crate::{Error, Result, Upstream, program, wait};
use audit::AuditEvent;
use component::Component;
use own::Own;

const CRDS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const LIMIT: Duration = Duration::from_secs(120);

/// What a control plane is started with.
#[derive(Debug, Clone)]
pub struct Options {
    /// How many nodes there are at the start.
    pub nodes: usize,
    /// Whether every request is written to the audit log.
    pub audit: bool,
    /// Whether nodes, pods and Jobs live; without it pods stay pending.
    pub kwok: bool,
    /// How long a pod takes to become ready, if its own annotation does not say otherwise.
    pub pod_start: Duration,
    /// Whether etcd writes to disk before it answers, for tests that end it abruptly.
    pub durable: bool,
    /// Requests per second of the controller manager and the scheduler; none = Kubernetes' defaults.
    pub controller_requests_per_second: Option<u32>,
    /// More flags for kube-apiserver.
    pub api_server_flags: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            nodes: 3,
            audit: true,
            kwok: true,
            pod_start: Duration::ZERO,
            durable: false,
            controller_requests_per_second: Some(200),
            api_server_flags: Vec::new(),
        }
    }
}

/// A running control plane; it ends with this value, unless it was there before.
#[derive(Debug)]
pub struct ControlPlane {
    client: Client,
    kubeconfig: PathBuf,
    kubectl: PathBuf,
    /// What kubectl remembers, where another cluster may get the same address.
    memory: Option<PathBuf>,
    own: Option<Own>,
}

/// Builds the programs into the cache if they are not there, and answers their folder.
///
/// # Errors
/// [`Error::Missing`] without Go; [`Error::Command`] with the compiler's message.
pub fn build() -> Result<PathBuf> {
    Ok(Binaries::ready(&CONTROL_PLANE)?.folder().to_owned())
}

impl ControlPlane {
    /// Starts a control plane, or uses the cluster of `$TIDEGATE_KUBECONFIG` if that is set.
    ///
    /// The first start on a machine builds the programs, which takes minutes. A cluster that was
    /// there has no audit log here, cannot be taken away, and keeps what tests made in it.
    ///
    /// # Errors
    /// [`Error::Missing`] without Go; [`Error::Ended`] with the log of a program that did not start.
    pub fn start(options: &Options) -> Result<Self> {
        if let Some(kubeconfig) = borrowed::kubeconfig() {
            return borrowed::connect(kubeconfig);
        }
        let own = Own::start(options)?;
        let control_plane = Self {
            client: own.client().clone(),
            kubeconfig: own.kubeconfig(),
            kubectl: own.kubectl(),
            memory: Some(own.kubeconfig().with_extension("cache")),
            own: Some(own),
        };
        control_plane.create_nodes(options.nodes)?;
        own::wait_until_alive(&control_plane.client, options)?;
        Ok(control_plane)
    }

    /// A control plane that somebody else has started and will end; its kubeconfig must give all rights.
    ///
    /// # Errors
    /// Those of [`build`] and [`Client::new`].
    pub fn of(connection: &Connection, kubeconfig: PathBuf) -> Result<Self> {
        Ok(Self {
            client: Client::new(connection)?,
            kubectl: Binaries::ready(&CONTROL_PLANE)?.program("kubectl"),
            memory: Some(kubeconfig.with_extension("cache")),
            kubeconfig,
            own: None,
        })
    }

    /// A control plane with the default options that all tests of a process share; it ends with it.
    ///
    /// Tests that share it work in namespaces of their own ([`Self::new_namespace`]).
    ///
    /// # Panics
    /// If it cannot be started: no test that shares it could do anything.
    #[expect(
        clippy::panic,
        reason = "every test that needs it fails with the one cause"
    )]
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<ControlPlane> = OnceLock::new();
        SHARED.get_or_init(|| {
            Self::start(&Options::default()).unwrap_or_else(|error| panic!("{error}"))
        })
    }

    /// Makes a namespace whose name begins with `prefix`, and waits until pods can start in it.
    ///
    /// # Errors
    /// [`Error::Api`].
    pub fn new_namespace(&self, prefix: &str) -> Result<String> {
        let object = json!({"metadata": {"generateName": format!("{prefix}-")}});
        let namespace = self.client.create("/api/v1/namespaces", &object)?;
        let name = namespace.pointer("/metadata/name").and_then(Value::as_str);
        let name = name.unwrap_or_default().to_owned();
        own::wait_for_service_account(&self.client, &name)?;
        Ok(name)
    }

    /// The port of this machine to which every forwarded port of every pod leads: whoever listens there plays the pods.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for a cluster that was there before.
    pub fn forward_port(&self) -> Result<u16> {
        let own = self.own.as_ref().ok_or(borrowed::UNSUPPORTED)?;
        Ok(own.forward_port())
    }

    /// The path of a kubeconfig with all rights.
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// Address, authority and credentials with all rights.
    pub fn connection(&self) -> &Connection {
        self.client.connection()
    }

    /// A small blocking client with all rights.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Address, authority and a new client certificate for a user and a group.
    ///
    /// # Errors
    /// [`Error::Unsupported`] on a cluster that was there before.
    pub fn connection_for(&self, subject: Subject<'_>) -> Result<Connection> {
        self.own()?.connection_for(subject)
    }

    /// The path of a new kubeconfig for a user and a group, who has no rights but those given.
    ///
    /// # Errors
    /// [`Error::Unsupported`] on a cluster that was there before.
    pub fn kubeconfig_for(&self, subject: Subject<'_>) -> Result<PathBuf> {
        self.own()?.kubeconfig_for(subject)
    }

    /// A token of a service account, for an hour.
    ///
    /// # Errors
    /// [`Error::Api`] if there is no such account.
    pub fn account_token(&self, namespace: &str, name: &str) -> Result<String> {
        let path = format!("/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token");
        let request = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 86_400}});
        let answer = self.client.create(&path, &request)?;
        let token = answer.pointer("/status/token").and_then(Value::as_str);
        Ok(token.unwrap_or_default().to_owned())
    }

    /// Writes a kubeconfig of a service account, who has no rights but those given.
    ///
    /// # Errors
    /// [`Error::Api`] if there is no such account.
    pub fn write_account_kubeconfig(&self, path: &Path, account: (&str, &str)) -> Result<()> {
        let connection = Connection {
            credentials: Credentials::Token(self.account_token(account.0, account.1)?),
            ..self.connection().clone()
        };
        connection.write_kubeconfig(path)
    }

    /// Runs kubectl with all rights, and answers its standard output.
    ///
    /// # Errors
    /// [`Error::Command`] with kubectl's own message.
    pub fn kubectl(&self, arguments: &[&str]) -> Result<String> {
        let mut command = program::command(&self.kubectl);
        command.env("KUBECONFIG", &self.kubeconfig).args(arguments);
        if let Some(memory) = &self.memory {
            command.env("KUBECACHEDIR", memory);
        }
        program::output(&mut command)
    }

    /// Applies YAML documents by server-side apply.
    ///
    /// # Errors
    /// [`Error::Command`] with kubectl's own message.
    pub fn apply(&self, yaml: &str) -> Result<()> {
        let mut file = tempfile::NamedTempFile::new().map_err(Error::file(std::env::temp_dir()))?;
        std::io::Write::write_all(&mut file, yaml.as_bytes()).map_err(Error::file(file.path()))?;
        self.apply_files(&[file.path().to_owned()])
    }

    /// Applies the files of upstream projects, and waits until their CRDs are established.
    ///
    /// Of CloudNativePG's install manifest only the CRDs are applied: its webhooks and its operator
    /// are what a layer brings.
    ///
    /// # Errors
    /// [`Error::Command`] with kubectl's own message.
    pub fn install_crds(&self, projects: &[Upstream]) -> Result<()> {
        for project in projects {
            for file in project.files()? {
                let text = std::fs::read_to_string(&file).map_err(Error::file(&file))?;
                self.apply(&only_crds(&text))?;
            }
        }
        wait::until("the CRDs to be established", LIMIT, || {
            let crds = self.client.get(CRDS).map_err(|error| error.to_string())?;
            let crds = crds
                .get("items")
                .and_then(Value::as_array)
                .cloned()
                .unwrap_or_default();
            let missing = crds.iter().find(|crd| !is_true(crd, "Established"));
            missing.map_or(Ok(()), |crd| {
                Err(crd.pointer("/metadata/name").unwrap_or(crd).to_string())
            })
        })
    }

    /// Adds nodes until there are `count`.
    ///
    /// # Errors
    /// [`Error::Api`].
    pub fn create_nodes(&self, count: usize) -> Result<()> {
        for index in 0..count {
            match self.client.create("/api/v1/nodes", &node(index)) {
                Ok(_) | Err(Error::Api { code: 409, .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Every request that the API server has answered so far, oldest first.
    ///
    /// # Errors
    /// [`Error::Unsupported`] if the audit log is off, or on a cluster that was there before.
    pub fn audit(&self) -> Result<Vec<AuditEvent>> {
        audit::read(&self.own()?.audit_log()?, &self.client)
    }

    /// Leads every connection to a pod or a Service to a server on loopback.
    pub(crate) fn lead_pods_to(&self, port: u16) {
        if let Some(own) = &self.own {
            own.egress().lead_pods_to(port);
        }
    }

    /// Ends one program at once, as a crash would; its port refuses connections.
    ///
    /// # Errors
    /// [`Error::Unsupported`] on a cluster that was there before.
    pub fn kill(&mut self, component: Component) -> Result<()> {
        self.own_mut()?.service(component)?.kill();
        Ok(())
    }

    /// Starts a program that was killed on the same port, and waits until it answers.
    ///
    /// # Errors
    /// [`Error::Ended`] with its log.
    pub fn restart(&mut self, component: Component) -> Result<()> {
        self.own_mut()?.restart(component)
    }

    /// Stops a program in its tracks: connections stay open, and nothing answers.
    ///
    /// # Errors
    /// [`Error::Unsupported`] on a cluster that was there before.
    pub fn freeze(&mut self, component: Component) -> Result<()> {
        self.own_mut()?.service(component)?.signal("STOP")
    }

    /// Lets a frozen program go on.
    ///
    /// # Errors
    /// [`Error::Unsupported`] on a cluster that was there before.
    pub fn thaw(&mut self, component: Component) -> Result<()> {
        self.own_mut()?.service(component)?.signal("CONT")
    }

    /// Ends everything; the same as dropping the value.
    pub fn stop(self) {
        drop(self);
    }

    fn apply_files(&self, files: &[PathBuf]) -> Result<()> {
        let names = files
            .iter()
            .map(|file| format!("--filename={}", file.display()));
        let mut arguments: Vec<String> = ["apply", "--server-side", "--force-conflicts"]
            .map(str::to_owned)
            .to_vec();
        arguments.extend(names);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        self.kubectl(&arguments).map(drop)
    }

    fn own(&self) -> Result<&Own> {
        self.own.as_ref().ok_or(borrowed::UNSUPPORTED)
    }

    fn own_mut(&mut self) -> Result<&mut Own> {
        self.own.as_mut().ok_or(borrowed::UNSUPPORTED)
    }
}

/// Whether a condition of an object is true.
fn is_true(object: &Value, kind: &str) -> bool {
    let conditions = object
        .pointer("/status/conditions")
        .and_then(Value::as_array);
    conditions.into_iter().flatten().any(|condition| {
        let has = |key, value: &str| condition.get(key).and_then(Value::as_str) == Some(value);
        has("type", kind) && has("status", "True")
    })
}

/// A node in one of three zones.
fn node(index: usize) -> Value {
    let name = format!("node-{index}");
    let labels = json!({
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "topology.kubernetes.io/zone": format!("zone-{}", index % 3),
    });
    json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels}})
}

fn only_crds(manifest: &str) -> String {
    manifest
        .split("\n---")
        .filter(|document| {
            document
                .lines()
                .any(|line| line.trim_end() == "kind: CustomResourceDefinition")
        })
        .collect::<Vec<_>>()
        .join("\n---")
}
