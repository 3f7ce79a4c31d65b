//! The replica that leads, as another one reaches it: where its API is, and which certificate it shows there.

mod pinned;

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Uri, header};
use axum::response::Response;
use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder};
use thiserror::Error;
use tidegate_cluster::Lead;
use tokio::sync::watch;
use tokio::time::timeout;

pub(crate) use pinned::digest;

use crate::problem::{Kind, Problem};

/// Says that another replica has passed a request on; nobody passes it on again.
pub(crate) const FORWARDED: HeaderName = HeaderName::from_static("tidegate-forwarded");

/// How long it may take until the other replica takes a connection.
const CONNECT: Duration = Duration::from_secs(2);
/// How long its answer may take to begin: longer than a plan of a revision, shorter than a request may take here.
const DEADLINE: Duration = Duration::from_secs(28);
/// How long it may pause within an answer; a stream of events shows more often that it lives.
const SILENCE: Duration = Duration::from_secs(60);
/// What of a request is passed on, and of its answer.
const REQUEST: [HeaderName; 3] = [
    header::AUTHORIZATION,
    header::ACCEPT,
    HeaderName::from_static("last-event-id"),
];
const ANSWER: [HeaderName; 3] = [
    header::CONTENT_TYPE,
    header::RETRY_AFTER,
    header::WWW_AUTHENTICATE,
];

/// Where a replica's API is, as it stands in the Lease: `https://<address> sha256:<digest of its certificate>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    pub(crate) url: String,
    /// The SHA-256 of the certificate; `None` where there is no TLS.
    pub(crate) certificate: Option<String>,
}

/// Text that is no address of a replica to which a token may be sent.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the Lease says nowhere safe that the API is, but `{0}`")]
pub struct UnsafeAddress(String);

impl Address {
    /// Returns the port.
    pub fn port(&self) -> u16 {
        let digits = self.url.rsplit(':').next();
        digits.and_then(|digits| digits.parse().ok()).unwrap_or(443)
    }

    /// Returns what accepts the replica's certificate, and no other one; `None` where there is no TLS.
    ///
    /// # Errors
    /// If this machine's TLS cannot be set up.
    pub fn tls(&self) -> Result<Option<rustls::ClientConfig>, rustls::Error> {
        self.certificate.as_deref().map(pinned::config).transpose()
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.url)?;
        match &self.certificate {
            Some(digest) => write!(f, " sha256:{digest}"),
            None => Ok(()),
        }
    }
}

impl FromStr for Address {
    type Err = UnsafeAddress;

    fn from_str(text: &str) -> Result<Self, UnsafeAddress> {
        let (url, certificate) = match text.split_once(" sha256:") {
            Some((url, digest)) => (url, Some(digest.to_owned())),
            None => (text, None),
        };
        // A token leaves this machine only to the certificate that the Lease names.
        let is_safe = match certificate {
            Some(_) => url.starts_with("https://"),
            None => url
                .strip_prefix("http://")
                .and_then(|address| address.parse().ok())
                .is_some_and(|address: SocketAddr| address.ip().is_loopback()),
        };
        if !is_safe {
            return Err(UnsafeAddress(text.to_owned()));
        }
        Ok(Self {
            url: url.to_owned(),
            certificate,
        })
    }
}

/// The replica that leads.
pub(crate) struct Leader {
    lead: watch::Receiver<Lead>,
    client: Mutex<Option<(Address, Client)>>,
}

impl Leader {
    pub(crate) fn new(lead: watch::Receiver<Lead>) -> Self {
        Self {
            lead,
            client: Mutex::default(),
        }
    }

    /// Tells whether another replica leads.
    pub(crate) fn is_elsewhere(&self) -> bool {
        matches!(*self.lead.borrow(), Lead::Theirs(_))
    }

    /// Passes a read on, with its caller's own token.
    ///
    /// # Errors
    /// 503 if there is no answer.
    pub(crate) async fn ask(&self, headers: &HeaderMap, uri: &Uri) -> Result<Response, Problem> {
        let address = self.address()?;
        let failed = |error: &dyn std::error::Error| unreachable(&address.url, &chain(error));
        let client = self.client(&address).map_err(|error| failed(&*error))?;
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let mut passed = HeaderMap::new();
        copy(headers, &mut passed, &REQUEST);
        passed.insert(FORWARDED, HeaderValue::from_static("1"));
        let request = client.get(format!("{}{path}", address.url)).headers(passed);
        let answer = timeout(DEADLINE, request.send()).await;
        let late = |_| unreachable(&address.url, "no answer in time");
        let answer = answer.map_err(late)?.map_err(|error| failed(&error))?;
        Ok(taken(answer))
    }

    fn address(&self) -> Result<Address, Problem> {
        let told = match &*self.lead.borrow() {
            Lead::Theirs(told) => told.clone(),
            Lead::Unknown | Lead::Ours => None,
        };
        let address = told.and_then(|told| told.parse().ok());
        address.ok_or_else(|| {
            let detail = "another replica leads, only it knows this, and the Lease does not say where it is: give each replica its address by --pod-ip, or ask the one that leads";
            Problem::new(Kind::Unavailable, detail)
        })
    }

    fn client(&self, address: &Address) -> Result<Client, Box<dyn std::error::Error>> {
        let mut kept = self.client.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, client)) = &*kept
            && of == address
        {
            return Ok(client.clone());
        }
        let client = builder(address)?.build()?;
        *kept = Some((address.clone(), client.clone()));
        Ok(client)
    }
}

fn builder(address: &Address) -> Result<ClientBuilder, rustls::Error> {
    let builder = Client::builder()
        .connect_timeout(CONNECT)
        .read_timeout(SILENCE)
        .redirect(Policy::none())
        .no_proxy();
    Ok(match &address.certificate {
        Some(digest) => builder.tls_backend_preconfigured(pinned::config(digest)?),
        None => builder,
    })
}

fn taken(answer: reqwest::Response) -> Response {
    let (parts, body) = axum::http::Response::from(answer).into_parts();
    let mut taken = Response::new(Body::new(body));
    *taken.status_mut() = parts.status;
    copy(&parts.headers, taken.headers_mut(), &ANSWER);
    taken
}

fn copy(from: &HeaderMap, to: &mut HeaderMap, names: &[HeaderName]) {
    for name in names {
        if let Some(value) = from.get(name) {
            to.insert(name, value.clone());
        }
    }
}

fn unreachable(url: &str, why: &str) -> Problem {
    let detail = format!(
        "another replica leads, and only it knows this: it cannot be reached at {url}: {why}: try again"
    );
    Problem::new(Kind::Unavailable, detail)
}

/// An error with all its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_they_are_written_and_without_a_certificate_only_in_the_clear() {
        for text in ["http://127.0.0.1:1", "https://[fd00::1]:8443 sha256:00ff"] {
            assert_eq!(text.parse::<Address>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "https://10.0.0.1:8443",
            "http://10.0.0.1:1",
            "http://10.0.0.1:1 sha256:00",
        ] {
            assert_eq!(text.parse::<Address>(), Err(UnsafeAddress(text.into())));
        }
    }
}
