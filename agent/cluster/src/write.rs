//! Whole writes of the agent's own objects: created once, replaced by compare-and-swap.

use http::{Method, Request};
use serde_json::{Value, json};
use tidegate_object::Object;

use crate::{ApiError, Cluster};

impl Cluster {
    /// Creates an object.
    ///
    /// # Errors
    /// With code 409 if it is there; answers about Secrets without values.
    pub async fn create(&self, object: &Object) -> Result<Object, ApiError> {
        self.write(Method::POST, object, "").await
    }

    /// Replaces an object, if it still has the resourceVersion that the given one names.
    ///
    /// # Errors
    /// With code 409 if it was changed meanwhile, 404 if it is gone; answers about Secrets without values.
    pub async fn replace(&self, object: &Object) -> Result<Object, ApiError> {
        self.write(Method::PUT, object, &object.id().name).await
    }

    /// Changes an object by a merge patch, if it is still the one that was read.
    ///
    /// # Errors
    /// With code 409 if it was changed or made anew meanwhile, 404 if it is gone; answers about Secrets without values.
    pub async fn merge(&self, live: &Object, mut change: Value) -> Result<Object, ApiError> {
        let metadata = change.as_object_mut().map(|fields| {
            let metadata = fields.entry("metadata").or_insert_with(|| json!({}));
            metadata.as_object_mut()
        });
        if let Some(metadata) = metadata.flatten() {
            metadata.insert("uid".into(), live.uid().into());
            metadata.insert("resourceVersion".into(), live.resource_version().into());
        }
        let kind = self.kinds().resolve(live.gvk());
        let kind = kind.ok_or_else(|| ApiError::unknown_kind(&live.gvk().to_string()))?;
        let malformed = |error: &dyn std::fmt::Display| ApiError::malformed(&error.to_string());
        let request = Request::builder()
            .method(Method::PATCH)
            .uri(kind.path(live.id().namespace.as_deref(), &live.id().name))
            .header(http::header::CONTENT_TYPE, "application/merge-patch+json")
            .body(change.to_string().into_bytes())
            .map_err(|error| malformed(&error))?;
        let answer = self.send(request).await.map_err(|error| {
            if live.id().kind.is("", "Secret") {
                error.without_values()
            } else {
                error
            }
        })?;
        Object::new(answer.body).map_err(|error| malformed(&error))
    }

    async fn write(&self, method: Method, object: &Object, name: &str) -> Result<Object, ApiError> {
        let answer = self.send_whole(method, object, name).await;
        answer.map_err(|error| {
            if object.id().kind.is("", "Secret") {
                error.without_values()
            } else {
                error
            }
        })
    }

    async fn send_whole(
        &self,
        method: Method,
        object: &Object,
        name: &str,
    ) -> Result<Object, ApiError> {
        let kind = self.kinds().resolve(object.gvk());
        let kind = kind.ok_or_else(|| ApiError::unknown_kind(&object.gvk().to_string()))?;
        let malformed = |error: &dyn std::fmt::Display| ApiError::malformed(&error.to_string());
        let body = serde_json::to_vec(object.value()).map_err(|error| malformed(&error))?;
        let request = Request::builder()
            .method(method)
            .uri(kind.path(object.id().namespace.as_deref(), name))
            .header(http::header::CONTENT_TYPE, "application/json")
            .body(body)
            .map_err(|error| malformed(&error))?;
        let answer = self.send(request).await?;
        Object::new(answer.body).map_err(|error| malformed(&error))
    }
}
