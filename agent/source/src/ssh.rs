//! Git over ssh: a smart subtransport of libgit2 over libssh2.
//!
//! libgit2's own takes known hosts from the user's home, and has one timeout for the whole process.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream, ToSocketAddrs as _};
use std::sync::Arc;
use std::time::Duration;

use git2::transport::{Service, SmartSubtransport, SmartSubtransportStream, Transport};
use ssh2::{Channel, ErrorCode, MethodType};

use crate::deadline::Deadline;
use crate::error::plain;
use crate::known_hosts::Host;
use crate::limits::Passed;
use crate::session::Session;
use crate::{Credentials, GitUrl, Problem};

/// The user where the URL names none, as on all the well-known hosts.
const USER: &str = "git";
const CONNECT: Duration = Duration::from_secs(10);
/// How many bytes are read of what a server says beside Git's own.
const SAID: u64 = 1000;

/// Makes the transport of a remote whose operation runs on this thread.
pub(crate) fn transport(remote: &git2::Remote<'_>) -> Result<Transport, git2::Error> {
    let session = Session::current();
    let session = session.ok_or_else(|| git2::Error::from_str("no operation runs"))?;
    Transport::smart(remote, false, Ssh(session))
}

/// Tells whether credentials can be used over ssh.
pub(crate) fn fit(credentials: &Credentials) -> Result<(), Problem> {
    let parts = credentials.parts();
    let both = parts.identity.is_some() && parts.known_hosts.is_some();
    both.then_some(()).ok_or(Problem::IdentityMissing)
}

struct Ssh(Arc<Session>);

impl SmartSubtransport for Ssh {
    fn action(
        &self,
        _url: &str,
        action: Service,
    ) -> Result<Box<dyn SmartSubtransportStream>, git2::Error> {
        // libgit2 goes on with the stream of the listing to fetch.
        if action != Service::UploadPackLs {
            return Err(git2::Error::from_str("nothing is ever pushed"));
        }
        let session = Arc::clone(&self.0);
        let stream = Stream::open(&session).map_err(|problem| session.fail(problem))?;
        Ok(Box::new(stream))
    }

    fn close(&self) -> Result<(), git2::Error> {
        Ok(())
    }
}

/// A running `git-upload-pack`.
struct Stream {
    session: Arc<Session>,
    ssh: ssh2::Session,
    channel: Channel,
    tcp: TcpStream,
    has_answered: bool,
}

impl Stream {
    fn open(session: &Arc<Session>) -> Result<Self, Problem> {
        let tcp = connect(&session.url, session.deadline)?;
        let failed = |error: &ssh2::Error| explain(error, session);
        let mut ssh = ssh2::Session::new().map_err(|error| failed(&error))?;
        ssh.set_timeout(milliseconds(session.deadline.left()?));
        ssh.set_tcp_stream(tcp.try_clone().map_err(|error| unreachable(&error))?);
        greet(session, &mut ssh)?;
        authenticate(session, &ssh)?;
        let mut channel = ssh.channel_session().map_err(|error| failed(&error))?;
        let command = format!("git-upload-pack {}", quote(session.url.path()));
        channel.exec(&command).map_err(|error| failed(&error))?;
        Ok(Self {
            session: Arc::clone(session),
            ssh,
            channel,
            tcp,
            has_answered: false,
        })
    }

    fn receive(&mut self, buffer: &mut [u8]) -> Result<usize, Problem> {
        self.ssh
            .set_timeout(milliseconds(self.session.deadline.left()?));
        let read = self.channel.read(buffer);
        let read = read.map_err(|error| broken(&error, &self.session))?;
        if read == 0 && !self.has_answered {
            return Err(self.no_answer());
        }
        self.has_answered = true;
        // The listing comes first, and is far below a pack.
        let limits = &self.session.limits;
        let limit = Passed {
            limit: "listing and pack bytes",
            value: limits.pack_bytes.saturating_add(limits.listing_bytes),
        };
        self.session.receive(read, limit)?;
        Ok(read)
    }

    /// The server has ended without a word of Git's: what it says beside is the reason.
    fn no_answer(&self) -> Problem {
        let mut said = Vec::new();
        // A reason that cannot be read is none.
        let _unread = self.channel.stderr().take(SAID).read_to_end(&mut said);
        let said = plain(&String::from_utf8_lossy(&said));
        let lower = said.to_lowercase();
        let says = |words: &[&str]| words.iter().any(|word| lower.contains(word));
        if says(&[
            "not found",
            "does not appear to be",
            "could not be found",
            "no such",
        ]) {
            return Problem::NotFound(said);
        }
        if says(&["denied", "forbidden", "not allowed", "permission"]) {
            return Problem::Forbidden(said);
        }
        Problem::NotGit(format!("the connection ended at once, with `{said}`"))
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.receive(buffer);
        read.map_err(|problem| io::Error::other(self.session.fail(problem).to_string()))
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.session.deadline.left().and_then(|left| {
            self.ssh.set_timeout(milliseconds(left));
            let written = self.channel.write(bytes);
            written.map_err(|error| broken(&error, &self.session))
        });
        written.map_err(|problem| io::Error::other(self.session.fail(problem).to_string()))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        // libssh2 says goodbye, and waits for an answer that may never come.
        let _closed = self.tcp.shutdown(Shutdown::Both);
    }
}

