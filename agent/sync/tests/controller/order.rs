//! Layers that depend on each other, and syncs that are asked for.

use serde_json::json;
use tidegate_testbed::{AuditEvent, GitServer, wait};

use super::stage::{LIMIT, Site, condition, config_map, stage};

/// A pod that can never start: its image does not exist anywhere, and its node neither.
fn pod(namespace: &str, node: &str) -> String {
    let pod = json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "slow", "namespace": namespace},
        "spec": {
            "nodeSelector": {"kubernetes.io/hostname": node},
            "containers": [{"name": "main", "image": "registry.example/main:1"}],
        },
    });
    pod.to_string()
}

fn site(prefix: &str) -> Site {
    let site = stage().site(prefix);
    site.credentials("git", GitServer::PASSWORD);
    site
}

#[test]
fn a_layer_waits_until_the_one_before_it_was_healthy() {
    let site = site("depends");
    let mut spec = site.spec("later");
    spec["dependsOn"] = json!([{"name": "first"}]);
    let revision = site.push(&[
        ("first/pod.yaml", &pod(&site.namespace, "nowhere")),
        ("later/b.yaml", &config_map("b", &site.namespace, "1")),
    ]);
    site.layer("later", &spec);
    let message = site.until_refused("later", "DependencyNotReady");
    assert!(
        message.contains("/first, which comes first, does not exist"),
        "{message}"
    );
    site.layer("first", &site.spec("first"));
    let waits = |words: &'static str| {
        site.until("later", move |layer| {
            condition(layer, "Blocked")["message"]
                .as_str()
                .is_some_and(|text| text.contains(words))
        })
    };
    let layer = waits("has not been healthy at its newest revision yet");
    let wait = &layer["status"]["waitingFor"][0];
    assert_eq!(
        wait["object"],
        format!("tidegate.dev/Layer/{}/first", site.namespace)
    );
    assert_eq!(site.value("b"), "");
    let fixed = site.push(&[("first/pod.yaml", &config_map("a", &site.namespace, "1"))]);
    assert_ne!(fixed, revision);
    site.until_ready("first", &fixed);
    let layer = site.until_ready("later", &fixed);
    assert_eq!(site.value("b"), "1");
    assert_eq!(layer["status"]["history"][0]["trigger"], "dependency");
}

/// A Deployment whose pods fit on one node only.
fn deployment(namespace: &str, node: &str) -> String {
    let pod = json!({
        "nodeSelector": {"kubernetes.io/hostname": node},
        "containers": [{"name": "main", "image": "registry.example/main:1"}],
    });
    let deployment = json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "main", "namespace": namespace},
        "spec": {
            "selector": {"matchLabels": {"app": "main"}},
            "template": {"metadata": {"labels": {"app": "main"}}, "spec": pod},
        },
    });
    deployment.to_string()
}

#[test]
fn the_fix_of_what_is_not_well_waits_for_no_other_layer() {
    let site = site("mending");
    let mut spec = site.spec("later");
    spec["dependsOn"] = json!([{"name": "first"}]);
    let first = site.push(&[
        ("first/a.yaml", &config_map("a", &site.namespace, "1")),
        ("later/main.yaml", &deployment(&site.namespace, "nowhere")),
    ]);
    site.layer("first", &site.spec("first"));
    site.layer("later", &spec);
    site.until("later", |layer| {
        layer["status"]["lastAppliedRevision"] == first
    });
    // The commit that mends the Deployment breaks the layer before it.
    site.push(&[
        ("first/pod.yaml", &pod(&site.namespace, "nowhere")),
        ("later/b.yaml", &config_map("b", &site.namespace, "1")),
        ("later/main.yaml", &deployment(&site.namespace, "node-0")),
    ]);
    let available = [
        "wait",
        "--for=condition=Available",
        "--timeout=60s",
        "-n",
        &site.namespace,
        "deployment/main",
    ];
    site.stage.control_plane.kubectl(&available).unwrap();
    let message = site.until_refused("later", "DependencyNotReady");
    assert!(message.contains("/first, which comes first"), "{message}");
    assert_eq!(site.value("b"), "", "something new was made too early");
    let third = site.push(&[("first/pod.yaml", &config_map("c", &site.namespace, "1"))]);
    site.until_ready("later", &third);
    assert_eq!(site.value("b"), "1");
}

