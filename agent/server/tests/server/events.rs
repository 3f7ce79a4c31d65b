//! Streams of events.

use reqwest::{Method, RequestBuilder, Response};
use serde_json::Value;

use crate::rig::{Rig, layer};

/// A stream, as a client reads it.
struct Stream {
    answer: Response,
    text: String,
    /// The id of the last event that had one.
    last: String,
}

impl Stream {
    async fn open(rig: &Rig, query: &str) -> Self {
        let path = format!("/api/v1/events{query}");
        Self::of(rig.request(Method::GET, &path)).await
    }

    async fn of(request: RequestBuilder) -> Self {
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        Self {
            answer,
            text: String::new(),
            last: String::new(),
        }
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
                if let Some(id) = field("id:") {
                    self.last = id.to_owned();
                }
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
async fn a_stream_goes_on_after_a_break_with_what_changed_meanwhile() {
    let rig = Rig::with_layer().await;
    let named = |name: &str| {
        let mut view = layer();
        view.name = name.into();
        view
    };
    rig.fleet.put(named("gone"));
    let mut stream = Stream::open(&rig, "").await;
    stream.next().await.unwrap();
    let last = stream.last.clone();
    drop(stream);
    rig.fleet.put(named("new"));
    rig.fleet.remove(&("platform".into(), "gone".into()));

    let again = |id: &str| {
        let request = rig.request(Method::GET, "/api/v1/events");
        Stream::of(request.header("Last-Event-ID", id))
    };
    let mut stream = again(&last).await;
    let mut found = Vec::new();
    for _ in 0..2 {
        let (name, data) = stream.next().await.unwrap();
        found.push(format!("{name} {}", data["name"].as_str().unwrap()));
    }
    assert_eq!(found, ["gone gone", "layer new"]);
    assert_ne!(stream.last, last);

    let mut stream = again("of-another-agent.7").await;
    assert_eq!(stream.next().await.unwrap().0, "snapshot");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_layers_stream_brings_the_objects_that_change_and_tells_of_another_run() {
    let rig = Rig::with_layer().await;
    let path = "/api/v1/layers/platform/database/events";
    let mut stream = Stream::of(rig.request(Method::GET, path)).await;
    let (name, data) = stream.next().await.unwrap();
    let expected = serde_json::json!({"run": "run-2", "objects": 3});
    assert_eq!((name.as_str(), data), ("run", expected));

    let mut view = layer();
    let run = std::sync::Arc::make_mut(view.run.as_mut().unwrap());
    run.objects[2].message = "written".into();
    rig.fleet.put(view);
    let (name, data) = stream.next().await.unwrap();
    assert_eq!(name, "objects");
    assert_eq!(data["items"].as_array().unwrap().len(), 1, "{data}");
    assert_eq!(data["items"][0]["message"], "written");

    let mut view = layer();
    std::sync::Arc::make_mut(view.run.as_mut().unwrap()).id = "run-3".into();
    rig.fleet.put(view);
    let (name, data) = stream.next().await.unwrap();
    assert_eq!((name.as_str(), &data["run"]), ("run", &"run-3".into()));

    rig.fleet.remove(&("platform".into(), "database".into()));
    assert!(stream.next().await.is_none());
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
    for _ in 0..256 {
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
