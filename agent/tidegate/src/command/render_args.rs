//! The flags by which a folder is rendered, and the rendering itself.

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use tidegate_kustomize::{Options, Output, RenderError, Rendered, Tree};
use tidegate_source::Directory;

use crate::output;

/// What is rendered.
#[derive(Debug, Clone, Args)]
pub(crate) struct RenderArgs {
    /// The folder of the layer.
    #[arg(value_name = "PATH")]
    pub(crate) path: PathBuf,
    /// Where pinned remote files are looked for by their sha256, after the repository's `vendor/`.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) mirror: Option<PathBuf>,
    /// Make findings errors.
    #[arg(long)]
    pub(crate) strict: bool,
}

impl RenderArgs {
    /// Renders the folder into objects.
    pub(crate) fn render(&self) -> Result<Rendered> {
        self.with(tidegate_kustomize::build)
    }

    /// Renders the folder into what kustomize prints, which need not be objects.
    pub(crate) fn output(&self) -> Result<Output> {
        self.with(tidegate_kustomize::render)
    }

    fn with<T>(
        &self,
        render: impl Fn(&dyn Tree, &str, &Options<'_>) -> Result<T, RenderError>,
    ) -> Result<T> {
        let (tree, path) = self.place()?;
        let mirror = self.mirror.as_deref();
        let mirror = mirror
            .map(|folder| Directory::open(folder).with_context(|| folder.display().to_string()))
            .transpose()?;
        let options = Options {
            mirror: mirror.as_ref().map(|mirror| mirror as &dyn Tree),
        };
        Ok(render(&tree, &path, &options)?)
    }

    /// Returns the repository that the folder is in, and the folder's path in it.
    pub(crate) fn place(&self) -> Result<(Directory, String)> {
        let current = std::env::current_dir()?;
        let found = Directory::around(&self.path, &current);
        found.with_context(|| {
            format!(
                "{}: name the folder that has the kustomization",
                self.path.display()
            )
        })
    }

    /// Shows findings; tells whether there are any that count as errors.
    pub(crate) fn report(&self, findings: &[String]) -> Result<()> {
        for finding in findings {
            output::message(&format!("warning: {finding}"))?;
        }
        if self.strict && !findings.is_empty() {
            let findings = output::counted(findings.len(), "finding");
            bail!("{findings}, and --strict makes findings errors");
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
