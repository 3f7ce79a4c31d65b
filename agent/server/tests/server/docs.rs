//! The commands of the documentation, as a user copies them.

use std::fs;
use std::path::Path;

use tempfile::TempDir;
use tidegate_testbed::program::{Requirement, command_output, find};

use crate::access::Ground;
use crate::rig::{Rig, Setup};

const PAGE: &str = include_str!("../../../../docs/reference/http-api.md");
const CURL: Requirement = Requirement {
    program: "curl",
    purpose: "the documentation calls the API with it",
    hint: "install it with `apt-get install curl`",
};

#[test]
fn a_pod_can_do_what_the_page_says() {
    let mut ground = Ground::new();
    let token = ground.account("deploy");
    ground.bind("deploy", "tidegate-sync");
    let entered = ground.runtime.enter();
    let _accepting = ground.rig.accept_syncs("run-2");
    drop(entered);

    let folder = TempDir::new().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let script = block("In the Pod")
        .replace("https://tidegate.tidegate-system.svc", &ground.rig.url)
        .replace(
            "/etc/tidegate-ca/ca.crt",
            &file("ca.crt", &ground.authority),
        )
        .replace(
            "/var/run/secrets/kubernetes.io/serviceaccount/token",
            &file("token", &token),
        )
        .replace("/tidegate-system/", &format!("/{}/", ground.namespace));
    let answer = run(&script);
    assert!(
        answer.contains(r#""id":"run-2","state":"running""#),
        "{answer}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_can_be_called_by_hand() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("platform"), "s3cret").unwrap();
    let mut rig = Rig::start(Setup {
        hooks: Some(folder.path().to_owned()),
        ..Setup::default()
    })
    .await;
    let script = format!(
        "secret=s3cret\nurl={}\n{}",
        rig.url,
        block("A call by hand")
    );
    tokio::task::spawn_blocking(move || run(&script))
        .await
        .unwrap();
    let urls = crate::hooks::polled(&mut rig).await;
    assert_eq!(urls, ["https://git.example.com/platform.git"]);
}

/// Returns the commands that follow a text.
fn block(text: &str) -> String {
    let (_, rest) = PAGE.split_once(text).unwrap();
    let (_, rest) = rest.split_once("```sh\n").unwrap();
    rest.split_once("```").unwrap().0.to_owned()
}

fn run(script: &str) -> String {
    find(&CURL).unwrap();
    let script = format!("export NO_PROXY='*'\n{script}");
    command_output(Path::new("/bin/sh"), &["-euc", &script]).unwrap()
}
