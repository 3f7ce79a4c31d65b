//! What can go wrong while a server is built, started or asked.

use std::path::{Path, PathBuf};

/// The result of everything in this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failure of the rig itself, with what a person can do about it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A program is not on this machine.
    #[error("`{program}` is missing ({purpose}); {hint}")]
    Missing {
        /// The program's name.
        program: String,
        /// What it is needed for.
        purpose: &'static str,
        /// How to get it.
        hint: &'static str,
    },
    /// A file or folder could not be read or written.
    #[error("cannot use {}: {source}", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// The operating system's answer.
        source: std::io::Error,
    },
    /// A program could not be run at all.
    #[error("cannot run {program}: {source}")]
    Run {
        /// The program.
        program: String,
        /// The operating system's answer.
        source: std::io::Error,
    },
    /// A command ended with a failure.
    #[error("`{command}` failed: {output}")]
    Command {
        /// The command line.
        command: String,
        /// What it printed.
        output: String,
    },
    /// A server ended before it was ready.
    #[error("{service} ended ({status}); its log ends with:\n{log}")]
    Ended {
        /// The server.
        service: String,
        /// Its exit status.
        status: String,
        /// The last lines of its log.
        log: String,
    },
    /// A condition did not come true in time.
    #[error("waited {seconds} s for {condition}; last seen: {last}")]
    Timeout {
        /// The condition.
        condition: String,
        /// How long, in seconds.
        seconds: u64,
        /// What stood in the way at the last look.
        last: String,
    },
    /// The API server refused a request.
    #[error("{request}: HTTP {code}: {message}")]
    Api {
        /// Verb and path.
        request: String,
        /// The HTTP status.
        code: u16,
        /// The API server's own message.
        message: String,
    },
    /// A request got no answer.
    #[error("{request}: {source}")]
    Http {
        /// Verb and path.
        request: String,
        /// The transport's error.
        source: reqwest::Error,
    },
    /// A certificate could not be made.
    #[error("cannot make the certificate of {name}: {source}")]
    Certificate {
        /// Its common name.
        name: String,
        /// The library's error.
        source: rcgen::Error,
    },
    /// A downloaded module is not the pinned one.
    #[error("module {module} has the checksum {actual}, but {file} pins {expected}")]
    Checksum {
        /// Module and version.
        module: String,
        /// The checksum of what was downloaded.
        actual: String,
        /// The file that pins it.
        file: String,
        /// The pinned checksum.
        expected: String,
    },
    /// Something that is not possible in this set-up.
    #[error("{what} is not possible: {hint}")]
    Unsupported {
        /// What was asked for.
        what: &'static str,
        /// What to do instead.
        hint: &'static str,
    },
    /// A text does not have the form that it should have.
    #[error("cannot read {what}: {reason}")]
    Malformed {
        /// What was read.
        what: String,
        /// Why it is wrong.
        reason: String,
    },
}

impl Error {
    /// Says which file or folder could not be used.
    pub fn file(path: impl AsRef<Path>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.as_ref().to_owned();
        |source| Self::File { path, source }
    }

    /// Says what could not be read.
    pub fn malformed(what: impl Into<String>, reason: &impl ToString) -> Self {
        Self::Malformed {
            what: what.into(),
            reason: reason.to_string(),
        }
    }
}
