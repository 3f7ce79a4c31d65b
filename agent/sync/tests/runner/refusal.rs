//! What is refused, and what a person reads about it.

use serde_json::json;
use tidegate_sync::{FailurePolicy, Outcome, Run, Step};
use tidegate_testbed::{AdmissionServer, Answer, wait};

use crate::world::{LIMIT, World, describe, object};

const GOOD: &str = "
apiVersion: v1
kind: ConfigMap
metadata: {name: good, namespace: NS}
---
";

/// Checks that nothing was written, and what the run says.
fn check_stopped(world: &World, run: &Run, expected: &str) {
    assert_eq!(run.outcome, Some(Outcome::Failed), "{}", describe(run));
    let message = run.message.replace(&world.namespace, "NS");
    assert_eq!(message, expected);
    assert_eq!(world.writes(), []);
}

#[test]
fn an_unknown_field_stops_the_run_before_its_first_write() {
    let world = World::new("field");
    let run = world.apply(&format!(
        "{GOOD}apiVersion: apps/v1
kind: Deployment
metadata: {{name: web, namespace: NS}}
spec:
  replica: 2
  selector: {{matchLabels: {{app: web}}}}
  template:
    metadata: {{labels: {{app: web}}}}
    spec: {{containers: [{{name: main, image: 'example.com/web:1'}}]}}
"
    ));
    check_stopped(
        &world,
        &run,
        "deployment/web (app.yaml:6): failed to create typed patch object (NS/web; apps/v1, Kind=Deployment): .spec.replica: field not declared in schema; nothing was written",
    );
    assert_eq!(object(&run, "deployment/web").step, Step::Failed);
    assert_eq!(object(&run, "configmap/good").step, Step::Pending);
}

#[test]
fn a_wrong_type_stops_the_run_before_its_first_write() {
    let world = World::new("type");
    let run = world.apply(&format!(
        "{GOOD}apiVersion: v1
kind: Service
metadata: {{name: web, namespace: NS}}
spec: {{ports: [{{port: http}}]}}
"
    ));
    check_stopped(
        &world,
        &run,
        "service/web (app.yaml:6): failed to create typed patch object (NS/web; /v1, Kind=Service): .spec.ports[port=\"http\",protocol=\"TCP\"].port: expected numeric (int or float), got string; nothing was written",
    );
}

#[test]
fn every_refusal_is_told_at_once() {
    let world = World::new("all");
    let service = |name: &str| {
        format!(
            "apiVersion: v1\nkind: Service\nmetadata: {{name: {name}, namespace: NS}}\nspec: {{ports: [{{port: x}}]}}\n---\n"
        )
    };
    let run = world.apply(&format!("{}{}{}", service("a"), service("b"), service("c")));
    assert_eq!(run.outcome, Some(Outcome::Failed));
    assert!(
        run.objects.iter().all(|object| object.step == Step::Failed),
        "{}",
        describe(&run)
    );
    assert!(
        run.message.starts_with("service/a (app.yaml:1): ")
            && run
                .message
                .ends_with(" (and 2 more are refused); nothing was written"),
        "{}",
        run.message
    );
}

#[test]
fn an_object_that_is_wrong_in_itself_is_not_even_sent() {
    let world = World::new("wrong");
    let run = world.apply(&format!(
        "{GOOD}apiVersion: v1
kind: ConfigMap
metadata: {{name: bad}}
"
    ));
    check_stopped(
        &world,
        &run,
        "configmap/bad (app.yaml:6): ConfigMap has no namespace: set metadata.namespace, or `namespace:` in the kustomization; nothing was written",
    );
}

#[test]
fn without_an_account_nothing_is_written() {
    let world = World::new("account");
    let mut order = world.order(GOOD);
    order.settings.account = Some((world.namespace.clone(), "nobody".into()));
    let run = world.run(order);
    check_stopped(
        &world,
        &run,
        "service account NS/nobody does not exist: create it, or name another in spec.serviceAccountName; nothing was written",
    );
}

