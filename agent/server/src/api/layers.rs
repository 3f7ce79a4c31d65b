//! `GET /layers`, `GET /layers/{namespace}/{name}`.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use serde::{Deserialize, Serialize};
use tidegate_sync::LayerView;

use super::Api;
use super::extract::{Parameters, Readable, Selection};
use super::objects::contains;
use super::view::{Detail, Summary};
use crate::access::Right;
use crate::problem::{Kind, Problem};

/// Layers in short, by namespace and name.
#[derive(Debug, Serialize)]
pub(crate) struct Summaries {
    items: Vec<Summary>,
    /// Asks for the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    r#continue: Option<String>,
}

/// Which of the layers.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Filter {
    namespace: Option<String>,
    /// Words that must all stand in the name, path, repository, revision or message.
    search: Option<String>,
    ready: Option<bool>,
    /// Whether the newest revision is not applied yet.
    behind: Option<bool>,
    limit: Option<usize>,
    /// The layer after which the page begins.
    r#continue: Option<String>,
}

impl Summaries {
    /// The layers of a fleet that are asked for.
    pub(crate) fn of(api: &Api, selection: &Selection) -> Self {
        let layers = api.fleet.layers();
        let chosen = layers
            .iter()
            .filter(|view| selection.holds(&view.namespace));
        Self {
            items: chosen.map(|view| Summary::from(&**view)).collect(),
            r#continue: None,
        }
    }
}

impl Filter {
    fn holds(&self, layer: &Summary) -> bool {
        let search = self.search.as_deref();
        search.is_none_or(|words| contains(&layer.words(), words))
            && self.ready.is_none_or(|ready| ready == layer.is_ready())
            && self.behind.is_none_or(|behind| behind == layer.is_behind())
    }

    fn is_in(&self, namespace: &str) -> bool {
        let asked = self.namespace.as_deref();
        asked.is_none_or(|asked| asked == namespace)
    }

    /// The layer after which the page begins, if it is not the first.
    fn last(&self) -> Result<Option<(&str, &str)>, Problem> {
        let Some(last) = &self.r#continue else {
            return Ok(None);
        };
        let last = last.split_once('/').ok_or_else(|| {
            let detail = "continue is not a value that a page before this one gave: leave it out to begin anew";
            Problem::new(Kind::BadRequest, detail)
        })?;
        Ok(Some(last))
    }
}

pub(super) async fn list(
    Parameters(filter): Parameters<Filter>,
    State(api): State<Api>,
    headers: HeaderMap,
) -> Result<Json<Summaries>, Problem> {
    let namespace = filter.namespace.clone();
    let right = Right::List { namespace };
    api.guard.admit(&headers, &right).await?;
    if filter.limit == Some(0) {
        return Err(Problem::new(
            Kind::BadRequest,
            "limit is 0, and must be 1 or more",
        ));
    }
    let last = filter.last()?;
    let is_after = |view: &LayerView| {
        last.is_none_or(|last| (view.namespace.as_str(), view.name.as_str()) > last)
    };
    let layers = api.fleet.layers();
    let chosen = layers
        .iter()
        .filter(|view| filter.is_in(&view.namespace) && is_after(view));
    let mut chosen = chosen
        .map(|view| Summary::from(&**view))
        .filter(|layer| filter.holds(layer));
    let limit = filter.limit.unwrap_or(usize::MAX);
    let items: Vec<Summary> = chosen.by_ref().take(limit).collect();
    let is_last = chosen.next().is_none();
    let next = items.last().filter(|_| !is_last).map(Summary::id);
    Ok(Json(Summaries {
        items,
        r#continue: next,
    }))
}

pub(super) async fn one(Readable(view): Readable) -> Json<Detail> {
    Json(Detail::from(&*view))
}
