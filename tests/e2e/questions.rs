//! The questions that people ask, each answered by one command.

use serde_json::{Value, json};
use tidegate_testbed::Commit;

use crate::place::{Place, condition};
use crate::rig::{rig, said, tidegate_about};

const FIRST: &str = "apiVersion: v1
kind: ConfigMap
metadata: {name: config, namespace: NS}
data: {value: first}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: more, namespace: NS}
";
/// It needs a Secret that nobody makes, and no longer holds `more`.
const SECOND: &str = "apiVersion: v1
kind: ConfigMap
metadata: {name: config, namespace: NS}
data: {value: second}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: NS}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: main, image: 'example.com/web:1', envFrom: [{secretRef: {name: login}}]}]
";

/// A layer that waits on the other.
const WAITING: &str = "/apis/tidegate.dev/v1alpha1/namespaces/NS/layers/waiting";

#[test]
fn one_command_answers_each_question() {
    let rig = rig();
    let origin = rig.origin("questions");
    let place = rig.place(&origin, "questions");
    let first = place.push(FIRST);
    place.set_layer(&place.spec());
    place.until_healthy(&first);
    about_the_past(&place, &first);
    about_a_commit(&place);
    about_other_layers(&place);
    about_standstill(&place);
    let before = first.rsplit(':').next().unwrap();
    let looked = layer(&place, &["diff", "--revision", before]);
    let words = ["+  value: first"];
    holds("what did it look like last week?", &looked, &words);
}

fn about_the_past(place: &Place, first: &str) {
    let change = json!({"data": {"extra": "by hand"}});
    place.merge("/api/v1/namespaces/NS/configmaps/config", &change);
    let traced = object(place, "trace", "configmap/config");
    let words = [
        "layer   NS/questions",
        "file    questions/all.yaml:1",
        first,
    ];
    holds("which file made this object?", &traced, &words);
    let words = ["data.extra", "(update)"];
    holds("who changed it in the cluster?", &traced, &words);
    let history = layer(place, &["history"]);
    let words = [
        "create 2",
        "core/ConfigMap/NS/config, core/ConfigMap/NS/more",
    ];
    let question = "what did the last run do, and why was it slow?";
    holds(question, &history, &words);
    let phases = ["fetch ", "render ", "preflight ", "apply ", "wait "];
    let is_told =
        |line: &str| line.contains("create 2") && phases.iter().any(|phase| line.contains(phase));
    assert!(history.lines().any(is_told), "{question}: {history}");
    let history = layer(place, &["history", "-o", "json"]);
    holds(question, &history, &["\"phases\": {", "\"apply\": "]);
}

fn about_a_commit(place: &Place) {
    let branch = Commit::on("proposed").file("questions/all.yaml", place.text(SECOND));
    let proposed = place.origin.repository.push(&branch).unwrap();
    let diff = layer(place, &["diff", "--revision", &proposed]);
    let words = [
        "update core/ConfigMap/NS/config",
        "-  value: first",
        "create apps/Deployment/NS/web",
    ];
    holds("what will this commit change?", &diff, &words);
    let words = ["core/ConfigMap/NS/more"];
    holds("what would be deleted?", &diff, &words);
    let plan = rig().ask(place, &format!("/plan?revision={proposed}"));
    let leaves = json!([format!("core/ConfigMap/{}/more", place.namespace)]);
    assert_eq!(plan["leaves"], leaves, "what would be deleted? {plan}");
    let nodes = plan["nodes"].as_array().unwrap().iter();
    let fields: Vec<_> = nodes.filter_map(|node| node.get("fields")).collect();
    assert_eq!(fields, [&json!(["data.value"])], "{plan}");
}

fn about_other_layers(place: &Place) {
    let mut spec = place.spec();
    spec["dependsOn"] = json!([{"name": "questions"}]);
    let waiting = json!({
        "apiVersion": "tidegate.dev/v1alpha1", "kind": "Layer", "metadata": {"name": "waiting"}, "spec": spec,
    });
    place.apply(WAITING, &waiting);
    let tree = layer(place, &["tree"]);
    let words = ["NS/questions  ready", "  NS/waiting  "];
    holds("which layers wait on this one?", &tree, &words);
    place.delete(WAITING);
}

fn about_standstill(place: &Place) {
    layer(place, &["suspend"]);
    let second = place.push(SECOND);
    place.until("the commit to be seen", |layer| {
        condition(layer, "Ready")["status"] == "False"
    });
    let why = layer(place, &["why"]);
    holds("why was nothing done?", &why, &["suspended"]);
    let listed = layer(place, &["get"]);
    holds("what is out of date?", &listed, &["suspended", "False"]);
    let history = layer(place, &["history", "-o", "json"]);
    let history: Value = serde_json::from_str(&history).unwrap();
    let mut lines = history.as_array().unwrap().iter();
    let suspension = lines.find(|line| line["outcome"] == "suspended");
    assert!(suspension.unwrap()["requestedBy"].is_string(), "{history}");
    let mut spec = place.spec();
    spec["requires"] = json!([{"apiVersion": "v1", "kind": "Secret", "name": "login", "namespace": place.namespace}]);
    place.set_layer(&spec);
    let resumed = layer(place, &["resume"]);
    assert!(resumed.starts_with("resumed "), "{resumed}");
    place.until("the object to wait", |layer| {
        let status = &layer["status"];
        status["lastAttemptedRevision"] == second && !status["waitingFor"].is_null()
    });
    let why = object(place, "why", "deployment/web");
    let question = "why is this object not applied?";
    let words = [
        "the layer NS/questions applies it later: it waits for core/Secret/NS/login: ",
        "apps/Deployment/NS/web: not there",
    ];
    holds(question, &why, &words);
    let words = ["core/Secret/NS/login"];
    holds(question, &layer(place, &["why"]), &words);
    let listed = layer(place, &["get"]);
    holds("what is out of date?", &listed, &["still at main@"]);
}

fn layer(place: &Place, arguments: &[&str]) -> String {
    let (_, out, error) = tidegate_about(place, arguments);
    out + &error
}

fn object(place: &Place, command: &str, object: &str) -> String {
    let kubeconfig = rig().control_plane.kubeconfig();
    let kubeconfig = format!("--kubeconfig={}", kubeconfig.display());
    let (_, out, error) = said(&[command, object, "-n", &place.namespace, &kubeconfig]);
    (out + &error).replace(&place.namespace, "NS")
}

fn holds(question: &str, text: &str, words: &[&str]) {
    for word in words {
        assert!(text.contains(word), "{question}: no `{word}` in\n{text}");
    }
}
