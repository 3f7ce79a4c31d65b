//! The agent as its Deployment starts it, with the rights that its manifests give it, and the local stage to bring up.

mod rights;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use serde::Deserialize as _;
use serde_json::Value;
use tidegate_testbed::{
    Agent, AuditEvent, Container, ControlPlane, GitServer, Operators, Options, agent,
    command_output, stage, vendor, wait,
};

use crate::rig::{LIMIT, PROGRAM, agent_options};

const STAGE: &str = "clusters/stages/local";
const REPOSITORY: &str = "platform";
const ACCOUNT: &str = "system:serviceaccount:tidegate-system:tidegate";
/// An account that may ask for a sync and see Layers, and nothing else.
const CALLER: &str = "caller";

/// An agent in what it takes for a Pod, and the local stage, which it has brought up.
struct Installation {
    agent: Agent,
    control_plane: ControlPlane,
    _operators: Operators,
    _git: GitServer,
}

/// The installation; the first test that asks makes it.
fn installation() -> &'static Installation {
    static INSTALLATION: OnceLock<Installation> = OnceLock::new();
    INSTALLATION.get_or_init(Installation::start)
}

impl Installation {
    fn start() -> Self {
        let root = root();
        vendor::fill(&root).unwrap();
        let control_plane = ControlPlane::start(&Options::default()).unwrap();
        let operators = Operators::start(&control_plane, Duration::from_millis(100)).unwrap();
        agent::install(&control_plane).unwrap();
        let git = GitServer::start().unwrap();
        let repository = git.copy(REPOSITORY, &root).unwrap();
        let mut options = agent_options();
        options.mirror = Some(root.join("vendor"));
        let agent = Agent::start_in_pod(&control_plane, &options, &container()).unwrap();
        repository.set_webhook(&agent.webhook()).unwrap();
        agent.rotate_token(&control_plane).unwrap();
        let layers = stage::register(&control_plane, STAGE, (&git, REPOSITORY)).unwrap();
        let installation = Self {
            agent,
            control_plane,
            _operators: operators,
            _git: git,
        };
        let commit = repository.head("main").unwrap();
        for layer in layers {
            installation.until_healthy(&layer, &commit);
        }
        installation
    }

    fn until_healthy(&self, layer: &str, commit: &str) {
        let path = layer_path(layer);
        wait::until(&format!("layer {layer} to be healthy"), LIMIT, || {
            let layer = self.control_plane.client().get(&path);
            let layer = layer.map_err(|error| error.to_string())?;
            let healthy = layer["status"]["lastHealthyRevision"].as_str();
            let is_there = healthy.is_some_and(|revision| revision.ends_with(commit));
            is_there.then_some(()).ok_or(layer["status"].to_string())
        })
        .unwrap();
    }

    /// What the agent has asked of the API server, as itself or as another.
    fn requests(&self) -> Vec<AuditEvent> {
        let events = self.control_plane.audit().unwrap().into_iter();
        events
            .filter(|event| event.authenticated_user == ACCOUNT)
            .collect()
    }

    /// Waits for the next time that the agent has renewed its Lease.
    fn until_renewed(&self, last: &RefCell<String>) -> Result<(), String> {
        let namespace = agent::NAMESPACE;
        let path = format!("/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases/tidegate");
        let lease = self.control_plane.client().get(&path);
        let lease = lease.map_err(|error| error.to_string())?;
        let renewed = lease["spec"]["renewTime"].to_string();
        if *last.borrow() == renewed {
            return Err("the Lease is as it was".to_owned());
        }
        last.replace(renewed);
        Ok(())
    }
}

#[test]
fn its_folders_and_ports_are_where_the_agent_looks_by_itself() {
    let help = command_output(Path::new(PROGRAM), &["agent", "--help"]).unwrap();
    let container = &pod()["containers"][0];
    let mounts = container["volumeMounts"].as_array().unwrap();
    let paths = mounts
        .iter()
        .map(|mount| mount["mountPath"].as_str().unwrap().to_owned());
    let ports = container["ports"].as_array().unwrap();
    let ports = ports
        .iter()
        .map(|port| format!("[::]:{}", port["containerPort"]));
    for place in paths.chain(ports) {
        assert!(
            help.contains(&format!("[default: {place}]")),
            "{place} is not in\n{help}"
        );
    }
}

#[test]
fn a_token_that_has_changed_is_read_again() {
    let installation = installation();
    let last = RefCell::default();
    wait::until("requests with the second token", LIMIT, || {
        installation.until_renewed(&last)?;
        let requests = installation.requests();
        let credentials: BTreeSet<_> = requests.iter().map(|event| &event.credential).collect();
        match credentials.len() {
            2 => Ok(()),
            _ => Err(format!("{credentials:?}")),
        }
    })
    .unwrap();
    let refused = installation
        .requests()
        .into_iter()
        .find(|event| event.code == 401);
    assert_eq!(refused, None);
}

fn layer_path(layer: &str) -> String {
    let namespace = agent::NAMESPACE;
    format!("/apis/tidegate.dev/v1alpha1/namespaces/{namespace}/layers/{layer}")
}

/// What the Deployment starts its container with.
fn container() -> Container {
    let container = pod()["containers"][0].clone();
    let arguments = container["args"].as_array().unwrap().iter();
    let environment = container["env"].as_array().unwrap().iter();
    Container {
        arguments: arguments
            .map(|argument| argument.as_str().unwrap().to_owned())
            .collect(),
        environment: environment
            .map(|entry| (entry["name"].as_str().unwrap().to_owned(), value(entry)))
            .collect(),
    }
}

/// What Kubernetes would put into a variable.
fn value(entry: &Value) -> String {
    match entry
        .pointer("/valueFrom/fieldRef/fieldPath")
        .and_then(Value::as_str)
    {
        Some("metadata.namespace") => agent::NAMESPACE.to_owned(),
        Some("metadata.name") => "tidegate-0".to_owned(),
        Some("status.podIP") => "127.0.0.1".to_owned(),
        _ => entry["value"].as_str().expect("a value").to_owned(),
    }
}

/// The Pod of the Deployment.
fn pod() -> Value {
    let path = root().join("manifests/tidegate/deployment.yaml");
    let text = std::fs::read_to_string(path).unwrap();
    let deployment = Value::deserialize(serde_yaml::Deserializer::from_str(&text)).unwrap();
    deployment["spec"]["template"]["spec"].clone()
}

fn root() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
    folder.unwrap().to_owned()
}
