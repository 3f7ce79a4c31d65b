//! The answers of each route.

use insta::{assert_json_snapshot, assert_snapshot};
use reqwest::Method;
use tidegate_sync::{LayerView, Run};

use crate::rig::{Rig, layer, read};

const LAYER: &str = "/api/v1/layers/platform/database";

#[tokio::test(flavor = "multi_thread")]
async fn layers_are_listed_in_short() {
    let rig = Rig::with_layer().await;
    let (status, body) = rig.json("/api/v1/layers").await;
    assert_eq!(status, 200);
    assert_json_snapshot!(body, @r#"
    {
      "items": [
        {
          "healthy": false,
          "healthyObjects": 2,
          "message": "wave 2 of 2",
          "name": "database",
          "namespace": "platform",
          "objects": 3,
          "path": "clusters/dev/database",
          "ready": false,
          "reason": "Progressing",
          "revision": "main@sha1:0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
          "run": {
            "id": "run-2",
            "phase": "apply",
            "phases": [
              {
                "milliseconds": 250,
                "phase": "fetch"
              },
              {
                "milliseconds": 500,
                "phase": "render"
              }
            ],
            "revision": "main@sha1:0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
            "started": "2026-11-25T08:00:00Z",
            "state": "running",
            "steps": {
              "ready": 2,
              "waiting": 1
            },
            "trigger": "change"
          },
          "source": {
            "ref": {
              "branch": "main"
            },
            "url": "https://git.example/platform.git"
          },
          "suspended": false,
          "uid": "8f14e45f-0000-0000-0000-000000000001",
          "wave": {
            "current": 2,
            "of": 2
          }
        }
      ]
    }
    "#);
    let (_, other) = rig.json("/api/v1/layers?namespace=other").await;
    assert_eq!(other["items"].as_array().unwrap().len(), 0);
    let (_, same) = rig.json("/api/v1/layers?namespace=platform").await;
    assert_eq!(same, body);
}

#[tokio::test(flavor = "multi_thread")]
async fn layers_are_searched_filtered_and_come_in_pages() {
    let rig = Rig::with_layer().await;
    for (name, is_applied) in [("apps", true), ("web", false)] {
        let mut view = layer();
        view.name = name.into();
        if is_applied {
            view.status
                .last_applied_revision
                .clone_from(&view.status.last_attempted_revision);
        }
        rig.fleet.put(view);
    }
    let names = async |query: &str| {
        let (_, body) = rig.json(&format!("/api/v1/layers{query}")).await;
        let items = body["items"].as_array().unwrap().iter();
        let names: Vec<String> = items
            .map(|it| it["name"].as_str().unwrap().into())
            .collect();
        (
            names.join(" "),
            body["continue"].as_str().map(ToOwned::to_owned),
        )
    };
    for (query, expected) in [
        ("", "apps database web"),
        ("?search=platform%20WEB", "web"),
        ("?search=nowhere", ""),
        ("?ready=true", ""),
        ("?behind=true", "database web"),
        ("?behind=false", "apps"),
    ] {
        assert_eq!(names(query).await, (expected.into(), None), "{query}");
    }
    let (page, next) = names("?limit=2").await;
    let next = next.unwrap();
    assert_eq!(
        (page.as_str(), next.as_str()),
        ("apps database", "platform/database")
    );
    let rest = names(&format!("?limit=2&continue={next}")).await;
    assert_eq!(rest, ("web".into(), None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_layer_has_spec_and_status() {
    let rig = Rig::with_layer().await;
    let (status, body) = rig.json(LAYER).await;
    assert_eq!(status, 200);
    let (_, list) = rig.json("/api/v1/layers").await;
    for (key, value) in list["items"][0].as_object().unwrap() {
        assert_eq!(&body[key], value, "{key}");
    }
    assert_eq!(body["spec"]["path"], "clusters/dev/database");
    assert_eq!(
        body["spec"]["source"]["git"]["url"],
        "https://git.example/platform.git"
    );
    assert_eq!(body["status"]["conditions"][0]["type"], "Ready");
    assert_eq!(body["status"]["sync"]["state"], "pending");
    assert!(body["status"].get("history").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn objects_say_what_they_wait_for() {
    let rig = Rig::with_layer().await;
    let (status, body) = rig.json(&format!("{LAYER}/objects?wave=2")).await;
    assert_eq!(status, 200);
    assert_json_snapshot!(body, @r#"
    {
      "items": [
        {
          "change": "create",
          "health": "missing",
          "id": "apps/Deployment/web/web",
          "message": "waits for core/Secret/web/login",
          "origin": {
            "document": 0,
            "file": "clusters/dev/database/all.yaml",
            "line": 7
          },
          "since": "2026-11-25T08:00:00Z",
          "step": "waiting",
          "waitingFor": [
            {
              "object": "core/Secret/web/login",
              "reason": "<b>not there</b>",
              "since": "2026-11-25T08:00:00Z"
            }
          ],
          "wave": 2
        }
      ],
      "revision": "main@sha1:0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
      "run": "run-2"
    }
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn objects_are_filtered() {
    let rig = Rig::with_layer().await;
    for (filter, expected) in [
        ("", 3),
        ("?wave=1", 2),
        ("?health=missing", 1),
        ("?step=ready", 2),
        ("?step=ready&health=failed", 0),
        ("?wave=9", 0),
        ("?change=create", 3),
        ("?change=none", 0),
        ("?search=web%20DEPLOYMENT", 1),
        ("?search=all.yaml", 3),
    ] {
        let (_, body) = rig.json(&format!("{LAYER}/objects{filter}")).await;
        assert_eq!(
            body["items"].as_array().unwrap().len(),
            expected,
            "{filter}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn objects_come_in_pages() {
    let rig = Rig::with_layer().await;
    let page = async |query: String| {
        let (status, body) = rig.json(&format!("{LAYER}/objects?{query}")).await;
        assert_eq!(status, 200, "{body}");
        let items = body["items"].as_array().unwrap();
        let ids: Vec<String> = items.iter().map(|item| item["id"].to_string()).collect();
        (ids, body["continue"].as_str().map(str::to_owned))
    };
    let (first, next) = page("limit=2".into()).await;
    assert_eq!(first.len(), 2);
    let next = next.unwrap();
    let (second, end) = page(format!("limit=2&continue={next}")).await;
    assert_eq!((second.len(), end), (1, None));
    let (_, end) = page("limit=1&step=waiting".into()).await;
    assert_eq!(end, None);

    let mut another = layer();
    change_run(&mut another, |run| run.id = "run-3".into());
    rig.fleet.put(another);
    let (status, body) = rig.json(&format!("{LAYER}/objects?continue={next}")).await;
    assert_eq!(status, 410);
    assert_snapshot!(body["detail"].as_str().unwrap(), @"another run has begun since the first page: leave continue out to begin anew");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_has_nodes_edges_and_findings() {
    let rig = Rig::with_layer().await;
    let (status, body) = rig.json(&format!("{LAYER}/plan")).await;
    assert_eq!(status, 200);
    assert_json_snapshot!(body, @r#"
    {
      "edges": [
        {
          "class": "exists",
          "fresh": true,
          "from": "apps/Deployment/web/web",
          "gate": {
            "type": "active"
          },
          "reason": {
            "rule": "namespace before its content",
            "source": "structure"
          },
          "to": "core/Namespace/_/web"
        }
      ],
      "findings": [
        {
          "field": "spec.template.spec.volumes[].secret.secretName",
          "kind": "danglingReference",
          "message": "core/Secret/web/login is nowhere",
          "object": "apps/Deployment/web/web",
          "origin": null
        }
      ],
      "leaving": [],
      "nodes": [
        {
          "change": "create",
          "id": "core/Namespace/_/web",
          "origin": {
            "document": 0,
            "file": "clusters/dev/database/all.yaml",
            "line": 7
          },
          "wave": 1
        },
        {
          "change": "create",
          "id": "core/ConfigMap/web/settings",
          "origin": {
            "document": 0,
            "file": "clusters/dev/database/all.yaml",
            "line": 7
          },
          "wave": 1
        },
        {
          "change": "create",
          "id": "apps/Deployment/web/web",
          "origin": {
            "document": 0,
            "file": "clusters/dev/database/all.yaml",
            "line": 7
          },
          "wave": 2
        }
      ],
      "revision": "main@sha1:0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
      "run": "run-2",
      "waves": 2
    }
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_layer_without_a_run_has_no_objects_and_no_plan() {
    let rig = Rig::with_layer().await;
    let mut idle = layer();
    idle.run = None;
    rig.fleet.put(idle);
    let (status, body) = rig.json(&format!("{LAYER}/objects")).await;
    assert_eq!((status, body), (200, serde_json::json!({"items": []})));
    let (status, body) = rig.json(&format!("{LAYER}/plan")).await;
    assert_eq!(status, 404);
    assert_snapshot!(body["detail"].as_str().unwrap(), @"the layer platform/database has had no run since the agent started: its conditions say what it waits for");
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_are_found_wherever_they_stand() {
    let rig = Rig::with_layer().await;
    let (_, history) = rig.json(&format!("{LAYER}/history")).await;
    assert_eq!(history["items"][0]["id"], "run-1");
    let (_, over) = rig.json(&format!("{LAYER}/runs/run-1")).await;
    assert_json_snapshot!(over, @r#"
    {
      "ended": "2026-11-25T07:01:00Z",
      "id": "run-1",
      "revision": "main@sha1:0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a",
      "started": "2026-11-25T07:00:00Z",
      "state": "healthy",
      "trigger": "change"
    }
    "#);
    let (_, running) = rig.json(&format!("{LAYER}/runs/run-2")).await;
    assert_json_snapshot!(running, @r#"
    {
      "id": "run-2",
      "phase": "apply",
      "phases": [
        {
          "milliseconds": 250,
          "phase": "fetch"
        },
        {
          "milliseconds": 500,
          "phase": "render"
        }
      ],
      "revision": "main@sha1:0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
      "started": "2026-11-25T08:00:00Z",
      "state": "running",
      "steps": {
        "ready": 2,
        "waiting": 1
      },
      "trigger": "change"
    }
    "#);
    let (_, pending) = rig.json(&format!("{LAYER}/runs/run-3")).await;
    assert_json_snapshot!(pending, @r#"
    {
      "id": "run-3",
      "state": "pending",
      "trigger": "manual"
    }
    "#);
    let (status, unknown) = rig.json(&format!("{LAYER}/runs/run-4")).await;
    assert_eq!(status, 404);
    assert_snapshot!(unknown["detail"].as_str().unwrap(), @"the layer platform/database knows no run run-4: only its last runs are kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_is_accepted_and_can_be_followed_at_once() {
    let mut rig = Rig::with_layer().await;
    let accepting = rig.accept_syncs("run-9");
    for (body, pending) in [("", false), ("{}", true)] {
        let request = rig.request(Method::POST, &format!("{LAYER}/sync"));
        let answer = request.body(body).send().await.unwrap();
        let location = answer.headers()["location"].to_str().unwrap().to_owned();
        let (status, body) = read(answer).await;
        assert_eq!(status, 202);
        assert_eq!(
            body,
            serde_json::json!({"run": "run-9", "pending": pending})
        );
        let (status, run) = rig.json(&location).await;
        assert_eq!((status, &run["state"]), (200, &"pending".into()));
    }
    drop(rig);
    assert_eq!(accepting.await.unwrap(), ["system:anonymous"; 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_of_a_url_are_in_no_answer() {
    let rig = Rig::with_layer().await;
    for route in ["", "/objects", "/plan", "/history", "/runs/run-2"] {
        let text = rig
            .get(&format!("{LAYER}{route}"))
            .await
            .text()
            .await
            .unwrap();
        assert!(!text.contains("hunter2"), "{route}: {text}");
    }
    let text = rig.get("/api/v1/layers").await.text().await.unwrap();
    assert!(!text.contains("hunter2"), "{text}");
}

fn change_run(view: &mut LayerView, change: impl FnOnce(&mut Run)) {
    let mut run = view.run.as_deref().unwrap().clone();
    change(&mut run);
    view.run = Some(run.into());
}
