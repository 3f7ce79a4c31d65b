//! The agent's image, made of what the Dockerfile says without a container engine.

mod dockerfile;
mod image;

mod build_stage;
mod context;
#[cfg(test)]
mod rules;
mod shell;

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use dockerfile::Dockerfile;
pub use image::Image;

/// Runs the build stage over a copy of this repository, and the program in what the final stage holds.
///
/// # Errors
/// What an instruction of the Dockerfile failed with, or that the image is not what it should be.
pub fn check(folder: &Path) -> Result<()> {
    let root = root()?;
    std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    let folder = folder.canonicalize()?;
    let dockerfile = Dockerfile::read(&root)?;
    let stage = build_stage::run(&dockerfile, &root, &folder)?;
    let image = Image::assemble(&dockerfile, &stage, &folder)?;
    image.check()?;
    say(&format!(
        "image-check: {} runs as {}; the layers over the base image hold {:.1} MB",
        image.entrypoint.join(" "),
        image.user,
        image.added_megabytes()?,
    ))
}

/// The image with a program that is built already, in the place of what the build stage would build.
///
/// # Errors
/// What an instruction of the Dockerfile failed with.
pub fn of_program(program: &Path, folder: &Path) -> Result<Image> {
    let dockerfile = Dockerfile::read(&root()?)?;
    let stage = folder.join("upper");
    build_stage::collect(&dockerfile, program, &stage)?;
    Image::assemble(&dockerfile, &stage, folder)
}

/// Writes one line for the person who watches.
pub(crate) fn say(line: &str) -> Result<()> {
    Ok(writeln!(io::stdout(), "{line}")?)
}

/// The folder of this repository.
pub(crate) fn root() -> Result<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
    folder.map(Path::to_owned).context("no workspace")
}
