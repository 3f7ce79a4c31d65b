//! Whole writes of the agent's own objects: created once, replaced by compare-and-swap.

use http::{Method, Request};
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
