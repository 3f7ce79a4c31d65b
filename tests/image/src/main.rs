//! `make image-check`: what the Dockerfile says, done without a container engine.

mod build_stage;
mod context;
mod dockerfile;
mod image;
#[cfg(test)]
mod rules;
mod shell;

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::Parser;

use dockerfile::Dockerfile;

/// Runs the build stage over a copy of this repository, and the program in what the final stage holds.
#[derive(Debug, Parser)]
struct Arguments {
    /// The folder to work in; what it holds makes the next check faster.
    #[arg(long, value_name = "FOLDER")]
    folder: PathBuf,
}

fn main() -> ExitCode {
    match check(&Arguments::parse().folder) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing can be done if even the error cannot be shown.
            drop(writeln!(io::stderr(), "error: {error:#}"));
            ExitCode::from(2)
        }
    }
}

fn check(folder: &Path) -> Result<()> {
    let root = root()?;
    std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    let folder = folder.canonicalize()?;
    let dockerfile = Dockerfile::read(&root)?;
    let stage = build_stage::run(&dockerfile, &root, &folder)?;
    let image = image::assemble(&dockerfile, &stage, &folder)?;
    image.check()?;
    say(&format!(
        "image-check: {} runs as {}; the layers over the base image hold {:.1} MB",
        image.entrypoint.join(" "),
        image.user,
        image.added_megabytes()?,
    ))
}

/// Writes one line for the person who watches.
fn say(line: &str) -> Result<()> {
    Ok(writeln!(io::stdout(), "{line}")?)
}

/// The folder of this repository.
fn root() -> Result<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
    folder.map(Path::to_owned).context("no workspace")
}
