//! `GET /layers`, `GET /layers/{namespace}/{name}`.

use axum::Json;
use axum::extract::State;
use serde::Serialize;

use super::Api;
use super::extract::{Listable, Readable, Selection};
use super::view::{Detail, Summary};

/// Layers in short, by namespace and name.
#[derive(Debug, Serialize)]
pub(crate) struct Summaries {
    items: Vec<Summary>,
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
        }
    }
}

pub(super) async fn list(Listable(selection): Listable, State(api): State<Api>) -> Json<Summaries> {
    Json(Summaries::of(&api, &selection))
}

pub(super) async fn one(Readable(view): Readable) -> Json<Detail> {
    Json(Detail::from(&*view))
}
