//! Errors as callers see them: `application/problem+json` (RFC 9457).

use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

const MEDIA_TYPE: HeaderValue = HeaderValue::from_static("application/problem+json");

/// An error, as its caller sees it. It becomes an answer's body in [`Problem::render`], which knows the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    kind: Kind,
    detail: String,
}

/// The kinds of errors; part of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    BadRequest,
    NoToken,
    InvalidToken,
    WrongSignature,
    Forbidden,
    NotFound,
    MethodNotAllowed,
    BodyTimeout,
    Conflict,
    Expired,
    BodyTooLarge,
    TooManyRequests,
    Unplannable,
    Unavailable,
}

#[derive(Serialize)]
struct Body<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    instance: &'a str,
}

impl Problem {
    /// An error of a kind; `detail` says what is wrong, and what to do.
    pub(crate) fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self {
            kind,
            detail: detail.into(),
        }
    }

    /// Writes the error that an answer carries, if it does, into the answer's body.
    pub(crate) fn render(mut answer: Response, request: &Uri) -> Response {
        let Some(problem) = answer.extensions_mut().remove::<Self>() else {
            return answer;
        };
        let (status, name, title) = problem.kind.describe();
        let body = Body {
            r#type: format!("tag:tidegate.dev,2026:{name}"),
            title,
            status: status.as_u16(),
            detail: &problem.detail,
            instance: request.path(),
        };
        let (mut parts, _) = answer.into_parts();
        parts.headers.insert(header::CONTENT_TYPE, MEDIA_TYPE);
        parts.headers.remove(header::CONTENT_LENGTH);
        // Texts and a number: these always serialise.
        let body = serde_json::to_vec(&body).unwrap_or_default();
        Response::from_parts(parts, body.into())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, _, _) = self.kind.describe();
        let mut answer = status.into_response();
        let headers = answer.headers_mut();
        if let Some(challenge) = self.kind.challenge() {
            headers.insert(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static(challenge),
            );
        }
        if matches!(self.kind, Kind::TooManyRequests | Kind::Unavailable) {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        answer.extensions_mut().insert(self);
        answer
    }
}

impl Kind {
    fn describe(self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::BadRequest => (
                StatusCode::BAD_REQUEST,
                "bad-request",
                "The request is malformed",
            ),
            Self::NoToken => (
                StatusCode::UNAUTHORIZED,
                "no-token",
                "The request carries no bearer token",
            ),
            Self::InvalidToken => (
                StatusCode::UNAUTHORIZED,
                "invalid-token",
                "The cluster does not know this token",
            ),
            Self::WrongSignature => (
                StatusCode::UNAUTHORIZED,
                "wrong-signature",
                "The call is not signed with the receiver's secret",
            ),
            Self::Forbidden => (StatusCode::FORBIDDEN, "forbidden", "A right is missing"),
            Self::NotFound => (
                StatusCode::NOT_FOUND,
                "not-found",
                "There is nothing of this name",
            ),
            Self::MethodNotAllowed => (
                StatusCode::METHOD_NOT_ALLOWED,
                "method-not-allowed",
                "The method is not allowed here",
            ),
            Self::BodyTimeout => (
                StatusCode::REQUEST_TIMEOUT,
                "body-timeout",
                "The body came too slowly",
            ),
            Self::Conflict => (
                StatusCode::CONFLICT,
                "conflict",
                "What was shown has changed",
            ),
            Self::Expired => (StatusCode::GONE, "expired", "The list has changed"),
            Self::BodyTooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "body-too-large",
                "The body is too large",
            ),
            Self::TooManyRequests => (
                StatusCode::TOO_MANY_REQUESTS,
                "too-many-requests",
                "Too many requests",
            ),
            Self::Unplannable => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "unplannable",
                "There is no plan of this revision",
            ),
            Self::Unavailable => (
                StatusCode::SERVICE_UNAVAILABLE,
                "unavailable",
                "The request cannot be answered now",
            ),
        }
    }

    /// Returns what a 401 asks for (RFC 6750).
    fn challenge(self) -> Option<&'static str> {
        match self {
            Self::NoToken => Some("Bearer realm=\"tidegate\""),
            Self::InvalidToken => Some("Bearer realm=\"tidegate\", error=\"invalid_token\""),
            Self::WrongSignature => Some("Signature realm=\"tidegate webhooks\""),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn the_kinds_are_those_that_are_described() {
        let document: Value = serde_json::from_str(include_str!("../openapi.json")).unwrap();
        let described = document.pointer("/components/schemas/Problem/properties/type/enum");
        let kinds = [
            Kind::BadRequest,
            Kind::NoToken,
            Kind::InvalidToken,
            Kind::WrongSignature,
            Kind::Forbidden,
            Kind::NotFound,
            Kind::MethodNotAllowed,
            Kind::BodyTimeout,
            Kind::Conflict,
            Kind::Expired,
            Kind::BodyTooLarge,
            Kind::TooManyRequests,
            Kind::Unplannable,
            Kind::Unavailable,
        ];
        let named = kinds.map(|kind| json!(format!("tag:tidegate.dev,2026:{}", kind.describe().1)));
        assert_eq!(described, Some(&json!(named)));
    }
}
