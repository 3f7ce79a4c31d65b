//! A cache of its own for each test, and what tests say in few words.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tempfile::TempDir;
use tidegate_kustomize::Tree as _;
use tidegate_source::{
    Credentials, GitSpec, GitTree, Limits, Local, Options, Reference, Repositories, Revision,
    SourceError,
};
use tidegate_testbed::{GitServer, Route, wait};

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

/// Bytes that no compression makes smaller: the low bits of a linear generator's upper half.
pub(super) fn noise(bytes: usize) -> Vec<u8> {
    let mut state: u64 = 1;
    let next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33).to_le_bytes()[0]
    };
    std::iter::repeat_with(next).take(bytes).collect()
}

/// What the packs of a cache hold together.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Packs {
    pub(super) count: usize,
    pub(super) objects: u32,
    pub(super) bytes: usize,
}

/// Counts the packs below a folder; a pack's header names its objects.
pub(super) fn packs(folder: &Path) -> Packs {
    let mut all = Packs::default();
    for pack in files(folder)
        .iter()
        .filter(|file| file.extension().is_some_and(|end| end == "pack"))
    {
        let bytes = std::fs::read(pack).unwrap();
        all.count += 1;
        all.objects += u32::from_be_bytes(bytes[8..12].try_into().unwrap());
        all.bytes += bytes.len();
    }
    all
}

/// All files below a folder.
pub(super) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}

/// Counts the requests that a server has answered: all of them, once a last one is in its log.
pub(super) fn requests(server: &GitServer) -> usize {
    static LAST: AtomicUsize = AtomicUsize::new(0);
    let marker = format!("/page/{}", LAST.fetch_add(1, Ordering::Relaxed));
    let url = server.http_url(Route::Open, "");
    let address = url.split('/').nth(2).unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    let request = format!("GET {marker} HTTP/1.0\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let look = || {
        let all = server.requests().map_err(|error| error.to_string())?;
        let is_there = all.iter().any(|request| request.uri == marker);
        let asked = all
            .iter()
            .filter(|request| !request.uri.starts_with("/page/"));
        is_there
            .then_some(asked.count())
            .ok_or_else(|| "no marker".into())
    };
    wait::until("the log is whole", Duration::from_secs(10), look).unwrap()
}
