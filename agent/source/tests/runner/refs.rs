//! Every kind of ref, as history grows, is rewritten and disappears.

use tidegate_source::{Credentials, GitSpec, GitTree, Reference};
use tidegate_testbed::{Commit, GitServer, Repository, Route};

use super::rig::{Rig, main_of, noise, packs, spec, text};
use super::wire::Wire;

struct World {
    server: GitServer,
    repository: Repository,
    rig: Rig,
}

impl World {
    fn new() -> Self {
        let server = GitServer::start().unwrap();
        let repository = server.create("platform").unwrap();
        let rig = Rig::new();
        Self {
            server,
            repository,
            rig,
        }
    }

    fn push(&self, branch: &str, content: &str) -> String {
        let commit = Commit::on(branch).message(content).file("a", content);
        self.repository.push(&commit).unwrap()
    }

    fn spec(&self, reference: &Reference) -> GitSpec {
        spec(
            &self.server.http_url(Route::Open, "platform"),
            reference.clone(),
        )
    }

    fn get(&self, reference: &Reference) -> Result<GitTree, String> {
        let tree = self.rig.get(&self.spec(reference), &Credentials::default());
        tree.map_err(|error| error.problem.to_string())
    }

    fn check(&self, reference: &Reference, expected: &str) {
        let tree = self.get(reference).unwrap();
        assert_eq!(text(&tree, "a").as_deref(), Some(expected), "{reference:?}");
        assert_eq!(tree.commit().subject, expected);
    }
}

#[test]
fn every_kind_of_ref_names_its_commit() {
    let world = World::new();
    let first = world.push("main", "one");
    world.repository.tag("v1.2.0", "main").unwrap();
    let second = world.push("main", "two");
    world.repository.git(&["tag", "v1.10.0", "main"]).unwrap();
    world
        .repository
        .git(&["push", "--quiet", "origin", "v1.10.0"])
        .unwrap();
    world.push("feature/x", "three");
    world.push("main", "four");

    world.check(&Reference::Head, "four");
    world.check(&Reference::branch("main").unwrap(), "four");
    world.check(&Reference::branch("feature/x").unwrap(), "three");
    world.check(&Reference::tag("v1.2.0").unwrap(), "one");
    world.check(&Reference::tag("v1.10.0").unwrap(), "two");
    world.check(&Reference::semver("^1").unwrap(), "two");
    world.check(&Reference::semver("~1.2").unwrap(), "one");
    world.check(&Reference::commit(&first).unwrap(), "one");
    world.check(&Reference::commit(&second).unwrap(), "two");

    let spec = world.spec(&Reference::semver("1.x").unwrap());
    let revision = world.rig.resolve(&spec, &Credentials::default()).unwrap();
    assert_eq!(
        (revision.name.as_str(), &revision.commit),
        ("v1.10.0", &second)
    );
}

#[test]
fn a_commit_that_no_ref_names_is_found_though_a_default_server_gives_out_none_by_id() {
    let world = World::new();
    let first = world.push("main", "one");
    world.push("main", "two");
    world.check(&Reference::Head, "two");
    world.check(&Reference::commit(&first).unwrap(), "one");
    let unknown = "0123456789abcdef0123456789abcdef01234567";
    let error = world.get(&Reference::commit(unknown).unwrap()).unwrap_err();
    assert!(
        error.contains(unknown) && error.contains("in no branch or tag"),
        "{error}"
    );
    world.check(&Reference::Head, "two");
}

#[test]
fn a_server_that_gives_out_commits_by_id_is_asked_for_just_that_one() {
    let world = World::new();
    let path = world.repository.path().join("config");
    let config = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, config + "[uploadpack]\nallowAnySHA1InWant = true\n").unwrap();
    let first = world.push("main", "one");
    world.push("main", "two");
    world.push("main", "three");
    world.check(&Reference::commit(&first).unwrap(), "one");
    let objects = packs(world.rig.folder.path()).objects;
    assert_eq!(objects, 3, "a commit, its folder and its file");
}

#[test]
fn rewritten_history_is_followed() {
    let world = World::new();
    world.push("main", "one");
    world.check(&Reference::Head, "one");
    let rewritten = Commit::on("main")
        .message("anew")
        .file("a", "anew")
        .rewriting_history();
    world.repository.push(&rewritten).unwrap();
    world.check(&Reference::Head, "anew");
    world.check(&Reference::branch("main").unwrap(), "anew");
}

#[test]
fn a_ref_that_goes_is_missed_by_name_and_found_when_it_is_back() {
    let world = World::new();
    world.push("main", "one");
    world.push("release", "two");
    let release = || Reference::branch("release").unwrap();
    world.check(&release(), "two");
    world.repository.delete_branch("release").unwrap();
    let error = world.get(&release()).unwrap_err();
    assert_eq!(error, "there is no branch `release`; there is main");
    world.push("release/2", "three");
    world.check(&Reference::branch("release/2").unwrap(), "three");
    world.repository.delete_branch("release/2").unwrap();
    world.push("release", "four");
    world.check(&release(), "four");
}

