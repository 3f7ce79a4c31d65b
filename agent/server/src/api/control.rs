//! `POST …/suspend`, `…/resume`, `…/rollback`, `…/approve`, `…/confirm`: written to the Layer before it is answered.

use std::time::Instant;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tidegate_sync::{Control, LayerKey, RequestError, Ticket};

use super::extract::no_layer;
use super::sync::{UNSHOWN, accepted, check_body};
use super::{Api, BODY_SIZE};
use crate::access::Right;
use crate::problem::{Kind, Problem};

/// What a rollback takes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rollback {
    revision: String,
    #[serde(default = "usual")]
    r#for: String,
}

/// What an approval or a confirmation takes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Agreement {
    hash: String,
}

/// How long a layer is held unless something else is said.
fn usual() -> String {
    "2h".into()
}

pub(super) type Body = Result<Bytes, BytesRejection>;

pub(super) async fn suspend(
    State(api): State<Api>,
    headers: HeaderMap,
    Path(layer): Path<LayerKey>,
    body: Body,
) -> Result<Response, Problem> {
    let by = admit(&api, (&headers, "suspend"), &layer).await?;
    check_body(body)?;
    let view = api.fleet.layer(&layer).ok_or_else(|| no_layer(&layer))?;
    if view.spec.suspend {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    keep(&api, layer, (Control::Suspend, &by)).await
}

pub(super) async fn resume(
    State(api): State<Api>,
    headers: HeaderMap,
    Path(layer): Path<LayerKey>,
    body: Body,
) -> Result<Response, Problem> {
    let by = admit(&api, (&headers, "resume"), &layer).await?;
    check_body(body)?;
    keep(&api, layer, (Control::Resume, &by)).await
}

pub(super) async fn rollback(
    State(api): State<Api>,
    headers: HeaderMap,
    Path(layer): Path<LayerKey>,
    body: Body,
) -> Result<Response, Problem> {
    let by = admit(&api, (&headers, "rollback"), &layer).await?;
    let shape = "{\"revision\": \"<commit>\", \"for\": \"2h\"}";
    let wanted: Rollback = read_body(body, shape)?;
    let control = Control::rollback(&wanted.revision, &wanted.r#for);
    let control = control.map_err(|problem| malformed(&problem, shape))?;
    keep(&api, layer, (control, &by)).await
}

pub(super) async fn approve(
    State(api): State<Api>,
    headers: HeaderMap,
    Path(layer): Path<LayerKey>,
    body: Body,
) -> Result<Response, Problem> {
    let by = admit(&api, (&headers, "approve"), &layer).await?;
    let shape = "{\"hash\": \"<status.plan.hash>\"}";
    let Agreement { hash } = read_body(body, shape)?;
    let control = Control::approve(&hash).map_err(|problem| malformed(&problem, shape))?;
    let view = api.fleet.layer(&layer).ok_or_else(|| no_layer(&layer))?;
    let plan = view.status.plan.as_ref();
    let shown = plan.and_then(|plan| plan.hash.as_deref());
    compare(&hash, shown, "no plan waits for approval")?;
    keep(&api, layer, (control, &by)).await
}

pub(super) async fn confirm(
    State(api): State<Api>,
    headers: HeaderMap,
    Path(layer): Path<LayerKey>,
    body: Body,
) -> Result<Response, Problem> {
    let by = admit(&api, (&headers, "confirm"), &layer).await?;
    let shape = "{\"hash\": \"<status.heldPrune.hash>\"}";
    let Agreement { hash } = read_body(body, shape)?;
    let control = Control::confirm(&hash).map_err(|problem| malformed(&problem, shape))?;
    let view = api.fleet.layer(&layer).ok_or_else(|| no_layer(&layer))?;
    let shown = view.status.held_prune.as_ref().map(|held| &*held.hash);
    let none = "no deletes are held back that could be confirmed";
    compare(&hash, shown, none)?;
    keep(&api, layer, (control, &by)).await
}

/// Refuses what is not the hash of what is shown now.
fn compare(hash: &str, shown: Option<&str>, none: &str) -> Result<(), Problem> {
    let detail = match shown {
        Some(shown) if shown.eq_ignore_ascii_case(hash) => return Ok(()),
        Some(shown) => format!("something else is shown now, under the hash {shown}: look at that"),
        None => format!("{none}: GET …/plan shows what there is"),
    };
    Err(Problem::new(Kind::Conflict, detail))
}

/// Reads what is asked for; `shape` shows how it is written.
pub(super) fn read_body<T: DeserializeOwned>(body: Body, shape: &str) -> Result<T, Problem> {
    let body = body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            let detail = format!("the body has more than {BODY_SIZE} bytes, and is {shape}");
            Problem::new(Kind::BodyTooLarge, detail)
        }
        _ => malformed(&rejection.body_text(), shape),
    })?;
    serde_json::from_slice(&body).map_err(|error| malformed(&error.to_string(), shape))
}

pub(super) fn malformed(problem: &str, shape: &str) -> Problem {
    Problem::new(Kind::BadRequest, format!("{problem}; the body is {shape}"))
}

async fn admit(
    api: &Api,
    (headers, action): (&HeaderMap, &'static str),
    (namespace, name): &LayerKey,
) -> Result<String, Problem> {
    let right = Right::Control {
        action,
        namespace: namespace.clone(),
        name: name.clone(),
    };
    api.guard.admit(headers, &right).await
}

async fn keep(
    api: &Api,
    layer: LayerKey,
    (control, by): (Control, &str),
) -> Result<Response, Problem> {
    let (namespace, name) = layer.clone();
    tracing::info!(layer = %format_args!("{namespace}/{name}"), by, ?control, "control asked for");
    match api.fleet.control(layer.clone(), (control, by)).await {
        Ok(None) => Ok(StatusCode::NO_CONTENT.into_response()),
        Ok(Some(run)) => {
            let until = (Instant::now(), UNSHOWN);
            api.tickets.put((layer, run.clone()), (), until);
            let pending = false;
            Ok(accepted(&namespace, &name, Ticket { run, pending }).into_response())
        }
        Err(RequestError::NoLayer(..)) => Err(no_layer(&layer)),
        Err(error @ RequestError::Unavailable(_)) => {
            Err(Problem::new(Kind::Unavailable, error.to_string()))
        }
    }
}
