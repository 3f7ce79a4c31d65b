//! The files of a commit, from `file://` repositories that hold what no work tree would.

use std::sync::Arc;

use git2::{Oid, Repository, Signature};
use tempfile::TempDir;
use tidegate_kustomize::{Entry, Tree as _};
use tidegate_source::{Credentials, GitTree, Limits, Local, Options, Repositories};

use super::rig::{Rig, main_of, text};

const FILE: i32 = 0o100_644;
const PROGRAM: i32 = 0o100_755;
const LINK: i32 = 0o120_000;
const SUBMODULE: i32 = 0o160_000;

struct World {
    folder: TempDir,
    rig: Rig,
}

impl World {
    fn new() -> Self {
        let rig = Rig::new();
        let folder = tempfile::tempdir().unwrap();
        Repository::init_bare(folder.path()).unwrap();
        Self { folder, rig }
    }

    fn url(&self) -> String {
        format!("file://{}", self.folder.path().display())
    }

    /// Commits these files and no others, and reads the commit.
    fn commit(&self, files: &[(&str, i32, &[u8])]) -> GitTree {
        let repository = Repository::open_bare(self.folder.path()).unwrap();
        let mut update = git2::build::TreeUpdateBuilder::new();
        for (path, mode, content) in files {
            let id = match *mode {
                SUBMODULE => Oid::from_str(&"12".repeat(20)).unwrap(),
                _ => repository.blob(content).unwrap(),
            };
            update.upsert(*path, id, mode_of(*mode));
        }
        let empty = repository.treebuilder(None).unwrap().write().unwrap();
        let base = repository.find_tree(empty).unwrap();
        let tree = update.create_updated(&repository, &base).unwrap();
        let tree = repository.find_tree(tree).unwrap();
        let who = Signature::now("Ada\u{7}", "ada@example.com").unwrap();
        let parent = repository.refname_to_id("refs/heads/main").ok();
        let parent = parent.map(|id| repository.find_commit(id).unwrap());
        let parents: Vec<_> = parent.iter().collect();
        let message = "Add a layer\n\nWith a body";
        repository
            .commit(
                Some("refs/heads/main"),
                &who,
                &who,
                message,
                &tree,
                &parents,
            )
            .unwrap();
        self.rig
            .get(&main_of(&self.url()), &Credentials::default())
            .unwrap()
    }
}

fn mode_of(mode: i32) -> git2::FileMode {
    match mode {
        PROGRAM => git2::FileMode::BlobExecutable,
        LINK => git2::FileMode::Link,
        SUBMODULE => git2::FileMode::Commit,
        _ => git2::FileMode::Blob,
    }
}

#[test]
fn files_folders_and_links_are_read_as_they_stand() {
    let tree = World::new().commit(&[
        ("a/b.yaml", FILE, b"kind: X\n"),
        ("a-b", FILE, b""),
        ("a/run", PROGRAM, b"#!"),
        ("link", LINK, b"a/b.yaml"),
        ("up", LINK, b"../../etc"),
    ]);
    let entry = |path| tree.entry(path).unwrap();
    assert_eq!(entry(""), Some(Entry::Directory));
    assert_eq!(entry("a"), Some(Entry::Directory));
    assert_eq!(entry("a/b.yaml"), Some(Entry::File));
    assert_eq!(entry("a/run"), Some(Entry::File));
    assert_eq!(entry("up"), Some(Entry::Link("../../etc".into())));
    for absent in ["b", "a/b.yaml/c", "link/c", "../a", "a/.."] {
        assert_eq!(entry(absent), None, "{absent}");
    }
    assert_eq!(text(&tree, "a/b.yaml").as_deref(), Some("kind: X\n"));
    for no_file in ["a", "link", "b"] {
        assert_eq!(text(&tree, no_file), None, "{no_file}");
    }
    let names = |path| -> Vec<String> {
        let listed = tree.list(path).unwrap().into_iter();
        listed.map(|(name, _)| name).collect()
    };
    assert_eq!(names(""), ["a", "a-b", "link", "up"]);
    assert_eq!(names("a"), ["b.yaml", "run"]);
    assert_eq!(names("a-b"), Vec::<String>::new());
}

