//! What an answer over http means, and what no answer means.

use std::error::Error;
use std::io;
use std::time::Duration;

use reqwest::blocking::Response;
use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use rustls::{AlertDescription, CertificateError};

use crate::Problem;
use crate::http::client::chain;
use crate::http::is_type;
use crate::session::Session;

/// The longest pause that a server is granted.
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);

/// Checks that an answer is Git's.
pub(super) fn check(response: &Response, session: &Session, expected: &str) -> Result<(), Problem> {
    let status = response.status().as_u16();
    if status != 200 {
        return Err(refused(status, response.headers(), session));
    }
    let found = response.headers().get(CONTENT_TYPE);
    if is_type(found, expected) {
        return Ok(());
    }
    let found = found
        .and_then(|found| found.to_str().ok())
        .unwrap_or("none");
    let shown: String = found.chars().take(100).collect();
    let problem = format!("its content type is `{shown}` and not `{expected}`");
    Err(Problem::NotGit(problem))
}

fn refused(status: u16, headers: &HeaderMap, session: &Session) -> Problem {
    let code = format!("HTTP {status}");
    match status {
        401 if session.credentials.are_secret() => Problem::CredentialsRefused(code),
        401 => Problem::CredentialsMissing(code),
        403 => Problem::Forbidden(code),
        404 | 410 => Problem::NotFound(code),
        408 | 425 | 429 | 500..=599 => Problem::Unavailable {
            status,
            retry_after: retry_after(headers),
        },
        _ => Problem::NotGit(code),
    }
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?;
    let seconds = value.parse().ok().map(Duration::from_secs);
    seconds.map(|seconds| seconds.min(LONGEST_PAUSE))
}

/// Explains why a request had no answer.
pub(super) fn unsent(error: &reqwest::Error, session: &Session) -> Problem {
    if let Some(problem) = tls(error) {
        return problem;
    }
    if session.deadline.left().is_err() || error.is_timeout() && !error.is_connect() {
        return session.deadline.passed();
    }
    let causes = error.source().map_or_else(|| "no answer".to_owned(), chain);
    Problem::Unreachable(causes)
}

/// Explains why an answer ended early.
pub(super) fn broken(error: &io::Error, session: &Session) -> Problem {
    if session.deadline.left().is_err() {
        return session.deadline.passed();
    }
    if let Some(problem) = tls(error) {
        return problem;
    }
    Problem::Unreachable(format!("the connection broke: {}", chain(error)))
}

/// Finds the word of rustls in a chain of errors; an `io::Error` hides it from `source`.
fn tls(error: &(dyn Error + 'static)) -> Option<Problem> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref::<rustls::Error>() {
            return Some(explain(error));
        }
        next = match error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref)
        {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}

fn explain(error: &rustls::Error) -> Problem {
    match error {
        rustls::Error::InvalidCertificate(reason) => Problem::Untrusted(match reason {
            CertificateError::UnknownIssuer => "no authority that is trusted signed it".into(),
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                format!("it is for another host ({reason})")
            }
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                "it has expired".into()
            }
            _ => reason.to_string(),
        }),
        rustls::Error::AlertReceived(AlertDescription::CertificateRequired) => {
            Problem::CredentialsMissing("the server demands a client certificate".into())
        }
        rustls::Error::AlertReceived(
            alert @ (AlertDescription::UnknownCA
            | AlertDescription::BadCertificate
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
            | AlertDescription::AccessDenied),
        ) => Problem::CredentialsRefused(format!("the client certificate, {alert:?}")),
        rustls::Error::InvalidMessage(_) => {
            Problem::Tls("the server does not speak TLS there: check the URL's port".into())
        }
        _ => Problem::Tls(error.to_string()),
    }
}
