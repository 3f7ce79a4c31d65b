//! Servers that misbehave: they answer what a test says, byte by byte.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

/// A server on loopback; it ends with this value.
pub(super) struct Wire {
    port: u16,
    heads: Arc<Mutex<Vec<String>>>,
    ended: Arc<AtomicBool>,
}

impl Wire {
    /// Hands each connection to a function.
    fn serve(serve: impl Fn(TcpStream, &Mutex<Vec<String>>) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let wire = Self {
            port: listener.local_addr().unwrap().port(),
            heads: Arc::default(),
            ended: Arc::default(),
        };
        let (heads, ended) = (Arc::clone(&wire.heads), Arc::clone(&wire.ended));
        let serve = Arc::new(serve);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if ended.load(Ordering::Relaxed) {
                    return;
                }
                let (heads, serve) = (Arc::clone(&heads), Arc::clone(&serve));
                thread::spawn(move || serve(stream, &heads));
            }
        });
        wire
    }

    /// Answers each request with these bytes, and ends the connection.
    pub(super) fn answering(answer: impl Into<Vec<u8>>) -> Self {
        let answer = answer.into();
        Self::serve(move |mut stream, heads| {
            heads.lock().unwrap().push(head(&mut stream));
            drop(stream.write_all(&answer));
        })
    }

    /// Says these bytes at once, and ends the connection.
    pub(super) fn greeting(with: &'static str) -> Self {
        Self::serve(move |mut stream, _| drop(stream.write_all(with.as_bytes())))
    }

    /// Takes connections, and never says a word.
    pub(super) fn silent() -> Self {
        Self::serve(|mut stream, _| drop(stream.read_to_end(&mut Vec::new())))
    }

    /// Sends an endless listing of refs, for as long as somebody reads it.
    pub(super) fn endless() -> Self {
        Self::serve(|mut stream, heads| {
            heads.lock().unwrap().push(head(&mut stream));
            let start = "HTTP/1.1 200 OK\r\nContent-Type: application/x-git-upload-pack-advertisement\r\n\r\n\
                         001e# service=git-upload-pack\n0000";
            drop(stream.write_all(start.as_bytes()));
            let line = format!("003e{} refs/heads/a\n", "a".repeat(40));
            let line = format!("{:04x}{}", line.len(), &line[4..]);
            while stream.write_all(line.as_bytes()).is_ok() {}
        })
    }

    /// Stands before another server, and cuts every connection after some bytes of the answer.
    pub(super) fn cutting(target: u16, after: u64) -> Self {
        Self::serve(move |client, _| {
            let server = TcpStream::connect(("127.0.0.1", target)).unwrap();
            let (mut from_client, mut to_server) =
                (client.try_clone().unwrap(), server.try_clone().unwrap());
            thread::spawn(move || drop(std::io::copy(&mut from_client, &mut to_server)));
            drop(std::io::copy(&mut (&server).take(after), &mut &client));
            drop((
                client.shutdown(Shutdown::Both),
                server.shutdown(Shutdown::Both),
            ));
        })
    }

    /// Stands before another server, and puts other words of the same length into its answers.
    pub(super) fn rewriting(target: u16, words: [&'static [u8]; 2]) -> Self {
        Self::serve(move |client, _| {
            let mut server = TcpStream::connect(("127.0.0.1", target)).unwrap();
            let (mut from_client, mut to_server) =
                (client.try_clone().unwrap(), server.try_clone().unwrap());
            thread::spawn(move || drop(std::io::copy(&mut from_client, &mut to_server)));
            let mut bytes = vec![0; 1 << 16];
            while let Ok(read @ 1..) = server.read(&mut bytes) {
                for at in 0..read.saturating_sub(words[0].len()) {
                    let place = &mut bytes[at..at + words[0].len()];
                    if place == words[0] {
                        place.copy_from_slice(words[1]);
                    }
                }
                if (&client).write_all(&bytes[..read]).is_err() {
                    break;
                }
            }
            drop((
                client.shutdown(Shutdown::Both),
                server.shutdown(Shutdown::Both),
            ));
        })
    }

    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/platform.git", self.port)
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// The heads of the requests that came.
    pub(super) fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        drop(TcpStream::connect(("127.0.0.1", self.port)));
    }
}

fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|read| read == 1) {
        head.push(byte[0]);
    }
    String::from_utf8_lossy(&head).into_owned()
}
