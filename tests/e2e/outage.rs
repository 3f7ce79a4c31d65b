//! The API server is away: in the middle of a run, and when the agent starts.

use std::fs;

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

fn yaml(value: &str, fail: &str) -> String {
    YAML.replace("VALUE", value).replace("FAIL", fail)
}

#[test]
fn the_agent_outlives_an_api_server_that_is_away_in_mid_run_and_at_its_start() {
    let options = Options {
        durable: true,
        ..Options::default()
    };
    let mut control_plane = ControlPlane::start(&options).unwrap();
    agent::install(&control_plane).unwrap();
    let git = GitServer::start().unwrap();
    let origin = Origin::new(&git, "outage");
    let place = Place::new(&control_plane, &origin, "outage");
    place.push(&yaml("1", "testbed.tidegate.dev/fail: never-ready"));
    let mut agent = Agent::start(&control_plane, &agent_options()).unwrap();
    place.set_layer(&place.spec());
    place.until("a run to wait", |layer| {
        condition(layer, "Ready")["reason"] == "Progressing"
            && layer["status"]["inventory"]["healthy"] == 1
    });
    let uid = uid(&place);

    control_plane.kill(Component::ApiServer).unwrap();
    let fixed = place.push(&yaml("2", ""));
    until_logged(&agent, "the API server cannot be reached: ");
    until_logged(&agent, "Connection refused");
    let told = tidegate(&control_plane, &["get"]);
    let url = control_plane.connection().url.clone();
    assert!(
        told.contains("the API server cannot be reached: "),
        "{told}"
    );
    assert!(agent.is_running());
    control_plane.restart(Component::ApiServer).unwrap();
    place.until_healthy(&fixed);
    assert_eq!(value(&place), "2");

    agent.stop().unwrap();
    control_plane.kill(Component::ApiServer).unwrap();
    let last = place.push(&yaml("3", ""));
    agent.start_again().unwrap();
    wait::until("the agent to say what it waits for", LIMIT, || {
        let said = agent.readiness().map_err(|error| error.to_string())?;
        let expected = (503, "the API server has not been reached yet\n".to_owned());
        (said == expected)
            .then_some(())
            .ok_or_else(|| format!("{said:?}"))
    })
    .unwrap();
    until_logged(&agent, "the API server does not answer: trying on");
    until_logged(&agent, &url);
    control_plane.restart(Component::ApiServer).unwrap();
    agent.wait_ready().unwrap();
    place.until_healthy(&last);
    assert_eq!((value(&place), self::uid(&place)), ("3".to_owned(), uid));
    let audit = control_plane.audit().unwrap();
    let account = format!("system:serviceaccount:{}:tidegate", agent::NAMESPACE);
    let deletes = audit
        .iter()
        .filter(|event| event.authenticated_user == account && event.verb.starts_with("delete"));
    assert_eq!(deletes.count(), 0);
}

fn until_logged(agent: &Agent, words: &str) {
    wait::until("the agent to log what is wrong", LIMIT, || {
        let log = fs::read_to_string(agent.log()).map_err(|error| error.to_string())?;
        log.contains(words).then_some(()).ok_or(log)
    })
    .unwrap();
}

fn first(place: &Place) -> serde_json::Value {
    place.read("/api/v1/namespaces/NS/configmaps/first")
}

fn value(place: &Place) -> String {
    first(place)["data"]["value"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

fn uid(place: &Place) -> serde_json::Value {
    first(place)["metadata"]["uid"].clone()
}
