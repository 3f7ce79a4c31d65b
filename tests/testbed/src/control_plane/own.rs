//! A control plane of our own: its folder, certificates, programs.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::component::{Component, Setting};
use super::{LIMIT, Options, is_true};
use crate::binaries::{Binaries, CONTROL_PLANE};
use crate::certificates::{self, Authority, Identity, Subject};
use crate::client::{Client, Connection, Credentials};
use crate::egress::Egress;
use crate::guardian::Guardian;
use crate::port::Port;
use crate::service::Service;
use crate::{Error, Result, program, wait};

const ADMINISTRATOR: Subject<'_> = Subject {
    user: "testbed-admin",
    group: Some("system:masters"),
};
/// Whose kubeconfig each program gets.
const USERS: [(&str, Subject<'_>); 3] = [
    (
        "controller-manager.kubeconfig",
        Subject {
            user: "system:kube-controller-manager",
            group: None,
        },
    ),
    (
        "scheduler.kubeconfig",
        Subject {
            user: "system:kube-scheduler",
            group: None,
        },
    ),
    (
        "kwok.kubeconfig",
        Subject {
            user: "kwok",
            group: Some("system:masters"),
        },
    ),
];
const AUDIT_POLICY: &str = r#"{"apiVersion": "audit.k8s.io/v1", "kind": "Policy",
"omitManagedFields": true, "omitStages": ["RequestReceived"], "rules": [{"level": "Metadata"}]}
"#;

const EGRESS: &str = r#"{"apiVersion": "apiserver.k8s.io/v1beta1",
"kind": "EgressSelectorConfiguration", "egressSelections": [{"name": "cluster", "connection":
{"proxyProtocol": "HTTPConnect", "transport": {"uds": {"udsName": "@folder@/egress.sock"}}}}]}
"#;

/// The programs of one control plane.
#[derive(Debug)]
pub(super) struct Own {
    services: Vec<(Component, Service)>,
    client: Client,
    authority: Authority,
    egress: Egress,
    binaries: Binaries,
    audit: bool,
    ports: [Port; 5],
    // Last, so that the group ends after its members.
    guardian: Guardian,
}

impl Own {
    /// Starts the programs, each when those that it needs answer.
    pub(super) fn start(options: &Options) -> Result<Self> {
        let binaries = Binaries::ready(&CONTROL_PLANE)?;
        let guardian = Guardian::new("controlplane")?;
        let ports = [
            Port::lease()?,
            Port::lease()?,
            Port::lease()?,
            Port::lease()?,
            Port::lease()?,
        ];
        let [etcd, peer, api_server, node, forward] = ports.each_ref().map(Port::number);
        let authority = Authority::new("tidegate testbed")?;
        let url = format!("https://127.0.0.1:{api_server}");
        let connection = write_files(guardian.folder(), &authority, &url)?;
        let client = Client::new(&connection)?;
        let mut own = Self {
            services: Vec::new(),
            client,
            authority,
            egress: Egress::start(guardian.folder())?,
            binaries: binaries.clone(),
            audit: options.audit,
            ports,
            guardian,
        };
        let folder = own.guardian.folder().to_owned();
        let setting = Setting {
            binaries: &binaries,
            folder: &folder,
            options,
            etcd: (etcd, peer),
            api_server,
            node,
            forward,
        };
        own.start_services(&setting)?;
        Ok(own)
    }

    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    pub(super) fn kubeconfig(&self) -> PathBuf {
        self.guardian.folder().join("admin.kubeconfig")
    }

    pub(super) fn forward_port(&self) -> u16 {
        let [_, _, _, _, forward] = &self.ports;
        forward.number()
    }

    pub(super) fn kubectl(&self) -> PathBuf {
        self.binaries.program("kubectl")
    }

    pub(super) fn egress(&self) -> &Egress {
        &self.egress
    }

    pub(super) fn audit_log(&self) -> Result<PathBuf> {
        if self.audit {
            return Ok(self.guardian.folder().join("audit.log"));
        }
        Err(Error::Unsupported {
            what: "reading the audit log",
            hint: "start the control plane with `audit: true`",
        })
    }

    pub(super) fn connection_for(&self, subject: Subject<'_>) -> Result<Connection> {
        let identity = self.authority.client(subject)?;
        Ok(connect(
            &self.client.connection().url,
            &self.authority,
            identity,
        ))
    }

    pub(super) fn kubeconfig_for(&self, subject: Subject<'_>) -> Result<PathBuf> {
        let connection = self.connection_for(subject)?;
        let name = subject
            .user
            .replace(|letter: char| !letter.is_ascii_alphanumeric(), "-");
        let path = self
            .guardian
            .folder()
            .join(format!("user-{name}.kubeconfig"));
        connection.write_kubeconfig(&path)?;
        Ok(path)
    }

    pub(super) fn service(&mut self, component: Component) -> Result<&mut Service> {
        let mut services = self.services.iter_mut();
        services
            .find(|(name, _)| *name == component)
            .map(|(_, service)| service)
            .ok_or(Error::Unsupported {
                what: "stopping a program that was not started",
                hint: "start the control plane with `kwok: true`",
            })
    }

    pub(super) fn restart(&mut self, component: Component) -> Result<()> {
        let mut services = self.services.iter_mut();
        let Some((_, service)) = services.find(|(name, _)| *name == component) else {
            return Ok(());
        };
        service.restart(&self.guardian)?;
        let is_asked = matches!(component, Component::ApiServer | Component::Etcd);
        let client = self.client.clone();
        let api_server = self.service(Component::ApiServer)?;
        // It cannot answer for etcd while it is away itself.
        if is_asked && api_server.is_running() {
            return api_server.wait_ready(|| ready(&client));
        }
        Ok(())
    }

