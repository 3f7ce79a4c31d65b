//! A person's one-shot apply: their own rights, which may end at a namespace.

use tidegate_plan::Change;
use tidegate_sync::{Outcome, Step};
use tidegate_testbed::certificates::Subject;

use crate::world::{World, describe, engine, object, runtime};

const WEB: &str = "
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: NS}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: NS}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: main, image: 'example.com/web:1'}]}
";

const RIGHTS: &str = "
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: developer, namespace: NS}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: admin}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: developer-of-NS}]
";

#[test]
fn rights_in_one_namespace_are_enough() {
    let mut world = World::without_rights("own");
    world.control_plane.apply(&world.text(RIGHTS)).unwrap();
    let user = world.text("developer-of-NS");
    let subject = Subject {
        user: &user,
        group: None,
    };
    let kubeconfig = world.control_plane.kubeconfig_for(subject).unwrap();
    world.tenant.engine = engine(&kubeconfig, &world.namespace);
    world.tenant.owner = runtime().block_on(world.engine.one_shot("web")).unwrap();
    let mut order = world.order(WEB);
    order.settings.account = None;
    let run = world.run(order.clone());
    assert_eq!(run.outcome, Some(Outcome::Healthy), "{}", describe(&run));
    // Another process finds the same owner, and nothing to do.
    world.tenant.engine = engine(&kubeconfig, &world.namespace);
    let again = runtime().block_on(world.engine.one_shot("web")).unwrap();
    assert_eq!(again, world.owner);
    let run = world.run(order);
    let web = object(&run, "deployment/web");
    assert_eq!(
        (web.change, web.step),
        (Change::None, Step::Ready),
        "{}",
        describe(&run)
    );
}
