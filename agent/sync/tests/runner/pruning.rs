//! What leaves Git: what is deleted, in which order, and what holds a delete back that naive code would make.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tidegate_cluster::{Cluster, ConnectOptions, LeaseOptions, Tenure};
use tidegate_kustomize::Rendered;
use tidegate_sync::{Engine, Fate, Guard, Outcome, Prune, PruneWhen, Run};
use tidegate_testbed::{AuditEvent, wait};

use crate::world::{LIMIT, World, describe, engine, leaving, runtime};

/// ConfigMaps by their names.
pub(crate) fn maps(names: &[&str]) -> String {
    let documents = names.iter().map(|name| {
        format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: NS}}\n")
    });
    documents.collect::<Vec<_>>().join("---\n")
}

impl World {
    pub(crate) fn map(&self, name: &str) -> String {
        self.text(&format!("/api/v1/namespaces/NS/configmaps/{name}"))
    }

    /// Whether an object is there at all.
    pub(crate) fn is_there(&self, path: &str) -> bool {
        self.control_plane.client().get(&self.text(path)).is_ok()
    }

    fn merge(&self, path: &str, change: &Value) {
        let path = self.text(path);
        self.control_plane.client().merge(&path, change).unwrap();
    }

    /// The deletes that the deployer has asked for, oldest first.
    fn deletes(&self) -> Vec<AuditEvent> {
        let writes = self.writes().into_iter();
        writes.filter(|event| event.verb == "delete").collect()
    }

    pub(crate) fn deleted(&self) -> Vec<String> {
        self.deletes().into_iter().map(|event| event.name).collect()
    }
}

#[track_caller]
fn check_held(world: &World, run: &Run, (short, guard): (&str, Guard), message: &str) {
    let left = leaving(run, short);
    assert_eq!(
        (left.fate, left.guard),
        (Fate::Held, Some(guard)),
        "{}",
        describe(run)
    );
    let said = left.message.replace(&world.namespace, "NS");
    assert!(said.contains(message), "{said}");
    assert_eq!(world.deleted(), [""; 0]);
}

#[test]
fn what_leaves_git_is_deleted_once_and_leaves_the_inventory() {
    let mut world = World::new("leaves");
    world.apply(&maps(&["a", "b"]));
    let run = world.apply(&maps(&["b"]));
    assert_eq!(run.outcome, Some(Outcome::Healthy), "{}", describe(&run));
    assert_eq!(leaving(&run, "configmap/a").fate, Fate::Pruned);
    assert!(!world.is_there(&world.map("a")) && world.is_there(&world.map("b")));
    assert_eq!(world.deleted(), ["a"]);
    for fresh in [false, true] {
        if fresh {
            world.tenant.engine = engine(world.control_plane.kubeconfig(), &world.namespace);
        }
        let before = world.requests().len();
        let run = world.apply(&maps(&["b"]));
        assert_eq!(run.leaving, [], "{}", describe(&run));
        assert!(fresh || world.requests().len() == before);
    }
}

#[test]
fn a_layer_that_does_not_prune_reports_what_left_git() {
    let world = World::new("reports");
    world.apply(&maps(&["a", "b"]));
    let mut order = world.order(&maps(&["b"]));
    order.settings.prune = Prune::NEVER;
    let run = world.run(order);
    check_held(
        &world,
        &run,
        ("configmap/a", Guard::Disabled),
        "spec.prune.enabled is false",
    );
    let back = world.apply(&maps(&["a", "b"]));
    assert_eq!(back.leaving, []);
}

#[test]
fn an_empty_rendering_deletes_nothing() {
    let world = World::new("empty");
    world.apply(&maps(&["a"]));
    let mut order = world.order("");
    order.rendered = Arc::new(Rendered::default());
    let run = world.run(order);
    check_held(
        &world,
        &run,
        ("configmap/a", Guard::Render),
        "holds no objects",
    );
}

