//! Programs that are built once from pinned Go modules.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest as _, Sha256};

use crate::program::{self, Requirement};
use crate::{Error, Result, cache};

pub(crate) const GO: Requirement = Requirement {
    program: "go",
    purpose: "the control plane and the oracles are built from Go modules",
    hint: "install Go 1.26 or later (https://go.dev/doc/install); where only a control plane is \
           needed, TIDEGATE_KUBECONFIG may name the kubeconfig of a cluster that tests may change",
};

/// The control plane; etcd's main package is called `server`.
pub const CONTROL_PLANE: Recipe = Recipe {
    module: "controlplane",
    packages: &[
        "go.etcd.io/etcd/server/v3",
        "k8s.io/kubernetes/cmd/kube-apiserver",
        "k8s.io/kubernetes/cmd/kube-controller-manager",
        "k8s.io/kubernetes/cmd/kube-scheduler",
        "k8s.io/kubernetes/cmd/kubectl",
        "sigs.k8s.io/kwok/cmd/kwok",
    ],
    tags: "",
    // Without these a client sees version v0.0.0.
    linker_flags: "-s -w -X k8s.io/component-base/version.gitVersion=v1.36.3 \
        -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=36",
    renamed: &[("server", "etcd")],
};

/// The tools whose output ours is compared with.
pub(crate) const ORACLES: Recipe = Recipe {
    module: "oracles",
    packages: &["sigs.k8s.io/kustomize/kustomize/v5", "./yaml", "./build"],
    tags: "",
    linker_flags: "-s -w -X sigs.k8s.io/kustomize/api/provenance.version=v5.8.1",
    renamed: &[],
};

/// What is built from one folder of `tests/`, all in one module graph.
#[derive(Debug)]
pub struct Recipe {
    /// The folder with `go.mod`, below `tests/`.
    pub module: &'static str,
    /// The main packages; those that begin with `./` are this repository's own, of one file `main.go`.
    pub packages: &'static [&'static str],
    /// Build tags, separated by commas.
    pub tags: &'static str,
    /// What `-ldflags` is.
    pub linker_flags: &'static str,
    /// Programs whose name is not that of their package: (package's, program's).
    pub renamed: &'static [(&'static str, &'static str)],
}

/// The folder of the built programs, whose name is the hash of everything that they are made from.
#[derive(Debug, Clone)]
pub struct Binaries {
    folder: PathBuf,
}

impl Binaries {
    /// Finds the programs in the cache, or builds them there (minutes the first time).
    ///
    /// # Errors
    /// [`Error::Missing`] without Go; [`Error::Command`] with the compiler's message.
    pub fn ready(recipe: &Recipe) -> Result<Self> {
        let source = program::workspace().join("tests").join(recipe.module);
        let folder = cache::subfolder(recipe.module)?.join(recipe.fingerprint(&source)?);
        let _lock = cache::lock(&folder.with_extension("lock"))?;
        if !folder.is_dir() {
            recipe.build(&source, &folder)?;
        }
        Ok(Self { folder })
    }

    /// Where the programs are.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The path of one program.
    pub fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

/// Describes a build with the flags that all builds have in common, so that one finds what the other has compiled.
///
/// # Errors
/// [`Error::Missing`] without Go.
pub fn go_build() -> Result<Command> {
    let mut command = program::command(program::find(&GO)?);
    command
        .env("CGO_ENABLED", "0")
        .env("GOFLAGS", "-mod=readonly")
        .env("GOWORK", "off")
        .args(["build", "-trimpath"]);
    Ok(command)
}

impl Recipe {
    fn fingerprint(&self, source: &Path) -> Result<String> {
        let mut hash = Sha256::new();
        let own = self.packages.iter().filter(|name| name.starts_with("./"));
        let own = own.map(|name| format!("{name}/main.go"));
        for name in ["go.mod", "go.sum"]
            .map(str::to_owned)
            .into_iter()
            .chain(own)
        {
            let path = source.join(&name);
            hash.update(fs::read(&path).map_err(Error::file(&path))?);
        }
        hash.update(self.linker_flags);
        hash.update(self.packages.join(" "));
        hash.update(self.tags);
        let digest = hash.finalize();
        Ok(digest
            .iter()
            .take(8)
            .map(|byte| format!("{byte:02x}"))
            .collect::<Vec<_>>()
            .concat())
    }

    /// Builds beside the final place: a folder of that name is always complete.
    fn build(&self, source: &Path, folder: &Path) -> Result<()> {
        let unfinished = folder.with_extension("unfinished");
        fs::create_dir_all(&unfinished).map_err(Error::file(&unfinished))?;
        program::output(
            go_build()?
                .current_dir(source)
                .args(["-tags", self.tags])
                .args(["-ldflags", self.linker_flags, "-o"])
                // The separator at the end says that it is a folder.
                .arg(unfinished.join(""))
                .args(self.packages),
        )?;
        for (old, new) in self.renamed {
            let old = unfinished.join(old);
            fs::rename(&old, unfinished.join(new)).map_err(Error::file(&old))?;
        }
        fs::rename(&unfinished, folder).map_err(Error::file(folder))
    }
}