#[test]
fn a_new_commit_takes_the_place_of_a_run_that_waits() {
    let site = site("supersede");
    let first = site.push(&[("layer/pod.yaml", &pod(&site.namespace, "nowhere"))]);
    site.layer("web", &site.spec("layer"));
    site.until("web", |layer| {
        condition(layer, "Reconciling")["status"] == "True"
            && layer["status"]["lastAppliedRevision"] == first
    });
    let second = site.push(&[("layer/pod.yaml", &config_map("a", &site.namespace, "1"))]);
    let layer = site.until_ready("web", &second);
    let history = layer["status"]["history"].as_array().unwrap();
    let outcomes: Vec<_> = history.iter().map(|run| run["outcome"].clone()).collect();
    assert_eq!(outcomes, ["healthy", "superseded"]);
}

#[test]
fn a_sync_is_kept_on_the_layer_and_answered_in_its_status() {
    let site = site("sync");
    let revision = site.push(&[("layer/a.yaml", &config_map("a", &site.namespace, "1"))]);
    site.layer("web", &site.spec("layer"));
    site.until_ready("web", &revision);
    let ticket = site.sync("web");
    assert!(!ticket.pending);
    let layer = site.until("web", |layer| layer["status"]["sync"]["state"] == "healthy");
    let annotations = &layer["metadata"]["annotations"];
    assert_eq!(annotations["tidegate.dev/sync-requested-at"], ticket.run);
    assert_eq!(annotations["tidegate.dev/requested-by"], "somebody");
    let run = &layer["status"]["history"][0];
    assert_eq!(
        (run["id"].clone(), run["requestedBy"].clone()),
        (json!(ticket.run), json!("somebody"))
    );
}

#[test]
fn a_sync_by_annotation_runs_under_its_id() {
    let site = site("annotation");
    let revision = site.push(&[("layer/a.yaml", &config_map("a", &site.namespace, "1"))]);
    site.layer("web", &site.spec("layer"));
    site.until_ready("web", &revision);
    let annotate = [
        "annotate",
        "layers/web",
        "-n",
        &site.namespace,
        "tidegate.dev/sync-requested-at=by-hand",
    ];
    site.stage.control_plane.kubectl(&annotate).unwrap();
    let layer = site.until("web", |layer| layer["status"]["sync"]["state"] == "healthy");
    assert_eq!(layer["status"]["history"][0]["id"], "by-hand");
    assert_eq!(layer["status"]["history"][0]["trigger"], "manual");
}

#[test]
fn a_sync_that_is_pending_is_the_answer_to_the_next_request() {
    let site = site("pending");
    site.push(&[("layer/a.yaml", &config_map("a", &site.namespace, "1"))]);
    let mut spec = site.spec("layer");
    spec["dependsOn"] = json!([{"name": "nobody"}]);
    site.layer("web", &spec);
    site.until_refused("web", "DependencyNotReady");
    let (first, second) = (site.sync("web"), site.sync("web"));
    assert_eq!(first.run, second.run);
    assert!(!first.pending && second.pending);
    let layer = site.until("web", |layer| layer["status"]["sync"]["state"] == "pending");
    assert_eq!(layer["status"]["sync"]["id"], first.run);
}

