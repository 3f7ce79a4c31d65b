//! ssh: keys, passphrases and host keys.

use tidegate_source::Credentials;
use tidegate_testbed::{ClientKey, Commit, GitServer, Repository, SshServer};

use super::rig::{Rig, main_of, secret, text};

fn served(git: &GitServer) -> Repository {
    let repository = git.create("platform").unwrap();
    let commit = Commit::on("main").file("a/b.yaml", "kind: X\n");
    repository.push(&commit).unwrap();
    repository
}

fn identity(server: &SshServer, key: ClientKey) -> Credentials {
    let known = server.known_hosts().unwrap();
    let key = server.private_key(key).unwrap();
    let password = ("password", SshServer::PASSPHRASE);
    secret(&[("identity", &key), ("known_hosts", &known), password])
}

#[test]
fn keys_of_every_kind_open_and_strangers_do_not() {
    let git = GitServer::start().unwrap();
    let repository = served(&git);
    let server = SshServer::start().unwrap();
    let rig = Rig::new();
    let spec = main_of(&server.url(&repository));
    for key in [ClientKey::Ed25519, ClientKey::Rsa, ClientKey::Encrypted] {
        let tree = rig.get(&spec, &identity(&server, key)).unwrap();
        assert_eq!(
            text(&tree, "a/b.yaml").as_deref(),
            Some("kind: X\n"),
            "{key:?}"
        );
    }
    let error = rig.error(&spec, &identity(&server, ClientKey::Stranger));
    assert!(error.contains("refuses the credentials"), "{error}");
    assert!(error.contains("as user root"), "{error}");
}
