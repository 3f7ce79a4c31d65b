//! What can happen to a request.

use std::time::Duration;

use serde_json::json;

/// What happens to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It is passed on later.
    Delay(Duration),
    /// Its connection is cut, and the server never sees it.
    CutBefore,
    /// Its connection is cut after the server has done it: the answer is lost.
    CutAfter,
    /// It is passed on twice; the second answer counts.
    Twice,
    /// The server never sees it, and its connection stays open, until the rules change.
    HoldBefore,
    /// The server has done it, and its connection stays open without an answer, until the rules change.
    HoldAfter,
    /// The server never sees it, and it is refused.
    Refuse(Refusal),
}

/// An answer that refuses a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status.
    pub code: u16,
    /// The reason in the body; empty for none.
    pub reason: &'static str,
    /// The message in the body.
    pub message: &'static str,
    /// The pause that the answer asks for, in seconds.
    pub retry_after: Option<u32>,
}

/// Refusals as an API server gives them (`k8s.io/apimachinery/pkg/api/errors`), each of which may pass by itself.
pub const REFUSALS: &[Refusal] = &[
    refusal(401, "Unauthorized", "Unauthorized"),
    refusal(403, "Forbidden", "forbidden: RBAC: not yet known"),
    refusal(
        409,
        "Conflict",
        "the object has been modified; please apply your changes to the latest version and try again",
    ),
    refusal(410, "Expired", "too old resource version: 1 (2)"),
    Refusal {
        retry_after: Some(1),
        ..refusal(
            429,
            "TooManyRequests",
            "too many requests, please try again later",
        )
    },
    refusal(
        500,
        "InternalError",
        "Internal error occurred: failed calling webhook \"testbed.tidegate.dev\": connection refused",
    ),
    refusal(500, "", "etcdserver: leader changed"),
    refusal(502, "", "bad gateway"),
    refusal(
        503,
        "ServiceUnavailable",
        "the server is currently unable to handle the request",
    ),
    refusal(
        504,
        "Timeout",
        "request did not complete within the allotted timeout",
    ),
];

const fn refusal(code: u16, reason: &'static str, message: &'static str) -> Refusal {
    Refusal {
        code,
        reason,
        message,
        retry_after: None,
    }
}

impl Refusal {
    /// The whole HTTP answer.
    pub(super) fn answer(&self) -> Vec<u8> {
        let status = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "code": self.code, "reason": self.reason, "message": self.message,
        });
        let body = status.to_string();
        let pause = self
            .retry_after
            .map(|seconds| format!("Retry-After: {seconds}\r\n"));
        let head = format!(
            "HTTP/1.1 {} Refused\r\nContent-Type: application/json\r\n{}Content-Length: {}\r\n\r\n",
            self.code,
            pause.unwrap_or_default(),
            body.len()
        );
        (head + &body).into_bytes()
    }
}
