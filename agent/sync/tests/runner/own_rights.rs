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

const READER: &str = "
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: agent, namespace: NS}
rules:
- {apiGroups: [''], resources: [secrets], verbs: [get, list, create, update]}
- {apiGroups: [''], resources: [configmaps, serviceaccounts], verbs: [get, list, watch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: agent, namespace: NS}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: agent}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: agent-of-NS}]
";

#[test]
fn an_account_that_may_not_be_used_is_told_once() {
    let mut world = World::new("use");
    world.control_plane.apply(&world.text(READER)).unwrap();
    let user = world.text("agent-of-NS");
    let subject = Subject {
        user: &user,
        group: None,
    };
    let kubeconfig = world.control_plane.kubeconfig_for(subject).unwrap();
    world.tenant.engine = engine(&kubeconfig, &world.namespace);
    let run = world.apply("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: NS}\n");
    assert_eq!(run.outcome, Some(Outcome::Failed), "{}", describe(&run));
    let message = run.message.replace(&world.namespace, "NS");
    assert!(
        message.starts_with("the agent may not act as service account NS/deployer: grant ")
            && message.ends_with(
                " the verb `impersonate` on serviceaccounts `deployer` in the namespace NS; nothing was written"
            ),
        "{message}"
    );
}
