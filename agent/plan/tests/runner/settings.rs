//! What a layer says about its own plan: rules and requirements.

use tidegate_plan::{EdgeClass, KindPattern, Plan, Required, Rule, Settings, plan};

use super::manifest::objects;
use super::text::text;

fn kind(group: Option<&str>, kind: &str) -> KindPattern {
    KindPattern {
        group: group.map(Into::into),
        kind: kind.into(),
    }
}

fn rule(path: &str, to: KindPattern) -> Rule {
    Rule {
        from: kind(None, "Shard"),
        path: path.into(),
        to,
        class: EdgeClass::Ready,
    }
}

fn requiring(manifests: &str, text: &str, rules: &[Rule]) -> Plan {
    let (id, ready) = match text.strip_suffix(" ready") {
        Some(id) => (id, true),
        None => (text, false),
    };
    let requires = [Required {
        id: id.parse().unwrap(),
        ready,
    }];
    let settings = Settings {
        rules,
        requires: &requires,
    };
    plan(&objects(manifests), &(), &settings).unwrap()
}

const SHARD: &str = "
{apiVersion: db.example/v1, kind: Shard, metadata: {name: a, namespace: default}, spec: {users: [{secretName: one}, {secretName: two}], server: main}}
---
{apiVersion: v1, kind: Secret, metadata: {name: one, namespace: default}}
---
{apiVersion: other.example/v1, kind: Server, metadata: {name: main}}
";

#[test]
fn a_layers_rules_make_edges() {
    let rules = [
        rule("spec.users[].secretName", kind(Some(""), "Secret")),
        rule("spec.server", kind(None, "Server")),
    ];
    let settings = Settings {
        rules: &rules,
        requires: &[],
    };
    let plan = plan(&objects(SHARD), &(), &settings).unwrap();
    insta::assert_snapshot!(text(&plan), @r"
    wave 1
      core/Secret/default/one
      other.example/Server/_/main
    wave 2
      db.example/Shard/default/a
        ready serving core/Secret/default/one: references spec.users[].secretName
        ready serving other.example/Server/_/main: references spec.server
    DanglingReference db.example/Shard/default/a spec.users[].secretName: refers to core/Secret/default/two, which is neither in the layer nor made by something in it, and the cluster was not asked: correct the name, add it, or declare it in `spec.requires`
    ");
}

#[test]
fn a_rule_whose_path_is_none_is_named() {
    let rules = [
        rule("spec.ok", kind(None, "Secret")),
        rule("spec.users[0].x", kind(None, "Secret")),
    ];
    let settings = Settings {
        rules: &rules,
        requires: &[],
    };
    let error = plan(&[], &(), &settings).unwrap_err();
    insta::assert_snapshot!(error, @"references[1].path: `spec.users[0].x` is no path to a field: only `[]` at the end of a name is known: write for example spec.users[].secretName");
}

#[test]
fn a_requirement_gates_what_refers_to_it() {
    let pods = "
{apiVersion: v1, kind: Pod, metadata: {name: refers, namespace: default}, spec: {imagePullSecrets: [{name: made-by-hand}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: does-not, namespace: default}}
";
    let plan = requiring(pods, "core/Secret/default/made-by-hand", &[]);
    insta::assert_snapshot!(text(&plan), @r"
    wave 1
      core/Pod/default/refers
        exists exists core/Secret/default/made-by-hand: references spec.imagePullSecrets[].name
      core/Pod/default/does-not
    ");
}

#[test]
fn a_requirement_that_must_be_ready_gates_on_health_too() {
    let secret = "{apiVersion: external-secrets.io/v1, kind: ExternalSecret, metadata: {name: a, namespace: default}, \
        spec: {secretStoreRef: {kind: ClusterSecretStore, name: far}}}";
    let plan = requiring(
        secret,
        "external-secrets.io/ClusterSecretStore/_/far ready",
        &[],
    );
    insta::assert_snapshot!(text(&plan), @r"
    wave 1
      external-secrets.io/ExternalSecret/default/a
        ready serving external-secrets.io/ClusterSecretStore/_/far: references spec.secretStoreRef.name
        ready healthy external-secrets.io/ClusterSecretStore/_/far: required by the layer
    ");
}

#[test]
fn a_requirement_that_nothing_refers_to_gates_the_layer() {
    let plan = requiring(SHARD, "apps/Deployment/operators/operator ready", &[]);
    insta::assert_snapshot!(text(&plan), @r"
    wave 1
      db.example/Shard/default/a
        ready healthy apps/Deployment/operators/operator: required by the layer
      core/Secret/default/one
        ready healthy apps/Deployment/operators/operator: required by the layer
      other.example/Server/_/main
        ready healthy apps/Deployment/operators/operator: required by the layer
    ");
}

#[test]
fn a_required_definition_gates_its_objects() {
    let required = "apiextensions.k8s.io/CustomResourceDefinition/_/shards.db.example";
    insta::assert_snapshot!(text(&requiring(SHARD, required, &[])), @r"
    wave 1
      db.example/Shard/default/a
        ready established apiextensions.k8s.io/CustomResourceDefinition/_/shards.db.example: definition before its objects
      core/Secret/default/one
      other.example/Server/_/main
    ");
}

#[test]
fn a_requirement_of_the_layers_own_is_needless() {
    insta::assert_snapshot!(text(&requiring(SHARD, "core/Secret/default/one", &[])), @r"
    wave 1
      db.example/Shard/default/a
      core/Secret/default/one
      other.example/Server/_/main
    NeedlessRequirement core/Secret/default/one spec.requires: core/Secret/default/one is in the layer itself: take it out of `spec.requires`
    ");
}
