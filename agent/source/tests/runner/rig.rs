//! A cache of its own for each test, and what tests say in few words.

use std::collections::BTreeMap;
use std::time::Duration;

use tempfile::TempDir;
use tidegate_kustomize::Tree as _;
use tidegate_source::{
    Credentials, GitSpec, GitTree, Limits, Local, Options, Reference, Repositories, Revision,
    SourceError,
};

/// A cache in a folder that goes with it.
pub(super) struct Rig {
    pub(super) repositories: Repositories,
    pub(super) folder: TempDir,
}

impl Rig {
    pub(super) fn new() -> Self {
        Self::within(Limits::default())
    }

    pub(super) fn within(limits: Limits) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let repositories = open(&folder, limits);
        Self {
            repositories,
            folder,
        }
    }

    /// The same cache folder in what could be the next process.
    pub(super) fn reopened(self) -> Self {
        let Self {
            repositories,
            folder,
        } = self;
        drop(repositories);
        Self {
            repositories: open(&folder, Limits::default()),
            folder,
        }
    }

    pub(super) fn resolve(
        &self,
        spec: &GitSpec,
        credentials: &Credentials,
    ) -> Result<Revision, SourceError> {
        self.repositories.resolve(spec, credentials)
    }

    /// Resolves and reads.
    pub(super) fn get(
        &self,
        spec: &GitSpec,
        credentials: &Credentials,
    ) -> Result<GitTree, SourceError> {
        let revision = self.resolve(spec, credentials)?;
        self.repositories.tree(spec, credentials, &revision)
    }

    /// What a user is told.
    pub(super) fn error(&self, spec: &GitSpec, credentials: &Credentials) -> String {
        self.get(spec, credentials).unwrap_err().to_string()
    }
}

fn open(folder: &TempDir, limits: Limits) -> Repositories {
    let options = Options {
        folder: folder.path().to_owned(),
        local: Local::Allowed,
        limits,
    };
    Repositories::open(options).unwrap()
}

pub(super) fn spec(url: &str, reference: Reference) -> GitSpec {
    GitSpec {
        url: url.parse().unwrap(),
        reference,
        timeout: Duration::from_secs(60),
    }
}

pub(super) fn main_of(url: &str) -> GitSpec {
    spec(url, Reference::branch("main").unwrap())
}

pub(super) fn secret(pairs: &[(&str, &str)]) -> Credentials {
    let pairs = pairs.iter();
    let data: BTreeMap<_, _> = pairs
        .map(|(key, value)| ((*key).to_owned(), value.as_bytes().to_vec()))
        .collect();
    Credentials::from_secret(&data).unwrap()
}

pub(super) fn text(tree: &GitTree, path: &str) -> Option<String> {
    let bytes = tree.read(path).unwrap();
    bytes.map(|bytes| String::from_utf8(bytes.to_vec()).unwrap())
}