    fn start_services(&mut self, setting: &Setting<'_>) -> Result<()> {
        self.add(Component::Etcd, setting)?;
        self.add(Component::ApiServer, setting)?;
        let client = self.client.clone();
        self.service(Component::ApiServer)?
            .wait_ready(|| ready(&client))?;
        self.add(Component::ControllerManager, setting)?;
        self.add(Component::Scheduler, setting)?;
        if setting.options.kwok {
            write_stages(setting)?;
            self.add(Component::Kwok, setting)?;
        }
        Ok(())
    }

    fn add(&mut self, component: Component, setting: &Setting<'_>) -> Result<()> {
        let service = Service::start(&self.guardian, setting.specification(component))?;
        self.services.push((component, service));
        Ok(())
    }
}

/// Waits until the controllers and the nodes have shown that they live.
pub(super) fn wait_until_alive(client: &Client, options: &Options) -> Result<()> {
    wait_for_service_account(client, "default")?;
    if !options.kwok {
        return Ok(());
    }
    wait::until("the nodes to be ready", LIMIT, || {
        let nodes = client
            .get("/api/v1/nodes")
            .map_err(|error| error.to_string())?;
        let ready = nodes
            .get("items")
            .and_then(Value::as_array)
            .map_or(0, |items| {
                items.iter().filter(|node| is_true(node, "Ready")).count()
            });
        if ready >= options.nodes {
            Ok(())
        } else {
            Err(format!("{ready} nodes are ready"))
        }
    })
}

/// Waits until pods can be made in a namespace.
pub(super) fn wait_for_service_account(client: &Client, namespace: &str) -> Result<()> {
    wait::until(
        "the controllers to make the default ServiceAccount",
        LIMIT,
        || {
            let path = format!("/api/v1/namespaces/{namespace}/serviceaccounts/default");
            client
                .get(&path)
                .map(drop)
                .map_err(|error| error.to_string())
        },
    )
}

/// The files of `tests/controlplane/stages` that kwok is started with.
pub(super) const STAGES: [&str; 5] = [
    "node.yaml",
    "pod.yaml",
    "failures.yaml",
    "logs.yaml",
    "forward.yaml",
];

/// Fills in the stages, and writes the logs that every container shows.
fn write_stages(setting: &Setting<'_>) -> Result<()> {
    // The format of the container runtime interface.
    const LINES: &str = "2026-01-01T00:00:00.000000000Z stdout F starting\n\
        2026-01-01T00:00:01.000000000Z stderr F fatal: cannot open the configuration\n";
    let Setting {
        folder,
        options,
        forward,
        ..
    } = setting;
    let pod_start = format!("durationMilliseconds: {} #", options.pod_start.as_millis());
    let mut files = vec![
        ("container.log", LINES.to_owned()),
        ("container-previous.log", LINES.to_owned()),
    ];
    for name in STAGES {
        let path = program::workspace()
            .join("tests/controlplane/stages")
            .join(name);
        let text = fs::read_to_string(&path).map_err(Error::file(&path))?;
        let text = text.replace("@folder@", &folder.to_string_lossy());
        let text = text.replace("@forward@", &forward.to_string());
        files.push((
            name,
            text.replace("durationMilliseconds: 0 # pod_start", &pod_start),
        ));
    }
    for (name, content) in files {
        let path = folder.join(name);
        fs::write(&path, content).map_err(Error::file(&path))?;
    }
    Ok(())
}

fn ready(client: &Client) -> Result<(), String> {
    client
        .get_text("/readyz")
        .map(drop)
        .map_err(|error| error.to_string())
}

fn connect(url: &str, authority: &Authority, identity: Identity) -> Connection {
    Connection {
        url: url.to_owned(),
        authority: authority.certificate().to_owned(),
        credentials: Credentials::Certificate(identity),
    }
}

/// Writes certificates, keys and kubeconfigs, and answers the administrator's connection.
fn write_files(folder: &Path, authority: &Authority, url: &str) -> Result<Connection> {
    const NAMES: [&str; 5] = [
        "127.0.0.1",
        "localhost",
        "10.96.0.1",
        "kubernetes",
        "kubernetes.default.svc",
    ];
    authority.identity().write(folder, "ca")?;
    authority.server(&NAMES)?.write(folder, "api-server")?;
    let front_proxy = Subject {
        user: "front-proxy-client",
        group: None,
    };
    authority
        .client(front_proxy)?
        .write(folder, "front-proxy")?;
    let (private, public) = certificates::private_key("service-account")?;
    certificates::write_private(&folder.join("service-account.key"), &private)?;
    certificates::write_private(&folder.join("service-account.pub"), &public)?;
    let egress = EGRESS.replace("@folder@", &folder.to_string_lossy());
    for (name, text) in [
        ("audit-policy.yaml", AUDIT_POLICY),
        ("egress.yaml", &egress),
    ] {
        let path = folder.join(name);
        fs::write(&path, text).map_err(Error::file(&path))?;
    }
    for (file, subject) in USERS {
        let connection = connect(url, authority, authority.client(subject)?);
        connection.write_kubeconfig(&folder.join(file))?;
    }
    let administrator = connect(url, authority, authority.client(ADMINISTRATOR)?);
    let path = folder.join("admin.kubeconfig");
    administrator.write_kubeconfig(&path)?;
    Ok(administrator)
}
