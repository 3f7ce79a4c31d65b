//! `POST …/suspend`, `…/resume`, `…/rollback`: written to the Layer before it is answered.

use std::time::Instant;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use tidegate_sync::{Control, LayerKey, RequestError, Ticket};

use super::Api;
use super::extract::no_layer;
use super::sync::{UNSHOWN, accepted, check_body};
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

/// How long a layer is held unless something else is said.
fn usual() -> String {
    "2h".into()
}

type Body = Result<Bytes, BytesRejection>;

pub(super) async fn suspend(
    State(api): State<Api>,
    headers: HeaderMap,
    Path(layer): Path<LayerKey>,
    body: Body,
) -> Result<Response, Problem> {
    let by = admit(&api, (&headers, "suspend"), &layer).await?;
    check_body(body)?;
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
    let refused = |problem: String| {
        let detail =
            format!("{problem}; the body is {{\"revision\": \"<commit>\", \"for\": \"2h\"}}");
        Problem::new(Kind::BadRequest, detail)
    };
    let body = body.map_err(|rejection| refused(rejection.body_text()))?;
    let wanted: Rollback =
        serde_json::from_slice(&body).map_err(|error| refused(error.to_string()))?;
    let control = Control::rollback(&wanted.revision, &wanted.r#for).map_err(refused)?;
    keep(&api, layer, (control, &by)).await
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
