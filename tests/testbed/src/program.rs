//! Finding and running the programs of this machine.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::{Error, Result};

/// Folders that hold servers and are not on every user's PATH.
const MORE_FOLDERS: [&str; 4] = ["/usr/sbin", "/usr/local/sbin", "/usr/local/go/bin", "/sbin"];

/// A program that must be on the machine.
#[derive(Debug, Clone, Copy)]
pub struct Requirement {
    /// The program's name.
    pub program: &'static str,
    /// What it is needed for.
    pub purpose: &'static str,
    /// How to get it.
    pub hint: &'static str,
}

/// Finds a required program on PATH or in the usual folders of servers.
///
/// # Errors
/// [`Error::Missing`] with the requirement's hint.
pub fn find(requirement: &Requirement) -> Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(MORE_FOLDERS.iter().map(PathBuf::from))
        .map(|folder| folder.join(requirement.program))
        .find(|candidate| candidate.is_file())
        .ok_or_else(|| Error::Missing {
            program: requirement.program.to_owned(),
            purpose: requirement.purpose,
            hint: requirement.hint,
        })
}

/// Starts to describe a command; its input is empty.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place where the rig starts a process"
)]
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.stdin(Stdio::null());
    command
}

/// Runs a command to its end, and answers its standard output.
///
/// # Errors
/// [`Error::Command`] with everything it printed, if it fails.
pub fn output(command: &mut Command) -> Result<String> {
    let answer = command.output().map_err(|source| Error::Run {
        program: text(command),
        source,
    })?;
    if answer.status.success() {
        return Ok(String::from_utf8_lossy(&answer.stdout).into_owned());
    }
    let mut output = String::from_utf8_lossy(&answer.stderr).into_owned();
    output.push_str(&String::from_utf8_lossy(&answer.stdout));
    Err(Error::Command {
        command: text(command),
        output: output.trim().to_owned(),
    })
}

/// Runs a program to its end, and answers everything it printed; its exit code says nothing here.
///
/// # Errors
/// [`Error::Run`] if it cannot be run at all.
pub fn command_output(program: &Path, arguments: &[&str]) -> Result<String> {
    let mut command = command(program);
    let answer = command.args(arguments).output();
    let answer = answer.map_err(|source| Error::Run {
        program: program.display().to_string(),
        source,
    })?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok(text(&answer.stdout) + &text(&answer.stderr))
}

/// The folder of the workspace that this crate was built in.
pub fn workspace() -> &'static Path {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    folder.ancestors().nth(2).unwrap_or(folder)
}

fn text(command: &Command) -> String {
    std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(OsStr::to_string_lossy)
        .collect::<Vec<_>>()
        .join(" ")
}
