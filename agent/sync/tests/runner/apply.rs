//! What is applied, in which order, and what a run that changes nothing costs.

use tidegate_plan::Change;
use tidegate_sync::{Outcome, Step};

use crate::world::{World, object};

const WEB: &str = "
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: NS}
data: {colour: blue}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: NS
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: main, image: 'example.com/web:1', envFrom: [{configMapRef: {name: settings}}]}]}
";

#[test]
fn objects_are_made_and_waited_for() {
    let world = World::new("made");
    let run = world.apply(WEB);
    assert_eq!(run.outcome, Some(Outcome::Healthy), "{run:#?}");
    let web = object(&run, "deployment/web");
    assert_eq!((web.change, web.step), (Change::Create, Step::Ready));
    let live = world.live("/apis/apps/v1/namespaces/NS/deployments/web");
    assert_eq!(live["status"]["readyReplicas"], 2);
    assert_eq!(
        live["metadata"]["labels"]["tidegate.dev/layer"],
        world.owner.uid
    );
}

#[test]
fn a_run_that_changes_nothing_writes_and_reads_nothing() {
    let world = World::new("unchanged");
    world.apply(WEB);
    let before = world.writes().len();
    let asked = world.requests();
    let run = world.apply(WEB);
    assert_eq!(run.outcome, Some(Outcome::Healthy));
    assert!(
        run.objects
            .iter()
            .all(|object| object.change == Change::None)
    );
    assert_eq!((before, world.writes().len()), (2, 2));
    assert_eq!(world.requests(), asked);
}

#[test]
fn only_what_differs_is_written() {
    let world = World::new("update");
    world.apply(WEB);
    let run = world.apply(&WEB.replace("blue", "red"));
    assert_eq!(run.outcome, Some(Outcome::Healthy));
    assert_eq!(object(&run, "configmap/settings").change, Change::Update);
    assert_eq!(object(&run, "deployment/web").change, Change::None);
    let live = world.live("/api/v1/namespaces/NS/configmaps/settings");
    assert_eq!(live["data"]["colour"], "red");
    assert_eq!(world.writes().len(), 3);
}
