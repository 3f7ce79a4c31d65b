//! An answer that is an error, with the class that decides what happens next.

use std::time::Duration;

use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use thiserror::Error;

use crate::Class;
use crate::class::{Facts, classify};

/// What the API server said, or that it said nothing.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct ApiError {
    /// The class.
    pub class: Class,
    /// The HTTP status; 0 without an answer.
    pub code: u16,
    /// The API's reason, for example `Conflict`.
    pub reason: String,
    /// The API server's words.
    pub message: String,
    /// How long the server asks to wait.
    pub retry_after: Option<Duration>,
    /// Fields that other managers own, of a refused apply.
    pub conflicts: Vec<FieldConflict>,
    /// The fields that the answer names.
    pub fields: Vec<String>,
}

/// A field that another manager owns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldConflict {
    /// The manager's name.
    pub manager: String,
    /// The field, for example `.spec.replicas`.
    pub field: String,
}

/// How errors begin that only wrap another.
const WRAPPERS: [&str; 3] = ["ServiceError", "client error (", "HyperError"];

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Status {
    reason: String,
    message: String,
    details: Details,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Details {
    kind: String,
    causes: Vec<Cause>,
    retry_after_seconds: u64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Cause {
    reason: String,
    message: String,
    field: String,
}

impl ApiError {
    /// Reads an error answer; a body that is no Status is taken as its message.
    pub fn answered(code: StatusCode, headers: &HeaderMap, body: &[u8]) -> Self {
        let status: Option<Status> = serde_json::from_slice(body).ok();
        let is_status = status.is_some();
        let mut status = status.unwrap_or_default();
        if !is_status {
            String::from_utf8_lossy(body)
                .trim()
                .clone_into(&mut status.message);
        }
        let causes: Vec<&str> = status
            .details
            .causes
            .iter()
            .map(|cause| cause.reason.as_str())
            .collect();
        let class = classify(&Facts {
            code: code.as_u16(),
            reason: &status.reason,
            kind: &status.details.kind,
            message: &status.message,
            causes: &causes,
        });
        let seconds = headers
            .get(http::header::RETRY_AFTER)
            .and_then(|value| value.to_str().ok()?.parse().ok())
            .unwrap_or(status.details.retry_after_seconds);
        Self {
            class,
            code: code.as_u16(),
            conflicts: conflicts(&status.details.causes),
            fields: status
                .details
                .causes
                .into_iter()
                .map(|cause| cause.field)
                .collect(),
            reason: status.reason,
            message: worded(code, status.message),
            retry_after: (seconds > 0).then(|| Duration::from_secs(seconds)),
        }
    }

    /// Reads an error of the client library: the server's answer, or that there was none.
    pub fn of(error: &kube::Error) -> Self {
        let kube::Error::Api(status) = error else {
            return Self::unreachable(error);
        };
        let code = StatusCode::from_u16(status.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(status).unwrap_or_default();
        Self::answered(code, &HeaderMap::new(), &body)
    }

    /// The server could not be reached, or the connection broke.
    pub(crate) fn unreachable(error: &(dyn std::error::Error + 'static)) -> Self {
        let mut message = String::from("the API server cannot be reached");
        let mut source = Some(error);
        while let Some(cause) = source {
            let text = cause.to_string();
            source = cause.source();
            // What wraps a cause, in the words of the libraries, says nothing; some repeat it.
            let is_wrapper = source.is_some() && (WRAPPERS.iter().any(|it| text.starts_with(it)));
            if !is_wrapper && !message.contains(&text) {
                message = format!("{message}: {text}");
            }
        }
        Self::unanswered(message)
    }

    /// The server did not answer in time.
    pub(crate) fn late(deadline: Duration) -> Self {
        Self::unanswered(format!(
            "the API server did not answer within {} s",
            deadline.as_secs()
        ))
    }

    /// An answer that is not what the API promises.
    pub(crate) fn malformed(what: &str) -> Self {
        Self::unanswered(format!("the API server's answer cannot be read: {what}"))
    }

    /// The kind is not served, which is known without asking.
    pub(crate) fn unknown_kind(kind: &str) -> Self {
        let message = format!(
            "the API server does not serve {kind}: its CustomResourceDefinition is missing or not established"
        );
        Self {
            class: Class::UnknownKind,
            ..Self::unanswered(message)
        }
    }

    /// Drops everything that may quote a value, and keeps the fields: for answers about Secrets.
    #[must_use]
    pub(crate) fn without_values(self) -> Self {
        if self.code == 0 || matches!(self.class, Class::NotFound | Class::Conflict) {
            return self;
        }
        let fields: Vec<&str> = self
            .fields
            .iter()
            .map(String::as_str)
            .filter(|field| !field.is_empty())
            .collect();
        let reason = if self.reason.is_empty() {
            "refused"
        } else {
            &self.reason
        };
        let named = if fields.is_empty() {
            String::new()
        } else {
            format!(" ({})", fields.join(", "))
        };
        let message = match self.class {
            Class::Forbidden | Class::MissingNamespace | Class::Terminating | Class::Quota => {
                self.message.clone()
            }
            Class::Webhook => "an admission webhook does not answer".into(),
            _ => format!("{reason}{named}: the details may quote secret values and are not shown"),
        };
        Self { message, ..self }
    }

    fn unanswered(message: String) -> Self {
        Self {
            class: Class::Unreachable,
            code: 0,
            reason: String::new(),
            message,
            retry_after: None,
            conflicts: Vec::new(),
            fields: Vec::new(),
        }
    }
}

/// The server's words, or what there is to say in their place.
fn worded(code: StatusCode, message: String) -> String {
    match (code, message.as_str()) {
        (StatusCode::UNAUTHORIZED, _) => "the API server does not accept the credentials".into(),
        (_, "" | "Failed to parse error data") => {
            format!("the server answers {code}, and not as an API server does: check its address")
        }
        _ => message,
    }
}

/// Reads `conflict with "manager" using v1: .field` (apimachinery, `NewApplyConflict`).
fn conflicts(causes: &[Cause]) -> Vec<FieldConflict> {
    causes
        .iter()
        .filter(|cause| cause.reason == "FieldManagerConflict")
        .filter_map(|cause| {
            let manager = cause.message.split('"').nth(1)?.to_owned();
            Some(FieldConflict {
                manager,
                field: cause.field.clone(),
            })
        })
        .collect()
}
