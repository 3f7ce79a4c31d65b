//! `GET …/plan`: the plan of the run, or with `?revision=` what that revision would change.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use serde::Deserialize;
use tidegate_object::ObjectId;
use tidegate_sync::{Layer, LayerView, Proposal};
use tokio::time::timeout;

use super::Api;
use super::extract::{Parameters, Readable};
use super::objects::{Node, PlanView, Refused, no_run};
use crate::access::Right;
use crate::problem::{Kind, Problem};

/// How long a plan of a revision may take.
const DEADLINE: Duration = Duration::from_secs(25);

/// What is asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wanted {
    revision: Option<String>,
}

pub(super) async fn plan(
    Readable(view): Readable,
    State(api): State<Api>,
    headers: HeaderMap,
    Parameters(wanted): Parameters<Wanted>,
) -> Result<Json<PlanView>, Problem> {
    let Some(revision) = wanted.revision.filter(|revision| !revision.is_empty()) else {
        let run = view.run.as_deref().ok_or_else(|| no_run(&view))?;
        return Ok(Json(PlanView::from(run)));
    };
    let right = Right::Preview {
        namespace: view.namespace.clone(),
        name: view.name.clone(),
    };
    api.guard.admit(&headers, &right).await?;
    let unavailable = |detail: &str| Problem::new(Kind::Unavailable, detail);
    let permit = Arc::clone(&api.previews);
    let permit = permit.try_acquire_owned().map_err(|_| {
        unavailable("other plans of revisions are being made: try again in a moment")
    })?;
    let (layer, lookup) = (layer(&view), Arc::clone(&api.lookup));
    // What takes too long goes on, and counts until it ends: a rendering cannot be given up.
    let proposed = tokio::spawn(async move {
        let proposed = lookup.propose(&layer, Some(&revision)).await;
        drop(permit);
        proposed
    });
    let proposed = timeout(DEADLINE, proposed);
    let proposed = proposed
        .await
        .map_err(|_| unavailable("the plan takes too long here: `tidegate plan` and `tidegate diff` make it where you are"))?;
    let proposed =
        proposed.map_err(|_| unavailable("the plan could not be made: see the agent's log"))?;
    let proposal = proposed.map_err(|error| Problem::new(Kind::Unplannable, error.to_string()))?;
    Ok(Json(proposed_plan(&view, proposal)))
}

/// The Layer resource as far as a rendering needs it.
fn layer(view: &LayerView) -> Layer {
    let mut layer = Layer::new(&view.name, view.spec.clone());
    layer.metadata.namespace = Some(view.namespace.clone());
    layer.metadata.uid = Some(view.uid.clone());
    layer
}

fn proposed_plan(view: &LayerView, mut proposal: Proposal) -> PlanView {
    let held: HashSet<&ObjectId> = proposal.plan.nodes.iter().map(|node| &node.id).collect();
    let objects = view.run.iter().flat_map(|run| &run.objects);
    let leaves = objects.map(|object| &object.id);
    let leaves = leaves.filter(|id| !held.contains(id)).cloned().collect();
    let nodes = proposal.plan.nodes.into_iter().map(|node| Node {
        fields: proposal.fields.remove(&node.id).unwrap_or_default(),
        id: node.id,
        wave: node.wave,
        change: node.change,
        consequences: node.consequences,
        origin: node.origin,
    });
    PlanView {
        run: None,
        revision: Some(proposal.revision.to_string()),
        waves: proposal.plan.waves,
        nodes: nodes.collect(),
        edges: Arc::new(proposal.plan.edges),
        findings: Arc::new(proposal.plan.findings),
        leaving: Vec::new(),
        approve: None,
        confirm: None,
        leaves,
        refused: proposal.refused.into_iter().map(Refused::from).collect(),
    }
}
