//! The flags by which a folder is rendered, and the rendering itself.

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use serde_json::Value;
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

/// A folder in the tree that it is rendered in: the work tree of a Git repository, or what holds all that it refers to.
pub(crate) struct Place {
    pub(crate) tree: Directory,
    pub(crate) path: String,
}

impl RenderArgs {
    /// Renders the folder into objects.
    pub(crate) fn render(&self) -> Result<(Rendered, Place)> {
        self.with(tidegate_kustomize::build)
    }

    /// Renders the folder into what kustomize prints, which need not be objects.
    pub(crate) fn texts(&self) -> Result<Output<String>> {
        self.with(tidegate_kustomize::render)
            .map(|(output, _)| output)
    }

    /// Renders the folder into the values of what kustomize prints.
    pub(crate) fn values(&self) -> Result<Output<Vec<Value>>> {
        self.with(tidegate_kustomize::render_values)
            .map(|(output, _)| output)
    }

    fn with<T>(
        &self,
        render: impl Fn(&dyn Tree, &str, &Options<'_>) -> Result<T, RenderError>,
    ) -> Result<(T, Place)> {
        let mut place = self.place()?;
        let mirror = self.mirror.as_deref();
        let mirror = mirror
            .map(|folder| Directory::open(folder).with_context(|| folder.display().to_string()))
            .transpose()?;
        let options = Options {
            mirror: mirror.as_ref().map(|mirror| mirror as &dyn Tree),
            cache: None,
        };
        let first = match render(&place.tree, &place.path, &options) {
            Ok(rendered) => return Ok((rendered, place)),
            Err(error) => error,
        };
        // What stands in no repository may refer to whatever is beside it, as for kustomize.
        let leaves = matches!(first, RenderError::Leaves { .. });
        while leaves && let Some(above) = place.above()? {
            place = above;
            match render(&place.tree, &place.path, &options) {
                Ok(rendered) => return Ok((rendered, place)),
                Err(RenderError::Leaves { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(first.into())
    }

    /// Returns where the folder is, as far as can be known before it is rendered.
    pub(crate) fn place(&self) -> Result<Place> {
        let current = std::env::current_dir()?;
        let found = Directory::around(&self.path, &current);
        let (tree, path) = found.with_context(|| {
            format!(
                "{}: name the folder that has the kustomization",
                self.path.display()
            )
        })?;
        Ok(Place { tree, path })
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

impl Place {
    /// The same folder in the tree above; `None` if this is the work tree of a repository, or all there is.
    fn above(&self) -> Result<Option<Self>> {
        let above = self.tree.above(&self.path)?;
        Ok(above.map(|(tree, path)| Self { tree, path }))
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

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    const MAP: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";

    fn write(root: &Path, file: &str, text: &str) {
        let file = root.join(file);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }

    fn rendered(root: &Path) -> Result<(Rendered, Place)> {
        let args = RenderArgs {
            path: root.join("stages/dev"),
            mirror: None,
            strict: false,
        };
        args.render()
    }

    #[test]
    fn a_sibling_is_found_without_a_repository_around_it_and_a_repository_is_not_left() {
        let folder = tempfile::tempdir().unwrap();
        let root = &folder.path().canonicalize().unwrap();
        write(root, "base/kustomization.yaml", "resources: [map.yaml]\n");
        write(root, "base/map.yaml", MAP);
        let refers = "resources:\n- ../../base\n";
        write(root, "stages/dev/kustomization.yaml", refers);
        let (found, place) = rendered(root).unwrap();
        assert_eq!(found.objects.len(), 1);
        assert_eq!((place.tree.root(), &*place.path), (&**root, "stages/dev"));

        write(root, "stages/.git/HEAD", "");
        let error = rendered(root).err().unwrap().to_string();
        assert_eq!(
            error,
            "dev/kustomization.yaml:2: resources[0]: `../../base` leaves the tree; use a path inside of it"
        );
    }

    #[test]
    fn what_is_nowhere_is_named_by_the_file_that_wants_it() {
        let folder = tempfile::tempdir().unwrap();
        let refers = "resources: [../nothing]\n";
        write(folder.path(), "stages/dev/kustomization.yaml", refers);
        let error = rendered(folder.path()).err().unwrap().to_string();
        assert!(
            error.contains("dev/kustomization.yaml:1: resources[0]: `../nothing` does not exist"),
            "{error}"
        );
    }
}
