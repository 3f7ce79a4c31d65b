//! How the command ends: its exit code, and its last words.

use std::io::Write as _;
use std::process::ExitCode;

/// How a command ended, by exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// 0: done, or no change.
    Done,
    /// 1: there are changes, or something is not ready.
    NotDone,
    /// 130: somebody pressed Ctrl-C.
    Interrupted,
}

/// The exit code of an error.
const ERROR: u8 = 2;

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::NotDone => 1,
            Exit::Interrupted => 130,
        })
    }
}

/// Shows an error and what caused it, and answers its exit code.
pub(crate) fn failed(error: &anyhow::Error) -> ExitCode {
    let mut text = error.to_string();
    for cause in error.chain().skip(1) {
        let cause = cause.to_string();
        // Many messages hold their cause's already.
        if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    // Nothing can be done if even the error cannot be shown.
    drop(writeln!(anstream::stderr(), "error: {text}"));
    ExitCode::from(ERROR)
}

/// Waits for Ctrl-C.
pub(crate) async fn interrupted() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
