//! `GET …/events`: the objects of one layer as they change, as server-sent events.
//!
//! `run` says that another run is shown, or that too much changed at once: then the objects are to be read anew.
//! `objects` brings those that changed. A stream begins with `run`, so that a client that comes back misses nothing.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures::Stream;
use futures::stream;
use serde::Serialize;
use tidegate_sync::{LayerKey, Run, RunObject};
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::time::{Instant, sleep, timeout_at};

use super::Api;
use super::events::{KEEP_ALIVE, LIFETIME, PAUSE, event, permit};
use super::extract::Readable;
use crate::problem::Problem;

/// The most objects of one event.
const MOST: usize = 500;
/// The pause between two events grows with what there is to compare.
const PAUSE_PER_OBJECT: Duration = Duration::from_micros(20);

/// One client's stream of one layer.
struct Feed {
    api: Api,
    layer: LayerKey,
    changes: Receiver<LayerKey>,
    /// What the client knows.
    known: Option<Arc<Run>>,
    begun: bool,
    end: Instant,
    _permit: OwnedSemaphorePermit,
}

/// Another run is shown.
#[derive(Serialize)]
struct Shown<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<&'a str>,
    objects: usize,
}

/// Objects that changed within a run.
#[derive(Serialize)]
struct Changed<'a> {
    run: &'a str,
    items: Vec<&'a RunObject>,
}

pub(super) async fn stream(
    Readable(view): Readable,
    State(api): State<Api>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let feed = Feed {
        _permit: permit(&api)?,
        layer: (view.namespace.clone(), view.name.clone()),
        changes: api.fleet.changes(),
        known: None,
        begun: false,
        end: Instant::now() + LIFETIME,
        api,
    };
    let events = stream::unfold(feed, |mut feed| async move {
        let event = feed.next().await?;
        Some((Ok(event), feed))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}

impl Feed {
    /// Waits for the next event; `None` ends the stream, also that of a layer that is gone.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if self.begun {
                self.wait().await?;
            }
            let run = self.api.fleet.layer(&self.layer)?.run.clone();
            let known = std::mem::replace(&mut self.known, run.clone());
            let is_first = !std::mem::replace(&mut self.begun, true);
            if is_first || !is_same(known.as_deref(), run.as_deref()) {
                return shown(run.as_deref());
            }
            let (Some(known), Some(run)) = (known, run) else {
                continue;
            };
            if Arc::ptr_eq(&known, &run) {
                continue;
            }
            let items = differing(&known, &run);
            if items.len() > MOST {
                return shown(Some(&run));
            }
            if !items.is_empty() {
                let run = &run.id;
                return event("objects", &Changed { run, items });
            }
        }
    }

    /// Waits for a change of the layer, and for what comes with it.
    async fn wait(&mut self) -> Option<()> {
        let stop = self.api.stop.clone();
        loop {
            let received = timeout_at(self.end, self.changes.recv());
            match stop.run_until_cancelled(received).await?.ok()? {
                Ok(key) if key == self.layer => break,
                Ok(_) => {}
                Err(RecvError::Lagged(_)) => break,
                Err(RecvError::Closed) => return None,
            }
        }
        let objects = self.known.as_ref().map_or(0, |run| run.objects.len());
        let objects = u32::try_from(objects).unwrap_or(u32::MAX);
        let pause = PAUSE.max(PAUSE_PER_OBJECT.saturating_mul(objects));
        stop.run_until_cancelled(sleep(pause)).await?;
        loop {
            match self.changes.try_recv() {
                Ok(_) | Err(TryRecvError::Lagged(_)) => {}
                Err(TryRecvError::Empty | TryRecvError::Closed) => return Some(()),
            }
        }
    }
}

fn shown(run: Option<&Run>) -> Option<Event> {
    let objects = run.map_or(0, |run| run.objects.len());
    let run = run.map(|run| run.id.as_str());
    event("run", &Shown { run, objects })
}

/// Tells whether two are the same run with the same objects, however they are.
fn is_same(known: Option<&Run>, run: Option<&Run>) -> bool {
    match (known, run) {
        (Some(known), Some(run)) => {
            let same_ids = || {
                let pairs = known.objects.iter().zip(&run.objects);
                pairs.clone().all(|(one, other)| one.id == other.id)
            };
            known.id == run.id && known.objects.len() == run.objects.len() && same_ids()
        }
        (None, None) => true,
        _ => false,
    }
}

fn differing<'a>(known: &Run, run: &'a Run) -> Vec<&'a RunObject> {
    let pairs = known.objects.iter().zip(&run.objects);
    let changed = pairs.filter(|(one, other)| one != other);
    changed.map(|(_, changed)| changed).collect()
}
