//! The flags by which a folder is rendered, and the rendering itself.

use std::path::{Component, Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use clap::Args;
use tidegate_kustomize::{Options, Rendered, Tree};
use tidegate_source::Directory;

use crate::output;

/// What is rendered.
#[derive(Debug, Clone, Args)]
pub(crate) struct RenderArgs {
    /// The folder of the layer.
    #[arg(value_name = "PATH")]
    path: PathBuf,
    /// Where pinned remote files are looked for by their sha256, after the repository's `vendor/`.
    #[arg(long, value_name = "FOLDER")]
    mirror: Option<PathBuf>,
    /// Make findings errors.
    #[arg(long)]
    pub(crate) strict: bool,
}

impl RenderArgs {
    /// Renders the folder. The tree is the repository that it is in.
    pub(crate) fn render(&self) -> Result<Rendered> {
        let (root, path) = self.place()?;
        let tree = open(&root)?;
        let mirror = self.mirror.as_deref().map(open).transpose()?;
        let options = Options {
            mirror: mirror.as_ref().map(|mirror| mirror as &dyn Tree),
        };
        Ok(tidegate_kustomize::build(&tree, &path, &options)?)
    }

    /// Returns the root of the repository that the folder is in, and the folder's path in it.
    pub(crate) fn place(&self) -> Result<(PathBuf, String)> {
        let shown = self.path.display();
        let folder = self
            .path
            .canonicalize()
            .with_context(|| shown.to_string())?;
        if !folder.is_dir() {
            bail!("{shown} is no folder: name the folder that has the kustomization");
        }
        let root = root_of(&folder)?;
        let below = folder.strip_prefix(&root).unwrap_or(&folder);
        let names = below.components().filter_map(|part| match part {
            Component::Normal(name) => Some(name.to_string_lossy().into_owned()),
            _ => None,
        });
        Ok((root, names.collect::<Vec<_>>().join("/")))
    }

    /// Shows findings; tells whether there are any that count as errors.
    pub(crate) fn report(&self, findings: &[String]) -> Result<()> {
        for finding in findings {
            output::message(&format!("warning: {finding}"))?;
        }
        if self.strict && !findings.is_empty() {
            bail!(
                "{} findings, and --strict makes them errors",
                findings.len()
            );
        }
        Ok(())
    }
}

/// Writes a rendering's finding as one line.
pub(crate) fn finding_line(finding: &tidegate_kustomize::Finding) -> String {
    let tidegate_kustomize::Finding {
        file,
        line,
        field,
        message,
    } = finding;
    match field.as_str() {
        "" => format!("{file}:{line}: {message}"),
        field => format!("{file}:{line}: {field}: {message}"),
    }
}

fn open(path: &Path) -> Result<Directory> {
    Directory::open(path).with_context(|| path.display().to_string())
}

/// The repository that a folder is in; else the current folder, if it is below that; else everything.
fn root_of(folder: &Path) -> Result<PathBuf> {
    let repository = folder
        .ancestors()
        .find(|parent| parent.join(".git").exists());
    if let Some(repository) = repository {
        return Ok(repository.to_owned());
    }
    let current = std::env::current_dir()?.canonicalize()?;
    if folder.starts_with(&current) {
        return Ok(current);
    }
    Ok(folder.ancestors().last().unwrap_or(folder).to_owned())
}
