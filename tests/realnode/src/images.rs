//! The images of the node's own pods.

use std::path::Path;

use tidegate_testbed::binaries::Binaries;
use tidegate_testbed::{Error, Result};

use crate::{Image, parts};

/// What holds the namespaces of every pod.
///
/// # Errors
/// Those of [`Binaries::ready`].
pub fn pause() -> Result<Image> {
    program(
        "localhost/pause:1",
        &Binaries::ready(&parts::CONTAINERD)?.program("pause"),
    )
}

/// The cluster's DNS server.
///
/// # Errors
/// Those of [`Binaries::ready`].
pub fn coredns() -> Result<Image> {
    program(
        "localhost/coredns:1",
        &Binaries::ready(&parts::COREDNS)?.program("coredns"),
    )
}

/// An image of one program that needs nothing else.
fn program(name: &str, program: &Path) -> Result<Image> {
    let folder = program.with_extension("image");
    let file_name = program.file_name().unwrap_or_default();
    std::fs::create_dir_all(&folder).map_err(Error::file(&folder))?;
    let to = folder.join(file_name);
    std::fs::copy(program, &to).map_err(Error::file(&to))?;
    Ok(Image {
        name: name.to_owned(),
        layers: vec![folder],
        entrypoint: vec![format!("/{}", file_name.to_string_lossy())],
        arguments: Vec::new(),
        user: String::new(),
    })
}
