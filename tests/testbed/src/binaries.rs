//! The control plane's programs, built once from their pinned Go modules.

use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::program::{self, Requirement};
use crate::{Error, Result, cache};

pub(crate) const GO: Requirement = Requirement {
    program: "go",
    purpose: "the control plane is built from Go modules",
    hint: "install Go 1.26 or later (https://go.dev/doc/install), or set TIDEGATE_KUBECONFIG to the \
           kubeconfig of a cluster that tests may change",
};

/// Go package of each program; etcd's main package is called `server`.
const PACKAGES: [&str; 6] = [
    "go.etcd.io/etcd/server/v3",
    "k8s.io/kubernetes/cmd/kube-apiserver",
    "k8s.io/kubernetes/cmd/kube-controller-manager",
    "k8s.io/kubernetes/cmd/kube-scheduler",
    "k8s.io/kubernetes/cmd/kubectl",
    "sigs.k8s.io/kwok/cmd/kwok",
];
/// Without these a client sees version v0.0.0.
const LINKER_FLAGS: &str = "-s -w -X k8s.io/component-base/version.gitVersion=v1.36.3 \
    -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=36";

/// The folder of the built programs, whose name is the hash of everything that they are made from.
#[derive(Debug, Clone)]
pub(crate) struct Binaries {
    folder: PathBuf,
}

impl Binaries {
    /// Finds the programs in the cache, or builds them there (minutes the first time).
    pub(crate) fn ready() -> Result<Self> {
        let source = program::workspace().join("tests/controlplane");
        let cache = cache::subfolder("controlplane")?;
        let folder = cache.join(fingerprint(&source)?);
        let _lock = cache::lock(&folder.with_extension("lock"))?;
        if !folder.is_dir() {
            build(&source, &folder)?;
        }
        Ok(Self { folder })
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The path of one program.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

fn fingerprint(source: &Path) -> Result<String> {
    let mut hash = Sha256::new();
    for name in ["go.mod", "go.sum"] {
        let path = source.join(name);
        hash.update(fs::read(&path).map_err(Error::file(&path))?);
    }
    hash.update(LINKER_FLAGS);
    hash.update(PACKAGES.join(" "));
    let digest = hash.finalize();
    Ok(digest
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect::<Vec<_>>()
        .concat())
}

/// Builds beside the final place: a folder of that name is always complete.
fn build(source: &Path, folder: &Path) -> Result<()> {
    let unfinished = folder.with_extension("unfinished");
    fs::create_dir_all(&unfinished).map_err(Error::file(&unfinished))?;
    program::output(
        program::command(program::find(&GO)?)
            .current_dir(source)
            .env("CGO_ENABLED", "0")
            .env("GOFLAGS", "-mod=readonly")
            .env("GOWORK", "off")
            .args(["build", "-trimpath", "-ldflags", LINKER_FLAGS, "-o"])
            .arg(&unfinished)
            .args(PACKAGES),
    )?;
    let (server, etcd) = (unfinished.join("server"), unfinished.join("etcd"));
    fs::rename(&server, &etcd).map_err(Error::file(&server))?;
    fs::rename(&unfinished, folder).map_err(Error::file(folder))
}
