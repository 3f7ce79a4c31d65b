//! Server-side apply (KEP-555), strict, with the answer's code and warnings.

use http::{Method, Request, StatusCode};
use serde_json::{Value, json};
use tidegate_object::Object;

use crate::{ApiError, Class, Cluster};

/// How an object is applied.
#[derive(Debug, Clone, Copy)]
pub struct ApplyOptions<'a> {
    /// The field manager.
    pub manager: &'a str,
    /// Whether fields of other managers are taken.
    pub force: Force,
    /// Whether anything is written.
    pub mode: Mode,
    /// The uid that the live object must have: a guard against one that was made anew.
    pub uid: Option<&'a str>,
}

/// Whether fields of other managers are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Force {
    /// A field of another manager is a conflict.
    No,
    /// It is taken.
    Yes,
}

/// Whether anything is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Everything but the write happens, admission included.
    DryRun,
    /// It is written.
    Write,
}

/// An apply that was accepted.
#[derive(Debug, Clone)]
pub struct Applied {
    /// Whether the object was made; otherwise it was there.
    pub created: bool,
    /// The object as the API server has it, or would have it.
    pub object: Object,
    /// The API server's warnings.
    pub warnings: Vec<String>,
}

impl Cluster {
    /// Applies an object, with `fieldValidation=Strict`.
    ///
    /// # Errors
    /// Whatever the API server refuses, in its class; answers about Secrets without values.
    pub async fn apply(
        &self,
        object: &Object,
        options: &ApplyOptions<'_>,
    ) -> Result<Applied, ApiError> {
        let secret = object.id().kind.is("", "Secret");
        let answer = self.send_apply(object, options).await;
        answer.map_err(|error| {
            if secret {
                error.without_values()
            } else {
                error
            }
        })
    }

    async fn send_apply(
        &self,
        object: &Object,
        options: &ApplyOptions<'_>,
    ) -> Result<Applied, ApiError> {
        let kind = self.kinds().resolve(object.gvk());
        let kind = kind.ok_or_else(|| ApiError::unknown_kind(&object.gvk().to_string()))?;
        let path = kind.path(object.id().namespace.as_deref(), &object.id().name);
        let mut query = format!(
            "fieldManager={}&fieldValidation=Strict",
            encode(options.manager)
        );
        if options.force == Force::Yes {
            query.push_str("&force=true");
        }
        if options.mode == Mode::DryRun {
            query.push_str("&dryRun=All");
        }
        let request = Request::builder()
            .method(Method::PATCH)
            .uri(format!("{path}?{query}"))
            .header(http::header::CONTENT_TYPE, "application/apply-patch+yaml")
            .body(body(object, options.uid)?)
            .map_err(|error| ApiError::malformed(&error.to_string()))?;
        let answer = self.send(request).await.inspect_err(|error| {
            // Discovery said that the kind is there, and the API server that it is not.
            if error.class == Class::UnknownKind {
                self.kinds().expire();
            }
        })?;
        let created = answer.status == StatusCode::CREATED;
        let object =
            Object::new(answer.body).map_err(|error| ApiError::malformed(&error.to_string()))?;
        Ok(Applied {
            created,
            object,
            warnings: answer.warnings,
        })
    }
}

fn body(object: &Object, uid: Option<&str>) -> Result<Vec<u8>, ApiError> {
    let written = match uid {
        None => serde_json::to_vec(object.value()),
        Some(uid) => {
            let mut value = object.value().clone();
            if let Some(metadata) = value.get_mut("metadata").and_then(Value::as_object_mut) {
                metadata.insert("uid".into(), json!(uid));
            }
            serde_json::to_vec(&value)
        }
    };
    written.map_err(|error| ApiError::malformed(&error.to_string()))
}

/// Percent-encodes what may not stand in a query.
pub(crate) fn encode(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes()
        .fold(String::with_capacity(text.len()), |mut out, byte| {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                out.push(char::from(byte));
            } else {
                let _ = write!(out, "%{byte:02X}");
            }
            out
        })
}
