//! Reads that reach a replica that does not lead: what only the leader knows comes from the leader.

use axum::extract::{MatchedPath, Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::Api;
use crate::leader::FORWARDED;
use crate::problem::{Kind, Problem};

/// What every replica can say as well as the leader.
const EVERYWHERE: [&str; 1] = ["/api/v1/openapi.json"];
/// What any replica knows from the Layers' status, if less of it: its own word where the leader has none.
const FROM_STATUS: [&str; 5] = [
    "/api/v1/layers",
    "/api/v1/layers/{namespace}/{name}",
    "/api/v1/layers/{namespace}/{name}/history",
    "/api/v1/layers/{namespace}/{name}/runs/{run}",
    "/api/v1/events",
];

/// Has the leader answer a read, if that is another replica.
pub(crate) async fn reads(State(api): State<Api>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>();
    let route = route.map(MatchedPath::as_str).unwrap_or_default();
    let is_read = request.method() == Method::GET && !EVERYWHERE.contains(&route);
    if !is_read || !api.leader.is_elsewhere() {
        return next.run(request).await;
    }
    let is_known_here = FROM_STATUS.contains(&route);
    if request.headers().contains_key(FORWARDED) {
        if is_known_here {
            return next.run(request).await;
        }
        let detail = "another replica has just taken the lead: try again";
        return Problem::new(Kind::Unavailable, detail).into_response();
    }
    match api.leader.ask(request.headers(), request.uri()).await {
        // A run that was asked for here is known here first.
        Ok(answer) if is_known_here && answer.status() == StatusCode::NOT_FOUND => {
            next.run(request).await
        }
        Ok(answer) => answer,
        Err(_) if is_known_here => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}
