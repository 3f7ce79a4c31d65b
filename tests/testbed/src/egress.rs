//! The way from the API server to nodes, Services and pods, which have no network of their own here.

use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use std::thread;

use crate::{Error, Result};

/// A proxy on a Unix socket that the API server asks by `CONNECT` (its egress selector).
#[derive(Debug)]
pub(crate) struct Egress {
    socket: PathBuf,
    pods: Arc<AtomicU16>,
    stopped: Arc<AtomicBool>,
}

impl Egress {
    /// Starts to listen at `egress.sock` in a folder.
    pub(crate) fn start(folder: &Path) -> Result<Self> {
        let socket = folder.join("egress.sock");
        let listener = UnixListener::bind(&socket).map_err(Error::file(&socket))?;
        let egress = Self {
            socket,
            pods: Arc::default(),
            stopped: Arc::default(),
        };
        let (pods, stopped) = (Arc::clone(&egress.pods), Arc::clone(&egress.stopped));
        thread::spawn(move || {
            for stream in listener.incoming().map_while(std::result::Result::ok) {
                if stopped.load(Ordering::Relaxed) {
                    return;
                }
                let pods = pods.load(Ordering::Relaxed);
                // A connection that fails is the API server's to report.
                thread::spawn(move || drop(connect(&stream, pods)));
            }
        });
        Ok(egress)
    }

    /// Leads every connection to a pod or a Service to a port on loopback; 0 = nowhere.
    pub(crate) fn lead_pods_to(&self, port: u16) {
        self.pods.store(port, Ordering::Relaxed);
    }
}

impl Drop for Egress {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        // Wakes the thread that accepts; if that fails, it has ended already.
        drop(UnixStream::connect(&self.socket));
    }
}

/// Answers one `CONNECT`, then carries bytes both ways until one side ends.
fn connect(mut stream: &UnixStream, pods: u16) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head)? == 0 {
            return Ok(());
        }
    }
    let target = head.split_whitespace().nth(1).unwrap_or_default();
    let (host, port) = target.rsplit_once(':').unwrap_or((target, ""));
    // Nodes are on loopback themselves; pods have addresses that lead nowhere.
    let port = if host == "127.0.0.1" {
        port.parse().unwrap_or_default()
    } else {
        pods
    };
    let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)) else {
        return stream.write_all(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n");
    };
    stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
    let (back, forth) = (server.try_clone()?, stream.try_clone()?);
    thread::spawn(move || {
        drop(carry(back, &forth));
        drop(forth.shutdown(Shutdown::Write));
    });
    carry(reader, &server)?;
    server.shutdown(Shutdown::Write)
}

fn carry(mut from: impl Read, mut to: impl Write) -> std::io::Result<u64> {
    std::io::copy(&mut from, &mut to)
}
