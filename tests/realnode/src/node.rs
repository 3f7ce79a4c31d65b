//! The node: started, asked, and gone with its value.

use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use tidegate_testbed::binaries::{Binaries, CONTROL_PLANE};
use tidegate_testbed::certificates::{self, Authority, Subject};
use tidegate_testbed::client::{Connection, Credentials};
use tidegate_testbed::guardian::Guardian;
use tidegate_testbed::{ControlPlane, Error, Result, cache, program, wait};

use crate::{Image, host, images, parts};

/// The node's address, and that of this machine beside it.
pub const ADDRESS: &str = "10.200.0.1";
/// Where pods reach this machine.
pub const HOST_ADDRESS: &str = "10.200.0.254";
/// What this machine reaches through the node: Services and pods.
const RANGES: [&str; 2] = ["10.97.0.0/16", "10.245.0.0/16"];
const INTERFACE: &str = "tidegate-node";
const LIMIT: Duration = Duration::from_secs(300);
const AUDIT_POLICY: &str = r#"{"apiVersion": "audit.k8s.io/v1", "kind": "Policy",
"omitManagedFields": true, "omitStages": ["RequestReceived"], "rules": [{"level": "Metadata"}]}
"#;
/// Connections that nobody ends any more hold the network for minutes, and with it this machine's end of it.
/// Processes of the node may take a moment to leave their control groups.
const FAREWELL: &str = r#"
ip link delete tidegate-node 2>/dev/null
groups() { find /sys/fs/cgroup -depth -type d -path '*/tidegate-node*'; }
tries=0
while [ -n "$(groups)" ] && [ $tries -lt 100 ]; do
  groups | xargs -r rmdir 2>/dev/null || sleep 0.1
  tries=$((tries + 1))
done
"#;

/// Whose kubeconfig each program gets: (file, user, group).
const USERS: [(&str, &str, Option<&str>); 5] = [
    ("admin", "realnode-admin", Some("system:masters")),
    ("controller-manager", "system:kube-controller-manager", None),
    ("kube-proxy", "system:kube-proxy", None),
    ("kubelet", "system:node:node1", Some("system:nodes")),
    ("scheduler", "system:kube-scheduler", None),
];

/// A running node with its control plane.
#[derive(Debug)]
pub struct Node {
    control_plane: ControlPlane,
    process: String,
    guardian: Guardian,
    // Last: another node may start when this one is gone.
    _lock: fs::File,
}

impl Node {
    /// Starts the node, and waits until pods can run on it and names resolve.
    ///
    /// The first start on a machine builds the programs, which takes a quarter of an hour.
    /// A node of another process is waited for.
    ///
    /// # Errors
    /// [`Error::Missing`] and [`Error::Unsupported`] for what the machine lacks; [`Error::Timeout`].
    pub fn start() -> Result<Self> {
        host::check()?;
        let lock = cache::lock(&cache::subfolder("realnode")?.join("node.lock"))?;
        let control_plane = Binaries::ready(&CONTROL_PLANE)?;
        let guardian = Guardian::with_farewell("realnode", FAREWELL)?;
        let connection = write_files(guardian.folder())?;
        let process = start_process(&guardian, &control_plane)?;
        let kubeconfig = guardian.folder().join("admin.kubeconfig");
        let node = Self {
            control_plane: ControlPlane::of(&connection, kubeconfig)?,
            process,
            guardian,
            _lock: lock,
        };
        node.connect()?;
        node.wait_ready()?;
        node.import(&images::pause()?)?;
        node.import(&images::coredns()?)?;
        node.start_dns()?;
        Ok(node)
    }

    /// The control plane, with all rights.
    pub fn control_plane(&self) -> &ControlPlane {
        &self.control_plane
    }

    /// Where the node keeps its files; logs of its programs are in `logs`.
    pub fn folder(&self) -> &Path {
        self.guardian.folder()
    }

    /// Makes an image known to the node.
    ///
    /// # Errors
    /// [`Error::Command`] with containerd's message.
    pub fn import(&self, image: &Image) -> Result<()> {
        let folder = self.folder().join("import");
        fs::create_dir_all(&folder).map_err(Error::file(&folder))?;
        image.write(&folder)?;
        let mut command = self.inside("/run/containerd-programs/ctr");
        command.args(["--namespace", "k8s.io", "images", "import"]);
        program::output(command.arg("/run/node/import/image.tar"))?;
        fs::remove_dir_all(&folder).map_err(Error::file(&folder))
    }

    /// Waits until a Deployment has all its replicas.
    ///
    /// # Errors
    /// [`Error::Timeout`] with the pods as they are.
    pub fn wait_available(&self, namespace: &str, name: &str) -> Result<()> {
        let path = format!("/apis/apps/v1/namespaces/{namespace}/deployments/{name}");
        wait::until(
            &format!("{namespace}/{name} to be available"),
            LIMIT,
            || {
                let deployment = self
                    .control_plane
                    .client()
                    .get(&path)
                    .map_err(|error| error.to_string())?;
                let number = |field| deployment.pointer(field).and_then(Value::as_u64);
                if number("/status/availableReplicas") == number("/spec/replicas") {
                    return Ok(());
                }
                Err(self
                    .control_plane
                    .kubectl(&["--namespace", namespace, "get", "pods", "--output=wide"])
                    .unwrap_or_else(|error| error.to_string()))
            },
        )
    }

