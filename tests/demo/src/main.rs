//! The database layer on a real control plane: to play with (`demo`), or unattended (`smoke`).

mod demo;
mod scene;
mod smoke;
mod waves;

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Brings the database layer up from a Git server on a control plane of this machine.
#[derive(Debug, Parser)]
struct Arguments {
    /// The `tidegate` program.
    #[arg(long, value_name = "FILE")]
    program: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Clone, Copy, Subcommand)]
enum Command {
    /// Shows the waves as they fill, and stays until Ctrl-C.
    Demo,
    /// Goes through push, resync, a broken image and its fix, and ends.
    Smoke,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let ended = match arguments.command {
        Command::Demo => demo::run(&arguments.program),
        Command::Smoke => smoke::run(&arguments.program),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing can be done if even the error cannot be shown.
            drop(writeln!(io::stderr(), "error: {error:#}"));
            ExitCode::from(2)
        }
    }
}

/// Writes one line for the person who watches.
fn say(line: &str) -> io::Result<()> {
    writeln!(io::stdout(), "{line}")
}
