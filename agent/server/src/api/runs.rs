//! `GET …/history`, `GET …/runs/{run}`: runs that are over, and one run to follow.

use std::time::Instant;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use serde::{Deserialize, Serialize};
use tidegate_sync::{HistoryEntry, LayerView};

use super::Api;
use super::extract::{Readable, no_layer};
use super::view::RunView;
use crate::access::Right;
use crate::problem::{Kind, Problem};

/// The last runs, the newest first.
#[derive(Debug, Serialize)]
pub(crate) struct History {
    items: Vec<HistoryEntry>,
}

#[derive(Deserialize)]
pub(super) struct Place {
    namespace: String,
    name: String,
    run: String,
}

pub(super) async fn history(Readable(view): Readable) -> Json<History> {
    let items = view.status.history.clone();
    Json(History { items })
}

/// Answers also whom the sync of the layer is allowed, so that who asked for a run can follow it.
pub(super) async fn one(
    State(api): State<Api>,
    headers: HeaderMap,
    Path(place): Path<Place>,
) -> Result<Json<RunView>, Problem> {
    let Place {
        namespace,
        name,
        run,
    } = place;
    let key = (namespace.clone(), name.clone());
    let sync = Right::Sync {
        namespace: namespace.clone(),
        name: name.clone(),
    };
    if api.guard.admit(&headers, &sync).await.is_err() {
        let read = Right::Get { namespace, name };
        api.guard.admit(&headers, &read).await?;
    }
    let view = api.fleet.layer(&key).ok_or_else(|| no_layer(&key))?;
    if let Some(found) = find(&view, &run) {
        return Ok(Json(found));
    }
    let ticket = (key, run);
    if api.tickets.get(&ticket, Instant::now()).is_some() {
        return Ok(Json(RunView::pending(ticket.1)));
    }
    let ((namespace, name), run) = ticket;
    let detail =
        format!("the layer {namespace}/{name} knows no run {run}: only its last runs are kept");
    Err(Problem::new(Kind::NotFound, detail))
}

fn find(view: &LayerView, id: &str) -> Option<RunView> {
    if let Some(run) = view.run.as_deref().filter(|run| run.id == id) {
        return Some(run.into());
    }
    let status = &view.status;
    if let Some(entry) = status.history.iter().find(|entry| entry.id == id) {
        return Some(entry.into());
    }
    let request = status.sync.as_ref().filter(|request| request.id == id);
    let request = request.cloned();
    request.map(|request| RunView::requested(request.id, request.state))
}
