//! An admission webhook on loopback, since no pod can answer one here.

use std::io::{BufReader, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};

use crate::certificates::Authority;
use crate::{Error, Result, tls_server};

/// How long a client may keep a connection without a request.
const IDLE: Duration = Duration::from_secs(30);

/// What the webhook answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Every object may pass.
    Allow,
    /// No object may pass; the message is the reason.
    Deny(String),
    /// HTTP 500, as a webhook that is not ready.
    Fail,
    /// The connection is closed without an answer.
    Hangup,
}

/// A webhook server; it ends with this value, and its port then refuses connections.
#[derive(Debug)]
pub struct AdmissionServer {
    authority: Arc<Authority>,
    port: u16,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    answer: Answer,
    reviews: Vec<Value>,
    stopped: bool,
}

impl AdmissionServer {
    /// Starts a server that allows everything.
    ///
    /// # Errors
    /// [`Error::Certificate`], or [`Error::File`] if no port is free.
    pub fn start() -> Result<Self> {
        let authority = Authority::new("tidegate testbed webhooks")?;
        let authority = Arc::new(authority);
        let configuration = Arc::new(tls_server::configuration(Arc::clone(&authority))?);
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(Error::file("127.0.0.1:0"))?;
        let port = listener
            .local_addr()
            .map_err(Error::file("127.0.0.1:0"))?
            .port();
        let state = Arc::new(Mutex::new(State {
            answer: Answer::Allow,
            reviews: vec![],
            stopped: false,
        }));
        let shared = Arc::clone(&state);
        thread::spawn(move || accept(&listener, &configuration, &shared));
        Ok(Self {
            authority,
            port,
            state,
        })
    }

    /// Changes the answer for all reviews that follow.
    pub fn set_answer(&self, answer: Answer) {
        lock(&self.state).answer = answer;
    }

    /// The requests (the field `request` of each review) so far, oldest first.
    pub fn requests(&self) -> Vec<Value> {
        lock(&self.state).reviews.clone()
    }

    /// The certificate of the authority that signs the server's, as PEM text.
    pub fn authority(&self) -> &str {
        self.authority.certificate()
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// A validating webhook configuration for this server, with failure policy `Fail`.
    ///
    /// `rule` is a rule of the configuration, such as
    /// `{"apiGroups": [""], "apiVersions": ["v1"], "resources": ["configmaps"], "operations": ["*"]}`.
    pub fn configuration(&self, name: &str, rule: &Value) -> Value {
        json!({
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "ValidatingWebhookConfiguration",
            "metadata": {"name": name},
            "webhooks": [{
                "name": format!("{name}.testbed.tidegate.dev"),
                "admissionReviewVersions": ["v1"],
                "sideEffects": "None",
                "failurePolicy": "Fail",
                "timeoutSeconds": 5,
                "rules": [rule],
                "clientConfig": {
                    "url": format!("https://127.0.0.1:{}/", self.port),
                    "caBundle": STANDARD.encode(self.authority.certificate()),
                },
            }],
        })
    }
}

impl Drop for AdmissionServer {
    fn drop(&mut self) {
        lock(&self.state).stopped = true;
        // Wakes the thread that accepts; if that fails, it has ended already.
        drop(TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)));
    }
}

fn accept(listener: &TcpListener, configuration: &Arc<ServerConfig>, state: &Arc<Mutex<State>>) {
    for stream in listener.incoming().map_while(std::result::Result::ok) {
        if lock(state).stopped {
            return;
        }
        let (configuration, state) = (Arc::clone(configuration), Arc::clone(state));
        // A client that does not speak as it should only loses its connection.
        thread::spawn(move || drop(serve(stream, configuration, &state)));
    }
}

/// Answers the requests of one connection until its client or the server ends.
fn serve(
    stream: TcpStream,
    configuration: Arc<ServerConfig>,
    state: &Mutex<State>,
) -> std::io::Result<()> {
    stream.set_read_timeout(Some(IDLE))?;
    let connection = ServerConnection::new(configuration).map_err(std::io::Error::other)?;
    let mut reader = BufReader::new(StreamOwned::new(connection, stream));
    while let Some(body) = read_request(&mut reader)? {
        let Some(response) = respond(state, &body) else {
            return Ok(());
        };
        reader.get_mut().write_all(response.as_bytes())?;
        reader.get_mut().flush()?;
    }
    Ok(())
}

fn read_request(reader: &mut impl std::io::BufRead) -> std::io::Result<Option<Vec<u8>>> {
    let mut length = 0;
    let mut line = String::new();
    while reader.read_line(&mut line)? > 0 {
        let header = line.trim_end().to_ascii_lowercase();
        if header.is_empty() {
            let mut body = vec![0; length];
            reader.read_exact(&mut body)?;
            return Ok(Some(body));
        }
        if let Some(value) = header.strip_prefix("content-length:") {
            length = value.trim().parse().map_err(std::io::Error::other)?;
        }
        line.clear();
    }
    Ok(None)
}

/// The whole HTTP response, or none to hang up.
fn respond(state: &Mutex<State>, body: &[u8]) -> Option<String> {
    let review: Value = serde_json::from_slice(body).unwrap_or_default();
    let request = review.get("request").cloned().unwrap_or_default();
    let uid = request.get("uid").cloned();
    let mut state = lock(state);
    if state.stopped {
        return None;
    }
    state.reviews.push(request);
    let response = match &state.answer {
        Answer::Allow => json!({"uid": uid, "allowed": true}),
        Answer::Deny(message) => {
            json!({"uid": uid, "allowed": false, "status": {"code": 403, "message": message}})
        }
        Answer::Fail => return Some(http("500 Internal Server Error", "not ready")),
        Answer::Hangup => return None,
    };
    let review = json!({
        "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response,
    });
    Some(http("200 OK", &review.to_string()))
}

fn http(status: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    )
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
