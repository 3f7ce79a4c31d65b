//! `GET …/objects`: the objects of a layer's run, page by page; and the plan that they are of.

use std::sync::Arc;

use axum::Json;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use tidegate_health::Status;
use tidegate_object::{ObjectId, Origin};
use tidegate_plan::{Change, Consequence, Edge, Finding};
use tidegate_sync::{LayerView, Leaving, Refusal, Run, RunObject, Step};

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
    change: Option<Change>,
    /// Words that must all stand in the identifier, the message or the file.
    search: Option<String>,
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

/// The plan of the run that goes on, or of the last one; or of a revision that is not applied.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PlanView {
    /// Absent of a revision that is not applied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) run: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) revision: Option<String>,
    pub(super) waves: u32,
    pub(super) nodes: Vec<Node>,
    pub(super) edges: Arc<Vec<Edge>>,
    pub(super) findings: Arc<Vec<Finding>>,
    /// Owned objects that the revision no longer holds, and what becomes of each.
    pub(super) leaving: Vec<Leaving>,
    /// What an approval of the plan names, if it waits for one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) approve: Option<String>,
    /// What a confirmation of the deletes that are held back names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) confirm: Option<String>,
    /// Objects of the run that the asked revision does not hold.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) leaves: Vec<ObjectId>,
    /// What of the asked revision would not be written.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) refused: Vec<Refused>,
}

#[derive(Debug, Serialize)]
pub(super) struct Node {
    pub(super) id: ObjectId,
    pub(super) wave: u32,
    pub(super) change: Change,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) consequences: Vec<Consequence>,
    /// The fields that would change, of a revision that is not applied: their names, not their values.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) fields: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) origin: Option<Origin>,
}

/// An object that would not be written.
#[derive(Debug, Serialize)]
pub(super) struct Refused {
    object: ObjectId,
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<Origin>,
    message: String,
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self {
            object: refusal.object,
            origin: refusal.origin,
            message: refusal.message,
        }
    }
}

pub(super) async fn list(
    Readable(view): Readable,
    Parameters(filter): Parameters<Filter>,
) -> Result<Json<Page>, Problem> {
    page(view.run.as_deref(), &filter).map(Json)
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
            && self.change.is_none_or(|change| change == object.change)
            && self
                .search
                .as_deref()
                .is_none_or(|text| has_words(object, text))
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
            consequences: object.consequences.clone(),
            fields: Vec::new(),
            origin: object.origin.clone(),
        });
        Self {
            run: Some(run.id.clone()),
            revision: revision(run),
            waves: run.waves,
            nodes: nodes.collect(),
            edges: Arc::clone(&run.edges),
            findings: Arc::clone(&run.findings),
            leaving: run.leaving.clone(),
            approve: run.approve.clone(),
            confirm: run.confirm.clone(),
            leaves: Vec::new(),
            refused: Vec::new(),
        }
    }
}

fn has_words(object: &RunObject, text: &str) -> bool {
    let file = object.origin.as_ref().map(|origin| &*origin.file);
    let said = format!(
        "{} {} {}",
        object.id,
        object.message,
        file.unwrap_or_default()
    );
    contains(&said, text)
}

/// Tells whether every word stands in a text, in capitals or not.
pub(super) fn contains(text: &str, words: &str) -> bool {
    let text = text.to_lowercase();
    let mut words = words.split_whitespace();
    words.all(|word| text.contains(&word.to_lowercase()))
}

fn token(run: &str, index: usize) -> String {
    URL_SAFE_NO_PAD.encode(format!("{index} {run}"))
}

fn revision(run: &Run) -> Option<String> {
    run.revision.as_ref().map(ToString::to_string)
}

pub(super) fn no_run(view: &LayerView) -> Problem {
    let detail = format!(
        "the layer {}/{} has had no run since the agent started: its conditions say what it waits for",
        view.namespace, view.name
    );
    Problem::new(Kind::NotFound, detail)
}
