//! What is wrong with a rendering as a whole, and what is only worth a warning.

use tidegate_plan::FindingKind;
use tidegate_sync::{Outcome, Run, Step};

use crate::world::{World, describe, leaving, object};

#[test]
fn an_object_that_stands_twice_stops_the_run() {
    let world = World::new("twice");
    let one = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: NS}\n";
    let run = world.apply(&format!("{one}---\n{one}"));
    assert_eq!(run.outcome, Some(Outcome::Failed));
    assert_eq!(
        run.message.replace(&world.namespace, "NS"),
        "core/ConfigMap/NS/a stands twice: at app.yaml:1 and at app.yaml:5: remove one"
    );
    assert_eq!(world.writes(), []);
}

#[test]
fn objects_that_wait_for_each_other_stop_the_run() {
    let world = World::new("cycle");
    let one = |name: &str, other: &str| {
        format!(
            "apiVersion: v1
kind: ConfigMap
metadata:
  name: {name}
  namespace: NS
  annotations: {{tidegate.dev/depends-on: /namespaces/NS/ConfigMap/{other}}}
---
"
        )
    };
    let run = world.apply(&format!("{}{}", one("a", "b"), one("b", "a")));
    assert_eq!(run.outcome, Some(Outcome::Failed), "{}", describe(&run));
    assert!(
        run.message
            .starts_with("objects wait for each other in a circle:")
            && run.message.contains("app.yaml:8"),
        "{}",
        run.message
    );
    assert_eq!(world.writes(), []);
}

#[test]
fn a_reference_that_leads_nowhere_is_a_finding_and_no_gate() {
    let world = World::new("dangling");
    let web = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: NS}
spec:
  replicas: 0
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: main, image: 'example.com/web:1', envFrom: [{secretRef: {name: none}}]}]}
";
    let run = world.apply(web);
    assert!(
        matches!(object(&run, "deployment/web").step, Step::Ready),
        "{}",
        describe(&run)
    );
    let finding = run
        .findings
        .iter()
        .find(|finding| finding.kind == FindingKind::DanglingReference);
    let finding = finding.unwrap();
    assert!(finding.message.contains("none"), "{}", finding.message);
    assert_eq!(finding.origin.as_ref().unwrap().to_string(), "app.yaml:1");
    // Made by hand, it is found.
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: none, namespace: NS}\n";
    world.control_plane.apply(&world.text(secret)).unwrap();
    assert_eq!(*world.apply(web).findings, []);
}

#[test]
fn what_an_older_rendering_brought_wrong_stops_no_fix_of_something_else() {
    let world = World::new("older");
    let bad = "apiVersion: v1\nkind: Service\nmetadata: {name: bad, namespace: NS}\nspec: {ports: [{port: x}]}
---\napiVersion: v1\nkind: Service\nmetadata: {name: homeless}\n";
    let good = |colour: &str| {
        format!(
            "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: good, namespace: NS}}\ndata: {{colour: {colour}}}\n"
        )
    };
    let first = format!("{bad}{}", good("blue"));
    for _ in 0..2 {
        assert_eq!(world.apply(&first).outcome, Some(Outcome::Failed));
    }
    let run = world.apply(&format!("{bad}{}", good("red")));
    assert_eq!(run.outcome, Some(Outcome::Degraded), "{}", describe(&run));
    assert_eq!(object(&run, "service/bad").step, Step::Failed);
    assert_eq!(object(&run, "service/homeless").step, Step::Failed);
    assert_eq!(object(&run, "configmap/good").step, Step::Ready);
}

#[test]
fn a_change_says_what_it_does_to_what_runs() {
    let world = World::new("consequence");
    let web = |image: &str, replicas: u32| {
        format!(
            "
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web, namespace: NS}}
spec:
  replicas: {replicas}
  selector: {{matchLabels: {{app: web}}}}
  template:
    metadata: {{labels: {{app: web}}}}
    spec: {{containers: [{{name: main, image: 'example.com/web:{image}'}}]}}
"
        )
    };
    let consequences = |run: &Run| -> Vec<String> {
        let all = object(run, "deployment/web").consequences.iter();
        all.map(|one| format!("{}: {}", one.kind, one.message))
            .collect()
    };
    assert!(consequences(&world.apply(&web("1", 3))).is_empty());
    let run = world.apply(&web("2", 3));
    assert_eq!(consequences(&run), ["restart: restarts its 3 pods"]);
    let other = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: NS}\n";
    let run = world.apply(&format!("{}---\n{other}", web("2", 1)));
    assert_eq!(consequences(&run), ["scaleDown: scales from 3 to 1 pods"]);
    let run = world.apply(other);
    let consequences = &leaving(&run, "deployment/web").consequences;
    let said: Vec<_> = consequences
        .iter()
        .map(|one| one.message.as_str())
        .collect();
    assert_eq!(said, ["stops its 1 pod"]);
}
