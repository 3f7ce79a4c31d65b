//! The agent as a process, with the rights that its manifests give it.
#![cfg(test)]

use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

use serde_json::{Value, json};
use tidegate_testbed::{
    Access, Agent, AgentOptions, Commit, ControlPlane, GitServer, Repository, Route, agent, wait,
};

const LIMIT: Duration = Duration::from_secs(60);

fn control_plane() -> &'static ControlPlane {
    static READY: OnceLock<()> = OnceLock::new();
    let control_plane = ControlPlane::shared();
    READY.get_or_init(|| agent::install(control_plane).unwrap());
    control_plane
}

fn options() -> AgentOptions {
    AgentOptions {
        program: PathBuf::from(env!("CARGO_BIN_EXE_tidegate")),
        mirror: None,
        access: Access::Open,
        flags: Vec::new(),
    }
}

/// A Git server, a repository with one ConfigMap in it, and a Layer that follows it.
struct Site {
    git: GitServer,
    repository: Repository,
    name: &'static str,
}

impl Site {
    fn new(name: &'static str) -> Self {
        let git = GitServer::start().unwrap();
        let repository = git.create(name).unwrap();
        let site = Self {
            git,
            repository,
            name,
        };
        site.push("1");
        site.create();
        site
    }

    fn push(&self, value: &str) -> String {
        let object = json!({
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": self.name, "namespace": agent::NAMESPACE},
            "data": {"value": value},
        });
        let commit = Commit::on("main").file("layer/map.yaml", object.to_string());
        self.repository.push(&commit).unwrap()
    }

    fn create(&self) {
        let namespace = agent::NAMESPACE;
        let objects = [
            json!({
                "apiVersion": "v1", "kind": "Secret",
                "metadata": {"name": self.name, "namespace": namespace},
                "stringData": {"ca.crt": self.git.authority()},
            }),
            json!({
                "apiVersion": "v1", "kind": "ServiceAccount",
                "metadata": {"name": "tidegate-deployer", "namespace": namespace},
            }),
            json!({
                "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
                "metadata": {"name": "test-deployer", "namespace": namespace},
                "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "admin"},
                "subjects": [{"kind": "ServiceAccount", "name": "tidegate-deployer", "namespace": namespace}],
            }),
            json!({
                "apiVersion": "tidegate.dev/v1alpha1", "kind": "Layer",
                "metadata": {"name": self.name, "namespace": namespace},
                "spec": {
                    "source": {"git": {
                        "url": self.git.https_url(Route::Open, self.name),
                        "interval": "1h",
                        "secretRef": {"name": self.name},
                    }},
                    "path": "layer",
                },
            }),
        ];
        for object in objects {
            control_plane().apply(&object.to_string()).unwrap();
        }
    }

    fn layer(&self) -> Value {
        let path = format!(
            "/apis/tidegate.dev/v1alpha1/namespaces/{}/layers/{}",
            agent::NAMESPACE,
            self.name
        );
        control_plane().client().get(&path).unwrap()
    }

    fn until_healthy(&self, commit: &str) {
        let revision = format!("HEAD@sha1:{commit}");
        wait::until("the layer to be healthy", LIMIT, || {
            let status = self.layer()["status"].clone();
            if status["lastHealthyRevision"] == revision {
                return Ok(());
            }
            Err(status.to_string())
        })
        .unwrap();
    }
}

fn is_leader(agent: &Agent) -> bool {
    let metrics = agent.metrics();
    metrics.is_ok_and(|text| text.contains("tidegate_leader 1"))
}

#[test]
fn a_layer_is_applied_and_measured_and_a_second_replica_takes_over() {
    let mut first = Agent::start(control_plane(), &options()).unwrap();
    let site = Site::new("replicas");
    site.until_healthy(&site.repository.head("main").unwrap());
    let metrics = first.metrics().unwrap();
    let labels = format!(
        "layer=\"replicas\",layer_namespace=\"{}\"",
        agent::NAMESPACE
    );
    for line in [
        format!("tidegate_layer_ready{{{labels}}} 1"),
        format!("tidegate_layer_objects{{health=\"current\",{labels}}} 1"),
        format!("tidegate_changes_total{{change=\"create\",{labels}}} 1"),
        "tidegate_leader 1".into(),
    ] {
        assert!(metrics.contains(&line), "{line} is not in\n{metrics}");
    }
    let second = Agent::start(control_plane(), &options()).unwrap();
    assert!(!is_leader(&second));
    sync_through(&second, &site);
    // The poll is slow: only the webhook, which the other replica takes, can tell of the push.
    site.repository.set_webhook(&second.webhook()).unwrap();
    site.until_healthy(&site.push("2"));

    first.stop().unwrap();
    let commit = site.push("3");
    wait::until("the second replica to lead", LIMIT, || {
        is_leader(&second).then_some(()).ok_or_else(String::new)
    })
    .unwrap();
    site.until_healthy(&commit);
}

/// Asks a replica for the layer and for a sync, and waits until that is done.
fn sync_through(agent: &Agent, site: &Site) {
    let path = format!("/api/v1/layers/{}/{}", agent::NAMESPACE, site.name);
    let (code, shown) = agent.call("GET".parse().unwrap(), &path, None).unwrap();
    assert_eq!(code, 200, "{shown}");
    let sync = format!("{path}/sync");
    let (code, ticket) = agent.call("POST".parse().unwrap(), &sync, None).unwrap();
    assert_eq!(code, 202, "{ticket}");
    wait::until("the leader to run the sync", LIMIT, || {
        let answered = site.layer()["status"]["sync"].clone();
        if answered["id"] == ticket["run"] && answered["state"] == "healthy" {
            return Ok(());
        }
        Err(answered.to_string())
    })
    .unwrap();
}
