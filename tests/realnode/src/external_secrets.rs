//! External Secrets Operator, built from its pinned module with the providers that are needed here.

use std::fs;
use std::path::PathBuf;

use tidegate_testbed::binaries;
use tidegate_testbed::{Error, Result, Upstream, program};

use crate::kept;

/// What of the module is needed: all of it would bring modules that are not to be had.
const PARTS: [&str; 6] = ["apis", "cmd", "go.mod", "go.sum", "main.go", "pkg"];
/// The operator's own files, and what takes their place: (the operator's, ours).
const REPLACED: [(&str, &str); 2] = [
    ("pkg/provider/register/register.go", "providers.go"),
    ("pkg/generator/register/register.go", "generators.go"),
];

/// Finds the program in the cache, or builds it there (minutes the first time).
///
/// # Errors
/// [`Error::Missing`] without Go; [`Error::Command`] with the compiler's message.
pub fn ready() -> Result<PathBuf> {
    let module = Upstream::ExternalSecrets.module()?;
    let ours = program::workspace().join("tests/realnode/modules/external-secrets");
    let mut sources = vec![module.to_string_lossy().into_owned().into_bytes()];
    for (_, file) in REPLACED {
        let file = ours.join(file);
        sources.push(fs::read(&file).map_err(Error::file(&file))?);
    }
    let sources: Vec<&[u8]> = sources.iter().map(Vec::as_slice).collect();
    let folder = kept::folder("external-secrets", &sources, |folder| {
        let copy = folder.join("source");
        fs::create_dir_all(&copy).map_err(Error::file(&copy))?;
        let mut command = program::command("cp");
        command.args(["--recursive", "--no-preserve=mode,ownership"]);
        command.args(PARTS.map(|part| module.join(part)));
        program::output(command.arg(&copy))?;
        for (theirs, file) in REPLACED {
            let to = copy.join(theirs);
            fs::copy(ours.join(file), &to).map_err(Error::file(&to))?;
        }
        let mut command = binaries::go_build()?;
        command.current_dir(&copy).args(["-ldflags", "-s -w", "-o"]);
        program::output(command.arg(folder.join("external-secrets")).arg("."))?;
        fs::remove_dir_all(&copy).map_err(Error::file(&copy))
    })?;
    Ok(folder.join("external-secrets"))
}
