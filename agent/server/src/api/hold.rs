//! `POST …/objects/{id}/hold`, and its end by DELETE: drift of one object is left alone for a time.

use std::sync::Arc;

use axum::RequestPartsExt as _;
use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};
use tidegate_cluster::{ApiError, Class};
use tidegate_object::ObjectId;
use tidegate_sync::{LayerView, marks};

use super::Api;
use super::control::{Body, malformed, read_body};
use super::extract::Readable;
use super::object::{Place, unreadable};
use crate::access::Eyes;
use crate::problem::{Kind, Problem};

/// What a hold takes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    r#for: SignedDuration,
    #[serde(default)]
    reason: String,
}

/// An object of a layer, for who may change it themselves.
pub(super) struct Holdable {
    view: Arc<LayerView>,
    id: ObjectId,
    by: String,
}

pub(super) async fn begin(
    held: Holdable,
    State(api): State<Api>,
    body: Body,
) -> Result<StatusCode, Problem> {
    let shape = "{\"for\": \"1h\", \"reason\": \"<why>\"}";
    let wanted: Wanted = read_body(body, shape)?;
    let until = Timestamp::now().checked_add(wanted.r#for).ok();
    let until = until.filter(|_| wanted.r#for.is_positive());
    let until =
        until.ok_or_else(|| malformed("for is not a time to come, such as 30m or 2h", shape))?;
    let reason = match wanted.reason.trim() {
        "" => held.by.clone(),
        reason => format!("{}: {reason}", held.by),
    };
    let annotations = json!({
        (marks::HOLD_UNTIL): format!("{until:.0}"),
        (marks::HOLD_REASON): reason,
    });
    held.annotate(&api, annotations).await
}

pub(super) async fn end(held: Holdable, State(api): State<Api>) -> Result<StatusCode, Problem> {
    let annotations = json!({(marks::HOLD_UNTIL): null, (marks::HOLD_REASON): null});
    held.annotate(&api, annotations).await
}

impl FromRequestParts<Api> for Holdable {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let Readable(view) = Readable::from_request_parts(parts, api).await?;
        let place: Result<Path<Place>, PathRejection> = parts.extract().await;
        let Path(place) =
            place.map_err(|error| Problem::new(Kind::BadRequest, error.body_text()))?;
        let id = place.object()?;
        let eyes = Eyes {
            guard: &api.guard,
            headers: &parts.headers,
            kinds: api.cluster.kinds(),
        };
        let by = eyes.admit_change(&id).await?;
        Ok(Self { view, id, by })
    }
}

impl Holdable {
    /// Writes as the layer's account, to an object that is the layer's.
    async fn annotate(self, api: &Api, annotations: Value) -> Result<StatusCode, Problem> {
        let Self { view, id, by } = self;
        tracing::info!(layer = %format_args!("{}/{}", view.namespace, view.name), object = %id, by, "hold asked for");
        let live = api.cluster.get_metadata(&id).await;
        let live = live.map_err(|error| unreadable(&id, &error))?;
        let live =
            live.filter(|live| marks::owner_of(live).is_some_and(|owner| owner.uid == view.uid));
        let live = live.ok_or_else(|| {
            let detail =
                format!("the cluster has no {id} that is this layer's: nobody puts it right");
            Problem::new(Kind::NotFound, detail)
        })?;
        let account = &view.spec.service_account_name;
        let writer = api.cluster.as_account(&view.namespace, account);
        let writer = writer.map_err(|error| Problem::new(Kind::Unavailable, error.to_string()))?;
        let change = json!({"metadata": {"annotations": annotations}});
        let written = writer.merge(&live, change).await;
        written.map_err(|error| unwritten(&id, &error))?;
        Ok(StatusCode::NO_CONTENT)
    }
}

fn unwritten(id: &ObjectId, error: &ApiError) -> Problem {
    let kind = match error.class {
        Class::Conflict => Kind::Conflict,
        _ => Kind::Unavailable,
    };
    Problem::new(kind, format!("{id} cannot be written: {error}: try again"))
}