#[test]
fn half_of_a_layer_does_not_go_at_once() {
    let world = World::new("half");
    world.apply(&maps(&["a", "b", "c", "d", "e", "f", "g", "h"]));
    let half = maps(&["a", "b", "c", "d"]);
    let run = world.apply(&half);
    check_held(
        &world,
        &run,
        ("configmap/e", Guard::Fraction),
        "4 of the layer's 8 objects have left Git, and at most 3 may be deleted at once",
    );
    let mut order = world.order(&half);
    order.settings.prune.max_fraction = 0.5;
    assert_eq!(world.run(order).outcome, Some(Outcome::Healthy));
    assert_eq!(world.deleted().len(), 4);
}

#[test]
fn what_goes_under_another_hash_does_not_count() {
    let world = World::new("hashes");
    let old = maps(&[
        "a-2456789bcd",
        "b-2456789bcd",
        "c-2456789bcd",
        "d-2456789bcd",
    ]);
    world.apply(&old);
    let run = world.apply(&old.replace("2456789bcd", "t9f8hk2m4b"));
    assert_eq!(run.outcome, Some(Outcome::Healthy), "{}", describe(&run));
    assert_eq!(world.deleted().len(), 4, "{}", describe(&run));
}

pub(crate) const CLAIM: &str = "
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data, namespace: NS}
spec: {accessModes: [ReadWriteOnce], storageClassName: none, resources: {requests: {storage: 1Gi}}}
";

#[test]
fn a_protected_kind_goes_with_leave_of_its_own_only() {
    let world = World::new("protected");
    let both = format!("{}---{CLAIM}", maps(&["a"]));
    let mut order = world.order(&both);
    order.settings.timeout = Duration::from_secs(1);
    world.run(order);
    let run = world.apply(&maps(&["a"]));
    let held = ("persistentvolumeclaim/data", Guard::Protected);
    check_held(
        &world,
        &run,
        held,
        "put `tidegate.dev/prune: allow` on the live object",
    );
    let path = "/api/v1/namespaces/NS/persistentvolumeclaims/data";
    world.merge(
        path,
        &json!({"metadata": {"annotations": {"tidegate.dev/prune": "allow"}}}),
    );
    let run = world.apply(&maps(&["a"]));
    assert_eq!(world.deleted(), ["data"], "{}", describe(&run));
}

#[test]
fn what_says_never_is_kept_and_forgotten() {
    let world = World::new("never-prune");
    let both = maps(&["a", "b"]).replacen(
        "name: a,",
        "name: a, annotations: {tidegate.dev/prune: never},",
        1,
    );
    world.apply(&both);
    let run = world.apply(&maps(&["b"]));
    assert_eq!(
        leaving(&run, "configmap/a").fate,
        Fate::Forgotten,
        "{}",
        describe(&run)
    );
    assert!(world.is_there(&world.map("a")));
    assert_eq!(world.apply(&maps(&["b"])).leaving, []);
}

#[test]
fn an_object_that_was_made_anew_by_somebody_else_is_theirs() {
    let world = World::new("anew");
    world.apply(&maps(&["a", "b"]));
    let path = world.map("a");
    let client = world.control_plane.client();
    let mut copy = client.get(&path).unwrap();
    client.delete(&path).unwrap();
    // With our marks, as a backup would bring it back.
    for field in [
        "uid",
        "resourceVersion",
        "managedFields",
        "creationTimestamp",
    ] {
        copy["metadata"].as_object_mut().unwrap().remove(field);
    }
    client
        .create(&world.text("/api/v1/namespaces/NS/configmaps"), &copy)
        .unwrap();
    let run = world.apply(&maps(&["b"]));
    assert_eq!(
        leaving(&run, "configmap/a").fate,
        Fate::Forgotten,
        "{}",
        describe(&run)
    );
    assert!(world.is_there(&path));
    assert_eq!(world.deleted(), [""; 0]);
}

