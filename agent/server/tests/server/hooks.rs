//! Webhooks.

use std::collections::BTreeSet;
use std::fs;

use futures::future::join_all;
use hmac::{Hmac, Mac as _};
use insta::assert_snapshot;
use reqwest::Method;
use serde_json::Value;
use sha2::Sha256;
use tempfile::TempDir;
use tidegate_server::HookOutcome;
use tidegate_sync::Request;
use tidegate_testbed::{Commit, GitServer, Webhook};

use crate::rig::{LIMIT, Rig, Setup, read, until};

const SECRET: &str = "It's a Secret to Everybody";
const BODY: &str = r#"{"repository": {"clone_url": "https://git.example/platform.git"}}"#;

#[tokio::test(flavor = "multi_thread")]
async fn each_forge_triggers_a_poll() {
    let signature = sign(BODY);
    for (forge, name, value) in [
        (
            "github",
            "X-Hub-Signature-256",
            format!("sha256={signature}"),
        ),
        ("gitea", "X-Gitea-Signature", signature),
        ("gitlab", "X-Gitlab-Token", SECRET.into()),
        ("generic", "Authorization", format!("Bearer {SECRET}")),
    ] {
        let (mut rig, _folder) = start().await;
        let path = format!("/hooks/{forge}/platform");
        let request = rig.request(Method::POST, &path).header(name, value);
        assert_eq!(
            request.body(BODY).send().await.unwrap().status(),
            202,
            "{forge}"
        );
        assert_eq!(
            polled(&mut rig).await,
            ["https://git.example/platform.git"],
            "{forge}"
        );
        assert_eq!(outcomes(&rig), [("platform".into(), HookOutcome::Accepted)]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_names_no_repository_polls_all() {
    let (mut rig, _folder) = start().await;
    assert_eq!(call(&rig, "platform", "{}").await.0, 202);
    assert!(polled(&mut rig).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_that_are_refused_trigger_nothing() {
    let (mut rig, _folder) = start().await;
    let wrong = rig
        .request(Method::POST, "/hooks/github/platform")
        .body(BODY);
    let answer = wrong.header("X-Hub-Signature-256", format!("sha256={}", sign("{}")));
    let answer = answer.send().await.unwrap();
    assert!(answer.headers().contains_key("www-authenticate"));
    let (status, body) = read(answer).await;
    assert_eq!(status, 401);
    assert_snapshot!(body["detail"].as_str().unwrap(), @"the header X-Hub-Signature-256 must hold the body's HMAC-SHA-256, with the secret of receiver platform");

    let (status, body) = call(&rig, "nobody", BODY).await;
    assert_eq!(status, 404);
    assert_snapshot!(body["detail"].as_str().unwrap(), @"there is no receiver nobody: receivers are files in the webhook folder");
    let (status, body) = call(&rig, "..data", BODY).await;
    assert_eq!(status, 404, "{body}");
    let (status, body) = call(&rig, "empty", BODY).await;
    assert_eq!(status, 404, "{body}");

    let large = " ".repeat(1024 * 1024 + 1);
    let (status, body) = call(&rig, "platform", &large).await;
    assert_eq!(status, 413);
    assert_snapshot!(body["detail"].as_str().unwrap(), @"a body may have at most 1024 KiB");

    let elsewhere = rig.request(Method::POST, "/hooks/bitbucket/platform");
    let (status, body) = read(elsewhere.send().await.unwrap()).await;
    assert_eq!(status, 404);
    assert_snapshot!(body["detail"].as_str().unwrap(), @"bitbucket is none of github, gitlab, gitea (also for Forgejo), generic");

    let expected = [
        ("platform".into(), HookOutcome::Refused),
        (String::new(), HookOutcome::Unknown),
        (String::new(), HookOutcome::Unknown),
        (String::new(), HookOutcome::Unknown),
        ("platform".into(), HookOutcome::Unreadable),
    ];
    assert_eq!(outcomes(&rig), expected);
    assert!(rig.requests.try_recv().is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_are_limited_and_coalesced() {
    let (mut rig, _folder) = start().await;
    let (mut accepted, mut limited) = (0, None);
    while limited.is_none() {
        let calls = (0..100).map(|count| {
            let name = format!("https://git.example/{}", count % 3);
            let body = format!(r#"{{"repository": {{"clone_url": "{name}"}}}}"#);
            let rig = &rig;
            async move { call(rig, "platform", &body).await }
        });
        for (status, body) in join_all(calls).await {
            match status {
                202 => accepted += 1,
                429 => limited = Some(body),
                _ => panic!("{status}: {body}"),
            }
        }
    }
    assert!(accepted >= 60, "{accepted}");
    let body = limited.unwrap();
    assert_snapshot!(body["detail"].as_str().unwrap(), @"too many calls of receiver platform: try again in a moment");

    let mut polls = Vec::new();
    until("all repositories are polled", async || {
        while let Ok(Request::Poll { urls }) = rig.requests.try_recv() {
            polls.push(urls);
        }
        polls.iter().flatten().collect::<BTreeSet<_>>().len() == 3
    })
    .await;
    assert!(
        polls.len() < accepted / 2,
        "{} polls for {accepted} calls",
        polls.len()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn receivers_come_and_go_with_their_files() {
    let (rig, folder) = start().await;
    assert_eq!(call(&rig, "late", BODY).await.0, 404);
    fs::write(folder.path().join("late"), SECRET).unwrap();
    until("the receiver is there", async || {
        call(&rig, "late", BODY).await.0 == 202
    })
    .await;
    fs::write(folder.path().join("late"), "another secret").unwrap();
    until("its secret has changed", async || {
        call(&rig, "late", BODY).await.0 == 401
    })
    .await;
    fs::remove_file(folder.path().join("late")).unwrap();
    until("it is gone", async || {
        call(&rig, "late", BODY).await.0 == 404
    })
    .await;
}

#[test]
fn a_push_to_a_git_server_is_noticed() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (mut rig, _folder) = runtime.block_on(start());
    let git = GitServer::start().unwrap();
    let repository = git.create("platform").unwrap();
    repository
        .set_webhook(&Webhook {
            url: format!("{}/hooks/generic/platform", rig.url),
            headers: Vec::new(),
            secret: Some(SECRET.into()),
            authority: None,
        })
        .unwrap();
    repository
        .push(&Commit::on("main").file("a.yaml", "a: 1\n"))
        .unwrap();
    assert!(runtime.block_on(polled(&mut rig)).is_empty());
    assert_eq!(outcomes(&rig), [("platform".into(), HookOutcome::Accepted)]);
}

/// A server with the receiver `platform`, and files that are none.
async fn start() -> (Rig, TempDir) {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("platform"), format!("{SECRET}\n")).unwrap();
    fs::write(folder.path().join("empty"), "\n").unwrap();
    fs::create_dir(folder.path().join("..data")).unwrap();
    let setup = Setup {
        hooks: Some(folder.path().to_owned()),
        ..Setup::default()
    };
    (Rig::start(setup).await, folder)
}

/// Calls a receiver as GitHub does.
async fn call(rig: &Rig, receiver: &str, body: &str) -> (u16, Value) {
    let path = format!("/hooks/github/{receiver}");
    let signature = format!("sha256={}", sign(body));
    let request = rig
        .request(Method::POST, &path)
        .header("X-Hub-Signature-256", signature);
    read(request.body(body.to_owned()).send().await.unwrap()).await
}

/// Waits for a request for a poll, and returns its URLs.
pub(crate) async fn polled(rig: &mut Rig) -> Vec<String> {
    match tokio::time::timeout(LIMIT, rig.requests.recv()).await {
        Ok(Some(Request::Poll { urls })) => urls,
        other => panic!("no poll: {other:?}"),
    }
}

fn outcomes(rig: &Rig) -> Vec<(String, HookOutcome)> {
    rig.counts.0.lock().unwrap().clone()
}

fn sign(body: &str) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    let signature = mac.chain_update(body).finalize().into_bytes();
    format!("{signature:x}")
}
