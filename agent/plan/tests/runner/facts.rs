//! What the cluster tells changes which edges delay a write.

use std::collections::HashMap;

use tidegate_object::{Object, ObjectId};
use tidegate_plan::{Change, Facts, Plan, Settings, Standing, plan};

use super::manifest::objects;
use super::text::text;

/// Answers as a test says.
#[derive(Default)]
struct Known {
    changes: HashMap<ObjectId, Change>,
    applied: HashMap<ObjectId, Object>,
    there: Vec<ObjectId>,
}

impl Facts for Known {
    fn exists(&self, id: &ObjectId) -> Option<bool> {
        Some(self.there.contains(id))
    }

    fn change(&self, object: &Object) -> Change {
        let change = self.changes.get(object.id());
        change.copied().unwrap_or(Change::None)
    }

    fn applied(&self, id: &ObjectId) -> Option<&Object> {
        self.applied.get(id)
    }
}

const APP: &str = "
{apiVersion: v1, kind: Namespace, metadata: {name: web}}
---
{apiVersion: v1, kind: Secret, metadata: {name: password, namespace: web}}
---
{apiVersion: external-secrets.io/v1, kind: ExternalSecret, metadata: {name: token, namespace: web}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: api, namespace: web, annotations: {tidegate.dev/depends-on: /namespaces/web/Secret/password}}
spec:
  template:
    spec:
      containers: [{envFrom: [{secretRef: {name: password}}]}]
      volumes: [{name: token, secret: {secretName: token}}]
";

fn id(text: &str) -> ObjectId {
    text.parse().unwrap()
}

fn planned(known: &Known) -> Plan {
    plan(&objects(APP), known, &Settings::default()).unwrap()
}

fn applied() -> HashMap<ObjectId, Object> {
    let all = objects(APP).into_iter();
    all.map(|object| (object.id().clone(), object)).collect()
}

/// The targets of the edges that delay the Deployment.
fn delaying(plan: &Plan, standing: Standing) -> Vec<String> {
    let deployment = id("apps/Deployment/web/api");
    let edges = plan.delaying(&deployment, standing);
    edges.map(|edge| edge.to.short()).collect()
}

#[test]
fn a_create_waits_for_all_of_its_edges() {
    let changes = HashMap::from([(id("apps/Deployment/web/api"), Change::Create)]);
    let plan = planned(&Known {
        changes,
        ..Known::default()
    });
    assert_eq!(
        delaying(&plan, Standing::Absent),
        [
            "namespace/web",
            "secret/password",
            "secret/password",
            "secret/token",
            "externalsecret/token"
        ]
    );
}

#[test]
fn an_update_of_a_healthy_object_waits_for_nothing_that_is_as_before() {
    let changes = HashMap::from([(id("apps/Deployment/web/api"), Change::Update)]);
    let plan = planned(&Known {
        changes,
        applied: applied(),
        ..Known::default()
    });
    assert!(delaying(&plan, Standing::Healthy).is_empty());
}

#[test]
fn an_update_of_a_healthy_object_waits_for_what_changes_with_it() {
    let changes = HashMap::from([
        (id("apps/Deployment/web/api"), Change::Update),
        (id("core/Secret/web/password"), Change::Update),
    ]);
    let plan = planned(&Known {
        changes,
        applied: applied(),
        ..Known::default()
    });
    assert_eq!(
        delaying(&plan, Standing::Healthy),
        ["secret/password", "secret/password"]
    );
}

#[test]
fn a_change_of_its_provider_makes_an_edge_delay() {
    let changes = HashMap::from([
        (id("apps/Deployment/web/api"), Change::Update),
        (
            id("external-secrets.io/ExternalSecret/web/token"),
            Change::Update,
        ),
    ]);
    let plan = planned(&Known {
        changes,
        applied: applied(),
        ..Known::default()
    });
    assert_eq!(
        delaying(&plan, Standing::Healthy),
        ["secret/token", "externalsecret/token"]
    );
}

