//! Real CRDs and install manifests, out of their projects' Go modules.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::binaries::GO;
use crate::{Error, Result, cache, program};

/// A project whose files are in a pinned Go module (`tests/upstream/go.mod`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Upstream {
    /// CloudNativePG: its whole install manifest.
    Cnpg,
    /// CloudNativePG's plugin for backups: its install manifest.
    BarmanCloud,
    /// External Secrets Operator: its CRDs.
    ExternalSecrets,
    /// Prometheus Operator: its CRDs.
    Prometheus,
    /// cert-manager: its CRDs.
    CertManager,
    /// Traefik: its CRDs.
    Traefik,
}

impl Upstream {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Cnpg,
        Self::BarmanCloud,
        Self::ExternalSecrets,
        Self::Prometheus,
        Self::CertManager,
        Self::Traefik,
    ];

    /// The files of the project, as they are in its module.
    ///
    /// # Errors
    /// [`Error::Missing`] without Go, [`Error::Checksum`] if a download is not the pinned one.
    pub fn files(self) -> Result<Vec<PathBuf>> {
        let (module, place) = self.place();
        let path = module_folder(module)?.join(place);
        if !path.is_dir() {
            return Ok(vec![path]);
        }
        let entries = fs::read_dir(&path).map_err(Error::file(&path))?;
        let mut files: Vec<PathBuf> = entries
            .filter_map(|entry| entry.ok().map(|entry| entry.path()))
            .filter(|file| {
                file.extension()
                    .is_some_and(|extension| extension == "yaml")
            })
            .filter(|file| {
                file.file_name()
                    .is_some_and(|name| name != "kustomization.yaml")
            })
            .collect();
        files.sort();
        Ok(files)
    }

    /// The folder of the project's module.
    ///
    /// # Errors
    /// Those of [`Self::files`].
    pub fn module(self) -> Result<PathBuf> {
        module_folder(self.place().0)
    }

    fn place(self) -> (&'static str, &'static str) {
        match self {
            Self::Cnpg => (
                "github.com/cloudnative-pg/cloudnative-pg",
                "releases/cnpg-1.30.0.yaml",
            ),
            Self::BarmanCloud => (
                "github.com/cloudnative-pg/plugin-barman-cloud",
                "manifest.yaml",
            ),
            Self::ExternalSecrets => (
                "github.com/external-secrets/external-secrets",
                "deploy/crds/bundle.yaml",
            ),
            Self::Prometheus => (
                "github.com/prometheus-operator/prometheus-operator",
                "example/prometheus-operator-crd",
            ),
            Self::CertManager => ("github.com/cert-manager/cert-manager", "deploy/crds"),
            Self::Traefik => (
                "github.com/traefik/traefik/v3",
                "docs/content/reference/dynamic-configuration/kubernetes-crd-definition-v1.yml",
            ),
        }
    }
}

/// Downloads a module into Go's cache if it is not there, checks it, and answers its folder.
fn module_folder(module: &str) -> Result<PathBuf> {
    let source = program::workspace().join("tests/upstream");
    let version = pinned(&source.join("go.mod"), &format!("{module} "))?;
    let expected = pinned(&source.join("go.sum"), &format!("{module} {version} "))?;
    // Outside of any module: only this module is looked at, not what it requires.
    let outside = cache::subfolder("upstream")?;
    let name = format!("{module}@{version}");
    let answer = program::output(
        program::command(program::find(&GO)?)
            .current_dir(outside)
            .env("GOFLAGS", "-mod=mod")
            .env("GOWORK", "off")
            .args(["mod", "download", "-json", &name]),
    )?;
    let answer: Value = serde_json::from_str(&answer)
        .map_err(|error| Error::malformed("the answer of `go mod download`", &error))?;
    let field = |key| answer.get(key).and_then(Value::as_str).unwrap_or_default();
    if field("Sum") != expected {
        return Err(Error::Checksum {
            module: name,
            actual: field("Sum").to_owned(),
            file: "tests/upstream/go.sum".to_owned(),
            expected,
        });
    }
    Ok(PathBuf::from(field("Dir")))
}

/// The word after a prefix, on the one line that begins with it.
fn pinned(file: &Path, prefix: &str) -> Result<String> {
    let text = fs::read_to_string(file).map_err(Error::file(file))?;
    text.lines()
        .find_map(|line| line.trim_start().strip_prefix(prefix))
        .and_then(|rest| rest.split_whitespace().next())
        .map(str::to_owned)
        .ok_or_else(|| {
            let reason = format!("no line for {}", prefix.trim_end());
            Error::malformed(file.display().to_string(), &reason)
        })
}