    /// Describes a command that runs in the node's namespaces.
    fn inside(&self, name: &str) -> std::process::Command {
        let mut command = program::command("nsenter");
        command.args(["--target", &self.process, "--mount", "--net", "--pid"]);
        command.args(["--", name]);
        command
    }

    /// Makes this machine's end of the network.
    fn connect(&self) -> Result<()> {
        let address = format!("{HOST_ADDRESS}/24");
        let run = |words: &[&str]| program::output(program::command("ip").args(words)).map(drop);
        run(&[
            "link",
            "add",
            INTERFACE,
            "type",
            "veth",
            "peer",
            "name",
            "eth0",
            "netns",
            &self.process,
        ])?;
        run(&["address", "add", &address, "dev", INTERFACE])?;
        run(&["link", "set", INTERFACE, "up"])?;
        for range in RANGES {
            run(&["route", "add", range, "via", ADDRESS, "dev", INTERFACE])?;
        }
        Ok(())
    }

    fn wait_ready(&self) -> Result<()> {
        wait::until("the node to be ready", LIMIT, || {
            let node = self.control_plane.client().get("/api/v1/nodes/node1");
            let node = node.map_err(|error| format!("{error}\n{}", self.log_ends()))?;
            let conditions = node.pointer("/status/conditions").and_then(Value::as_array);
            let ready = conditions
                .into_iter()
                .flatten()
                .find(|condition| condition.get("type").and_then(Value::as_str) == Some("Ready"));
            match ready {
                Some(ready) if ready.get("status").and_then(Value::as_str) == Some("True") => {
                    Ok(())
                }
                ready => Err(format!("{ready:?}\n{}", self.log_ends())),
            }
        })
    }

    fn start_dns(&self) -> Result<()> {
        let manifest = program::workspace().join("tests/realnode/manifests/coredns.yaml");
        let text = fs::read_to_string(&manifest).map_err(Error::file(&manifest))?;
        self.control_plane.apply(&text)?;
        self.wait_available("kube-system", "coredns")
    }

    /// The last line of each program's log.
    fn log_ends(&self) -> String {
        let entries = fs::read_dir(self.folder().join("logs"));
        let files = entries.into_iter().flatten().flatten();
        let ends = files.map(|file| {
            let text = fs::read(file.path()).unwrap_or_default();
            let text = String::from_utf8_lossy(&text).into_owned();
            let last = text.lines().last().unwrap_or_default();
            format!("{}: {last}", file.file_name().to_string_lossy())
        });
        ends.collect::<Vec<_>>().join("\n")
    }
}

/// Starts process 1 of the node, and answers its number on this machine.
fn start_process(guardian: &Guardian, control_plane: &Binaries) -> Result<String> {
    let configuration = program::workspace().join("tests/realnode/node");
    let log = guardian.folder().join("init.log");
    let output = fs::File::create(&log).map_err(Error::file(&log))?;
    let errors = output.try_clone().map_err(Error::file(&log))?;
    let mut command = program::command("unshare");
    command
        .args([
            "--net",
            "--mount",
            "--uts",
            "--pid",
            "--fork",
            "--kill-child",
        ])
        .args(["--mount-proc", "--propagation", "private", "bash"])
        .arg(configuration.join("init.sh"))
        .arg(guardian.folder())
        .arg(control_plane.folder())
        .arg(Binaries::ready(&parts::KUBERNETES)?.folder())
        .arg(Binaries::ready(&parts::CONTAINERD)?.folder())
        .arg(configuration)
        .stdout(output)
        .stderr(errors);
    let parent = guardian.spawn(&mut command)?.id();
    let children = format!("/proc/{parent}/task/{parent}/children");
    wait::until("the node's first process", LIMIT, || {
        let listed = fs::read_to_string(&children).unwrap_or_default();
        let first = listed.split_whitespace().next().map(str::to_owned);
        first.ok_or_else(|| fs::read_to_string(&log).unwrap_or_default())
    })
}

/// Writes certificates, keys and kubeconfigs, and answers the administrator's connection.
fn write_files(folder: &Path) -> Result<Connection> {
    const NAMES: [&str; 8] = [
        ADDRESS,
        "10.97.0.1",
        "127.0.0.1",
        "kubernetes",
        "kubernetes.default",
        "kubernetes.default.svc",
        "localhost",
        "node1",
    ];
    let authority = Authority::new("tidegate realnode")?;
    authority.identity().write(folder, "ca")?;
    authority.server(&NAMES)?.write(folder, "api-server")?;
    for (file, user, group) in [
        ("front-proxy", "front-proxy-client", None),
        ("kubelet-client", "kubelet-client", Some("system:masters")),
    ] {
        authority
            .client(Subject { user, group })?
            .write(folder, file)?;
    }
    let (private, public) = certificates::private_key("service-account")?;
    certificates::write_private(&folder.join("service-account.key"), &private)?;
    certificates::write_private(&folder.join("service-account.pub"), &public)?;
    certificates::write_private(&folder.join("audit-policy.yaml"), AUDIT_POLICY)?;
    let connect = |user, group| {
        Ok::<_, Error>(Connection {
            url: format!("https://{ADDRESS}:6443"),
            authority: authority.certificate().to_owned(),
            credentials: Credentials::Certificate(authority.client(Subject { user, group })?),
        })
    };
    for (file, user, group) in USERS {
        connect(user, group)?.write_kubeconfig(&folder.join(format!("{file}.kubeconfig")))?;
    }
    connect("realnode-admin", Some("system:masters"))
}
