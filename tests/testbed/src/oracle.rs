//! The real tools that our output is compared with.

use std::io::{Seek as _, Write as _};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::binaries::{Binaries, ORACLES};
use crate::{Error, Result, program};

/// The path of kustomize 5.8.1, built into the cache the first time (under a minute; needs Go).
///
/// # Errors
/// [`Error::Missing`] without Go.
pub fn kustomize() -> Result<PathBuf> {
    Ok(Binaries::ready(&ORACLES)?.program("kustomize"))
}

/// What kustomize prints for a text, if it prints anything.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Reprint {
    /// The documents of the text, as kustomize prints them.
    pub text: String,
    /// Why it refuses the text; empty if it does not.
    pub error: String,
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
