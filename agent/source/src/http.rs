//! Git over http and https: a smart subtransport of libgit2 over reqwest and rustls.
//!
//! libgit2's own knows no client certificate, one authority for the whole process, and follows the
//! first redirect anywhere, credentials included.

mod answer;
mod client;
mod redirect;

pub(crate) use client::Clients;

use std::io::{self, Read, Write};
use std::sync::Arc;

use git2::transport::{Service, SmartSubtransport, SmartSubtransportStream, Transport};
use reqwest::blocking::{RequestBuilder, Response};
use reqwest::header::{CONTENT_TYPE, HeaderValue};
use reqwest::{Method, Url};

use crate::limits::{Passed, count};
use crate::session::{Session, lock};
use crate::{Credentials, Problem};

const ADVERTISEMENT: &str = "application/x-git-upload-pack-advertisement";
const REQUEST: &str = "application/x-git-upload-pack-request";
const RESULT: &str = "application/x-git-upload-pack-result";
/// The bytes of a request: what is wanted and what is there, far below this.
const REQUEST_BYTES: u64 = 16 << 20;

/// Makes the transport of a remote whose operation runs on this thread.
pub(crate) fn transport(remote: &git2::Remote<'_>) -> Result<Transport, git2::Error> {
    let session = Session::current();
    let session = session.ok_or_else(|| git2::Error::from_str("no operation runs"))?;
    Transport::smart(remote, true, Http(session))
}

struct Http(Arc<Session>);

impl SmartSubtransport for Http {
    fn action(
        &self,
        _url: &str,
        action: Service,
    ) -> Result<Box<dyn SmartSubtransportStream>, git2::Error> {
        let session = Arc::clone(&self.0);
        let state = match action {
            Service::UploadPackLs => {
                let response = list(&session).map_err(|problem| session.fail(problem))?;
                State::Answer(
                    response,
                    limit("listing bytes", session.limits.listing_bytes),
                )
            }
            Service::UploadPack => State::Request(Vec::new()),
            Service::ReceivePackLs | Service::ReceivePack => {
                return Err(git2::Error::from_str("nothing is ever pushed"));
            }
        };
        Ok(Box::new(Stream { session, state }))
    }

    fn close(&self) -> Result<(), git2::Error> {
        Ok(())
    }
}

/// One request and its answer.
struct Stream {
    session: Arc<Session>,
    state: State,
}

enum State {
    /// What libgit2 has written so far.
    Request(Vec<u8>),
    Answer(Response, Passed),
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let State::Request(body) = &mut self.state else {
            return Err(io::Error::other("the answer has begun"));
        };
        body.extend_from_slice(bytes);
        let bound = Passed::check("request bytes", REQUEST_BYTES, count(body.len()));
        bound.map_err(|passed| self.stop(Problem::Limit(passed)))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let State::Request(body) = &mut self.state {
            let body = std::mem::take(body);
            let response = ask(&self.session, body).map_err(|problem| self.stop(problem))?;
            let bytes = self.session.limits.pack_bytes;
            self.state = State::Answer(response, limit("pack bytes", bytes));
        }
        let State::Answer(response, limit) = &mut self.state else {
            return Ok(0);
        };
        let limit = *limit;
        let read = response.read(buffer);
        let read = read.map_err(|error| self.stop(answer::broken(&error, &self.session)))?;
        let checked = self
            .session
            .receive(read, limit)
            .and_then(|()| self.session.deadline.left().map(drop));
        checked.map_err(|problem| self.stop(problem))?;
        Ok(read)
    }
}

impl Stream {
    fn stop(&self, problem: Problem) -> io::Error {
        io::Error::other(self.session.fail(problem).to_string())
    }
}

fn limit(limit: &'static str, value: u64) -> Passed {
    Passed { limit, value }
}

/// Asks for the refs, and follows redirects as far as they may be followed.
fn list(session: &Session) -> Result<Response, Problem> {
    let first = parse(session.url.remote())?;
    let mut base = first.clone();
    for _ in 0..=redirect::MOST {
        let response = request(session, Method::GET, redirect::listing(&base))?;
        let response = send(session, response)?;
        if !response.status().is_redirection() {
            answer::check(&response, session, ADVERTISEMENT)?;
            *lock(&session.base) = Some(base);
            return Ok(response);
        }
        base = redirect::follow(&base, &response, session)?;
    }
    Err(Problem::Redirects(format!(
        "more than {} of them",
        redirect::MOST
    )))
}

/// Asks for a pack.
fn ask(session: &Session, body: Vec<u8>) -> Result<Response, Problem> {
    let base = lock(&session.base).clone();
    let mut url = base.map_or_else(|| parse(session.url.remote()), Ok)?;
    url.set_path(&format!("{}/git-upload-pack", url.path()));
    let request = request(session, Method::POST, url)?
        .header(CONTENT_TYPE, REQUEST)
        .body(body);
    let response = send(session, request)?;
    answer::check(&response, session, RESULT)?;
    Ok(response)
}

fn request(session: &Session, method: Method, url: Url) -> Result<RequestBuilder, Problem> {
    let Some(client) = &session.http else {
        return Err(Problem::Tls("there is no client for http".into()));
    };
    let credentials = session.credentials.parts();
    let request = client.request(method, url);
    if let Some(token) = &credentials.bearer_token {
        return Ok(request.bearer_auth(token));
    }
    let Some(password) = &credentials.password else {
        return Ok(request);
    };
    let username = credentials.username.as_deref().or(session.url.user());
    let username = username.ok_or(Problem::CredentialsUnfit(
        "the Secret has a password and no username, and the URL names none either",
    ))?;
    Ok(request.basic_auth(username, Some(password)))
}

fn send(session: &Session, request: RequestBuilder) -> Result<Response, Problem> {
    let left = session.deadline.left()?;
    let sent = request.timeout(left).send();
    sent.map_err(|error| answer::unsent(&error, session))
}

fn parse(text: &str) -> Result<Url, Problem> {
    Url::parse(text).map_err(|_| Problem::NotGit("the URL cannot be read".into()))
}

/// Tells whether credentials can be used over http and https.
pub(crate) fn fit(credentials: &Credentials) -> Result<(), Problem> {
    let parts = credentials.parts();
    let has_use = parts.identity.is_none() || parts.password.is_some() || parts.client.is_some();
    let problem = "the Secret has an ssh identity, and the URL is not ssh://";
    has_use
        .then_some(())
        .ok_or(Problem::CredentialsUnfit(problem))
}

/// A content type without its parameters.
fn is_type(value: Option<&HeaderValue>, expected: &str) -> bool {
    let text = value.and_then(|value| value.to_str().ok());
    text.is_some_and(|text| text.split(';').next().unwrap_or(text).trim() == expected)
}
