//! Liveness, readiness, metrics.

use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::Backend;

/// How long the API server may answer nothing: the Lease, which is renewed three times as often, is lost by then.
const UNANSWERED: Duration = Duration::from_secs(15);

const TEXT_FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Returns the routes of the metrics port.
pub(crate) fn router(backend: Backend) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(backend)
}

async fn ready(State(backend): State<Backend>) -> Response {
    match missing(&backend) {
        None => "ok\n".into_response(),
        Some(missing) => (StatusCode::SERVICE_UNAVAILABLE, format!("{missing}\n")).into_response(),
    }
}

/// What keeps the agent from being of use.
fn missing(backend: &Backend) -> Option<String> {
    if let Some(missing) = backend.readiness.missing() {
        return Some(missing.to_owned());
    }
    let unanswered = backend.telemetry.unanswered();
    let seconds = unanswered.as_secs();
    (unanswered > UNANSWERED)
        .then(|| format!("the API server has not answered for {seconds} s: trying on"))
}

async fn metrics(State(backend): State<Backend>) -> impl IntoResponse {
    let text = backend.telemetry.exposition();
    ([(header::CONTENT_TYPE, TEXT_FORMAT)], text)
}