#[test]
fn a_request_that_a_newer_one_replaces_is_answered_by_that_one() {
    let site = site("replaced");
    site.push(&[("layer/a.yaml", &config_map("a", &site.namespace, "1"))]);
    let mut spec = site.spec("layer");
    spec["dependsOn"] = json!([{"name": "first"}]);
    site.layer("web", &spec);
    site.until_refused("web", "DependencyNotReady");
    for id in ["one", "two", "three"] {
        let request = format!("tidegate.dev/sync-requested-at={id}");
        let annotate = [
            "annotate",
            "--overwrite",
            "layers/web",
            "-n",
            &site.namespace,
        ];
        let annotate = [&annotate[..], &[request.as_str()]].concat();
        site.stage.control_plane.kubectl(&annotate).unwrap();
        site.until("web", |layer| layer["status"]["sync"]["id"] == id);
    }
    spec["dependsOn"] = json!([]);
    site.layer("web", &spec);
    let layer = site.until("web", |layer| {
        let last = &layer["status"]["history"][0];
        last["id"] == "three" && last["outcome"] != "superseded"
    });
    let history = layer["status"]["history"].as_array().unwrap();
    let answers: Vec<_> = history
        .iter()
        .map(|run| (run["id"].clone(), run["supersededBy"].clone()))
        .collect();
    let by = json!("three");
    assert_eq!(
        answers,
        [
            (json!("three"), json!(null)),
            (json!("two"), by.clone()),
            (json!("one"), by),
        ]
    );
}

#[test]
fn a_sync_that_cannot_be_done_says_why() {
    let site = site("refused");
    site.push(&[("layer/a.yaml", "kind: [")]);
    site.layer("web", &site.spec("layer"));
    site.until_refused("web", "RenderFailed");
    let ticket = site.sync("web");
    let layer = site.until("web", |layer| layer["status"]["sync"]["state"] == "failed");
    let run = &layer["status"]["history"][0];
    assert_eq!(run["id"], ticket.run);
    assert!(
        run["message"].as_str().unwrap().contains("layer/a.yaml"),
        "{run}"
    );
    let nobody = site
        .stage
        .fleet
        .sync(("nowhere".into(), "web".into()), "somebody");
    let refused = site.stage.runtime.block_on(nobody).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "there is no layer nowhere/web: see `tidegate get`"
    );
}

/// Counts the requests of the agent that concern a namespace, watches aside.
fn requests(site: &Site, fits: impl Fn(&AuditEvent) -> bool) -> usize {
    let events = site.stage.control_plane.audit().unwrap();
    let ours = events.iter().filter(|event| {
        event.user_agent.starts_with("tidegate/")
            && event.namespace == site.namespace
            && event.verb != "watch"
    });
    ours.filter(|event| fits(event)).count()
}

#[test]
fn a_run_costs_few_writes_of_the_status() {
    let site = site("writes");
    let revision = site.push(&[("layer/a.yaml", &config_map("a", &site.namespace, "1"))]);
    site.layer("web", &site.spec("layer"));
    site.until_ready("web", &revision);
    let writes = || requests(&site, |event| event.uri.contains("/layers/web/status"));
    let first = writes();
    assert!(first <= 3, "{first} writes");
    let changed = site.push(&[("layer/a.yaml", &config_map("a", &site.namespace, "2"))]);
    site.until_ready("web", &changed);
    assert!(writes() - first <= 2, "{} writes", writes() - first);
}

#[test]
fn a_new_layer_costs_few_requests() {
    let site = site("few");
    let file = |name: &str| config_map(name, &site.namespace, "1");
    let files = ["a/1", "a/2", "a/3", "a/4", "b/5", "b/6", "b/7", "b/8"];
    let files = files.map(|path| (format!("{path}.yaml"), file(&path.replace('/', "-"))));
    let files = files.each_ref().map(|(path, text)| (&**path, &**text));
    let revision = site.push(&files);
    // Two for each of four objects, two for the inventory beside its creation, the account, the Namespace, an Event;
    // once for both layers the credentials are followed and read.
    for (layer, told, expected) in [
        ("a", &["Normal Healthy"][..], 15),
        ("b", &["Normal Healthy"; 2], 13),
    ] {
        let before = asked(&site).len();
        site.layer(layer, &site.spec(layer));
        site.until_ready(layer, &revision);
        until_events(&site, told);
        let asked = asked(&site).split_off(before);
        assert!(asked.len() <= expected, "{}", asked.join("\n"));
    }
}

