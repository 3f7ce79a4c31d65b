//! `make image-check`: what the Dockerfile says, done without a container engine.

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

/// Runs the build stage over a copy of this repository, and the program in what the final stage holds.
#[derive(Debug, Parser)]
struct Arguments {
    /// The folder to work in; what it holds makes the next check faster.
    #[arg(long, value_name = "FOLDER")]
    folder: PathBuf,
}

fn main() -> ExitCode {
    match tidegate_image::check(&Arguments::parse().folder) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing can be done if even the error cannot be shown.
            drop(writeln!(io::stderr(), "error: {error:#}"));
            ExitCode::from(2)
        }
    }
}
