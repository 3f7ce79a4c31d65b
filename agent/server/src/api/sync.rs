//! `POST …/sync`: the manual resync.

use std::time::{Duration, Instant};

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::IntoResponse;
use tidegate_sync::{RequestError, Ticket};

use super::Api;
use super::extract::{Syncable, no_layer};
use crate::problem::{Kind, Problem};

/// How long it may take until the fleet shows a sync that was accepted.
pub(super) const UNSHOWN: Duration = Duration::from_secs(60);

/// Answers at once with the run; while one is pending, with that one.
pub(super) async fn request(
    Syncable { layer, by }: Syncable,
    State(api): State<Api>,
    body: Result<Bytes, BytesRejection>,
) -> Result<impl IntoResponse, Problem> {
    check_body(body)?;
    let (namespace, name) = layer.clone();
    match api.fleet.sync(layer.clone(), &by).await {
        Ok(ticket) => {
            tracing::info!(layer = %format_args!("{namespace}/{name}"), by, run = ticket.run, pending = ticket.pending, "sync accepted");
            let until = (Instant::now(), UNSHOWN);
            api.tickets.put((layer, ticket.run.clone()), (), until);
            Ok(accepted(&namespace, &name, ticket))
        }
        Err(RequestError::NoLayer(..)) => Err(no_layer(&layer)),
        Err(error @ RequestError::Unavailable(_)) => {
            Err(Problem::new(Kind::Unavailable, error.to_string()))
        }
    }
}

pub(super) fn accepted(namespace: &str, name: &str, ticket: Ticket) -> impl IntoResponse + use<> {
    let location = format!("/api/v1/layers/{namespace}/{name}/runs/{}", ticket.run);
    let location: [(HeaderName, String); 1] = [(header::LOCATION, location)];
    (StatusCode::ACCEPTED, location, Json(ticket))
}

/// There is nothing to say in a body, and what somebody says there must not be lost silently.
pub(super) fn check_body(body: Result<Bytes, BytesRejection>) -> Result<(), Problem> {
    let body = body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            Problem::new(Kind::BodyTooLarge, "this request takes no body: send none")
        }
        _ => Problem::new(Kind::BadRequest, rejection.body_text()),
    })?;
    match body.trim_ascii() {
        b"" | b"{}" => Ok(()),
        _ => Err(Problem::new(
            Kind::BadRequest,
            "this request takes no body: send none, or {}",
        )),
    }
}
