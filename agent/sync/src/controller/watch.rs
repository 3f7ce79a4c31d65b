//! The watch of all Layers.

use std::pin::pin;

use futures::StreamExt as _;
use kube::api::{ApiResource, DynamicObject};
use kube::runtime::WatchStreamExt as _;
use kube::runtime::watcher::{self, Event, watcher};
use kube::{Api, Client};
use tidegate_cluster::ApiError;
use tokio::sync::mpsc;

use super::{Backoff, Resource};
use crate::{Layer, LayerKey};

/// What the watch has seen.
#[derive(Debug)]
pub(super) enum Seen {
    /// All layers.
    Listed(Vec<Resource>),
    /// A layer that is new or changed.
    There(Box<Resource>),
    /// A layer that is gone, or on its way without us.
    Gone(LayerKey),
}

/// Watches the Layers of all namespaces until nobody listens; what breaks is opened again.
pub(super) fn watch_layers(client: Client) -> mpsc::Receiver<Seen> {
    let (tell, told) = mpsc::channel(64);
    // Layers that cannot be read are seen, too: they are read one by one.
    let api: Api<DynamicObject> = Api::all_with(client, &ApiResource::erase::<Layer>(&()));
    tokio::spawn(follow(api, tell));
    told
}

async fn follow(api: Api<DynamicObject>, tell: mpsc::Sender<Seen>) {
    let mut events = pin!(watcher(api, watcher::Config::default()).backoff(Backoff::of_watch()));
    let mut list = Vec::new();
    let mut broken = false;
    while let Some(event) = events.next().await {
        let seen = match event {
            Ok(Event::Init) => {
                list.clear();
                continue;
            }
            Ok(Event::InitApply(object)) => {
                list.extend(alive(&object));
                continue;
            }
            Ok(Event::InitDone) => Seen::Listed(std::mem::take(&mut list)),
            Ok(Event::Apply(object)) => match alive(&object) {
                Some(resource) => Seen::There(Box::new(resource)),
                None => Seen::Gone(Resource::new(&object).key()),
            },
            Ok(Event::Delete(object)) => Seen::Gone(Resource::new(&object).key()),
            Err(error) => {
                if !std::mem::replace(&mut broken, true) {
                    tracing::warn!(error = %explained(&error), "failed to watch the Layers: trying on");
                }
                continue;
            }
        };
        if std::mem::take(&mut broken) {
            tracing::info!("watching the Layers again");
        }
        if tell.send(seen).await.is_err() {
            return;
        }
    }
}

/// Reads a Layer, unless it is being deleted without us.
fn alive(object: &DynamicObject) -> Option<Resource> {
    let resource = Resource::new(object);
    (!resource.is_going || resource.has_finalizer).then_some(resource)
}

fn explained(error: &watcher::Error) -> String {
    let answer = match error {
        watcher::Error::InitialListFailed(error)
        | watcher::Error::WatchStartFailed(error)
        | watcher::Error::WatchFailed(error) => ApiError::of(error),
        other => return other.to_string(),
    };
    match answer.code {
        404 => format!("{answer}: install the CRD, for example by `tidegate install`"),
        _ => answer.message,
    }
}