#[test]
fn a_new_reference_delays_an_update() {
    let changes = HashMap::from([(id("apps/Deployment/web/api"), Change::Update)]);
    let before = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: api, namespace: web, annotations: \
        {tidegate.dev/depends-on: /namespaces/web/Secret/password}}, spec: {template: {spec: {containers: \
        [{envFrom: [{secretRef: {name: password}}]}]}}}}";
    let before = objects(before).remove(0);
    let plan = planned(&Known {
        changes,
        applied: HashMap::from([(before.id().clone(), before)]),
        ..Known::default()
    });
    assert_eq!(
        delaying(&plan, Standing::Healthy),
        ["secret/token", "externalsecret/token"]
    );
}

#[test]
fn the_update_of_an_unhealthy_object_waits_for_its_namespace_alone() {
    let everything = objects(APP).into_iter();
    let changes = everything.map(|object| (object.id().clone(), Change::Update));
    let plan = planned(&Known {
        changes: changes.collect(),
        ..Known::default()
    });
    assert_eq!(delaying(&plan, Standing::Unhealthy), ["namespace/web"]);
}

#[test]
fn what_is_in_the_cluster_needs_no_edge_and_no_finding() {
    let pod = "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {imagePullSecrets: [{name: b}, {name: c}]}}";
    let known = Known {
        there: vec![id("core/Secret/_/b")],
        ..Known::default()
    };
    let plan = plan(&objects(pod), &known, &Settings::default()).unwrap();
    insta::assert_snapshot!(text(&plan), @r"
    wave 1
      core/Pod/_/a
    DanglingReference core/Pod/_/a spec.imagePullSecrets[].name: refers to core/Secret/_/c, which is neither in the layer nor made by something in it, nor in the cluster: correct the name, add it, or declare it in `spec.requires`
    ");
}

#[test]
fn a_webhook_holds_back_only_what_is_made() {
    let objects = objects(
        "
{apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingWebhookConfiguration, metadata: {name: w}, webhooks: \
[{rules: [{apiGroups: [''], apiVersions: [v1], operations: ['*'], resources: [configmaps]}]}]}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: made}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: updated}}
",
    );
    let changes = HashMap::from([
        (id("core/ConfigMap/_/made"), Change::Create),
        (id("core/ConfigMap/_/updated"), Change::Update),
    ]);
    let known = Known {
        changes,
        ..Known::default()
    };
    let plan = plan(&objects, &known, &Settings::default()).unwrap();
    insta::assert_snapshot!(text(&plan), @r"
    wave 1
      admissionregistration.k8s.io/ValidatingWebhookConfiguration/_/w
      core/ConfigMap/_/updated
    wave 2
      core/ConfigMap/_/made
        ready webhookanswers admissionregistration.k8s.io/ValidatingWebhookConfiguration/_/w: webhook before what it judges
    ");
}

#[test]
fn a_later_wave_waits_for_what_changes_in_all_earlier_ones() {
    let wave = |name: &str, wave: i32| {
        format!(
            "{{apiVersion: v1, kind: ConfigMap, metadata: {{name: {name}, annotations: {{tidegate.dev/wave: '{wave}'}}}}}}\n---\n"
        )
    };
    let text = wave("a", 1) + &wave("b", 1) + &wave("c", 2) + &wave("d", 3);
    let objects = objects(&text);
    let applied = objects.iter();
    let applied = applied.map(|object| (object.id().clone(), object.clone()));
    let changes = HashMap::from([
        (id("core/ConfigMap/_/a"), Change::Update),
        (id("core/ConfigMap/_/d"), Change::Update),
    ]);
    let known = Known {
        changes,
        applied: applied.collect(),
        ..Known::default()
    };
    let plan = plan(&objects, &known, &Settings::default()).unwrap();
    let last = id("core/ConfigMap/_/d");
    let delaying: Vec<_> = plan.delaying(&last, Standing::Healthy).collect();
    assert_eq!(delaying.len(), 1);
    assert_eq!(delaying[0].to, id("core/ConfigMap/_/a"));
}
