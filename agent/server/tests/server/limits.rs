//! Clients that are slow, large, or stay.

use std::fmt::Write as _;

use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::rig::{LIMIT, Rig, Setup, client};

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_say_no_more_are_cut_off() {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("platform"), "secret").unwrap();
    let rig = Rig::start(Setup {
        hooks: Some(folder.path().to_owned()),
        ..Setup::default()
    })
    .await;
    let get = "GET /api/v1/layers HTTP/1.1\r\nHost: localhost\r\n";
    let post = "POST /hooks/github/platform HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n";
    let (nothing, idle, head, body) = tokio::join!(
        talk(&rig, String::new()),
        talk(&rig, format!("{get}\r\n")),
        talk(&rig, format!("{get}X-Slow: ")),
        talk(&rig, format!("{post}\r\n{{")),
    );
    assert_eq!(nothing, "");
    assert!(idle.starts_with("HTTP/1.1 200 "), "{idle}");
    assert!(!head.contains("200"), "{head}");
    assert!(body.starts_with("HTTP/1.1 408 "), "{body}");
    assert!(body.contains("the body did not come within 10 s"), "{body}");
    assert_eq!(rig.get("/api/v1/layers").await.status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_is_too_large_is_refused() {
    let rig = Rig::with_layer().await;
    let many = (0..101).fold(String::new(), |mut text, count| {
        write!(text, "X-{count}: 1\r\n").unwrap();
        text
    });
    let long = format!("X-Long: {}\r\n", "x".repeat(64 * 1024));
    for headers in [many, long] {
        let head = format!("GET /api/v1/layers HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n");
        let answer = talk(&rig, head).await;
        assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_stops_with_clients_that_stay() {
    let rig = Rig::with_layer().await;
    let mut idle = TcpStream::connect(rig.api).await.unwrap();
    assert_eq!(rig.get("/api/v1/layers").await.status(), 200);
    drop(rig.stop);
    timeout(LIMIT, rig.served).await.unwrap().unwrap();
    let mut rest = Vec::new();
    idle.read_to_end(&mut rest).await.unwrap();
    let url = format!("http://{}/api/v1/layers", rig.api);
    assert!(client(None).get(url).send().await.is_err());
}

/// Sends something, and reads until the server ends the connection.
async fn talk(rig: &Rig, text: String) -> String {
    let mut stream = TcpStream::connect(rig.api).await.unwrap();
    // The server may have ended it already.
    let _ = stream.write_all(text.as_bytes()).await;
    let mut answer = Vec::new();
    let read = timeout(LIMIT, stream.read_to_end(&mut answer)).await;
    let _ = read.expect("the server keeps the connection");
    String::from_utf8(answer).unwrap()
}