#[test]
fn what_the_account_may_not_is_blocked_and_the_rest_goes_on() {
    let world = World::without_rights("forbidden");
    world.allow("{apiGroups: [''], resources: [configmaps], verbs: ['*']}");
    let run = world.apply(&format!(
        "{GOOD}apiVersion: v1
kind: Secret
metadata: {{name: token, namespace: NS}}
"
    ));
    assert_eq!(run.outcome, Some(Outcome::Degraded), "{}", describe(&run));
    assert_eq!(object(&run, "configmap/good").step, Step::Ready);
    let token = object(&run, "secret/token");
    assert_eq!(token.step, Step::Blocked);
    assert_eq!(
        token.message.replace(&world.namespace, "NS"),
        "secrets \"token\" is forbidden: User \"system:serviceaccount:NS:deployer\" cannot patch resource \"secrets\" in API group \"\" in the namespace \"NS\": grant it to the account that it names"
    );
}

#[test]
fn a_missing_definition_blocks_its_objects_and_what_needs_them() {
    let world = World::new("definition");
    let run = world.apply(&format!(
        "{GOOD}apiVersion: db.example/v1
kind: Shard
metadata: {{name: one, namespace: NS}}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: after
  namespace: NS
  annotations: {{config.kubernetes.io/depends-on: db.example/namespaces/NS/Shard/one}}
"
    ));
    assert_eq!(run.outcome, Some(Outcome::Degraded), "{}", describe(&run));
    assert_eq!(object(&run, "configmap/good").step, Step::Ready);
    let text = "the API server does not serve db.example/v1 Shard: its CustomResourceDefinition is missing or not established: add the CustomResourceDefinition to the layer, or install it";
    let shard = object(&run, "shard/one");
    assert_eq!((shard.step, shard.message.as_str()), (Step::Blocked, text));
    let after = object(&run, "configmap/after");
    assert_eq!(after.step, Step::SetAside);
    assert_eq!(
        after.message,
        format!("it needs shard/one, which is blocked: {text}")
    );
}

#[test]
fn a_full_quota_blocks_what_it_concerns() {
    let world = World::new("quota");
    let quota = "apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: few, namespace: NS}\nspec: {hard: {count/services: '0'}}\n";
    world.control_plane.apply(&world.text(quota)).unwrap();
    wait::until("the quota to be counted", LIMIT, || {
        let quota = world.live("/api/v1/namespaces/NS/resourcequotas/few");
        let used = quota.pointer("/status/used");
        used.map(drop).ok_or_else(|| quota.to_string())
    })
    .unwrap();
    let run = world.apply(&format!(
        "{GOOD}apiVersion: v1
kind: Service
metadata: {{name: web, namespace: NS}}
spec: {{ports: [{{port: 80}}]}}
"
    ));
    assert_eq!(run.outcome, Some(Outcome::Degraded), "{}", describe(&run));
    let web = object(&run, "service/web");
    assert_eq!(web.step, Step::Blocked);
    assert!(
        web.message.starts_with(
            "services \"web\" is forbidden: exceeded quota: few, requested: count/services=1"
        ) && web.message.ends_with(": raise the quota, or ask for less"),
        "{}",
        web.message
    );
}

#[test]
fn a_namespace_that_goes_away_takes_nothing_else_down() {
    let world = World::new("terminating");
    let gone = world.control_plane.new_namespace("gone").unwrap();
    let held = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: held, namespace: {gone}, finalizers: [example.com/held]}}\n"
    );
    world.control_plane.apply(&held).unwrap();
    let client = world.control_plane.client();
    client
        .delete(&format!("/api/v1/namespaces/{gone}"))
        .unwrap();
    let run = world.apply(&format!(
        "{GOOD}apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: late, namespace: {gone}}}\n"
    ));
    let path = format!("/api/v1/namespaces/{gone}/configmaps/held");
    client
        .merge(&path, &json!({"metadata": {"finalizers": null}}))
        .unwrap();
    assert_eq!(run.outcome, Some(Outcome::Degraded), "{}", describe(&run));
    assert_eq!(object(&run, "configmap/good").step, Step::Ready);
    let late = object(&run, "configmap/late");
    assert_eq!(late.step, Step::Blocked);
    assert_eq!(
        late.message.replace(&gone, "GONE"),
        "configmaps \"late\" is forbidden: unable to create new content in namespace GONE because it is being terminated: wait until it is gone, then it is made anew"
    );
}

