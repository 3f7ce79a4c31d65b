//! A proxy between a client and the API server that does to chosen requests what networks and servers do.
//!
//! It speaks HTTP/1.1, as the agent does: one request at a time on a connection, so that a connection that is cut
//! takes exactly one request with it. Watches pass through as they come.

mod fault;
mod message;
mod relay;
mod schedule;
mod script;
mod watch;

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use rustls::{ClientConfig, ServerConfig};

use crate::certificates::Authority;
use crate::client::{self, Connection};
use crate::{Error, Result, tls_server, wait};

pub use fault::{Fault, REFUSALS, Refusal};
pub use schedule::{SEED_VARIABLE, Schedule, Seed};
pub use script::{Rule, Seen, Which};

use script::Script;

/// How long the agent may take to make the request that a rule waits for.
const LIMIT: Duration = Duration::from_secs(60);

/// A proxy on loopback; it ends with this value, and its port then refuses connections.
#[derive(Debug)]
pub struct FaultProxy {
    shared: Arc<Shared>,
    connection: Connection,
    port: u16,
}

/// What the threads of the connections share.
#[derive(Debug)]
struct Shared {
    server: Arc<ServerConfig>,
    client: Arc<ClientConfig>,
    upstream: u16,
    script: Mutex<Script>,
}

impl Shared {
    fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl FaultProxy {
    /// Starts a proxy before the API server of a connection, whose client certificate it shows, if there is one.
    /// It passes everything on until it is told otherwise.
    ///
    /// # Errors
    /// [`Error::Malformed`] if the API server is not on loopback, [`Error::File`] if no port is free.
    pub fn start(upstream: &Connection) -> Result<Self> {
        let authority = Arc::new(Authority::new("tidegate testbed faults")?);
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(Error::file("127.0.0.1:0"))?;
        let address = listener.local_addr().map_err(Error::file("127.0.0.1:0"))?;
        let shared = Arc::new(Shared {
            server: Arc::new(tls_server::configuration(Arc::clone(&authority))?),
            client: Arc::new(client::tls(upstream)?),
            upstream: port(&upstream.url)?,
            script: Mutex::default(),
        });
        let accepting = Arc::clone(&shared);
        thread::spawn(move || accept(&listener, &accepting));
        Ok(Self {
            shared,
            connection: Connection {
                url: format!("https://127.0.0.1:{}", address.port()),
                authority: authority.certificate().to_owned(),
                credentials: upstream.credentials.clone(),
            },
            port: address.port(),
        })
    }

    /// How to reach the API server through the proxy, as the same one.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Writes a kubeconfig that leads through the proxy.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn write_kubeconfig(&self, path: &Path) -> Result<()> {
        self.connection.write_kubeconfig(path)
    }

    /// Says what happens from now on. Counting begins anew, and what was held back is given up.
    pub fn set(&self, rules: impl IntoIterator<Item = Rule>) {
        self.shared.script().set(rules.into_iter().collect());
    }

    /// Lets chance decide from now on, besides the rules.
    pub fn set_schedule(&self, schedule: Schedule) {
        self.shared.script().schedule = Some(schedule);
    }

    /// Lets everything pass from now on.
    pub fn clear(&self) {
        self.set([]);
    }

    /// Every request since the last [`Self::set`], oldest first.
    pub fn seen(&self) -> Vec<Seen> {
        self.shared.script().seen.clone()
    }

    /// How many requests other than watches there have been since the last [`Self::set`].
    pub fn count(&self) -> u64 {
        let seen = &self.shared.script().seen;
        seen.iter().filter(|seen| !seen.is_watch()).count() as u64
    }

    /// Tells whether a fault has struck since the last [`Self::set`].
    pub fn has_struck(&self) -> bool {
        self.shared.script().struck > 0
    }

    /// Waits until a fault has struck.
    ///
    /// # Errors
    /// [`Error::Timeout`].
    pub fn wait_until_struck(&self) -> Result<()> {
        wait::until("a request that a fault waits for", LIMIT, || {
            let passed = || format!("{} requests so far", self.count());
            self.has_struck().then_some(()).ok_or_else(passed)
        })
    }

    /// Ends the connections of all watches that go on now.
    pub fn cut_watches(&self) {
        self.shared.script().watches.cuts += 1;
    }

    /// Tells all watches that go on now, within the stream, that their version is too old (410), and ends them.
    pub fn expire_watches(&self) {
        self.shared.script().watches.expiries += 1;
    }

    /// Passes no more events on, with the connections left open, until [`Self::cut_watches`].
    pub fn stall_watches(&self) {
        self.shared.script().watches.stalls += 1;
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        let mut script = self.shared.script();
        script.stopped = true;
        script.watches.cuts += 1;
        script.set(Vec::new());
        drop(script);
        // Wakes the thread that accepts; if that fails, it has ended already.
        drop(TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)));
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for stream in listener.incoming().map_while(std::result::Result::ok) {
        if shared.script().stopped {
            return;
        }
        let shared = Arc::clone(shared);
        // A connection that fails is its client's to report.
        thread::spawn(move || drop(relay::serve(stream, &shared)));
    }
}

fn port(url: &str) -> Result<u16> {
    let address = url.strip_prefix("https://127.0.0.1:");
    let port = address.map(|port| port.trim_end_matches('/').parse());
    match port {
        Some(Ok(port)) => Ok(port),
        _ => Err(Error::malformed(url, &"not https on 127.0.0.1")),
    }
}