/// Checks that an object whose metadata somebody has changed is not taken for ours when it leaves Git.
#[track_caller]
fn check_not_ours(name: &str, metadata: &Value, message: &str) {
    let world = World::new(name);
    world.apply(&maps(&["a", "b"]));
    world.merge(&world.map("a"), &json!({"metadata": metadata}));
    let run = world.apply(&maps(&["b"]));
    check_held(&world, &run, ("configmap/a", Guard::Marks), message);
}

#[test]
fn an_object_without_our_marks_is_not_deleted() {
    let no_mark = json!({"labels": {"tidegate.dev/layer": null}});
    check_not_ours("marks", &no_mark, "does not carry the layer's marks");
}

#[test]
fn an_object_whose_fields_we_do_not_manage_is_not_deleted() {
    let unmanaged = json!({"managedFields": [{}]});
    check_not_ours(
        "unmanaged",
        &unmanaged,
        "has no managed fields of the layer",
    );
}

#[test]
fn an_object_that_stands_in_git_without_its_namespace_stays() {
    let world = World::new("placeless");
    world.apply(&maps(&["a", "b"]));
    let run = world.apply(&maps(&["a", "b"]).replacen(", namespace: NS", "", 1));
    check_held(
        &world,
        &run,
        ("configmap/a", Guard::Render),
        "an object of its kind and name is in Git",
    );
}

#[test]
fn who_wrote_the_inventory_meanwhile_decides() {
    let world = World::new("stale");
    world.apply(&maps(&["a", "b"]));
    // Another replica has led since, and has kept something.
    let path = world.text("/api/v1/namespaces/NS/secrets/tidegate-inventory-uid-of-NS");
    world.merge(
        &path,
        &json!({"metadata": {"annotations": {"touched": "yes"}}}),
    );
    let run = world.apply(&maps(&["b"]));
    check_held(
        &world,
        &run,
        ("configmap/a", Guard::Leadership),
        "was changed by somebody else",
    );
    let run = world.apply(&maps(&["b"]));
    assert_eq!(world.deleted(), ["a"], "{}", describe(&run));
}

#[test]
fn a_finalizer_that_hangs_is_reported_and_not_waited_for_for_ever() {
    let world = World::new("hangs");
    world.apply(&maps(&["a", "b"]));
    let path = world.map("a");
    world.merge(
        &path,
        &json!({"metadata": {"finalizers": ["example.com/slow"]}}),
    );
    let mut order = world.order(&maps(&["b"]));
    order.settings.timeout = Duration::from_secs(1);
    let run = world.run(order.clone());
    assert_eq!(run.outcome, Some(Outcome::Healthy), "{}", describe(&run));
    let left = leaving(&run, "configmap/a");
    assert_eq!(left.fate, Fate::Going);
    assert!(
        left.message
            .ends_with("waits for its finalizers: example.com/slow"),
        "{}",
        left.message
    );
    world.merge(&path, &json!({"metadata": {"finalizers": null}}));
    wait::until("the object to be gone", LIMIT, || {
        let is_there = world.is_there(&path);
        (!is_there)
            .then_some(())
            .ok_or_else(|| "it is there".to_owned())
    })
    .unwrap();
    assert_eq!(world.run(order).leaving, []);
    assert_eq!(world.deleted(), ["a"]);
}

const WEB: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: NS}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: main, image: 'example.com/web:1', envFrom: [{configMapRef: {name: settings}}]}]}
";

#[test]
fn who_needs_another_goes_first() {
    let world = World::new("reverse");
    let all = format!("{}---{WEB}", maps(&["b", "settings"]));
    let run = world.apply(&all);
    assert_eq!(run.outcome, Some(Outcome::Healthy), "{}", describe(&run));
    let run = world.apply(&maps(&["b"]));
    assert_eq!(run.outcome, Some(Outcome::Healthy), "{}", describe(&run));
    assert_eq!(world.deleted(), ["web", "settings"]);
}

const POLICY: &str = "
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: closed, namespace: NS}
spec: {podSelector: {}}
";

