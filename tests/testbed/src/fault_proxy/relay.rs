//! One connection of a client, and the one to the API server behind it.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConnection, ServerConnection, StreamOwned};

use super::fault::Fault;
use super::message::{self, Body, Head};
use super::{Shared, watch};

/// How often what is held back looks whether it still is.
const TICK: Duration = Duration::from_millis(20);

pub(super) type Downstream = BufReader<StreamOwned<ServerConnection, TcpStream>>;
pub(super) type Upstream = BufReader<StreamOwned<ClientConnection, TcpStream>>;

/// Whether the connection goes on.
pub(super) enum Next {
    Request,
    End,
}

/// Serves the requests of a connection until one side or a fault ends it.
pub(super) fn serve(stream: TcpStream, shared: &Shared) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let connection = ServerConnection::new(Arc::clone(&shared.server)).map_err(io::Error::other)?;
    let mut client = BufReader::new(StreamOwned::new(connection, stream));
    let mut server = None;
    while let Some(head) = Head::read(&mut client)? {
        let (method, uri) = head.words();
        let request = head.complete(&mut client)?;
        let (fault, edition) = {
            let mut script = shared.script();
            (script.decide(&method, &uri), script.edition)
        };
        let mut relay = Relay {
            shared,
            client: &mut client,
            server: &mut server,
            edition,
        };
        let next = match fault {
            None => relay.pass(&request),
            Some(fault) => relay.strike(&request, fault),
        };
        if let Next::End = next? {
            break;
        }
    }
    Ok(())
}

struct Relay<'a> {
    shared: &'a Shared,
    client: &'a mut Downstream,
    server: &'a mut Option<Upstream>,
    edition: u64,
}

impl Relay<'_> {
    fn strike(&mut self, request: &[u8], fault: Fault) -> io::Result<Next> {
        let is_passed_on = matches!(fault, Fault::CutAfter | Fault::HoldAfter | Fault::Twice);
        let asked = is_passed_on.then(|| self.ask(request)).transpose();
        self.shared.script().struck += 1;
        asked?;
        match fault {
            Fault::CutBefore | Fault::CutAfter => Ok(Next::End),
            Fault::HoldBefore | Fault::HoldAfter => Ok(self.hold()),
            Fault::Refuse(refusal) => self.answer(&refusal.answer()),
            Fault::Twice => self.pass(request),
            Fault::Delay(pause) => {
                wait(pause);
                self.pass(request)
            }
        }
    }

    /// Passes a request on, and its answer back.
    fn pass(&mut self, request: &[u8]) -> io::Result<Next> {
        let head = self.head(request)?;
        // Answers that are whole have a length, or are short enough to be read whole; a watch goes on.
        if head.body == Body::Chunked {
            let server = self.server.as_mut().ok_or(io::ErrorKind::NotConnected)?;
            return watch::stream(self.shared, self.client, server, &head.bytes);
        }
        let server = self.server.as_mut().ok_or(io::ErrorKind::NotConnected)?;
        let answer = head.complete(server)?;
        self.answer(&answer)
    }

    /// Passes a request on, and answers the whole answer.
    fn ask(&mut self, request: &[u8]) -> io::Result<Vec<u8>> {
        let head = self.head(request)?;
        let server = self.server.as_mut().ok_or(io::ErrorKind::NotConnected)?;
        head.complete(server)
    }

    /// Passes a request on, and waits for the head of the answer.
    fn head(&mut self, request: &[u8]) -> io::Result<Head> {
        if self.server.is_none() {
            *self.server = Some(connect(self.shared)?);
        }
        let server = self.server.as_mut().ok_or(io::ErrorKind::NotConnected)?;
        server.get_mut().write_all(request)?;
        server.get_mut().flush()?;
        wait_for_answer(server, self.client)?;
        Head::read(server)?.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }

    fn answer(&mut self, bytes: &[u8]) -> io::Result<Next> {
        let stream = self.client.get_mut();
        stream.write_all(bytes)?;
        stream.flush()?;
        Ok(Next::Request)
    }

    /// Keeps the connection open until the rules change or the client is gone.
    fn hold(&self) -> Next {
        while self.shared.script().edition == self.edition && !is_gone(self.client) {
            pause();
        }
        Next::End
    }
}

/// Waits until an answer begins, or its client is gone.
fn wait_for_answer(server: &mut Upstream, client: &Downstream) -> io::Result<()> {
    loop {
        match server.fill_buf() {
            Ok(_) => return Ok(()),
            Err(error) if message::is_early(&error) && !is_gone(client) => {}
            Err(error) => return Err(error),
        }
    }
}

/// Whether a client has ended its connection.
pub(super) fn is_gone(client: &Downstream) -> bool {
    let stream = &client.get_ref().sock;
    let looked = stream
        .set_nonblocking(true)
        .and_then(|()| stream.peek(&mut [0]));
    let restored = stream.set_nonblocking(false);
    let is_open = match looked {
        Ok(length) => length > 0,
        Err(error) => message::is_early(&error),
    };
    !is_open || restored.is_err()
}

fn connect(shared: &Shared) -> io::Result<Upstream> {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, shared.upstream))?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(TICK))?;
    let name = ServerName::from(std::net::IpAddr::from(Ipv4Addr::LOCALHOST));
    let connection = ClientConnection::new(Arc::clone(&shared.client), name);
    let connection = connection.map_err(io::Error::other)?;
    Ok(BufReader::new(StreamOwned::new(connection, stream)))
}

/// Waits a moment.
pub(super) fn pause() {
    wait(TICK);
}

#[expect(
    clippy::disallowed_methods,
    reason = "a delay is what the fault is about"
)]
fn wait(pause: Duration) {
    thread::sleep(pause);
}
