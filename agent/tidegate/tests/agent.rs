//! The agent as a process, with the rights that its manifests give it.
#![cfg(test)]

use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

use serde_json::{Value, json};
use tidegate_testbed::{
    Access, Agent, AgentOptions, Commit, Component, ControlPlane, GitServer, Options, Repository,
    Route, agent, wait,
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
    fn new(control_plane: &ControlPlane, name: &'static str) -> Self {
        let git = GitServer::start().unwrap();
        let repository = git.create(name).unwrap();
        let site = Self {
            git,
            repository,
            name,
        };
        site.push("1");
        site.create(control_plane);
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

    fn create(&self, control_plane: &ControlPlane) {
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
            control_plane.apply(&object.to_string()).unwrap();
        }
    }

    fn layer(&self, control_plane: &ControlPlane) -> Value {
        let path = format!(
            "/apis/tidegate.dev/v1alpha1/namespaces/{}/layers/{}",
            agent::NAMESPACE,
            self.name
        );
        control_plane.client().get(&path).unwrap_or_default()
    }

    fn until_healthy(&self, control_plane: &ControlPlane, commit: &str) {
        let revision = format!("HEAD@sha1:{commit}");
        wait::until("the layer to be healthy", LIMIT, || {
            let status = self.layer(control_plane)["status"].clone();
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
    let site = Site::new(control_plane(), "replicas");
    site.until_healthy(control_plane(), &site.repository.head("main").unwrap());
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
    read_through(&second, &first, &site);
    sync_through(&second, &site);
    // The poll is slow: only the webhook, which the other replica takes, can tell of the push.
    site.repository.set_webhook(&second.webhook()).unwrap();
    site.until_healthy(control_plane(), &site.push("2"));

    first.stop().unwrap();
    let commit = site.push("3");
    wait::until("the second replica to lead", LIMIT, || {
        is_leader(&second).then_some(()).ok_or_else(String::new)
    })
    .unwrap();
    site.until_healthy(control_plane(), &commit);
}

/// Asks a replica that does not lead for what only the leader knows.
fn read_through(agent: &Agent, leader: &Agent, site: &Site) {
    for what in ["objects", "plan"] {
        let path = format!("/api/v1/layers/{}/{}/{what}", agent::NAMESPACE, site.name);
        let read = |agent: &Agent| agent.call("GET".parse().unwrap(), &path, None).unwrap();
        wait::until("both replicas to say the same", LIMIT, || {
            let (own, passed_on) = (read(leader), read(agent));
            let is_told = own.0 == 200 && own.1.to_string().contains(site.name);
            (is_told && own == passed_on)
                .then_some(())
                .ok_or_else(|| format!("{own:?} {passed_on:?}"))
        })
        .unwrap();
    }
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
        let answered = site.layer(control_plane())["status"]["sync"].clone();
        if answered["id"] == ticket["run"] && answered["state"] == "healthy" {
            return Ok(());
        }
        Err(answered.to_string())
    })
    .unwrap();
}

#[test]
fn the_api_server_may_be_away_in_between_and_at_the_start() {
    let mut control_plane = ControlPlane::start(&Options::default()).unwrap();
    agent::install(&control_plane).unwrap();
    let mut agent = Agent::start(&control_plane, &options()).unwrap();
    let site = Site::new(&control_plane, "outage");
    site.repository.set_webhook(&agent.webhook()).unwrap();
    site.until_healthy(&control_plane, &site.repository.head("main").unwrap());

    control_plane.kill(Component::ApiServer).unwrap();
    let commit = site.push("2");
    control_plane.restart(Component::ApiServer).unwrap();
    site.until_healthy(&control_plane, &commit);

    agent.kill();
    control_plane.kill(Component::ApiServer).unwrap();
    let log = agent.log();
    let commit = site.push("3");
    std::thread::scope(|scope| {
        let started = scope.spawn(|| agent.restart());
        wait::until("the agent to say what it misses", LIMIT, || {
            let text = std::fs::read_to_string(&log).unwrap_or_default();
            let is_told = text.contains("the API server does not answer: trying on");
            is_told.then_some(()).ok_or(text)
        })
        .unwrap();
        control_plane.restart(Component::ApiServer).unwrap();
        started.join().unwrap().unwrap();
    });
    site.until_healthy(&control_plane, &commit);
}

#[test]
fn nobody_asks_for_a_sync_without_the_right_or_in_the_name_of_somebody_else() {
    let control_plane = control_plane();
    let namespace = control_plane.new_namespace("asking").unwrap();
    let role = |name: &str, rules: Value| {
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role",
            "metadata": {"name": name, "namespace": namespace}, "rules": rules,
        })
    };
    let bind = |name: &str, user: &str| {
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
            "metadata": {"name": format!("{name}-{user}"), "namespace": namespace},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name},
            "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}],
        })
    };
    let may = |resource: &str, verbs: &[&str]| json!([{"apiGroups": ["tidegate.dev"], "resources": [resource], "verbs": verbs}]);
    let objects = [
        role("edit", may("layers", &["get", "patch", "update"])),
        role("sync", may("layers/sync", &["update"])),
        bind("edit", "alice"),
        bind("sync", "alice"),
        bind("edit", "bob"),
        bind("sync", "bob"),
        bind("edit", "carol"),
        json!({
            "apiVersion": "tidegate.dev/v1alpha1", "kind": "Layer",
            "metadata": {"name": "web", "namespace": namespace},
            "spec": {"source": {"git": {"url": "https://127.0.0.1:1/web.git"}}},
        }),
    ];
    for object in objects {
        control_plane.apply(&object.to_string()).unwrap();
    }
    let ask = |user: &str, annotations: &[&str]| {
        let (user, namespace) = (format!("--as={user}"), format!("--namespace={namespace}"));
        let mut words = vec!["annotate", "--overwrite", "layers/web", &user, &namespace];
        words.extend(annotations);
        control_plane
            .kubectl(&words)
            .map(drop)
            .map_err(|error| error.to_string())
    };
    let refused = |answer: Result<(), String>, words: &str| {
        let error = answer.unwrap_err();
        assert!(error.contains(words), "{error}");
    };
    let (run, by_alice) = (
        "tidegate.dev/sync-requested-at=",
        "tidegate.dev/requested-by=alice",
    );
    // A policy holds a moment after it was made.
    wait::until("the policy to hold", LIMIT, || {
        let tried = ask("carol", &[&format!("{run}0"), "--dry-run=server"]);
        tried.err().ok_or_else(|| "carol may ask".to_owned())
    })
    .unwrap();
    ask("alice", &[&format!("{run}1"), by_alice]).unwrap();
    refused(
        ask("carol", &[&format!("{run}2")]),
        "those who may update layers/sync",
    );
    refused(
        ask("bob", &[&format!("{run}2"), by_alice]),
        "in your own name",
    );
    refused(ask("bob", &[&format!("{run}2")]), "in your own name");
    ask(
        "bob",
        &[&format!("{run}2"), "tidegate.dev/requested-by=bob"],
    )
    .unwrap();
    ask("alice", &[&format!("{run}3"), "tidegate.dev/requested-by-"]).unwrap();
}
