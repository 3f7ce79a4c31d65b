//! One HTTP client for each TLS configuration; credentials travel with the requests.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use reqwest::blocking::Client;
use reqwest::redirect::Policy;
use reqwest::{Certificate, Identity};
use sha2::{Digest as _, Sha256};

use crate::session::lock;
use crate::{Credentials, Problem};

/// Each client is a thread and its connections.
const MOST: usize = 32;
/// Some servers answer only what looks like git.
const USER_AGENT: &str = concat!("git/2.0 (tidegate ", env!("CARGO_PKG_VERSION"), ")");
const CONNECT: Duration = Duration::from_secs(10);
/// Above the usual interval of a poll, so that a poll needs no new connection; below what servers
/// wait, so that none is used that is about to close.
const IDLE: Duration = Duration::from_secs(55);

/// The clients in use, by digest of their TLS configuration.
#[derive(Default)]
pub(crate) struct Clients(Mutex<BTreeMap<[u8; 32], Client>>);

impl Clients {
    /// Returns a client that trusts and shows the certificates of some credentials.
    pub(crate) fn get(&self, credentials: &Credentials) -> Result<Client, Problem> {
        let key = key(credentials);
        let mut clients = lock(&self.0);
        if let Some(client) = clients.get(&key) {
            return Ok(client.clone());
        }
        if clients.len() >= MOST {
            clients.clear();
        }
        let client = client(credentials).map_err(|error| Problem::Tls(chain(&error)))?;
        clients.insert(key, client.clone());
        Ok(client)
    }
}

fn client(credentials: &Credentials) -> reqwest::Result<Client> {
    let parts = credentials.parts();
    let mut builder = Client::builder()
        .redirect(Policy::none())
        .user_agent(USER_AGENT)
        .connect_timeout(CONNECT)
        .timeout(None)
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(2);
    if let Some(authorities) = &parts.authorities {
        builder = builder.tls_certs_only(Certificate::from_pem_bundle(authorities)?);
    }
    if let Some(client) = &parts.client {
        builder = builder.identity(Identity::from_pem(client)?);
    }
    builder.build()
}

fn key(credentials: &Credentials) -> [u8; 32] {
    let parts = credentials.parts();
    let mut digest = Sha256::new();
    for part in [&parts.authorities, &parts.client] {
        digest.update(part.as_ref().map(Sha256::digest).unwrap_or_default());
    }
    digest.finalize().into()
}

/// An error with all its causes; reqwest's own text names none.
pub(super) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}