#[test]
fn a_missing_namespace_says_what_to_do() {
    let world = World::new("missing");
    let run = world.apply(&format!(
        "{GOOD}apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: lost, namespace: no-such-place}}\n"
    ));
    assert_eq!(object(&run, "configmap/good").step, Step::Ready);
    let lost = object(&run, "configmap/lost");
    assert_eq!(lost.step, Step::Blocked);
    assert_eq!(
        lost.message,
        "namespaces \"no-such-place\" not found: add the Namespace to the layer, or create it"
    );
}

#[test]
fn a_webhook_that_says_no_blocks_and_one_that_is_away_is_waited_for() {
    let world = World::new("webhook");
    let server = AdmissionServer::start().unwrap();
    let rule = json!({"apiGroups": [""], "apiVersions": ["v1"], "resources": ["configmaps"], "operations": ["*"]});
    let mut configuration = server.configuration(&world.namespace, &rule);
    configuration["webhooks"][0]["objectSelector"] =
        json!({"matchLabels": {"guarded": world.namespace}});
    world
        .control_plane
        .apply(&configuration.to_string())
        .unwrap();
    let guarded = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: guarded, namespace: NS, labels: {guarded: NS}}\n";
    server.set_answer(Answer::Deny("not on a Friday".into()));
    let denied = wait::until("the webhook to be asked", LIMIT, || {
        let run = world.apply(&format!("{GOOD}{guarded}"));
        if object(&run, "configmap/guarded").step == Step::Blocked {
            return Ok(run);
        }
        let path = world.text("/api/v1/namespaces/NS/configmaps/guarded");
        world.control_plane.client().delete(&path).unwrap();
        Err(describe(&run))
    })
    .unwrap();
    let denied = object(&denied, "configmap/guarded");
    let hook = format!("{}.testbed.tidegate.dev", world.namespace);
    assert_eq!(
        denied.message,
        format!("admission webhook \"{hook}\" denied the request: not on a Friday")
    );
    server.set_answer(Answer::Fail);
    let mut going = world.start(world.order(&format!("{GOOD}{guarded}")));
    let waiting = going.until("the webhook to fail", |run| {
        object_is(run, "configmap/guarded", Step::Waiting)
    });
    let message = &object(&waiting, "configmap/guarded").message;
    assert!(
        message.contains(&format!("failed calling webhook \"{hook}\"")),
        "{message}"
    );
    server.set_answer(Answer::Allow);
    assert_eq!(going.end().outcome, Some(Outcome::Healthy));
    let name = &world.namespace;
    let path =
        format!("/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/{name}");
    world.control_plane.client().delete(&path).unwrap();
}

fn object_is(run: &Run, short: &str, step: Step) -> bool {
    run.objects
        .iter()
        .any(|object| object.id.short() == short && object.step == step)
}

#[test]
fn an_isolated_refusal_stops_only_what_depends_on_it() {
    let world = World::new("isolated");
    let wrong = "apiVersion: v1
kind: Service
metadata: {name: wrong, namespace: NS}
spec: {ports: [{port: http}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: after, namespace: NS, annotations: {tidegate.dev/depends-on: /namespaces/NS/Service/wrong}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: last, namespace: NS, annotations: {tidegate.dev/depends-on: /namespaces/NS/ConfigMap/after}}
";
    let order = |policy: FailurePolicy| {
        let mut order = world.order(&format!("{GOOD}{wrong}"));
        order.settings.failure_policy = policy;
        order
    };
    let run = world.run(order(FailurePolicy::Stop));
    assert_eq!(run.outcome, Some(Outcome::Failed), "{}", describe(&run));
    assert_eq!(world.writes(), []);
    let run = world.run(order(FailurePolicy::Isolate));
    assert_eq!(run.outcome, Some(Outcome::Degraded), "{}", describe(&run));
    for (short, step) in [
        ("configmap/good", Step::Ready),
        ("service/wrong", Step::Failed),
        ("configmap/after", Step::SetAside),
        ("configmap/last", Step::SetAside),
    ] {
        assert_eq!(object(&run, short).step, step, "{}", describe(&run));
    }
    let written: Vec<String> = world.writes().into_iter().map(|event| event.name).collect();
    assert_eq!(written, ["good"]);
}
