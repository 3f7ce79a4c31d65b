//! The rules that the Dockerfile keeps.

use std::collections::BTreeSet;

use serde::Deserialize as _;
use serde_json::Value;

use crate::context::{self, Ignored};
use crate::dockerfile::{Dockerfile, Stage};
use crate::{build_stage, root};

fn dockerfile() -> Dockerfile {
    Dockerfile::read(&root().unwrap()).unwrap()
}

fn stages() -> [Stage; 2] {
    let Dockerfile { build, last } = dockerfile();
    [build, last]
}

/// The agent's container, and the Pod that it is in.
fn pod() -> Value {
    let path = root().unwrap().join("manifests/tidegate/deployment.yaml");
    let text = std::fs::read_to_string(path).unwrap();
    let deployment = Value::deserialize(serde_yaml::Deserializer::from_str(&text)).unwrap();
    deployment["spec"]["template"]["spec"].clone()
}

#[test]
fn base_images_are_pinned_to_a_version_of_a_registry() {
    for stage in stages() {
        let base = &stage.base;
        let (name, tag) = base.rsplit_once(':').expect(base);
        assert!(
            name.split('/').next().unwrap().contains('.'),
            "{base} names no registry"
        );
        let is_pinned =
            tag.contains(|letter: char| letter.is_ascii_digit()) || name.ends_with("debian12");
        assert!(is_pinned && tag != "latest", "{base} is not pinned");
    }
}

#[test]
fn the_toolchain_is_one_that_the_workspace_takes() {
    let text = std::fs::read_to_string(root().unwrap().join("Cargo.toml")).unwrap();
    let line = text.lines().find(|line| line.starts_with("rust-version"));
    let least = line.unwrap().split('"').nth(1).unwrap().to_owned();
    let base = dockerfile().build.base;
    let tag = base.rsplit_once(':').unwrap().1;
    let version = tag.split('-').next().unwrap();
    let numbers =
        |text: &str| -> Vec<u32> { text.split('.').map(|part| part.parse().unwrap()).collect() };
    assert!(
        numbers(version) >= numbers(&least),
        "{base} is older than {least}"
    );
}

#[test]
fn the_debian_release_is_the_same_in_both_stages() {
    let dockerfile = dockerfile();
    assert!(
        dockerfile.build.base.ends_with("-bookworm"),
        "{}",
        dockerfile.build.base
    );
    assert!(
        dockerfile.last.base.contains("debian12"),
        "{}",
        dockerfile.last.base
    );
}

#[test]
fn nothing_is_fetched_but_packages_and_locked_crates() {
    for stage in stages() {
        assert_eq!(
            stage.all("ADD").count(),
            0,
            "COPY says what it does; ADD does more"
        );
        for run in stage.all("RUN") {
            for word in ["curl", "wget", "git clone", "http:", "https:"] {
                assert!(!run.text.contains(word), "line {}: {word}", run.line);
            }
            if run.text.contains("cargo build") {
                assert!(run.text.contains("--locked"), "line {}", run.line);
            }
            if !build_stage::packages(&run.text).is_empty() {
                let is_small = run.text.contains("--no-install-recommends")
                    && run.text.contains("rm -rf /var/lib/apt/lists/*");
                assert!(is_small, "line {}: leaves more than it needs", run.line);
            }
        }
    }
}

#[test]
fn what_is_copied_is_sent_and_what_is_not_is_left_out() {
    let root = root().unwrap();
    let sent = context::files(&root).unwrap();
    let dockerfile = dockerfile();
    let mut copied = Vec::new();
    for instruction in dockerfile.build.all("COPY") {
        let (_, words) = instruction.words();
        copied.extend(words[..words.len() - 1].to_vec());
    }
    assert!(!copied.is_empty());
    for source in &copied {
        let is_sent = sent.iter().any(|file| file.starts_with(source));
        assert!(
            is_sent,
            "COPY {source}: .dockerignore leaves it out, or it is not there"
        );
    }
    for file in &sent {
        let is_copied = copied.iter().any(|source| file.starts_with(source));
        assert!(is_copied, "{} is sent and not used", file.display());
    }
    let ignored = Ignored::read(&root).unwrap();
    for path in [
        ".git/config",
        "target/release/tidegate",
        "agent/tidegate/target/debug/tidegate",
        "tests/stages/target/x",
        "vendor/x",
        "agent/dashboard/node_modules/x",
        "docs/install.md",
    ] {
        assert!(ignored.leaves_out(path), "{path} is sent");
    }
}

#[test]
fn the_members_of_the_workspace_are_copied() {
    let root = root().unwrap();
    let sent = context::files(&root).unwrap();
    let text = std::fs::read_to_string(root.join("Cargo.toml")).unwrap();
    let (_, members) = text.split_once("members = [").unwrap();
    let (members, _) = members.split_once(']').unwrap();
    let members: Vec<&str> = members.split('"').skip(1).step_by(2).collect();
    assert!(members.contains(&"agent/tidegate"), "{members:?}");
    for member in members {
        let manifest = std::path::Path::new(member).join("Cargo.toml");
        assert!(sent.contains(&manifest), "{member} is not sent");
    }
}

#[test]
fn the_final_stage_runs_no_command_and_needs_no_shell() {
    let last = dockerfile().last;
    assert_eq!(last.all("RUN").count(), 0, "the base has no shell");
    assert!(
        last.base.contains("/distroless/"),
        "{} may hold a shell",
        last.base
    );
    assert_eq!(last.command("ENTRYPOINT").unwrap(), ["/usr/bin/tidegate"]);
    let pod = pod();
    let arguments = pod["containers"][0]["args"].as_array().unwrap().clone();
    assert_eq!(
        last.command("CMD").unwrap(),
        arguments,
        "CMD and the Deployment's args"
    );
    assert_eq!(pod["containers"][0]["command"], Value::Null);
}

#[test]
fn its_user_is_the_pods_by_number_and_not_root() {
    let last = dockerfile().last;
    let pod = pod();
    let security = &pod["securityContext"];
    let expected = format!("{}:{}", security["runAsUser"], security["runAsGroup"]);
    assert_eq!(last.last("USER"), Some(expected.as_str()));
    assert!(security["runAsUser"].as_u64().unwrap() > 0);
    assert_eq!(security["runAsNonRoot"], true);
}

#[test]
fn its_ports_are_the_pods() {
    let exposed = dockerfile().last.last("EXPOSE").unwrap().to_owned();
    let exposed: BTreeSet<u64> = exposed
        .split(' ')
        .map(|port| port.parse().unwrap())
        .collect();
    let pod = pod();
    let ports = pod["containers"][0]["ports"].as_array().unwrap();
    let ports: BTreeSet<u64> = ports
        .iter()
        .map(|port| port["containerPort"].as_u64().unwrap())
        .collect();
    assert_eq!(exposed, ports);
}

#[test]
fn its_version_is_the_workspaces_and_the_deployments() {
    let text = std::fs::read_to_string(root().unwrap().join("Cargo.toml")).unwrap();
    let line = text.lines().find(|line| line.starts_with("version = "));
    let version = line.unwrap().split('"').nth(1).unwrap();
    let last = dockerfile().last;
    let argument = format!("VERSION={version}");
    assert!(
        last.all("ARG").any(|arg| arg.text == argument),
        "ARG {argument}"
    );
    let image = pod()["containers"][0]["image"].clone();
    assert!(
        image.as_str().unwrap().ends_with(&format!(":{version}")),
        "{image}"
    );
}
