//! HTTP/1.1 messages as bytes: read whole, and passed on as they are.

use std::io::{self, BufRead, ErrorKind, Read as _};

/// A line, with its end, may not be longer: an audit log would be as useless.
const LONGEST_HEAD: usize = 1 << 20;

/// The head of a message.
#[derive(Debug)]
pub(super) struct Head {
    /// As it came, with the empty line.
    pub(super) bytes: Vec<u8>,
    /// How the body ends.
    pub(super) body: Body,
}

/// How a body ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Body {
    /// After so many bytes.
    Length(usize),
    /// With an empty chunk.
    Chunked,
}

impl Head {
    /// Reads a head; none at the end of the stream.
    pub(super) fn read(reader: &mut impl BufRead) -> io::Result<Option<Self>> {
        let mut head = Self {
            bytes: Vec::new(),
            body: Body::Length(0),
        };
        loop {
            let start = head.bytes.len();
            if read_line(reader, &mut head.bytes)? == 0 || head.bytes.len() > LONGEST_HEAD {
                return Ok(None);
            }
            let line = head.bytes.get(start..).unwrap_or_default();
            let line = String::from_utf8_lossy(line)
                .trim_end()
                .to_ascii_lowercase();
            if line.is_empty() {
                return Ok(Some(head));
            }
            if let Some(length) = line.strip_prefix("content-length:") {
                head.body = Body::Length(length.trim().parse().map_err(io::Error::other)?);
            }
            if line.starts_with("transfer-encoding:") && line.ends_with("chunked") {
                head.body = Body::Chunked;
            }
        }
    }

    /// The words of the first line: method and URI, or version and status.
    pub(super) fn words(&self) -> (String, String) {
        let text = String::from_utf8_lossy(&self.bytes);
        let mut words = text.split_whitespace().map(str::to_owned);
        (
            words.next().unwrap_or_default(),
            words.next().unwrap_or_default(),
        )
    }

    /// Reads the body as it comes, and appends it to the head: the whole message.
    pub(super) fn complete(self, reader: &mut impl BufRead) -> io::Result<Vec<u8>> {
        let mut bytes = self.bytes;
        match self.body {
            Body::Length(length) => read_exactly(reader, length, &mut bytes)?,
            Body::Chunked => while !read_chunk(reader, &mut bytes)? {},
        }
        Ok(bytes)
    }
}

/// Appends one chunk with its frame; tells whether it was the last.
pub(super) fn read_chunk(reader: &mut impl BufRead, bytes: &mut Vec<u8>) -> io::Result<bool> {
    let start = bytes.len();
    if read_line(reader, bytes)? == 0 {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    let line = String::from_utf8_lossy(bytes.get(start..).unwrap_or_default()).into_owned();
    let size = usize::from_str_radix(line.trim(), 16).map_err(io::Error::other)?;
    read_exactly(reader, size + 2, bytes)?;
    Ok(size == 0)
}

/// Appends bytes; an answer that comes slowly is waited for.
fn read_exactly(reader: &mut impl BufRead, count: usize, bytes: &mut Vec<u8>) -> io::Result<()> {
    let end = bytes.len() + count;
    while bytes.len() < end {
        let missing = (end - bytes.len()) as u64;
        match reader.by_ref().take(missing).read_to_end(bytes) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(_) => {}
            Err(error) if is_early(&error) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Appends a line, and answers its length; 0 at the end of the stream.
fn read_line(reader: &mut impl BufRead, bytes: &mut Vec<u8>) -> io::Result<usize> {
    let start = bytes.len();
    loop {
        match reader.read_until(b'\n', bytes) {
            Ok(_) => return Ok(bytes.len() - start),
            Err(error) if is_early(&error) => {}
            Err(error) => return Err(error),
        }
    }
}

/// Whether an error says that nothing has come yet.
pub(super) fn is_early(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}
