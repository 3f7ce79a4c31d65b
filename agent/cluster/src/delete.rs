//! Deleting an object, and that object only.

use http::{Method, Request};
use serde_json::json;
use tidegate_object::Object;

use crate::{ApiError, Class, Cluster};

/// What became of an object that was deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deleted {
    /// It is gone.
    Gone,
    /// It goes when its finalizers are done, or what depends on it is gone.
    Going,
}

impl Cluster {
    /// Deletes a live object, if it still is the one that was read: uid and resourceVersion are preconditions.
    ///
    /// An object that is gone already is no error.
    ///
    /// # Errors
    /// If the object has changed or was made anew (code 409), the account may not delete it, or there is no answer.
    pub async fn delete(&self, live: &Object) -> Result<Deleted, ApiError> {
        let kind = self.kinds().resolve(live.gvk());
        let kind = kind.ok_or_else(|| ApiError::unknown_kind(&live.gvk().to_string()))?;
        let preconditions = json!({
            "uid": live.uid(),
            "resourceVersion": live.resource_version(),
        });
        let options = json!({
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "propagationPolicy": "Background",
            "preconditions": preconditions,
        });
        let request = Request::builder()
            .method(Method::DELETE)
            .uri(kind.path(live.id().namespace.as_deref(), &live.id().name))
            .header(http::header::CONTENT_TYPE, "application/json")
            .body(options.to_string().into_bytes())
            .map_err(|error| ApiError::malformed(&error.to_string()))?;
        match self.send(request).await {
            // What goes later is answered as it is: with the time at which that began.
            Ok(answer) if answer.body.pointer("/metadata/deletionTimestamp").is_some() => {
                Ok(Deleted::Going)
            }
            Ok(_) => Ok(Deleted::Gone),
            Err(error) if error.class == Class::NotFound => Ok(Deleted::Gone),
            Err(error) => Err(error),
        }
    }
}
