//! A small blocking client of the API server, for the rig's own questions.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;
use reqwest::blocking::{RequestBuilder, Response};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::Value;

use crate::certificates::{self, Identity};
use crate::control_plane::kubeconfig;
use crate::{Error, Result};

const TIMEOUT: Duration = Duration::from_secs(30);

/// How to reach an API server, and as whom.
#[derive(Debug, Clone)]
pub struct Connection {
    /// `https://host:port`.
    pub url: String,
    /// The certificate of the authority that signed the server's, as PEM text.
    pub authority: String,
    /// Who asks.
    pub credentials: Credentials,
}

/// Who asks.
#[derive(Clone)]
pub enum Credentials {
    /// A client certificate.
    Certificate(Identity),
    /// A bearer token.
    Token(String),
}

impl Connection {
    /// Writes a kubeconfig that only its owner may read.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn write_kubeconfig(&self, path: &Path) -> Result<()> {
        certificates::write_private(path, &kubeconfig::text(self))
    }
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Certificate(_) => "Certificate",
            Self::Token(_) => "Token",
        })
    }
}

/// A client with one identity.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::blocking::Client,
    connection: Connection,
}

impl Client {
    /// Makes a client; nothing is sent yet.
    ///
    /// # Errors
    /// [`Error::Malformed`] if a certificate cannot be read.
    pub fn new(connection: &Connection) -> Result<Self> {
        let http = reqwest::blocking::Client::builder()
            .tls_backend_preconfigured(tls(connection)?)
            .user_agent("tidegate-testbed")
            .timeout(None)
            .no_proxy()
            .build()
            .map_err(|error| Error::malformed("the client's settings", &error))?;
        Ok(Self {
            http,
            connection: connection.clone(),
        })
    }

    /// Reads a path such as `/api/v1/nodes`.
    ///
    /// # Errors
    /// [`Error::Api`] with the server's message, [`Error::Http`] without an answer.
    pub fn get(&self, path: &str) -> Result<Value> {
        json(self.send(Method::GET, path, None)?)
    }

    /// Reads a path whose answer is plain text, such as `/readyz`.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub fn get_text(&self, path: &str) -> Result<String> {
        let request = format!("GET {path}");
        self.send(Method::GET, path, None)?
            .text()
            .map_err(|source| Error::Http { request, source })
    }

    /// Creates an object at a collection's path.
    ///
    /// # Errors
    /// As [`Self::get`]; code 409 if it exists.
    pub fn create(&self, path: &str, object: &Value) -> Result<Value> {
        json(self.send(Method::POST, path, Some(("application/json", object)))?)
    }

    /// Merges into an object; `path` may end with a subresource.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub fn merge(&self, path: &str, change: &Value) -> Result<Value> {
        json(self.send(
            Method::PATCH,
            path,
            Some(("application/merge-patch+json", change)),
        )?)
    }

    /// Applies an object under a field manager, with force.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub fn apply(&self, path: &str, manager: &str, object: &Value) -> Result<Value> {
        let path = format!("{path}?force=true&fieldManager={manager}");
        json(self.send(
            Method::PATCH,
            &path,
            Some(("application/apply-patch+yaml", object)),
        )?)
    }

    /// Deletes an object.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub fn delete(&self, path: &str) -> Result<Value> {
        json(self.send(Method::DELETE, path, None)?)
    }

    /// Reads the events of a watch until the server ends it; `path` holds the watch's query.
    ///
    /// # Errors
    /// As [`Self::get`], before the first event.
    pub fn watch(&self, path: &str) -> Result<impl Iterator<Item = Value> + use<>> {
        let request = self.request(Method::GET, path);
        let response = answer(request, format!("GET {path}"))?;
        let lines = BufReader::new(response).lines();
        Ok(lines
            .map_while(Result::ok)
            .filter_map(|line| serde_json::from_str(&line).ok()))
    }

    /// Where this client asks, and as whom.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    fn send(&self, method: Method, path: &str, body: Option<(&str, &Value)>) -> Result<Response> {
        let name = format!("{method} {path}");
        let mut request = self.request(method, path).timeout(TIMEOUT);
        if let Some((kind, value)) = body {
            request = request.header("content-type", kind).body(value.to_string());
        }
        answer(request, name)
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self
            .http
            .request(method, format!("{}{path}", self.connection.url));
        match &self.connection.credentials {
            Credentials::Certificate(_) => request,
            Credentials::Token(token) => request.bearer_auth(token),
        }
    }
}

fn answer(request: RequestBuilder, name: String) -> Result<Response> {
    let response = match request.send() {
        Ok(response) => response,
        Err(source) => {
            return Err(Error::Http {
                request: name,
                source,
            });
        }
    };
    if response.status().is_success() {
        return Ok(response);
    }
    let code = response.status().as_u16();
    let text = response.text().unwrap_or_default();
    let status: Value = serde_json::from_str(&text).unwrap_or_default();
    let message = status
        .get("message")
        .and_then(Value::as_str)
        .unwrap_or(&text)
        .to_owned();
    Err(Error::Api {
        request: name,
        code,
        message,
    })
}

fn json(response: Response) -> Result<Value> {
    response
        .json()
        .map_err(|error| Error::malformed("the API server's answer", &error))
}

/// The TLS settings of a connection.
pub(crate) fn tls(connection: &Connection) -> Result<rustls::ClientConfig> {
    let wrong = |error: &dyn std::fmt::Display| {
        Error::malformed("a certificate of the connection", &error.to_string())
    };
    let mut roots = rustls::RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(connection.authority.as_bytes()) {
        let certificate = certificate.map_err(|error| wrong(&error))?;
        roots.add(certificate).map_err(|error| wrong(&error))?;
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| wrong(&error))?
        .with_root_certificates(roots);
    let Credentials::Certificate(identity) = &connection.credentials else {
        return Ok(builder.with_no_client_auth());
    };
    let chain = CertificateDer::pem_slice_iter(identity.certificate.as_bytes())
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| wrong(&error))?;
    let key =
        PrivateKeyDer::from_pem_slice(identity.key.as_bytes()).map_err(|error| wrong(&error))?;
    builder
        .with_client_auth_cert(chain, key)
        .map_err(|error| wrong(&error))
}
