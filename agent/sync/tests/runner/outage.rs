//! The API server goes away, and comes back.

use serde_json::json;
use tidegate_plan::Required;
use tidegate_sync::{Outcome, Step};
use tidegate_testbed::{Component, ControlPlane, Options};

use crate::world::{Tenant, describe, object};

const WAITING: &str = "
apiVersion: v1
kind: ConfigMap
metadata: {name: first, namespace: NS}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: second
  namespace: NS
  annotations: {tidegate.dev/depends-on: /namespaces/NS/ConfigMap/gate}
";

#[test]
fn a_run_outlives_an_api_server_that_is_away_at_its_start_and_in_its_middle() {
    let options = Options {
        nodes: 0,
        kwok: false,
        durable: true,
        ..Options::default()
    };
    let mut control_plane = ControlPlane::start(&options).unwrap();
    let tenant = Tenant::new(&control_plane, "outage");
    tenant.allow_everything(&control_plane);
    let mut order = tenant.order(WAITING);
    order.settings.requires = vec![Required {
        id: tenant.text("core/ConfigMap/NS/gate").parse().unwrap(),
        ready: false,
    }];
    control_plane.kill(Component::ApiServer).unwrap();
    let mut going = tenant.start(order);
    let run = going.until("the outage to be told", |run| !run.message.is_empty());
    assert!(
        run.message
            .starts_with("the API server cannot be reached: "),
        "{}",
        run.message
    );
    control_plane.restart(Component::ApiServer).unwrap();
    let run = going.until("the gate to be waited for", |run| {
        run.message.is_empty()
            && run
                .objects
                .iter()
                .any(|object| object.step == Step::Waiting)
    });
    assert_eq!(object(&run, "configmap/first").step, Step::Ready);
    let second = object(&run, "configmap/second");
    assert_eq!(second.message, "waits for configmap/gate: not there");
    control_plane.kill(Component::ApiServer).unwrap();
    control_plane.restart(Component::ApiServer).unwrap();
    let path = tenant.text("/api/v1/namespaces/NS/configmaps");
    let gate = json!({"metadata": {"name": "gate"}});
    control_plane.client().create(&path, &gate).unwrap();
    let run = going.end();
    assert_eq!(run.outcome, Some(Outcome::Healthy), "{}", describe(&run));
}
