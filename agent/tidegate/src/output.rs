//! What the command says: data to stdout, messages to stderr.

mod age;
mod format;
mod table;

use std::io::{self, Write as _};

pub(crate) use age::age;
pub(crate) use format::Format;
pub(crate) use table::Table;

/// Writes data to stdout as it is. A reader that has gone, such as `head`, is no error.
pub(crate) fn data(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    quiet(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
}

/// Writes one line of data to stdout.
pub(crate) fn line(text: &str) -> io::Result<()> {
    data(&format!("{text}\n"))
}

/// Writes one message to stderr.
pub(crate) fn message(text: &str) -> io::Result<()> {
    quiet(writeln!(anstream::stderr(), "{text}"))
}

/// A number of things, in the singular or the plural.
pub(crate) fn counted(count: usize, thing: &str) -> String {
    match count {
        1 => format!("1 {thing}"),
        count => format!("{count} {thing}s"),
    }
}

/// A text in one line, as a row of a table holds it.
pub(crate) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn quiet(written: io::Result<()>) -> io::Result<()> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}