fn connect(url: &GitUrl, deadline: Deadline) -> Result<TcpStream, Problem> {
    let host = url.host().trim_matches(['[', ']']);
    let addresses = (host, url.port()).to_socket_addrs();
    let addresses = addresses.map_err(|error| unreachable(&error))?;
    let mut last = Problem::Unreachable("the host's name has no address".into());
    for address in addresses {
        let left = deadline.left()?.min(CONNECT);
        match TcpStream::connect_timeout(&address, left) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = unreachable(&error),
        }
    }
    deadline.left()?;
    Err(last)
}

/// Agrees on keys, and checks the host's against the known ones.
fn greet(session: &Session, ssh: &mut ssh2::Session) -> Result<(), Problem> {
    let known = session.credentials.parts().known_hosts.as_deref();
    let known = known.unwrap_or_default();
    let host = Host::new(session.url.host(), session.url.port());
    let failed = |error: &ssh2::Error| explain(error, session);
    let kinds = ssh.supported_algs(MethodType::HostKey);
    let mut kinds = kinds.map_err(|error| failed(&error))?;
    // `known_hosts` knows keys, and not who signs them.
    kinds.retain(|kind| !kind.contains("-cert-"));
    // A server that shows its newest kind of key must not be unknown where an older one is known.
    let known_kinds = host.kinds(known);
    kinds.sort_by_key(|kind| !known_kinds.iter().any(|known| is_of_kind(kind, known)));
    let preferred = ssh.method_pref(MethodType::HostKey, &kinds.join(","));
    preferred.map_err(|error| failed(&error))?;
    ssh.handshake().map_err(|error| failed(&error))?;
    let key = ssh.host_key().map(|(key, _)| key);
    let key = key.ok_or_else(|| Problem::NotGit("the server shows no host key".into()))?;
    host.check(key, known)
}

fn authenticate(session: &Session, ssh: &ssh2::Session) -> Result<(), Problem> {
    let parts = session.credentials.parts();
    let identity = parts.identity.as_deref().ok_or(Problem::IdentityMissing)?;
    let user = session.url.user().unwrap_or(USER);
    let passphrase = parts.password.as_deref();
    let opened = ssh.userauth_pubkey_memory(user, None, identity, passphrase);
    opened.map_err(|error| match code(&error) {
        AUTHENTICATION_FAILED | PUBLICKEY_UNVERIFIED => {
            Problem::CredentialsRefused(format!("the identity, as user {user}"))
        }
        FILE => Problem::CredentialsUnfit(
            "the identity cannot be read: its passphrase (password) is wrong, or its format is not known",
        ),
        _ => explain(&error, session),
    })
}

/// RSA keys sign in several ways.
fn is_of_kind(algorithm: &str, kind: &str) -> bool {
    algorithm == kind || kind == "ssh-rsa" && algorithm.starts_with("rsa-sha2-")
}

// libssh2.h
const BANNER_RECV: i32 = -2;
const SOCKET_SEND: i32 = -7;
const TIMEOUT: i32 = -9;
const SOCKET_DISCONNECT: i32 = -13;
const PROTO: i32 = -14;
const FILE: i32 = -16;
const AUTHENTICATION_FAILED: i32 = -18;
const PUBLICKEY_UNVERIFIED: i32 = -19;
const SOCKET_TIMEOUT: i32 = -30;
const SOCKET_RECV: i32 = -43;

fn code(error: &ssh2::Error) -> i32 {
    match error.code() {
        ErrorCode::Session(code) | ErrorCode::SFTP(code) => code,
    }
}

fn explain(error: &ssh2::Error, session: &Session) -> Problem {
    if session.deadline.left().is_err() {
        return session.deadline.passed();
    }
    match code(error) {
        TIMEOUT | SOCKET_TIMEOUT => session.deadline.passed(),
        BANNER_RECV | PROTO => Problem::NotGit("no ssh server is there".into()),
        SOCKET_SEND | SOCKET_RECV | SOCKET_DISCONNECT => {
            Problem::Unreachable(format!("the connection broke: {}", error.message()))
        }
        _ => Problem::Git(format!("ssh failed: {}", error.message())),
    }
}

fn broken(error: &io::Error, session: &Session) -> Problem {
    if session.deadline.left().is_err() || error.kind() == io::ErrorKind::TimedOut {
        return session.deadline.passed();
    }
    Problem::Unreachable(format!("the connection broke: {error}"))
}

fn unreachable(error: &io::Error) -> Problem {
    Problem::Unreachable(error.to_string())
}

/// libssh2 takes 0 for ever.
fn milliseconds(left: Duration) -> u32 {
    u32::try_from(left.as_millis()).unwrap_or(u32::MAX).max(1)
}

/// A quoted word, as git quotes it for the shell or for what stands in for one.
fn quote(path: &str) -> String {
    let path = path.replace('\'', r"'\''").replace('!', r"'\!'");
    format!("'{path}'")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_one_word_for_a_shell() {
        assert_eq!(quote("/a b"), "'/a b'");
        assert_eq!(quote("a'; rm -rf /; '"), r"'a'\''; rm -rf /; '\'''");
        assert_eq!(quote("a!b"), r"'a'\!'b'");
    }
}
