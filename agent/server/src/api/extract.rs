//! What a handler gets to see, once its caller is let in: there is no other way to a layer.

use std::sync::Arc;

use axum::RequestPartsExt as _;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{FromRequestParts, Path, Query};
use axum::http::request::Parts;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tidegate_sync::{LayerKey, LayerView};

use super::Api;
use crate::access::Right;
use crate::problem::{Kind, Problem};

/// A layer that the caller may read.
pub(crate) struct Readable(pub(crate) Arc<LayerView>);

/// All layers that the caller asked for and may read.
pub(crate) struct Listable(pub(crate) Selection);

/// The namespace that is asked for, or all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Selection {
    pub(crate) namespace: Option<String>,
}

/// A layer that the caller may sync, and their name.
pub(crate) struct Syncable {
    pub(crate) layer: LayerKey,
    pub(crate) by: String,
}

/// Parameters of a query, checked.
pub(crate) struct Parameters<T>(pub(crate) T);

#[derive(Deserialize)]
struct Place {
    namespace: String,
    name: String,
}

impl Selection {
    /// Tells whether a namespace's layers are asked for.
    pub(crate) fn holds(&self, namespace: &str) -> bool {
        let asked = self.namespace.as_deref();
        asked.is_none_or(|asked| asked == namespace)
    }
}

impl FromRequestParts<Api> for Readable {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let Place { namespace, name } = place(parts).await?;
        let key = (namespace.clone(), name.clone());
        let right = Right::Get { namespace, name };
        api.guard.admit(&parts.headers, &right).await?;
        api.fleet
            .layer(&key)
            .map(Self)
            .ok_or_else(|| no_layer(&key))
    }
}

impl FromRequestParts<Api> for Syncable {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let Place { namespace, name } = place(parts).await?;
        let layer = (namespace.clone(), name.clone());
        let right = Right::Sync { namespace, name };
        let by = api.guard.admit(&parts.headers, &right).await?;
        Ok(Self { layer, by })
    }
}

impl FromRequestParts<Api> for Listable {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let Parameters(selection) = Parameters::<Selection>::from_request_parts(parts, api).await?;
        let namespace = selection.namespace.clone();
        api.guard
            .admit(&parts.headers, &Right::List { namespace })
            .await?;
        Ok(Self(selection))
    }
}

impl<T: DeserializeOwned + Send + 'static> FromRequestParts<Api> for Parameters<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _api: &Api) -> Result<Self, Problem> {
        let parsed: Result<Query<T>, QueryRejection> = parts.extract().await;
        match parsed {
            Ok(Query(parameters)) => Ok(Self(parameters)),
            Err(rejection) => {
                let text = rejection.body_text();
                let detail = text
                    .rsplit_once("query string: ")
                    .map_or(&*text, |(_, why)| why);
                let detail = format!("the query cannot be read: {detail}");
                Err(Problem::new(Kind::BadRequest, detail))
            }
        }
    }
}

/// The answer about a layer that is not there.
pub(crate) fn no_layer((namespace, name): &LayerKey) -> Problem {
    let detail = format!(
        "there is no layer {namespace}/{name}: GET /api/v1/layers, or `tidegate get`, lists those there are"
    );
    Problem::new(Kind::NotFound, detail)
}

async fn place(parts: &mut Parts) -> Result<Place, Problem> {
    let parsed: Result<Path<Place>, PathRejection> = parts.extract().await;
    match parsed {
        Ok(Path(place)) => Ok(place),
        Err(rejection) => Err(Problem::new(Kind::BadRequest, rejection.body_text())),
    }
}
