//! The API server is away, in the middle of a run and when the agent starts, or answers nothing.

use std::fs;

use serde_json::Value;
use tidegate_testbed::{Agent, Component, ControlPlane, GitServer, Options, agent, wait};

use crate::place::{Origin, Place, condition};
use crate::rig::{LIMIT, agent_options, tidegate};

/// Something that is there at once, and something that may never get ready.
const YAML: &str = "apiVersion: v1
kind: ConfigMap
metadata: {name: first, namespace: NS}
data: {value: 'VALUE'}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: slow, namespace: NS}
spec:
  replicas: 1
  selector: {matchLabels: {app: slow}}
  template:
    metadata: {labels: {app: slow}, annotations: {FAIL}}
    spec: {containers: [{name: main, image: 'registry.example/slow:1'}]}
";

const NEVER: &str = "testbed.tidegate.dev/fail: never-ready";

fn yaml(value: &str, fail: &str) -> String {
    YAML.replace("VALUE", value).replace("FAIL", fail)
}

/// A control plane that is taken away and frozen, and an agent that follows two layers on it: one that may wait, and
/// one beside it.
struct Stage {
    agent: Agent,
    place: Place,
    beside: Place,
    _git: GitServer,
    // Last, so that everybody leaves before it.
    control_plane: ControlPlane,
}

impl Stage {
    fn start() -> Self {
        let options = Options {
            durable: true,
            ..Options::default()
        };
        let control_plane = ControlPlane::start(&options).unwrap();
        agent::install(&control_plane).unwrap();
        let git = GitServer::start().unwrap();
        let origin = Origin::new(&git, "outage");
        let place = Place::new(&control_plane, &origin, "outage");
        let beside = Place::new(&control_plane, &origin, "beside");
        place.push(&yaml("1", NEVER));
        let healthy = beside.push(&yaml("1", ""));
        let agent = Agent::start(&control_plane, &agent_options()).unwrap();
        for place in [&place, &beside] {
            place.set_layer(&place.spec());
        }
        place.until("a run to wait", waits);
        // A layer that waits keeps no other one from what it has to do.
        beside.until_healthy(&healthy);
        Self {
            agent,
            place,
            beside,
            _git: git,
            control_plane,
        }
    }

    /// Pushes what mends the one layer and changes the other; answers the last revision.
    fn push(&self, value: &str) -> String {
        self.place.push(&yaml(value, ""));
        self.beside.push(&yaml(value, ""))
    }

    /// Waits until both layers are as they are to be, with objects that are still the same.
    fn until_both_follow(&self, revision: &str, value: &str) {
        for place in [&self.place, &self.beside] {
            place.until_healthy(revision);
            assert_eq!(self::value(place), value);
        }
    }

    /// How often the layer's first object was written.
    fn writes(&self) -> usize {
        let account = format!(
            "system:serviceaccount:{}:tidegate-deployer",
            self.place.namespace
        );
        let audit = self.control_plane.audit().unwrap();
        let writes = audit.iter().filter(|event| {
            event.is_write() && event.user == account && event.uri.contains("/configmaps/first?")
        });
        writes.count()
    }
}

#[test]
fn the_agent_outlives_an_api_server_that_is_away_or_frozen() {
    let mut stage = Stage::start();
    away_in_mid_run(&mut stage);
    away_at_the_start(&mut stage);
    frozen_in_mid_run(&mut stage);
    let audit = stage.control_plane.audit().unwrap();
    let account = format!("system:serviceaccount:{}:tidegate", agent::NAMESPACE);
    let deletes = audit
        .iter()
        .filter(|event| event.authenticated_user == account && event.verb.starts_with("delete"));
    assert_eq!(deletes.count(), 0);
}