#[test]
fn the_commit_is_shown_in_one_line() {
    let tree = World::new().commit(&[("a", FILE, b"1")]);
    let commit = tree.commit();
    assert_eq!(
        (commit.subject.as_str(), commit.author.as_str()),
        ("Add a layer", "Ada")
    );
    assert!(commit.time.as_second() > 1_700_000_000);
}

#[test]
fn what_is_not_in_the_repository_is_named() {
    let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:12\nsize 3\n";
    let tree = World::new().commit(&[
        ("a/lfs.bin", FILE, pointer),
        ("a/module", SUBMODULE, b""),
        ("a/b", FILE, b"1"),
    ]);
    let error = |path| tree.read(path).unwrap_err().to_string();
    assert!(
        error("a/lfs.bin").contains("Git LFS"),
        "{}",
        error("a/lfs.bin")
    );
    assert!(
        error("a/module/x").contains("submodule"),
        "{}",
        error("a/module/x")
    );
    assert!(tree.entry("a/module").is_err());
    let listed = tree.list("a").unwrap();
    let names: Vec<_> = listed.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        ["b", "lfs.bin"],
        "a walk over the folder passes a submodule by"
    );
}

#[test]
fn trees_are_read_from_several_threads() {
    let tree = World::new().commit(&[("a", FILE, b"1")]);
    let tree = Arc::new(tree);
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let tree = GitTree::clone(&tree);
            std::thread::spawn(move || text(&tree, "a"))
        })
        .collect();
    for thread in threads {
        assert_eq!(thread.join().unwrap().as_deref(), Some("1"));
    }
}

#[test]
fn a_digest_changes_only_with_what_is_at_its_paths() {
    let world = World::new();
    let paths = ["a/b", "a", "a/new", "link", ""];
    let digest = |files: &[(&str, i32, &[u8])]| world.commit(files).digest(paths).unwrap();
    let file = ("a/b", FILE, b"1".as_slice());
    let (link, other) = (
        ("link", LINK, b"x".as_slice()),
        ("other/c", FILE, b"1".as_slice()),
    );
    let base = digest(&[file, link, other]);
    assert_eq!(
        digest(&[file, link, ("other/c", FILE, b"2")]),
        base,
        "elsewhere"
    );
    assert_eq!(
        digest(&[file, link, other, ("other/d", FILE, b"2")]),
        base,
        "elsewhere"
    );
    for (files, change) in [
        (
            vec![("a/b", FILE, b"2".as_slice()), link, other],
            "a file's content",
        ),
        (vec![file, ("link", LINK, b"y"), other], "a link's target"),
        (
            vec![file, link, other, ("a/new", FILE, b"1")],
            "a file that was looked for",
        ),
        (
            vec![file, link, other, ("a/c", FILE, b"1")],
            "a name in a folder",
        ),
        (vec![file, link], "a name in the root"),
        (
            vec![("a/b/c", FILE, b"1"), link, other],
            "a folder in a file's place",
        ),
        (vec![("a/b", PROGRAM, b"1"), link, other], "a file's mode"),
    ] {
        assert_ne!(digest(&files), base, "{change}");
    }
}

#[test]
fn local_repositories_are_refused_where_they_are_not_allowed() {
    let world = World::new();
    world.commit(&[("a", FILE, b"1")]);
    let cache = tempfile::tempdir().unwrap();
    let repositories = Repositories::open(Options {
        folder: cache.path().to_owned(),
        local: Local::Refused,
        limits: Limits::default(),
    });
    let spec = main_of(&world.url());
    let refused = repositories
        .unwrap()
        .resolve(&spec, &Credentials::default());
    assert_eq!(refused.unwrap_err().reason(), "LocalSourceRefused");
    let missing = main_of("file:///nothing/here.git");
    let error = world
        .rig
        .resolve(&missing, &Credentials::default())
        .unwrap_err();
    assert_eq!(error.reason(), "RepositoryNotFound");
}
