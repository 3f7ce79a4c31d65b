//! The port of probes and metrics.

use std::time::Duration;

use crate::rig::{Rig, Setup, client};

#[tokio::test(flavor = "multi_thread")]
async fn the_agent_is_ready_once_the_layers_are_listed() {
    let rig = Rig::start(Setup::default()).await;
    let metrics = rig.metrics;
    let get = async |path: &str| {
        let url = format!("http://{metrics}{path}");
        let answer = client(None).get(url).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    assert_eq!(get("/healthz").await, (200, "ok\n".into()));
    let missing = "the API server has not been reached yet\n";
    assert_eq!(get("/readyz").await, (503, missing.into()));
    rig.readiness.cluster_reached();
    let missing = "the Layers have not been listed yet\n";
    assert_eq!(get("/readyz").await, (503, missing.into()));
    rig.readiness.layers_listed();
    assert_eq!(get("/readyz").await, (200, "ok\n".into()));
    let unanswered = |seconds| *rig.counts.1.lock().unwrap() = Duration::from_secs(seconds);
    unanswered(23);
    let missing = "the API server has not answered for 23 s: trying on\n";
    assert_eq!(get("/readyz").await, (503, missing.into()));
    assert_eq!(get("/healthz").await, (200, "ok\n".into()));
    unanswered(0);
    assert_eq!(get("/readyz").await, (200, "ok\n".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_are_text() {
    let rig = Rig::start(Setup::default()).await;
    let url = format!("http://{}/metrics", rig.metrics);
    let answer = client(None).get(url).send().await.unwrap();
    assert_eq!(
        answer.headers()["content-type"],
        "text/plain; version=0.0.4; charset=utf-8"
    );
    assert!(answer.text().await.unwrap().contains("tidegate_leader 1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_is_not_on_this_port() {
    let rig = Rig::start(Setup::default()).await;
    let url = format!("http://{}/api/v1/layers", rig.metrics);
    let answer = client(None).get(url).send().await.unwrap();
    assert_eq!(answer.status(), 404);
}
