//! The real tools that our output is compared with.

use std::io::{BufRead as _, BufReader, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use serde::{Deserialize, Serialize};

use crate::binaries::{Binaries, ORACLES};
use crate::{Error, Result, program};

/// The path of kustomize 5.8.1, built into the cache the first time (under a minute; needs Go).
///
/// # Errors
/// [`Error::Missing`] without Go.
pub fn kustomize() -> Result<PathBuf> {
    Ok(Binaries::ready(&ORACLES)?.program("kustomize"))
}

/// What kustomize prints, if it prints anything.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Reprint {
    /// The documents, as kustomize prints them.
    pub text: String,
    /// Why it refuses the input; empty if it does not.
    pub error: String,
}

/// A folder to be built.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Request<'a> {
    /// Its absolute path.
    pub folder: &'a Path,
    /// Whether a kustomization below it has `openapi`, which kustomize keeps for a whole process.
    pub openapi: bool,
}

/// A process that is `kustomize build` for one folder after another; it ends when it is dropped.
#[derive(Debug)]
pub struct Kustomize {
    child: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Kustomize {
    /// Starts the process.
    ///
    /// # Errors
    /// [`Error::Missing`] without Go, [`Error::Run`] if it does not start.
    pub fn start() -> Result<Self> {
        let program = Binaries::ready(&ORACLES)?.program("build");
        let failed = |source| Error::Run {
            program: "the oracle of kustomize".to_owned(),
            source,
        };
        let mut child = program::command(&program)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(failed)?;
        let (Some(requests), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(failed(std::io::ErrorKind::BrokenPipe.into()));
        };
        Ok(Self {
            child,
            requests,
            answers: BufReader::new(answers),
        })
    }

    /// Builds a folder; a folder that brings kustomize down is refused by it.
    ///
    /// # Errors
    /// As for [`Kustomize::start`]; [`Error::Malformed`] for an answer that is none.
    pub fn build(&mut self, request: Request<'_>) -> Result<Reprint> {
        let malformed = |error| Error::malformed("an answer of kustomize", &error);
        let question = serde_json::to_string(&request).map_err(malformed)?;
        let mut answer = String::new();
        let asked = writeln!(self.requests, "{question}");
        let read = asked.and_then(|()| self.answers.read_line(&mut answer));
        if matches!(read, Ok(length) if length > 0) {
            return serde_json::from_str(&answer).map_err(malformed);
        }
        *self = Self::start()?;
        Ok(Reprint {
            text: String::new(),
            error: "kustomize ended".to_owned(),
        })
    }
}

impl Drop for Kustomize {
    fn drop(&mut self) {
        // It may have ended by itself; both are then refused.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads and prints texts with kustomize's own libraries, many in one process.
///
/// # Errors
/// [`Error::Missing`] without Go, [`Error::Command`] if the texts bring the process down.
pub fn reprint(texts: &[String]) -> Result<Vec<Reprint>> {
    let oracle = Binaries::ready(&ORACLES)?.program("yaml");
    let answers = program::output(program::command(&oracle).stdin(input(texts)?))?;
    serde_json::from_str(&answers)
        .map_err(|error| Error::malformed(oracle.display().to_string(), &error))
}

fn input(texts: &[String]) -> Result<std::fs::File> {
    let write = || {
        let mut file = tempfile::tempfile()?;
        file.write_all(serde_json::to_string(texts)?.as_bytes())?;
        file.rewind()?;
        Ok(file)
    };
    write().map_err(Error::file(Path::new("a temporary file")))
}
