//! ssh: keys, passphrases and host keys.

use std::time::Duration;

use tidegate_source::{Credentials, GitSpec, Limits, Reference};
use tidegate_testbed::{ClientKey, Commit, GitServer, Repository, SshServer};

use super::rig::{Rig, main_of, noise, packs, secret, spec, text};
use super::wire::Wire;

struct World {
    _git: GitServer,
    repository: Repository,
    server: SshServer,
    rig: Rig,
}

impl World {
    fn new() -> Self {
        Self::within(Limits::default())
    }

    fn within(limits: Limits) -> Self {
        let git = GitServer::start().unwrap();
        let repository = git.create("platform").unwrap();
        let commit = Commit::on("main").file("a/b.yaml", "kind: X\n");
        repository.push(&commit).unwrap();
        Self {
            _git: git,
            repository,
            server: SshServer::start().unwrap(),
            rig: Rig::within(limits),
        }
    }

    fn spec(&self) -> GitSpec {
        main_of(&self.server.url(&self.repository))
    }

    fn known(&self, known_hosts: &str) -> Credentials {
        let key = self.server.private_key(ClientKey::Ed25519).unwrap();
        secret(&[("identity", &key), ("known_hosts", known_hosts)])
    }

    fn trusted(&self) -> Credentials {
        self.known(&self.server.known_hosts().unwrap())
    }

    fn told(&self, credentials: &Credentials) -> String {
        let error = self.rig.get(&self.spec(), credentials).unwrap_err();
        format!("{}: {error}", error.reason())
    }
}

#[test]
fn keys_of_every_kind_open_and_strangers_do_not() {
    let world = World::new();
    let known = world.server.known_hosts().unwrap();
    let identity = |key, passphrase| {
        let key = world.server.private_key(key).unwrap();
        secret(&[
            ("identity", &key),
            ("known_hosts", &known),
            ("password", passphrase),
        ])
    };
    for key in [ClientKey::Ed25519, ClientKey::Rsa, ClientKey::Encrypted] {
        let credentials = identity(key, SshServer::PASSPHRASE);
        let tree = world.rig.get(&world.spec(), &credentials).unwrap();
        assert_eq!(
            text(&tree, "a/b.yaml").as_deref(),
            Some("kind: X\n"),
            "{key:?}"
        );
    }
    let told = world.told(&identity(ClientKey::Stranger, "x"));
    assert!(told.starts_with("AuthenticationFailed: "), "{told}");
    assert!(told.contains("as user root"), "{told}");
    let told = world.told(&identity(ClientKey::Encrypted, "wrong"));
    assert!(
        told.contains("its passphrase (password) is wrong"),
        "{told}"
    );
    let told = world.told(&Credentials::default());
    assert!(
        told.contains("ssh needs identity and known_hosts"),
        "{told}"
    );
}

#[test]
fn an_unknown_host_key_is_shown_with_the_line_that_makes_it_known() {
    let world = World::new();
    let told = world.told(&world.known("github.com ssh-ed25519 AAAA\n"));
    assert!(told.starts_with("HostKeyUnknown: "), "{told}");
    assert!(told.contains("SHA256:"), "{told}");
    let (_, line) = told.rsplit_once(": ").unwrap();
    world.rig.get(&world.spec(), &world.known(line)).unwrap();
}

#[test]
fn each_kind_of_host_key_is_enough() {
    let world = World::new();
    for kind in ["ed25519", "ecdsa"] {
        let known = world.server.known_host(kind).unwrap();
        let tree = world.rig.get(&world.spec(), &world.known(&known));
        assert!(tree.is_ok(), "{kind}: {tree:?}");
    }
}

#[test]
fn a_changed_host_key_stops_everything() {
    let mut world = World::new();
    let trusted = world.trusted();
    world.rig.get(&world.spec(), &trusted).unwrap();
    world.server.rotate_host_keys().unwrap();
    let told = world.told(&trusted);
    assert!(
        told.starts_with("HostKeyChanged: ") && told.contains("CHANGED"),
        "{told}"
    );
    world.rig.get(&world.spec(), &world.trusted()).unwrap();
}

#[test]
fn history_is_followed_and_a_fetch_brings_only_what_changed() {
    let world = World::new();
    let mut commit = Commit::on("main");
    for number in 0..50 {
        commit = commit.file(&format!("folder/{number}"), noise(4000 + number));
    }
    world.repository.push(&commit).unwrap();
    let trusted = world.trusted();
    world.rig.get(&world.spec(), &trusted).unwrap();
    let before = packs(world.rig.folder.path());
    world
        .repository
        .push(&Commit::on("main").file("a/b.yaml", "kind: Y\n"))
        .unwrap();
    let tree = world.rig.get(&world.spec(), &trusted).unwrap();
    assert_eq!(text(&tree, "a/b.yaml").as_deref(), Some("kind: Y\n"));
    let after = packs(world.rig.folder.path());
    assert!(after.bytes - before.bytes < 1000, "{before:?} {after:?}");
    world
        .repository
        .push(&Commit::on("main").file("z", "1").rewriting_history())
        .unwrap();
    assert_eq!(
        text(&world.rig.get(&world.spec(), &trusted).unwrap(), "z").as_deref(),
        Some("1")
    );
    let unknown = Reference::commit(&"01".repeat(20)).unwrap();
    let exact = spec(&world.server.url(&world.repository), unknown);
    let error = world.rig.error(&exact, &trusted);
    assert!(error.contains("in no branch or tag"), "{error}");
}

#[test]
fn a_missing_repository_and_a_server_that_is_away_are_told_apart() {
    let mut world = World::new();
    let trusted = world.trusted();
    let missing = world
        .server
        .url(&world.repository)
        .replace("platform", "nothing");
    let error = world.rig.get(&main_of(&missing), &trusted).unwrap_err();
    assert_eq!(error.reason(), "RepositoryNotFound", "{error}");
    world.server.stop();
    let error = world.rig.get(&world.spec(), &trusted).unwrap_err();
    assert!(
        error.reason() == "Unreachable" && error.is_transient(),
        "{error}"
    );
    world.server.restart().unwrap();
    world.rig.get(&world.spec(), &trusted).unwrap();
}

#[test]
fn servers_that_speak_no_ssh_are_left_in_time() {
    let world = World::new();
    let trusted = world.trusted();
    let told = |wire: &Wire, timeout| {
        let mut spec = main_of(&format!("ssh://git@127.0.0.1:{}/a.git", wire.port()));
        spec.timeout = timeout;
        world.rig.get(&spec, &trusted).unwrap_err().reason()
    };
    assert_eq!(told(&Wire::silent(), Duration::from_millis(300)), "Timeout");
    let web = Wire::greeting("HTTP/1.1 200 OK\r\n\r\n");
    assert!(["NotGit", "Unreachable"].contains(&told(&web, Duration::from_secs(2))));
}

#[test]
fn limits_hold_over_ssh_too() {
    let world = World::within(Limits {
        pack_bytes: 50_000,
        ..Limits::default()
    });
    let commit = Commit::on("main").file("noise", noise(200_000));
    world.repository.push(&commit).unwrap();
    let told = world.told(&world.trusted());
    assert!(told.ends_with("more than 50000 pack bytes"), "{told}");
}
