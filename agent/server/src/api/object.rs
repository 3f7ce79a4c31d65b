//! `GET …/objects/{id}`: one object as Git says it, as the cluster has it, and why it is as it is.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use serde::{Deserialize, Serialize};
use tidegate_cluster::ApiError;
use tidegate_object::{ObjectId, Origin};
use tidegate_plan::{Change, Consequence};
use tidegate_sync::{Chain, Happening, Inspection, LayerView, Link, RunObject, Writer};

use super::Api;
use super::extract::Readable;
use crate::access::Eyes;
use crate::problem::{Kind, Problem};

/// An object in full.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ObjectView {
    id: ObjectId,
    /// The revision that `desired` is of.
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<Origin>,
    /// How it is in the run that goes on, or in the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    in_run: Option<RunObject>,
    #[serde(skip_serializing_if = "Option::is_none")]
    desired: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    live: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    difference: Option<Difference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
    writers: Vec<Writer>,
    events: Vec<Happening>,
    /// From the object to what explains it.
    reasons: Vec<Link>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Difference {
    change: Change,
    text: String,
    consequences: Vec<Consequence>,
}

#[derive(Deserialize)]
pub(super) struct Place {
    id: String,
}

impl Place {
    /// Returns the object that is named.
    pub(super) fn object(&self) -> Result<ObjectId, Problem> {
        let id = &self.id;
        id.parse().map_err(|error| {
            let detail = format!("`{id}` is no object: {error}; write group/Kind/namespace/name");
            Problem::new(Kind::BadRequest, detail)
        })
    }
}

/// The answer about an object of which the API server does not tell.
pub(super) fn unreadable(id: &ObjectId, error: &ApiError) -> Problem {
    Problem::new(Kind::Unavailable, format!("{id} cannot be read: {error}"))
}

/// Reads the object only now, and only for whom the cluster lets read it.
pub(super) async fn one(
    Readable(view): Readable,
    State(api): State<Api>,
    headers: HeaderMap,
    Path(place): Path<Place>,
) -> Result<Json<ObjectView>, Problem> {
    let id = place.object()?;
    let eyes = Eyes {
        guard: &api.guard,
        headers: &headers,
        kinds: api.cluster.kinds(),
    };
    eyes.admit(&id).await?;
    let unanswered = |error: ApiError| unreadable(&id, &error);
    let seen = Inspection::of((&api.cluster, &eyes), &view, &id).await;
    let seen = seen.map_err(unanswered)?;
    let in_run = in_run(&view, &id);
    if seen.live.is_none() && seen.desired.is_none() && in_run.is_none() {
        let detail = format!("the layer holds no {id}, and neither does the cluster");
        return Err(Problem::new(Kind::NotFound, detail));
    }
    let mut chain = Chain::new(&api.cluster, eyes);
    chain.know(seen.object);
    chain.follow(&id).await.map_err(unanswered)?;
    Ok(Json(ObjectView {
        revision: view
            .rendering
            .as_ref()
            .map(|(_, revision)| revision.to_string()),
        origin: origin(&view, &id),
        in_run,
        desired: seen.desired,
        live: seen.live,
        difference: seen.difference.map(|difference| Difference {
            change: difference.change,
            text: difference.text,
            consequences: difference.consequences,
        }),
        problem: seen.problem,
        writers: seen.writers,
        events: seen.events,
        reasons: chain.into_links(),
        id,
    }))
}

fn in_run(view: &LayerView, id: &ObjectId) -> Option<RunObject> {
    let run = view.run.as_ref()?;
    run.objects.iter().find(|object| object.id == *id).cloned()
}

/// Where the newest rendering has it from.
fn origin(view: &LayerView, id: &ObjectId) -> Option<Origin> {
    let (rendered, _) = view.rendering.as_ref()?;
    let object = rendered.objects.iter().find(|object| object.id() == id)?;
    object.origin().cloned()
}
