//! Streams of events.

use reqwest::Response;
use serde_json::Value;

use crate::rig::{Rig, layer};

/// A stream, as a client reads it.
struct Stream {
    answer: Response,
    text: String,
}

impl Stream {
    async fn open(rig: &Rig, query: &str) -> Self {
        let answer = rig.get(&format!("/api/v1/events{query}")).await;
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        let text = String::new();
        Self { answer, text }
    }

    /// Waits for the next event; `None` is the stream's end.
    async fn next(&mut self) -> Option<(String, Value)> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let field = |name: &str| {
                    let mut lines = event.lines();
                    lines
                        .find_map(|line| line.strip_prefix(name))
                        .map(str::trim)
                };
                let found = field("event:").zip(field("data:"));
                let found = found
                    .map(|(name, data)| (name.to_owned(), serde_json::from_str(data).unwrap()));
                self.text = rest.to_owned();
                if found.is_some() {
                    return found;
                }
                continue;
            }
            let chunk = self.answer.chunk().await.unwrap()?;
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_begins_with_all_layers_and_follows_them() {
    let rig = Rig::with_layer().await;
    let mut stream = Stream::open(&rig, "").await;
    let (name, data) = stream.next().await.unwrap();
    assert_eq!(
        (name.as_str(), &data["items"][0]["name"]),
        ("snapshot", &"database".into())
    );

    let mut view = layer();
    view.name = "apps".into();
    rig.fleet.put(view);
    let (name, data) = stream.next().await.unwrap();
    assert_eq!((name.as_str(), &data["name"]), ("layer", &"apps".into()));
    assert_eq!(data["run"]["steps"]["waiting"], 1);

    rig.fleet.remove(&("platform".into(), "apps".into()));
    let (name, data) = stream.next().await.unwrap();
    let gone = serde_json::json!({"namespace": "platform", "name": "apps"});
    assert_eq!((name.as_str(), data), ("gone", gone));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_of_one_namespace_is_silent_about_others() {
    let rig = Rig::with_layer().await;
    let mut stream = Stream::open(&rig, "?namespace=apps").await;
    let (_, data) = stream.next().await.unwrap();
    assert_eq!(data["items"].as_array().unwrap().len(), 0);
    rig.fleet.put(layer());
    let mut view = layer();
    view.namespace = "apps".into();
    rig.fleet.put(view);
    let (_, data) = stream.next().await.unwrap();
    assert_eq!(data["namespace"], "apps");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_changes_are_few_events_and_the_last_one_is_seen() {
    let rig = Rig::with_layer().await;
    let mut stream = Stream::open(&rig, "").await;
    stream.next().await.unwrap();
    for count in 1..=5000_u32 {
        let mut view = layer();
        view.status.inventory.as_mut().unwrap().objects = count;
        rig.fleet.put(view);
    }
    let mut events = 0;
    loop {
        events += 1;
        let (name, data) = stream.next().await.unwrap();
        let layer = if name == "snapshot" {
            &data["items"][0]
        } else {
            &data
        };
        if layer["objects"] == 5000 {
            break;
        }
    }
    assert!(events < 500, "{events} events for 5000 changes");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_number_of_streams_is_bounded() {
    let rig = Rig::with_layer().await;
    let mut streams = Vec::new();
    for _ in 0..64 {
        streams.push(Stream::open(&rig, "").await);
    }
    assert_eq!(rig.get("/api/v1/events").await.status(), 503);
    drop(streams.pop());
    crate::rig::until("a stream is free again", async || {
        rig.get("/api/v1/events").await.status() == 200
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_end_when_the_server_stops() {
    let rig = Rig::with_layer().await;
    let mut stream = Stream::open(&rig, "").await;
    stream.next().await.unwrap();
    drop(rig.stop);
    rig.served.await.unwrap();
    assert!(stream.next().await.is_none());
}
