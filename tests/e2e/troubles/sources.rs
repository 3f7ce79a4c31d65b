//! Troubles of the sources and of the Layers themselves.

use serde_json::json;
use tidegate_testbed::{Commit, GitServer, Route};

use super::scene::{following, push_first};
use super::{NONE, Trouble};

pub(super) const TROUBLES: &[Trouble] = &[
    Trouble {
        name: "no-path",
        bring: |_, place| {
            let mut spec = place.spec();
            spec["path"] = json!("no-path/later");
            place.set_layer(&spec);
        },
        reason: "PathNotFound",
        words: &[
            "there is no directory `no-path/later`",
            "check spec.path, or push the directory",
        ],
        mended: |draft| draft.write("later/kept.yaml", super::KEPT),
        ..NONE
    },
    Trouble {
        name: "no-ref",
        bring: |_, place| {
            let mut spec = place.spec();
            spec["source"]["git"]["ref"] = json!({"branch": "next"});
            place.set_layer(&spec);
        },
        reason: "ReferenceNotFound",
        words: &["platform.git", "there is no branch `next`", "there is main"],
        mend: |_, place| {
            let push = ["push", "--quiet", "origin", "main:refs/heads/next"];
            place.origin.repository.git(&push).unwrap();
        },
        ..NONE
    },
    Trouble {
        name: "no-repository",
        bring: |scene, place| {
            let url = scene.rig.git.https_url(Route::Basic, "later");
            place.set_layer(&following(place, &url));
        },
        reason: "RepositoryNotFound",
        words: &["/basic/later.git", "check the URL"],
        mend: |scene, place| push_first(&scene.rig.git.create("later").unwrap(), place),
        ..NONE
    },
    Trouble {
        name: "credentials",
        bring: |_, place| {
            place.set_password("wrong horse");
        },
        reason: "AuthenticationFailed",
        words: &[
            "platform.git",
            "the server refuses the credentials",
            "check that they are right and have not expired",
        ],
        mend: |_, place| {
            place.set_password(GitServer::PASSWORD);
        },
        ..NONE
    },
    Trouble {
        name: "host-key",
        prepare: |scene, place| {
            let repository = scene.rig.git.create("by-ssh").unwrap();
            push_first(&repository, place);
            scene.create_ssh_secret(place, &scene.ssh.known_hosts().unwrap());
            place.set_layer(&following(place, &scene.ssh.url(&repository)));
        },
        bring: |scene, place| {
            scene.create_ssh_secret(place, "elsewhere.example ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGtQUDZWhs8k/cZcykMkaUX7ZeXw5oVk1cQZ4MNeG6hx\n");
        },
        reason: "HostKeyUnknown",
        words: &[
            "ssh://",
            "is not known: its fingerprint is SHA256:",
            "if its owner says the same, add this line to known_hosts of the Secret: [127.0.0.1]:",
        ],
        mend: |scene, place| scene.create_ssh_secret(place, &scene.ssh.known_hosts().unwrap()),
        ..NONE
    },
    Trouble {
        name: "unreachable",
        prepare: |scene, place| {
            let git = scene.away();
            push_first(&git.create("away").unwrap(), place);
            place.set_secret(&json!({"ca.crt": git.authority()}));
            place.set_layer(&following(place, &git.https_url(Route::Open, "away")));
        },
        bring: |scene, _| scene.away().stop(),
        reason: "Unreachable",
        words: &["/open/away.git", "the server cannot be reached"],
        mend: |scene, _| scene.away().restart().unwrap(),
        ..NONE
    },
    Trouble {
        name: "silent",
        bring: |scene, place| {
            let mut spec = following(place, &format!("https://{}/silent.git", scene.silent()));
            spec["source"]["git"]["timeout"] = json!("1s");
            place.set_layer(&spec);
        },
        reason: "Timeout",
        words: &["/silent.git", "no answer within 1 s"],
        mend: |_, place| place.set_layer(&place.spec()),
        ..NONE
    },
    Trouble {
        name: "redirect",
        bring: |scene, place| {
            let url = scene
                .rig
                .git
                .https_url(Route::RedirectElsewhere, "platform");
            place.set_layer(&following(place, &url));
        },
        reason: "RedirectRefused",
        words: &[
            "redirects to",
            "credentials are not repeated to another host",
            "write it in the URL",
        ],
        mend: |_, place| place.set_layer(&place.spec()),
        ..NONE
    },
    Trouble {
        name: "large-repository",
        prepare: |scene, place| {
            push_first(&scene.large, place);
            let url = scene.rig.git.https_url(Route::Basic, "large");
            place.set_layer(&following(place, &url));
        },
        bring: |scene, _| {
            let path = "deep/".repeat(65) + "file";
            scene
                .large
                .push(&Commit::on("main").file(&path, ""))
                .unwrap();
        },
        reason: "LimitPassed",
        words: &[
            "/basic/large.git",
            "the repository is too large: more than 64 folders within folders",
        ],
        mend: |scene, _| {
            scene
                .large
                .push(&Commit::on("main").remove("deep"))
                .unwrap();
        },
        ..NONE
    },
    Trouble {
        name: "wrong-spec",
        bring: |_, place| {
            let mut spec = place.spec();
            spec["source"]["git"]["ref"] = json!({"semver": "the newest"});
            place.set_layer(&spec);
        },
        reason: "InvalidSpec",
        words: &["spec.source.git.ref.semver", "the newest"],
        mend: |_, place| place.set_layer(&place.spec()),
        ..NONE
    },
];
