//! Liveness, readiness, metrics.

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::Backend;

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
    match backend.readiness.missing() {
        None => "ok\n".into_response(),
        Some(missing) => (StatusCode::SERVICE_UNAVAILABLE, format!("{missing}\n")).into_response(),
    }
}

async fn metrics(State(backend): State<Backend>) -> impl IntoResponse {
    let text = backend.telemetry.exposition();
    ([(header::CONTENT_TYPE, TEXT_FORMAT)], text)
}