#[test]
fn a_branch_that_moves_between_listing_and_fetch_is_asked_for_again() {
    let world = World::new();
    world.push("main", "one");
    let (spec, open) = (
        world.spec(&Reference::branch("main").unwrap()),
        Credentials::default(),
    );
    let before = world.rig.resolve(&spec, &open).unwrap();
    world.push("main", "two");
    let error = world
        .rig
        .repositories
        .tree(&spec, &open, &before)
        .unwrap_err();
    assert!(
        error.is_transient() && error.reason() == "ReferenceMoved",
        "{error}"
    );
    world.check(&Reference::branch("main").unwrap(), "two");
}

#[test]
fn an_empty_repository_has_no_head() {
    let world = World::new();
    let error = world.get(&Reference::Head).unwrap_err();
    assert!(error.contains("push a commit"), "{error}");
    let error = world.get(&Reference::branch("main").unwrap()).unwrap_err();
    assert!(error.contains("there is none at all"), "{error}");
}

#[test]
fn a_tag_of_a_file_names_no_commit() {
    let world = World::new();
    world.push("main", "one");
    let blob = world.repository.git(&["rev-parse", "main:a"]).unwrap();
    world.repository.tag("v1", blob.trim()).unwrap();
    let error = world.get(&Reference::tag("v1").unwrap()).unwrap_err();
    assert_eq!(error, "`v1` names no commit");
}

#[test]
fn a_poll_is_one_request_and_a_fetch_brings_only_what_changed() {
    let world = World::new();
    let mut commit = Commit::on("main").file("a", "one");
    for number in 0..50 {
        commit = commit.file(&format!("folder/{number}"), noise(4000 + number));
    }
    world.repository.push(&commit).unwrap();
    let requests = || super::rig::requests(&world.server);
    let (spec, open) = (
        main_of(&world.server.http_url(Route::Open, "platform")),
        Credentials::default(),
    );
    world.rig.get(&spec, &open).unwrap();
    let first = packs(world.rig.folder.path());

    let before = requests();
    world.rig.resolve(&spec, &open).unwrap();
    assert_eq!(requests() - before, 1, "a poll");
    let before = requests();
    world.rig.get(&spec, &open).unwrap();
    assert_eq!(requests() - before, 1, "a poll, and the commit is there");

    world.push("main", "two");
    let before = requests();
    world.rig.get(&spec, &open).unwrap();
    assert_eq!(
        requests() - before,
        4,
        "a poll; a listing, what is there already, and a pack"
    );
    let second = packs(world.rig.folder.path());
    let (objects, bytes) = (second.objects - first.objects, second.bytes - first.bytes);
    println!(
        "first fetch {} bytes, second {bytes} bytes in {objects} objects",
        first.bytes
    );
    assert_eq!((first.count, second.count), (1, 2));
    assert!(
        objects <= 3 && bytes < 1000,
        "{objects} objects, {bytes} bytes"
    );
}

#[test]
fn a_server_that_gives_out_only_tips_by_id_is_asked_for_everything() {
    let world = World::new();
    let path = world.repository.path().join("config");
    let config = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, config + "[uploadpack]\nallowTipSHA1InWant = true\n").unwrap();
    let first = world.push("main", "one");
    world.push("main", "two");
    world.check(&Reference::commit(&first).unwrap(), "one");
}

#[test]
fn a_branch_that_is_a_folder_of_another_later_is_followed() {
    let world = World::new();
    world.push("a", "one");
    world.check(&Reference::branch("a").unwrap(), "one");
    world.repository.delete_branch("a").unwrap();
    world.push("a/b", "two");
    world.check(&Reference::branch("a/b").unwrap(), "two");
}

#[test]
fn a_server_that_cannot_leave_history_out_is_asked_for_all_of_it() {
    let world = World::new();
    let first = world.push("main", "one");
    world.push("main", "two");
    world.push("main", "three");
    let url = world.server.http_url(Route::Open, "platform");
    let port: u16 = url.split([':', '/']).nth(4).unwrap().parse().unwrap();
    let wire = Wire::rewriting(port, [b" shallow ", b" unknown "]);
    let url = url.replace(&port.to_string(), &wire.port().to_string());
    let open = Credentials::default();
    let tree = world.rig.get(&main_of(&url), &open).unwrap();
    assert_eq!(text(&tree, "a").as_deref(), Some("three"));
    assert_eq!(packs(world.rig.folder.path()).objects, 9);
    world.push("main", "four");
    let tree = world.rig.get(&main_of(&url), &open).unwrap();
    assert_eq!(text(&tree, "a").as_deref(), Some("four"));
    assert_eq!(packs(world.rig.folder.path()).objects, 12);
    let exact = spec(&url, Reference::commit(&first).unwrap());
    for rig in [&world.rig, &Rig::new()] {
        let tree = rig.get(&exact, &open).unwrap();
        assert_eq!(text(&tree, "a").as_deref(), Some("one"));
    }
}
