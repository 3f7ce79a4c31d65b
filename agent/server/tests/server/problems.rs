//! Errors as callers see them.

use std::fmt::Write as _;

use insta::{assert_json_snapshot, assert_snapshot};
use reqwest::Method;
use tidegate_server::{Access, Server};

use crate::rig::{Rig, Setup, client, options, read};

const LAYER: &str = "/api/v1/layers/platform/database";

#[tokio::test(flavor = "multi_thread")]
async fn errors_are_problems() {
    let rig = Rig::with_layer().await;
    let answer = rig.get("/api/v1/layers/platform/databse").await;
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
    let (_, body) = read(answer).await;
    assert_json_snapshot!(body, @r#"
    {
      "detail": "there is no layer platform/databse: GET /api/v1/layers, or `tidegate get`, lists those there are",
      "instance": "/api/v1/layers/platform/databse",
      "status": 404,
      "title": "There is nothing of this name",
      "type": "tag:tidegate.dev,2026:not-found"
    }
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_error_says_what_is_wrong() {
    let rig = Rig::with_layer().await;
    let mut said = String::new();
    for (method, path, body) in [
        (Method::GET, "/dashboard", ""),
        (Method::GET, "/api/v2/layers", ""),
        (Method::POST, "/hooks/github/platform", ""),
        (Method::POST, "/api/v1/layers", ""),
        (Method::GET, &format!("{LAYER}/sync"), ""),
        (Method::GET, "/api/v1/layers?namspace=a", ""),
        (Method::GET, "/api/v1/layers?continue=nonsense", ""),
        (Method::GET, "/api/v1/layers/%ff/a", ""),
        (Method::GET, &format!("{LAYER}/objects?health=ok"), ""),
        (Method::GET, &format!("{LAYER}/objects?wave=one"), ""),
        (Method::GET, &format!("{LAYER}/objects?limit=0"), ""),
        (Method::GET, &format!("{LAYER}/objects?limit=501"), ""),
        (Method::GET, &format!("{LAYER}/objects?continue=%20"), ""),
        (Method::GET, &format!("{LAYER}/objects?continue=YWJj"), ""),
        (
            Method::POST,
            &format!("{LAYER}/sync"),
            r#"{"revision": "v1"}"#,
        ),
        (Method::POST, &format!("{LAYER}/sync"), &" ".repeat(8 << 10)),
        (
            Method::POST,
            &format!("{LAYER}/rollback"),
            &" ".repeat(8 << 10),
        ),
        (
            Method::POST,
            &format!("{LAYER}/confirm"),
            r#"{"hash": "0a"}"#,
        ),
        (
            Method::POST,
            &format!("{LAYER}/confirm"),
            &format!(r#"{{"hash": "{}"}}"#, "0a".repeat(32)),
        ),
    ] {
        let request = rig.request(method.clone(), path).body(body.to_owned());
        let (status, body) = read(request.send().await.unwrap()).await;
        assert_eq!(body["status"], status, "{method} {path}: {body}");
        let detail = body["detail"].as_str().unwrap();
        writeln!(said, "{method} {path}: {status} {detail}").unwrap();
    }
    assert_snapshot!(said, @r#"
    GET /dashboard: 404 there is no route /dashboard: the dashboard is at /, the API under /api/v1, and webhooks under /hooks if the agent has a folder of receivers
    GET /api/v2/layers: 404 there is no route /api/v2/layers: the dashboard is at /, the API under /api/v1, and webhooks under /hooks if the agent has a folder of receivers
    POST /hooks/github/platform: 404 there is no route /hooks/github/platform: the dashboard is at /, the API under /api/v1, and webhooks under /hooks if the agent has a folder of receivers
    POST /api/v1/layers: 405 /api/v1/layers takes no POST: see the header Allow
    GET /api/v1/layers/platform/database/sync: 405 /api/v1/layers/platform/database/sync takes no GET: see the header Allow
    GET /api/v1/layers?namspace=a: 400 the query cannot be read: namspace: unknown field `namspace`, expected one of `namespace`, `search`, `ready`, `behind`, `limit`, `continue`
    GET /api/v1/layers?continue=nonsense: 400 continue is not a value that a page before this one gave: leave it out to begin anew
    GET /api/v1/layers/%ff/a: 400 Invalid URL: Invalid UTF-8 in `namespace`
    GET /api/v1/layers/platform/database/objects?health=ok: 400 the query cannot be read: health: unknown variant `ok`, expected one of `current`, `inProgress`, `failed`, `suspended`, `terminating`, `missing`, `unknown`
    GET /api/v1/layers/platform/database/objects?wave=one: 400 the query cannot be read: wave: invalid digit found in string
    GET /api/v1/layers/platform/database/objects?limit=0: 400 limit is 0, and must be 1 to 500
    GET /api/v1/layers/platform/database/objects?limit=501: 400 limit is 501, and must be 1 to 500
    GET /api/v1/layers/platform/database/objects?continue=%20: 400 continue is not a value that a page before this one gave: leave it out to begin anew
    GET /api/v1/layers/platform/database/objects?continue=YWJj: 400 continue is not a value that a page before this one gave: leave it out to begin anew
    POST /api/v1/layers/platform/database/sync: 400 this request takes no body: send none, or {}
    POST /api/v1/layers/platform/database/sync: 413 this request takes no body: send none
    POST /api/v1/layers/platform/database/rollback: 413 the body has more than 4096 bytes, and is {"revision": "<commit>", "for": "2h"}
    POST /api/v1/layers/platform/database/confirm: 400 hash is `0a`, and must be the one under which the deletes are shown: 64 hexadecimal digits; the body is {"hash": "<status.heldPrune.hash>"}
    POST /api/v1/layers/platform/database/confirm: 409 no deletes are held back that could be confirmed: GET …/plan shows what there is
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_method_names_the_right_ones() {
    let rig = Rig::with_layer().await;
    let answer = rig.get(&format!("{LAYER}/sync")).await;
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["allow"]),
        (405, &"POST".parse().unwrap())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_that_cannot_be_kept_is_to_be_tried_again() {
    let mut rig = Rig::with_layer().await;
    rig.requests.close();
    let request = rig.request(Method::POST, &format!("{LAYER}/sync"));
    let answer = request.send().await.unwrap();
    assert_eq!(answer.headers()["retry-after"], "1");
    let (status, body) = read(answer).await;
    assert_eq!(status, 503);
    assert_snapshot!(body["detail"].as_str().unwrap(), @"the request cannot be kept: the agent is stopping: try again");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_is_only_data() {
    let rig = Rig::with_layer().await;
    for path in ["/api/v1/layers", LAYER, "/api/v1/events", "/nowhere"] {
        let answer = rig.get(path).await;
        let headers = answer.headers();
        assert_eq!(
            headers["content-security-policy"],
            "default-src 'none'; frame-ancestors 'none'"
        );
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert_eq!(headers["cache-control"], "no-store");
        for absent in ["set-cookie", "access-control-allow-origin", "server"] {
            assert!(!headers.contains_key(absent), "{path}: {absent}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_api_is_for_this_machine_only() {
    let rig = Rig::with_layer().await;
    let ask = async |name: &str, value: &str| {
        let request = rig.request(Method::GET, LAYER).header(name, value);
        read(request.send().await.unwrap()).await
    };
    for (name, value, expected) in [
        ("host", "localhost", 200),
        ("host", "[::1]:8443", 200),
        ("host", "evil.example", 403),
        ("host", "127.0.0.1.evil.example", 403),
        ("origin", "https://evil.example", 403),
        ("origin", "null", 403),
        ("origin", &format!("http://{}", rig.api), 200),
    ] {
        let (status, body) = ask(name, value).await;
        assert_eq!(status, expected, "{name}: {value}: {body}");
    }

    let mut wide = options(Access::Open, None, None);
    wide.api = "0.0.0.0:0".parse().unwrap();
    let error = Server::bind(&wide, rig.backend().await).await.unwrap_err();
    assert_snapshot!(error, @"an API without authentication may listen on a loopback address only, not on 0.0.0.0:0: use 127.0.0.1, or leave authentication on");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taken_address_is_named() {
    let rig = Rig::start(Setup::default()).await;
    let mut taken = options(Access::Open, None, None);
    taken.api = rig.api;
    let error = Server::bind(&taken, rig.backend().await).await.unwrap_err();
    let error = error.to_string().replace(&rig.api.to_string(), "ADDRESS");
    assert_snapshot!(error, @"cannot listen on ADDRESS for the API: Address already in use (os error 98): choose another address or port");
    assert_eq!(
        client(None)
            .get(format!("http://{}/api/v1/layers", rig.api))
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
}
