//! `GET …/objects`, `GET …/plan`: the objects of a layer's run, and why they come in this order.

use std::sync::Arc;

use axum::Json;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use tidegate_health::Status;
use tidegate_object::{ObjectId, Origin};
use tidegate_plan::{Change, Edge, Finding};
use tidegate_sync::{LayerView, Leaving, Run, RunObject, Step};

use super::extract::{Parameters, Readable};
use crate::problem::{Kind, Problem};

/// Objects of a page, unless less is asked for.
const PAGE: usize = 500;

/// What is asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Filter {
    wave: Option<u32>,
    health: Option<Status>,
    step: Option<Step>,
    limit: Option<usize>,
    r#continue: Option<String>,
}

/// A page of objects, in the order of the plan.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Page {
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<String>,
    items: Vec<RunObject>,
    /// Asks for the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    r#continue: Option<String>,
}

/// The plan of the run that goes on, or of the last one.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PlanView {
    run: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<String>,
    waves: u32,
    nodes: Vec<Node>,
    edges: Arc<Vec<Edge>>,
    findings: Arc<Vec<Finding>>,
    /// Owned objects that the revision no longer holds, and what becomes of each.
    leaving: Vec<Leaving>,
    /// What an approval of the plan names, if it waits for one.
    #[serde(skip_serializing_if = "Option::is_none")]
    approve: Option<String>,
    /// What a confirmation of the deletes that are held back names.
    #[serde(skip_serializing_if = "Option::is_none")]
    confirm: Option<String>,
}

#[derive(Debug, Serialize)]
struct Node {
    id: ObjectId,
    wave: u32,
    change: Change,
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<Origin>,
}

pub(super) async fn list(
    Readable(view): Readable,
    Parameters(filter): Parameters<Filter>,
) -> Result<Json<Page>, Problem> {
    page(view.run.as_deref(), &filter).map(Json)
}

pub(super) async fn plan(Readable(view): Readable) -> Result<Json<PlanView>, Problem> {
    let run = view.run.as_deref().ok_or_else(|| no_run(&view))?;
    Ok(Json(PlanView::from(run)))
}

fn page(run: Option<&Run>, filter: &Filter) -> Result<Page, Problem> {
    let id = run.map(|run| run.id.as_str()).unwrap_or_default();
    let start = filter.start(id)?;
    let limit = filter.limit()?;
    let objects = run.map(|run| run.objects.as_slice()).unwrap_or_default();
    let mut found = objects.iter().enumerate().skip(start);
    let mut found = found.by_ref().filter(|(_, object)| filter.holds(object));
    let items = found.by_ref().take(limit);
    let items = items.map(|(_, object)| object.clone()).collect();
    let next = found.next().map(|(index, _)| token(id, index));
    Ok(Page {
        run: run.map(|run| run.id.clone()),
        revision: run.and_then(revision),
        items,
        r#continue: next,
    })
}

impl Filter {
    fn holds(&self, object: &RunObject) -> bool {
        self.wave.is_none_or(|wave| wave == object.wave)
            && self.health.is_none_or(|health| health == object.health)
            && self.step.is_none_or(|step| step == object.step)
    }

    fn limit(&self) -> Result<usize, Problem> {
        match self.limit.unwrap_or(PAGE) {
            limit @ 1..=PAGE => Ok(limit),
            limit => Err(Problem::new(
                Kind::BadRequest,
                format!("limit is {limit}, and must be 1 to {PAGE}"),
            )),
        }
    }

    /// Returns the index at which the page begins.
    fn start(&self, run: &str) -> Result<usize, Problem> {
        let Some(token) = &self.r#continue else {
            return Ok(0);
        };
        let malformed = || {
            let detail = "continue is not a value that a page before this one gave: leave it out to begin anew";
            Problem::new(Kind::BadRequest, detail)
        };
        let text = URL_SAFE_NO_PAD.decode(token).map_err(|_| malformed())?;
        let text = String::from_utf8(text).map_err(|_| malformed())?;
        let (index, of) = text.split_once(' ').ok_or_else(malformed)?;
        if of != run {
            let detail =
                "another run has begun since the first page: leave continue out to begin anew";
            return Err(Problem::new(Kind::Expired, detail));
        }
        index.parse().map_err(|_| malformed())
    }
}

impl From<&Run> for PlanView {
    fn from(run: &Run) -> Self {
        let nodes = run.objects.iter().map(|object| Node {
            id: object.id.clone(),
            wave: object.wave,
            change: object.change,
            origin: object.origin.clone(),
        });
        Self {
            run: run.id.clone(),
            revision: revision(run),
            waves: run.waves,
            nodes: nodes.collect(),
            edges: Arc::clone(&run.edges),
            findings: Arc::clone(&run.findings),
            leaving: run.leaving.clone(),
            approve: run.approve.clone(),
            confirm: run.confirm.clone(),
        }
    }
}

fn token(run: &str, index: usize) -> String {
    URL_SAFE_NO_PAD.encode(format!("{index} {run}"))
}

fn revision(run: &Run) -> Option<String> {
    run.revision.as_ref().map(ToString::to_string)
}

fn no_run(view: &LayerView) -> Problem {
    let detail = format!(
        "the layer {}/{} has had no run since the agent started: its conditions say what it waits for",
        view.namespace, view.name
    );
    Problem::new(Kind::NotFound, detail)
}
