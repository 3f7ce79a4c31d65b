//! A replica that does not lead: it has the leader answer what only that one knows.

use serde_json::json;
use tidegate_cluster::Lead;
use tidegate_server::Access;

use crate::rig::{Rig, Setup, client, layer, read};

const LAYER: &str = "/api/v1/layers/platform/database";

/// A replica that does not lead, behind one that does. Both know the layer; only the leader knows its run.
struct Pair {
    leader: Rig,
    standby: Rig,
}

impl Pair {
    /// `told` makes what the Lease says out of what the leader says.
    async fn start(access: Access, told: fn(String) -> String) -> Self {
        let leader = Rig::start(Setup {
            access,
            ..Setup::default()
        })
        .await;
        leader.fleet.put(layer());
        let said = leader.announced.clone().unwrap();
        let lead = Lead::Theirs(Some(told(said)));
        let standby = Rig::start(Setup {
            lead,
            ..Setup::default()
        })
        .await;
        let mut known = layer();
        known.run = None;
        standby.fleet.put(known);
        Self { leader, standby }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_the_leader_knows_comes_from_it() {
    let pair = Pair::start(Access::Open, |said| said).await;
    let paths = [
        "",
        "/objects",
        "/objects?limit=1",
        "/plan",
        "/history",
        "/runs/run-2",
    ];
    for path in paths.map(|path| format!("{LAYER}{path}")) {
        let asked = pair.standby.json(&path).await;
        assert_eq!(asked.0, 200, "{path}: {}", asked.1);
        assert_eq!(asked, pair.leader.json(&path).await, "{path}");
    }
    let (_, page) = pair.standby.json(&format!("{LAYER}/objects")).await;
    assert_eq!(page["items"].as_array().map(Vec::len), Some(3), "{page}");
    let (code, problem) = pair.standby.json(&format!("{LAYER}/objects?limit=0")).await;
    assert_eq!(
        (code, &problem["title"]),
        (400, &json!("The request is malformed"))
    );
    let mut events = pair.standby.get("/api/v1/events").await;
    let first = events.chunk().await.unwrap().unwrap();
    let first = String::from_utf8_lossy(&first).into_owned();
    assert!(
        first.starts_with("event: snapshot") && first.contains("run-2"),
        "{first}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn over_tls_the_leader_is_known_by_its_certificate_and_asks_who_calls() {
    let pair = Pair::start(Access::Cluster, |said| said).await;
    // The caller shows no token, and the standby has none to add.
    let (code, problem) = pair.standby.json(&format!("{LAYER}/plan")).await;
    assert_eq!(
        (code, &problem["title"]),
        (401, &json!("The request carries no bearer token"))
    );
    let other = |said: String| {
        let (url, _) = said.split_once(' ').unwrap();
        format!("{url} sha256:{}", "00".repeat(32))
    };
    let pair = Pair::start(Access::Cluster, other).await;
    refused(&pair.standby, "certificate").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_leader_a_replica_says_what_it_knows_and_no_empty_plan() {
    let pair = Pair::start(Access::Open, |said| said).await;
    drop(pair.leader.stop);
    pair.leader.served.await.unwrap();
    refused(&pair.standby, "it cannot be reached at http://127.0.0.1:").await;
    for path in [
        "/api/v1/layers",
        LAYER,
        "/api/v1/layers/platform/database/history",
    ] {
        assert_eq!(pair.standby.json(path).await.0, 200, "{path}");
    }
    // Its address is not known, and one that nothing vouches for is not asked.
    for told in [None, Some("https://127.0.0.1:1".to_owned())] {
        let lead = Lead::Theirs(told);
        let standby = Rig::start(Setup {
            lead,
            ..Setup::default()
        })
        .await;
        standby.fleet.put(layer());
        refused(&standby, "give each replica its address by --pod-ip").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_passed_on_twice() {
    let pair = Pair::start(Access::Open, |said| said).await;
    let url = format!("{}{LAYER}/plan", pair.standby.url);
    let passed_on = client(None).get(url).header("tidegate-forwarded", "1");
    let (code, problem) = read(passed_on.send().await.unwrap()).await;
    assert_eq!(code, 503, "{problem}");
    assert_eq!(
        problem["detail"],
        "another replica has just taken the lead: try again"
    );
}

async fn refused(standby: &Rig, words: &str) {
    for path in ["objects", "plan"] {
        let (code, problem) = standby.json(&format!("{LAYER}/{path}")).await;
        assert_eq!(code, 503, "{problem}");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(words), "{detail}");
    }
}
