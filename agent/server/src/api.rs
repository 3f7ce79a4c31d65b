//! The API, version 1: what each route answers, and which right it asks for.

mod events;
mod extract;
mod layers;
mod objects;
mod runs;
mod sync;
mod view;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use tidegate_sync::Fleet;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::access::Guard;

/// The largest body, in bytes: no route has use for one.
const BODY_SIZE: usize = 4096;

/// What the routes share. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Api {
    pub(crate) fleet: Fleet,
    pub(crate) guard: Arc<Guard>,
    /// Streams of events that may be open at the same time.
    pub(crate) streams: Arc<Semaphore>,
    /// Ends the streams.
    pub(crate) stop: CancellationToken,
}

/// Returns the API's routes.
pub(crate) fn router(api: Api) -> Router {
    Router::new()
        .route("/api/v1/layers", get(layers::list))
        .route("/api/v1/layers/{namespace}/{name}", get(layers::one))
        .route(
            "/api/v1/layers/{namespace}/{name}/objects",
            get(objects::list),
        )
        .route("/api/v1/layers/{namespace}/{name}/plan", get(objects::plan))
        .route(
            "/api/v1/layers/{namespace}/{name}/history",
            get(runs::history),
        )
        .route(
            "/api/v1/layers/{namespace}/{name}/runs/{run}",
            get(runs::one),
        )
        .route(
            "/api/v1/layers/{namespace}/{name}/sync",
            post(sync::request),
        )
        .route("/api/v1/events", get(events::stream))
        .layer(DefaultBodyLimit::max(BODY_SIZE))
        .with_state(api)
}
