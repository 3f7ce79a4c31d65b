//! Repositories that cost too much fail with the limit's name and value; others go on.

use tidegate_kustomize::Tree as _;
use tidegate_source::{Credentials, Limits};
use tidegate_testbed::{Commit, GitServer, Route};

use super::rig::{Rig, main_of, noise, requests};
use super::wire::Wire;

fn check(limits: Limits, expected: &str) {
    let server = GitServer::start().unwrap();
    let large = server.create("large").unwrap();
    let small = server.create("small").unwrap();
    let mut commit = Commit::on("main")
        .file("a/b/c/d", "deep")
        .file("noise", noise(100_000));
    for number in 0..30 {
        commit = commit.file(&format!("many/{number}"), "x");
    }
    large.push(&commit).unwrap();
    small.push(&Commit::on("main").file("a", "1")).unwrap();
    let rig = Rig::within(limits);
    let open = Credentials::default();
    let spec = |name| main_of(&server.http_url(Route::Open, name));
    let error = rig.get(&spec("large"), &open).unwrap_err();
    assert_eq!(error.reason(), "LimitPassed");
    assert!(error.to_string().ends_with(expected), "{error}");
    assert!(!error.is_transient());
    let before = requests(&server);
    assert_eq!(rig.get(&spec("large"), &open).unwrap_err(), error);
    assert_eq!(
        requests(&server) - before,
        1,
        "it is not fetched again to see the same"
    );
    rig.get(&spec("small"), &open).unwrap();
}

#[test]
fn each_limit_is_told_with_its_value() {
    let limits = Limits::default();
    check(
        Limits {
            pack_bytes: 50_000,
            ..limits
        },
        "more than 50000 pack bytes",
    );
    check(
        Limits {
            objects: 8,
            ..limits
        },
        "more than 8 objects",
    );
    check(
        Limits {
            files: 30,
            ..limits
        },
        "more than 30 files",
    );
    check(
        Limits { depth: 2, ..limits },
        "more than 2 folders within folders",
    );
}

#[test]
fn a_large_file_fails_only_who_reads_it() {
    let server = GitServer::start().unwrap();
    let repository = server.create("platform").unwrap();
    let commit = Commit::on("main")
        .file("large", noise(2000))
        .file("small", "1");
    repository.push(&commit).unwrap();
    let rig = Rig::within(Limits {
        file_bytes: 1000,
        ..Limits::default()
    });
    let spec = main_of(&server.http_url(Route::Open, "platform"));
    let tree = rig.get(&spec, &Credentials::default()).unwrap();
    assert!(tree.read("small").unwrap().is_some());
    let error = tree.read("large").unwrap_err().to_string();
    assert_eq!(error, "failed to read `large`: more than 1000 file bytes");
}

#[test]
fn an_endless_listing_ends() {
    let wire = Wire::endless();
    let rig = Rig::within(Limits {
        listing_bytes: 100_000,
        ..Limits::default()
    });
    let error = rig.error(&main_of(&wire.url()), &Credentials::default());
    assert!(error.ends_with("more than 100000 listing bytes"), "{error}");
}

#[test]
fn a_folder_that_holds_itself_many_times_is_counted_each_time() {
    let folder = tempfile::tempdir().unwrap();
    let rig = Rig::new();
    let repository = git2::Repository::init_bare(folder.path()).unwrap();
    let mut id = repository.blob(b"x").unwrap();
    for level in 0..12 {
        let mut tree = repository.treebuilder(None).unwrap();
        for name in 0..10 {
            let mode = if level == 0 { 0o100_644 } else { 0o040_000 };
            tree.insert(name.to_string(), id, mode).unwrap();
        }
        id = tree.write().unwrap();
    }
    let who = git2::Signature::now("a", "a@example.com").unwrap();
    let tree = repository.find_tree(id).unwrap();
    repository
        .commit(Some("refs/heads/main"), &who, &who, "bomb", &tree, &[])
        .unwrap();
    let spec = main_of(&format!("file://{}", folder.path().display()));
    let error = rig.error(&spec, &Credentials::default());
    assert!(error.ends_with("more than 500000 files"), "{error}");
}

#[test]
fn a_folder_of_too_many_names_is_not_read() {
    let server = GitServer::start().unwrap();
    let repository = server.create("platform").unwrap();
    let mut commit = Commit::on("main");
    for number in 0..100 {
        commit = commit.file(&number.to_string(), "x");
    }
    repository.push(&commit).unwrap();
    let rig = Rig::within(Limits {
        file_bytes: 1000,
        ..Limits::default()
    });
    let spec = main_of(&server.http_url(Route::Open, "platform"));
    let error = rig.error(&spec, &Credentials::default());
    assert!(error.ends_with("more than 1000 folder bytes"), "{error}");
}
