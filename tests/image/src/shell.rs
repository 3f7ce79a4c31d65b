//! Running programs of this machine.

use std::ffi::OsStr;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};

/// Starts to describe a command; its input is empty.
#[expect(
    clippy::disallowed_methods,
    reason = "the check does what an engine would: it runs the Dockerfile's commands"
)]
pub(crate) fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.stdin(Stdio::null());
    command
}

/// Runs a command to its end, and answers what it wrote.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let name = format!("{command:?}");
    let answer = command
        .output()
        .with_context(|| format!("{name} cannot be run"))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    ensure!(
        answer.status.success(),
        "{name} failed: {}",
        text(&answer.stderr).trim()
    );
    Ok(text(&answer.stdout))
}

/// Runs a command to its end; what it writes is seen.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let status = command
        .status()
        .with_context(|| format!("{name} cannot be run"))?;
    ensure!(status.success(), "{name} ended with {status}");
    Ok(())
}

/// A text as one word of a shell script.
pub(crate) fn quoted(text: impl AsRef<str>) -> String {
    format!("'{}'", text.as_ref().replace('\'', r"'\''"))
}
