//! `GET /events`: layers as they change, as server-sent events.
//!
//! A stream begins with a snapshot. What a client opens after a break, with the id of the last event that it has, goes on
//! with the layers that changed meanwhile; if that is no longer known, with a snapshot. A client that is slow gets each
//! layer as it is by then, so that it costs no memory.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures::Stream;
use futures::stream;
use serde::Serialize;
use tidegate_sync::LayerKey;
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::time::{Instant, sleep, timeout_at};

use super::Api;
use super::extract::{Listable, Selection};
use super::layers::Summaries;
use super::view::Summary;
use crate::problem::{Kind, Problem};

/// How long a stream lasts; then the client opens another one, and is asked again who it is.
pub(super) const LIFETIME: Duration = Duration::from_secs(600);
/// Changes of a layer within this time are one event.
pub(super) const PAUSE: Duration = Duration::from_millis(100);
/// How often a stream on which nothing happens shows that it lives.
pub(super) const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// One client's stream.
struct Feed {
    api: Api,
    selection: Selection,
    changes: Receiver<LayerKey>,
    /// Layers that changed and are not sent yet.
    changed: BTreeSet<LayerKey>,
    /// How far the client is once all that changed is sent.
    mark: String,
    /// Whether all layers are to be sent.
    behind: bool,
    end: Instant,
    _permit: OwnedSemaphorePermit,
}

/// A layer that is gone.
#[derive(Serialize)]
struct Gone<'a> {
    namespace: &'a str,
    name: &'a str,
}

pub(super) async fn stream(
    Listable(selection): Listable,
    State(api): State<Api>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let permit = permit(&api)?;
    // Before anything is read, so that no change falls between.
    let changes = api.fleet.changes();
    let mark = api.fleet.mark();
    let known = headers.get("last-event-id").and_then(|it| it.to_str().ok());
    let since = known.and_then(|known| api.fleet.since(known));
    let feed = Feed {
        changes,
        mark,
        behind: since.is_none(),
        changed: since
            .into_iter()
            .flatten()
            .filter(|key| selection.holds(&key.0))
            .collect(),
        end: Instant::now() + LIFETIME,
        selection,
        api,
        _permit: permit,
    };
    let events = stream::unfold(feed, |mut feed| async move {
        let event = feed.next().await?;
        Some((Ok(event), feed))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}

/// Leave to keep a stream open.
pub(super) fn permit(api: &Api) -> Result<OwnedSemaphorePermit, Problem> {
    api.streams.clone().try_acquire_owned().map_err(|_| {
        let detail = "too many streams of events are open: close one, or try again in a moment";
        Problem::new(Kind::Unavailable, detail)
    })
}

impl Feed {
    /// Waits for the next event; `None` ends the stream.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if std::mem::take(&mut self.behind) {
                self.changed.clear();
                let layers = Summaries::of(&self.api, &self.selection);
                return Some(event("snapshot", &layers)?.id(&self.mark));
            }
            if let Some(key) = self.changed.pop_first() {
                let event = self.layer(&key)?;
                // Who has the last one has all.
                let is_last = self.changed.is_empty();
                return Some(if is_last { event.id(&self.mark) } else { event });
            }
            self.wait().await?;
        }
    }

    /// Waits for a change, and takes all that come with it.
    async fn wait(&mut self) -> Option<()> {
        let stop = self.api.stop.clone();
        let received = timeout_at(self.end, self.changes.recv());
        match stop.run_until_cancelled(received).await?.ok()? {
            Ok(key) => self.note(key),
            Err(RecvError::Lagged(_)) => self.behind = true,
            Err(RecvError::Closed) => return None,
        }
        stop.run_until_cancelled(sleep(PAUSE)).await?;
        self.mark = self.api.fleet.mark();
        loop {
            match self.changes.try_recv() {
                Ok(key) => self.note(key),
                Err(TryRecvError::Lagged(_)) => self.behind = true,
                Err(TryRecvError::Empty | TryRecvError::Closed) => return Some(()),
            }
        }
    }

    fn note(&mut self, key: LayerKey) {
        if self.selection.holds(&key.0) {
            self.changed.insert(key);
        }
    }

    fn layer(&self, key: &LayerKey) -> Option<Event> {
        match self.api.fleet.layer(key) {
            Some(view) => event("layer", &Summary::from(&*view)),
            None => event(
                "gone",
                &Gone {
                    namespace: &key.0,
                    name: &key.1,
                },
            ),
        }
    }
}

pub(super) fn event(name: &str, data: &impl Serialize) -> Option<Event> {
    match Event::default().event(name).json_data(data) {
        Ok(event) => Some(event),
        Err(error) => {
            tracing::error!(%error, name, "event not written");
            None
        }
    }
}