#[test]
fn bounds_go_at_once_and_others_when_what_stays_is_healthy() {
    let world = World::new("bounds");
    world.apply(&format!("{}---{POLICY}", maps(&["a", "b"])));
    let broken = WEB.replace(
        "containers:",
        "nodeSelector: {nowhere: 'true'}, containers:",
    );
    let mut going = world.start(world.order(&format!("{}---{broken}", maps(&["b"]))));
    going.until("the policy to go", |run| {
        run.leaving
            .iter()
            .any(|left| left.id.name == "closed" && left.fate == Fate::Pruned)
    });
    let run = going.until("the other to wait", |run| {
        run.leaving
            .iter()
            .any(|left| left.message.contains("deployment/web is not"))
    });
    assert_eq!(leaving(&run, "configmap/a").fate, Fate::Waiting);
    going.stop.cancel();
    going.end();
    assert_eq!(world.deleted(), ["closed"]);
    let mut order = world.order(&format!("{}---{broken}", maps(&["b"])));
    order.settings.prune.when = Some(PruneWhen::Applied);
    let mut going = world.start(order);
    going.until("the other to go", |run| {
        run.leaving
            .iter()
            .any(|left| left.id.name == "a" && left.fate == Fate::Pruned)
    });
    going.stop.cancel();
    going.end();
}

#[test]
fn the_agents_own_namespace_stays() {
    let world = World::new("own-home");
    let home = "apiVersion: v1\nkind: Namespace\nmetadata: {name: NS, annotations: {tidegate.dev/prune: allow}}\n";
    world.apply(&format!("{}---\n{home}", maps(&["a"])));
    let run = world.apply(&maps(&["a"]));
    let short = format!("namespace/{}", world.namespace);
    check_held(
        &world,
        &run,
        (&short, Guard::Agent),
        "the agent lives on it",
    );
}

#[test]
fn an_account_that_may_not_delete_is_named() {
    let world = World::without_rights("undeletable");
    world.allow("{apiGroups: [''], resources: [configmaps], verbs: [get, create, patch]}");
    let run = world.apply(&maps(&["a", "b"]));
    assert_eq!(run.outcome, Some(Outcome::Healthy), "{}", describe(&run));
    let run = world.apply(&maps(&["b"]));
    let left = leaving(&run, "configmap/a");
    assert_eq!(left.guard, Some(Guard::Refused), "{}", describe(&run));
    assert!(
        left.message
            .ends_with("grant `delete` to the account that it names"),
        "{}",
        left.message
    );
    assert!(world.is_there(&world.map("a")));
}

/// An engine of a process that believes to lead, beside a Lease with a holder.
fn engine_beside(world: &World, holder: &str) -> Engine {
    let lease = json!({
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": "tidegate", "namespace": world.namespace},
        "spec": {"holderIdentity": holder, "leaseDurationSeconds": 15},
    });
    world.control_plane.apply(&lease.to_string()).unwrap();
    let connect = ConnectOptions {
        kubeconfig: Some(world.control_plane.kubeconfig().to_owned()),
        ..ConnectOptions::default()
    };
    let lease = LeaseOptions {
        namespace: world.namespace.clone(),
        name: "tidegate".into(),
        holder: "us".into(),
        duration: Duration::from_secs(15),
    };
    runtime().block_on(async {
        let cluster = Cluster::connect(&connect).await.unwrap();
        let tenure = Tenure::new(cluster.client(), lease);
        Engine::leading(cluster, &world.namespace, tenure)
    })
}

#[test]
fn who_has_lost_the_lease_deletes_nothing() {
    let mut world = World::new("stale-leader");
    world.tenant.engine = engine_beside(&world, "another");
    world.apply(&maps(&["a", "b"]));
    let run = world.apply(&maps(&["b"]));
    check_held(
        &world,
        &run,
        ("configmap/a", Guard::Leadership),
        "another replica leads now",
    );
    world.tenant.engine = engine_beside(&world, "us");
    let run = world.apply(&maps(&["b"]));
    assert_eq!(world.deleted(), ["a"], "{}", describe(&run));
}
