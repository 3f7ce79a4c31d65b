//! A directory as a tree, and what tells of its changes.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use tidegate_kustomize::{Entry, Tree as _};
use tidegate_source::{Directory, Watch};

/// Far above what a change takes, so that only a change that is never told fails a test.
const PATIENCE: Duration = Duration::from_secs(20);

fn write(folder: &Path, path: &str, text: &str) {
    let path = folder.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

#[test]
fn files_folders_and_links_are_read_as_they_stand_and_git_is_passed_by() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    write(&root, "a/b.yaml", "kind: X\n");
    write(&root, "a-b", "");
    write(&root, ".git/config", "");
    write(folder.path(), "outside/secret", "canary");
    symlink("a/b.yaml", root.join("link")).unwrap();
    symlink("../outside", root.join("out")).unwrap();
    let tree = Directory::open(&root).unwrap();
    let entry = |path| tree.entry(path).unwrap();
    assert_eq!(entry(""), Some(Entry::Directory));
    assert_eq!(entry("a/b.yaml"), Some(Entry::File));
    assert_eq!(entry("out"), Some(Entry::Link("../outside".into())));
    for absent in [
        "b",
        "out/secret",
        "link/x",
        "../outside/secret",
        ".git/config",
        ".git",
        "a/./b.yaml",
    ] {
        assert_eq!(entry(absent), None, "{absent}");
        assert_eq!(tree.read(absent).unwrap(), None, "{absent}");
        assert_eq!(tree.list(absent).unwrap(), [], "{absent}");
    }
    assert_eq!(
        tree.read("a/b.yaml").unwrap().as_deref(),
        Some(b"kind: X\n".as_slice())
    );
    assert_eq!(tree.read("link").unwrap(), None);
    let listed = tree.list("").unwrap();
    let names: Vec<_> = listed.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["a", "a-b", "link", "out"]);
}

#[test]
fn what_is_no_directory_cannot_be_opened() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "file", "");
    assert!(Directory::open(&folder.path().join("file")).is_err());
    assert!(Directory::open(&folder.path().join("nothing")).is_err());
}

/// Writes a file as whole, so that no half of it is ever read.
fn replace(path: &Path, text: &str) {
    let new = path.with_extension("replacing");
    fs::write(&new, text).unwrap();
    fs::rename(new, path).unwrap();
}

#[test]
fn a_path_is_opened_with_the_repository_around_it() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().canonicalize().unwrap();
    write(&root, "plain/stages/dev/x", "");
    write(&root, "repository/.git/HEAD", "");
    write(&root, "repository/stages/dev/x", "");
    write(&root, "worktree/.git", "gitdir: elsewhere");
    write(&root, "worktree/stages/dev/x", "");
    for (path, otherwise, expected) in [
        ("repository/stages/dev", "", ("repository", "stages/dev")),
        ("worktree/stages/dev", "plain", ("worktree", "stages/dev")),
        ("repository", "", ("repository", "")),
        ("plain/stages/dev", "plain", ("plain", "stages/dev")),
        ("plain/stages/dev", "repository", ("plain/stages/dev", "")),
        ("plain/stages/dev", "nothing", ("plain/stages/dev", "")),
    ] {
        let (tree, within) = Directory::around(&root.join(path), &root.join(otherwise)).unwrap();
        let opened = tree.root().strip_prefix(&root).unwrap().to_str().unwrap();
        assert_eq!((opened, within.as_str()), expected, "{path} {otherwise}");
    }
}

fn watched(watch: impl FnOnce(Box<dyn FnMut() + Send>) -> Watch) -> (Watch, Receiver<()>) {
    let (sender, receiver) = channel();
    let watch = watch(Box::new(move || sender.send(()).unwrap_or_default()));
    (watch, receiver)
}

#[test]
fn a_change_below_a_directory_is_told_once_it_has_settled() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "a/b.yaml", "1");
    let (_watch, changes) = watched(|told| Watch::directory(folder.path(), told).unwrap());
    write(folder.path(), "a/b.yaml", "2");
    changes.recv_timeout(PATIENCE).unwrap();
    write(folder.path(), "new/folder/c.yaml", "1");
    changes.recv_timeout(PATIENCE).unwrap();
    fs::remove_file(folder.path().join("a/b.yaml")).unwrap();
    changes.recv_timeout(PATIENCE).unwrap();
}

#[test]
fn what_git_and_editors_write_is_not_told() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), ".git/index", "1");
    let (watch, changes) = watched(|told| Watch::directory(folder.path(), told).unwrap());
    let last = folder.path().join("last~");
    let (_last, ended) = watched(|told| Watch::file(&last, told).unwrap());
    for path in [".git/index", ".a.yaml.swp", "a.yaml~", "4913", "last~"] {
        write(folder.path(), path, "2");
    }
    // When the last one is told by the watch of its own, those before it have come too.
    ended.recv_timeout(PATIENCE).unwrap();
    drop(watch);
    assert_eq!(changes.iter().count(), 0);
}

#[test]
fn a_mounted_file_is_told_when_its_folder_swaps_a_link() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    write(root, "..1/tls.crt", "one");
    write(root, "..2/tls.crt", "two");
    symlink("..1", root.join("..data")).unwrap();
    symlink("..data/tls.crt", root.join("tls.crt")).unwrap();
    let file = root.join("tls.crt");
    let (_watch, changes) = watched(|told| Watch::file(&file, told).unwrap());
    symlink("..2", root.join("..data_tmp")).unwrap();
    fs::rename(root.join("..data_tmp"), root.join("..data")).unwrap();
    changes.recv_timeout(PATIENCE).unwrap();
    assert_eq!(fs::read_to_string(&file).unwrap(), "two");
}

#[test]
fn only_another_content_of_a_file_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    write(folder.path(), "token", "one");
    let (watch, changes) = watched(|told| Watch::file(&file, told).unwrap());
    replace(&file, "one");
    write(folder.path(), "other", "two");
    replace(&file, "two");
    changes.recv_timeout(PATIENCE).unwrap();
    fs::remove_file(&file).unwrap();
    changes.recv_timeout(PATIENCE).unwrap();
    drop(watch);
    assert_eq!(changes.iter().count(), 0);
}

#[test]
fn a_path_that_is_not_there_cannot_be_watched() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("nothing");
    let error = Watch::directory(&missing, || {}).unwrap_err().to_string();
    assert!(error.contains(&missing.display().to_string()), "{error}");
    assert!(Watch::file(&missing.join("file"), || {}).is_err());
}
