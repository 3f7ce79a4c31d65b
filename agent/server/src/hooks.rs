//! Webhooks: `POST /hooks/{forge}/{receiver}`. A call that is signed with the receiver's secret triggers a poll.
//!
//! Nothing in a body is trusted: at most it narrows down which repositories are polled.

mod bucket;
mod forge;
mod payload;
mod poller;
mod receivers;
mod secret;

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, FromRequest as _, Path, Request, State};
use axum::http::StatusCode;
use axum::routing::post;
use tokio::time::timeout;

pub(crate) use poller::Poller;
pub(crate) use receivers::Receivers;

use self::forge::Forge;
use crate::problem::{Kind, Problem};
use crate::{HookOutcome, Telemetry};

/// The route, which `openapi.json` describes too.
pub(crate) const ROUTE: &str = "/hooks/{forge}/{receiver}";
/// The largest body, in bytes.
const BODY_SIZE: usize = 1024 * 1024;
/// How long a body may take to come.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// What the route needs. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Hooks {
    pub(crate) receivers: Arc<Receivers>,
    pub(crate) poller: Poller,
    pub(crate) telemetry: Arc<dyn Telemetry>,
}

/// Returns the webhooks' route.
pub(crate) fn router(hooks: Hooks) -> Router {
    Router::new()
        .route(ROUTE, post(call))
        .layer(DefaultBodyLimit::max(BODY_SIZE))
        .with_state(hooks)
}

async fn call(
    State(hooks): State<Hooks>,
    Path((forge, name)): Path<(String, String)>,
    request: Request,
) -> Result<StatusCode, Problem> {
    let forge: Forge = forge.parse()?;
    let Some(receiver) = hooks.receivers.find(&name) else {
        hooks.telemetry.webhook("", HookOutcome::Unknown);
        let detail =
            format!("there is no receiver {name}: receivers are files in the webhook folder");
        return Err(Problem::new(Kind::NotFound, detail));
    };
    let refuse = |outcome, kind, detail: String| {
        hooks.telemetry.webhook(&name, outcome);
        Err(Problem::new(kind, detail))
    };
    if !receiver.bucket.take(Instant::now()) {
        let detail = format!("too many calls of receiver {name}: try again in a moment");
        return refuse(HookOutcome::Limited, Kind::TooManyRequests, detail);
    }
    let headers = request.headers().clone();
    let body = match body(request).await {
        Ok(body) => body,
        Err((kind, detail)) => return refuse(HookOutcome::Unreadable, kind, detail),
    };
    if !forge.accepts(&receiver.secret, &headers, &body) {
        let detail = format!("{}, with the secret of receiver {name}", forge.expects());
        return refuse(HookOutcome::Refused, Kind::WrongSignature, detail);
    }
    hooks.telemetry.webhook(&name, HookOutcome::Accepted);
    hooks.poller.request(payload::urls(&body));
    Ok(StatusCode::ACCEPTED)
}

async fn body(request: Request) -> Result<Bytes, (Kind, String)> {
    let read = Bytes::from_request(request, &());
    let Ok(read) = timeout(BODY_TIMEOUT, read).await else {
        let detail = format!("the body did not come within {} s", BODY_TIMEOUT.as_secs());
        return Err((Kind::BodyTimeout, detail));
    };
    read.map_err(|rejection: BytesRejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            let detail = format!("a body may have at most {} KiB", BODY_SIZE / 1024);
            (Kind::BodyTooLarge, detail)
        }
        _ => (Kind::BadRequest, rejection.body_text()),
    })
}
