//! The API, version 1: what each route answers, and which right it asks for.

mod changes;
mod control;
mod events;
mod extract;
mod forward;
mod hold;
mod layers;
mod object;
mod objects;
mod preview;
mod runs;
mod sync;
mod view;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::header;
use axum::middleware;
use axum::response::IntoResponse;
use axum::routing::{MethodRouter, delete, get, post};
use tidegate_cluster::Cluster;
use tidegate_sync::{Fleet, LayerKey, Lookup};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::Backend;
use crate::access::Guard;
use crate::cache::Cache;
use crate::leader::Leader;

/// The largest body, in bytes: no route has use for more.
const BODY_SIZE: usize = 4096;

/// Streams of events that may be open at the same time.
const STREAMS: usize = 256;
/// Plans of revisions that are made at the same time: each renders, and asks the API server about every object.
const PREVIEWS: usize = 2;
/// Accepted syncs that are remembered.
const TICKETS: usize = 1024;

/// What the routes share. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Api {
    pub(crate) fleet: Fleet,
    pub(crate) guard: Arc<Guard>,
    pub(crate) leader: Arc<Leader>,
    /// Syncs that were accepted here, until the fleet shows them.
    pub(crate) tickets: Arc<Cache<(LayerKey, String), ()>>,
    /// Streams of events that may be open at the same time.
    pub(crate) streams: Arc<Semaphore>,
    /// The cluster as the agent sees it.
    pub(crate) cluster: Cluster,
    /// What a revision would change.
    pub(crate) lookup: Arc<Lookup>,
    /// Plans of revisions that may be made at the same time.
    pub(crate) previews: Arc<Semaphore>,
    /// Ends the streams.
    pub(crate) stop: CancellationToken,
}

impl Api {
    /// Serves what is behind it to whom a guard lets in, until `stop`.
    pub(crate) fn new(
        backend: &Backend,
        (guard, leader): (Guard, Leader),
        stop: CancellationToken,
    ) -> Self {
        Self {
            fleet: backend.fleet.clone(),
            cluster: backend.cluster.clone(),
            lookup: Arc::clone(&backend.lookup),
            previews: Arc::new(Semaphore::new(PREVIEWS)),
            guard: Arc::new(guard),
            leader: Arc::new(leader),
            tickets: Arc::new(Cache::new(TICKETS)),
            streams: Arc::new(Semaphore::new(STREAMS)),
            stop,
        }
    }
}

/// A method, a path, and who answers.
type Route = (&'static str, &'static str, fn() -> MethodRouter<Api>);

/// All routes of the API; each is described in `openapi.json`.
#[rustfmt::skip]
const ROUTES: [Route; 18] = [
    ("get", "/api/v1/layers", || get(layers::list)),
    ("get", "/api/v1/layers/{namespace}/{name}", || get(layers::one)),
    ("get", "/api/v1/layers/{namespace}/{name}/objects", || get(objects::list)),
    ("get", "/api/v1/layers/{namespace}/{name}/objects/{id}", || get(object::one)),
    ("post", "/api/v1/layers/{namespace}/{name}/objects/{id}/hold", || post(hold::begin)),
    ("delete", "/api/v1/layers/{namespace}/{name}/objects/{id}/hold", || delete(hold::end)),
    ("get", "/api/v1/layers/{namespace}/{name}/plan", || get(preview::plan)),
    ("get", "/api/v1/layers/{namespace}/{name}/history", || get(runs::history)),
    ("get", "/api/v1/layers/{namespace}/{name}/runs/{run}", || get(runs::one)),
    ("post", "/api/v1/layers/{namespace}/{name}/sync", || post(sync::request)),
    ("post", "/api/v1/layers/{namespace}/{name}/suspend", || post(control::suspend)),
    ("post", "/api/v1/layers/{namespace}/{name}/resume", || post(control::resume)),
    ("post", "/api/v1/layers/{namespace}/{name}/rollback", || post(control::rollback)),
    ("post", "/api/v1/layers/{namespace}/{name}/approve", || post(control::approve)),
    ("post", "/api/v1/layers/{namespace}/{name}/confirm", || post(control::confirm)),
    ("get", "/api/v1/layers/{namespace}/{name}/events", || get(changes::stream)),
    ("get", "/api/v1/events", || get(events::stream)),
    ("get", "/api/v1/openapi.json", || get(openapi)),
];

/// The API's description, in the language of OpenAPI 3.1.
const OPENAPI: &str = include_str!("../openapi.json");

/// Returns the API's routes.
pub(crate) fn router(api: Api) -> Router {
    let mut router = Router::new();
    for (_, path, route) in ROUTES {
        router = router.route(path, route());
    }
    let forwards = middleware::from_fn_with_state(api.clone(), forward::reads);
    router
        .route_layer(forwards)
        .layer(DefaultBodyLimit::max(BODY_SIZE))
        .with_state(api)
}

async fn openapi() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], OPENAPI)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;

    #[test]
    fn every_route_is_described_and_nothing_else() {
        let document: Value = serde_json::from_str(OPENAPI).unwrap();
        let mut described = BTreeSet::new();
        for (path, methods) in document["paths"].as_object().unwrap() {
            for method in methods.as_object().unwrap().keys() {
                described.insert((method.as_str(), path.as_str()));
            }
        }
        let routes = ROUTES.iter().map(|(method, path, _)| (*method, *path));
        let served: BTreeSet<_> = routes.chain([("post", crate::hooks::ROUTE)]).collect();
        assert_eq!(described, served);
    }
}