/// What the agent has asked for the layers of a site, but for their status.
fn asked(site: &Site) -> Vec<String> {
    let path = format!(
        "/apis/tidegate.dev/v1alpha1/namespaces/{}/layers",
        site.namespace
    );
    let layers = site.stage.control_plane.client().get(&path).unwrap();
    let layers = layers["items"].as_array().cloned().unwrap_or_default();
    let uids = layers
        .iter()
        .filter_map(|layer| layer["metadata"]["uid"].as_str());
    let uids: Vec<&str> = uids.collect();
    let is_counted = |event: &AuditEvent| {
        let is_ours =
            event.namespace == site.namespace || uids.iter().any(|uid| event.uri.contains(uid));
        let is_watch = event.verb == "watch" || event.uri.contains("watch=");
        let is_agent = event.user_agent.starts_with("tidegate/");
        is_agent && is_ours && !is_watch && event.resource != "layers/status"
    };
    let events = site.stage.control_plane.audit().unwrap().into_iter();
    let events = events.filter(is_counted);
    events
        .map(|event| format!("{} {}", event.verb, event.uri))
        .collect()
}

#[test]
fn a_layer_at_rest_costs_no_requests() {
    let resting = site("resting");
    let revision = resting.push(&[("layer/a.yaml", &config_map("a", &resting.namespace, "1"))]);
    resting.layer("web", &resting.spec("layer"));
    resting.until_ready("web", &revision);
    // The last that a run asks for, and nobody waits for it.
    until_events(&resting, &["Normal Healthy"]);
    let before = requests(&resting, |_| true);
    // Meanwhile its source is polled, and another layer goes through its whole life.
    let busy = site("busy");
    for value in ["1", "2", "3"] {
        let revision = busy.push(&[("layer/a.yaml", &config_map("a", &busy.namespace, value))]);
        busy.layer("web", &busy.spec("layer"));
        busy.until_ready("web", &revision);
    }
    assert_eq!(requests(&resting, |_| true), before);
}

#[test]
fn events_tell_of_each_lasting_state_once() {
    let site = site("events");
    let revision = site.push(&[("layer/a.yaml", &config_map("a", &site.namespace, "1"))]);
    site.layer("web", &site.spec("layer"));
    site.until_ready("web", &revision);
    site.push(&[("layer/a.yaml", "kind: [")]);
    site.until_refused("web", "RenderFailed");
    until_events(&site, &["Normal Healthy", "Warning RenderFailed"]);
}

/// Waits until these are the Events about the layers of a site.
fn until_events(site: &Site, expected: &[&str]) {
    let path = format!(
        "/apis/events.k8s.io/v1/namespaces/{}/events",
        site.namespace
    );
    wait::until("the events", LIMIT, || {
        let events = site.stage.control_plane.client().get(&path).unwrap();
        let of_layer = events["items"].as_array().into_iter().flatten();
        let of_layer = of_layer.filter(|event| event["regarding"]["kind"] == "Layer");
        let mut told: Vec<String> = of_layer
            .map(|event| format!("{} {}", event["type"], event["reason"]).replace('"', ""))
            .collect();
        told.sort();
        (told == expected)
            .then_some(())
            .ok_or_else(|| told.join(", "))
    })
    .unwrap();
}

#[test]
fn an_account_that_is_not_there_is_named() {
    let site = site("account");
    let mut spec = site.spec("layer");
    spec["serviceAccountName"] = json!("nobody");
    let revision = site.push(&[("layer/a.yaml", &config_map("a", &site.namespace, "1"))]);
    site.layer("web", &spec);
    let layer = site.until("web", |layer| {
        condition(layer, "Ready")["status"] == "False"
    });
    let message = condition(&layer, "Ready")["message"].to_string();
    assert!(message.contains("nobody"), "{message}");
    assert_eq!(site.value("a"), "");
    let account = json!({
        "apiVersion": "v1", "kind": "ServiceAccount",
        "metadata": {"name": "nobody", "namespace": site.namespace},
    });
    let binding = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
        "metadata": {"name": "nobody", "namespace": site.namespace},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "edit"},
        "subjects": [{"kind": "ServiceAccount", "name": "nobody", "namespace": site.namespace}],
    });
    for object in [account, binding] {
        site.stage.control_plane.apply(&object.to_string()).unwrap();
    }
    site.until_ready("web", &revision);
}