fn away_in_mid_run(stage: &mut Stage) {
    let uids = uids(stage);
    stage.control_plane.kill(Component::ApiServer).unwrap();
    let fixed = stage.push("2");
    until_logged(&stage.agent, "the API server cannot be reached: ");
    until_logged(&stage.agent, "Connection refused");
    let told = tidegate(&stage.control_plane, &["get"]);
    assert!(
        told.contains("the API server cannot be reached: "),
        "{told}"
    );
    assert!(stage.agent.is_running());
    stage.control_plane.restart(Component::ApiServer).unwrap();
    stage.until_both_follow(&fixed, "2");
    assert_eq!(self::uids(stage), uids);
}

fn away_at_the_start(stage: &mut Stage) {
    stage.agent.stop().unwrap();
    stage.control_plane.kill(Component::ApiServer).unwrap();
    let last = stage.push("3");
    stage.agent.start_again().unwrap();
    until_readiness(&stage.agent, |code, said| {
        code == 503 && said == "the API server has not been reached yet\n"
    });
    until_logged(&stage.agent, "the API server does not answer: trying on");
    until_logged(&stage.agent, &stage.control_plane.connection().url);
    stage.control_plane.restart(Component::ApiServer).unwrap();
    stage.agent.wait_ready().unwrap();
    stage.until_both_follow(&last, "3");
}

/// Connections stay open, and nothing is answered.
fn frozen_in_mid_run(stage: &mut Stage) {
    let stuck = stage.place.push(&yaml("4", NEVER));
    stage.place.until("the next run to wait", |layer| {
        waits(layer) && layer["status"]["lastAttemptedRevision"] == stuck
    });
    let writes = stage.writes();
    stage.control_plane.freeze(Component::ApiServer).unwrap();
    let fixed = stage.push("5");
    until_readiness(&stage.agent, |code, said| {
        code == 503 && said.starts_with("the API server has not answered for ")
    });
    until_logged(&stage.agent, "no answer within ");
    let metrics = stage.agent.metrics().unwrap();
    let unanswered = metrics.lines().find_map(|line| {
        let seconds = line.strip_prefix("tidegate_kube_unanswered_seconds ")?;
        seconds.parse::<f64>().ok()
    });
    assert!(
        unanswered.is_some_and(|seconds| seconds > 10.0),
        "{metrics}"
    );
    // Who writes is not known while the Lease cannot be renewed.
    wait::until("the agent to give up the lead", LIMIT, || {
        let metrics = stage.agent.metrics().map_err(|error| error.to_string())?;
        let leads = metrics.contains("tidegate_leader 1");
        (!leads).then_some(()).ok_or(metrics)
    })
    .unwrap();
    stage.control_plane.thaw(Component::ApiServer).unwrap();
    stage.until_both_follow(&fixed, "5");
    assert_eq!(stage.writes(), writes + 1);
    until_readiness(&stage.agent, |code, _| code == 200);
}

fn until_readiness(agent: &Agent, is_so: impl Fn(u16, &str) -> bool) {
    wait::until("what /readyz is to say", LIMIT, || {
        let (code, said) = agent.readiness().map_err(|error| error.to_string())?;
        is_so(code, &said)
            .then_some(())
            .ok_or_else(|| format!("{code} {said}"))
    })
    .unwrap();
}

fn waits(layer: &Value) -> bool {
    condition(layer, "Ready")["reason"] == "Progressing"
        && layer["status"]["inventory"]["healthy"] == 1
}

fn until_logged(agent: &Agent, words: &str) {
    wait::until("the agent to log what is wrong", LIMIT, || {
        let log = fs::read_to_string(agent.log()).map_err(|error| error.to_string())?;
        log.contains(words).then_some(()).ok_or(log)
    })
    .unwrap();
}

fn first(place: &Place) -> Value {
    place.read("/api/v1/namespaces/NS/configmaps/first")
}

fn value(place: &Place) -> String {
    first(place)["data"]["value"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

fn uids(stage: &Stage) -> [Value; 2] {
    [&stage.place, &stage.beside].map(|place| first(place)["metadata"]["uid"].clone())
}
