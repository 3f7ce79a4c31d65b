//! The rules of ARCHITECTURE.md that a compiler does not check.
#![cfg(test)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Each crate of the agent, inner to outer, and the crates of the agent that it may know.
const ARROWS: [(&str, &[&str]); 11] = [
    ("tidegate-yaml", &[]),
    ("tidegate-object", &[]),
    ("tidegate-kustomize", &["object", "yaml"]),
    ("tidegate-plan", &["object"]),
    ("tidegate-schema", &["object"]),
    ("tidegate-health", &["object", "plan"]),
    ("tidegate-source", &["kustomize"]),
    ("tidegate-cluster", &["object"]),
    (
        "tidegate-sync",
        &[
            "cluster",
            "health",
            "kustomize",
            "object",
            "plan",
            "schema",
            "source",
            "yaml",
        ],
    ),
    (
        "tidegate-server",
        &["cluster", "health", "object", "plan", "sync"],
    ),
    (
        "tidegate",
        &[
            "cluster",
            "health",
            "kustomize",
            "object",
            "plan",
            "schema",
            "server",
            "source",
            "sync",
            "yaml",
        ],
    ),
];
/// The crates that reach nothing outside of themselves.
const PURE: [&str; 6] = ["health", "kustomize", "object", "plan", "schema", "yaml"];
/// Crates that reach the outside; none may be in a pure crate's dependencies, however deep.
const IMPURE: [&str; 17] = [
    "async-std",
    "curl",
    "git2",
    "hyper",
    "kube",
    "kube-client",
    "mio",
    "notify",
    "prometheus",
    "reqwest",
    "rustls",
    "rustix",
    "socket2",
    "tempfile",
    "tokio",
    "ureq",
    "walkdir",
];
/// The outside in the standard library.
const OUTSIDE: [&str; 9] = [
    "std::env",
    "std::fs",
    "std::io::stdin",
    "std::net",
    "std::os",
    "std::process",
    "std::thread",
    "SystemTime::now",
    "Instant::now",
];
const LONGEST_FILE: usize = 600;

/// Where the client's delete may be called: the one place for objects of layers, the agent's own chunks of inventories,
/// and the commands that take away what an install made.
const DELETES: [&str; 4] = [
    "agent/sync/src/engine/prune/removal.rs",
    "agent/sync/src/inventory/chunks.rs",
    "agent/tidegate/src/command/install.rs",
    "agent/tidegate/src/command/uninstall.rs",
];

#[test]
fn objects_are_deleted_in_one_place() {
    let files = files(&root().join("agent"), "rs");
    let calls = files.iter().filter(|file| {
        let text = fs::read_to_string(file).unwrap();
        let text = text.split("#[cfg(test)]").next().unwrap_or_default();
        text.contains(".delete(")
            || text.contains("Method::DELETE")
            || text.contains(".delete_collection(")
    });
    let calls: BTreeSet<String> = calls
        .map(|file| file.strip_prefix(root()).unwrap().display().to_string())
        .filter(|file| file.contains("/src/") && file != "agent/cluster/src/delete.rs")
        .collect();
    assert_eq!(calls, DELETES.map(str::to_owned).into());
}

#[test]
fn arrows_between_crates_point_inward() {
    let metadata = metadata();
    let allowed: BTreeMap<&str, &[&str]> = ARROWS.into_iter().collect();
    for package in agent_packages(&metadata) {
        let name = package["name"].as_str().unwrap();
        let known = allowed
            .get(name)
            .unwrap_or_else(|| panic!("{name} is not in the table"));
        for dependency in package["dependencies"].as_array().unwrap() {
            let target = dependency["name"].as_str().unwrap();
            let is_test = dependency["kind"] == "dev";
            let Some(inner) = target.strip_prefix("tidegate-") else {
                continue;
            };
            let fits = known.contains(&inner) || is_test && inner == "testbed";
            assert!(fits, "{name} must not depend on {target}");
        }
    }
}

#[test]
fn pure_crates_depend_on_nothing_that_reaches_outside() {
    let metadata = metadata();
    let mut names = BTreeMap::new();
    let mut edges: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for package in metadata["packages"].as_array().unwrap() {
        names.insert(
            package["id"].as_str().unwrap(),
            package["name"].as_str().unwrap(),
        );
    }
    for node in metadata["resolve"]["nodes"].as_array().unwrap() {
        let targets = node["deps"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|dependency| {
                dependency["dep_kinds"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .any(|kind| kind["kind"].is_null())
            });
        let targets = targets
            .map(|dependency| dependency["pkg"].as_str().unwrap())
            .collect();
        edges.insert(node["id"].as_str().unwrap(), targets);
    }
    for pure in PURE {
        let start = names
            .iter()
            .find(|(_, name)| **name == format!("tidegate-{pure}"))
            .unwrap();
        let mut seen = BTreeSet::new();
        let mut next = vec![*start.0];
        while let Some(id) = next.pop() {
            if seen.insert(id) {
                assert!(
                    !IMPURE.contains(&names[id]),
                    "tidegate-{pure} reaches {}",
                    names[id]
                );
                next.extend(edges.get(id).into_iter().flatten());
            }
        }
        assert!(
            seen.len() > 1,
            "tidegate-{pure} has no dependencies at all: wrong graph?"
        );
    }
}

#[test]
fn pure_crates_name_nothing_outside_of_their_tests() {
    for pure in PURE {
        check_sources(&root().join("agent").join(pure).join("src"), &OUTSIDE);
    }
}

#[test]
fn the_agent_starts_no_process() {
    check_sources(
        &root().join("agent"),
        &["process::Command", "posix_spawn", "libc::fork"],
    );
}

#[test]
fn every_file_says_what_it_is_and_is_short() {
    for file in files(&root(), "rs") {
        let text = fs::read_to_string(&file).unwrap();
        let name = file.display();
        assert!(
            text.starts_with("//! "),
            "{name}: the first line must say what the file is"
        );
        let lines = text.lines().count();
        assert!(
            lines <= LONGEST_FILE,
            "{name} has {lines} lines, more than {LONGEST_FILE}"
        );
        assert!(
            !file.ends_with("mod.rs"),
            "{name}: name the file after its module"
        );
    }
}

#[test]
fn the_lock_file_names_the_public_registry_only() {
    let lock = fs::read_to_string(root().join("Cargo.lock")).unwrap();
    for line in lock.lines().filter(|line| line.starts_with("source = ")) {
        let public = "source = \"registry+https://github.com/rust-lang/crates.io-index\"";
        assert_eq!(line, public);
    }
    for extension in ["sum", "mod", "json", "toml", "yaml", "sh", "md"] {
        for file in files(&root(), extension) {
            let text = fs::read_to_string(&file).unwrap_or_default();
            for word in [
                concat!("arti", "factory"),
                concat!("/root", "/"),
                concat!("/home", "/"),
            ] {
                assert!(!text.contains(word), "{} names {word}", file.display());
            }
        }
    }
}

#[test]
fn links_between_pages_lead_somewhere() {
    let mut links = 0;
    for page in files(&root(), "md") {
        let text = fs::read_to_string(&page).unwrap();
        for link in relative_links(&text) {
            let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = match path {
                "" => page.clone(),
                path => page.parent().unwrap().join(path),
            };
            let place = format!("{}: ({link})", page.display());
            assert!(target.exists(), "{place} leads nowhere");
            if !anchor.is_empty() {
                let target = fs::read_to_string(target).unwrap();
                let has_anchor = anchors(&target).any(|found| found == anchor);
                assert!(has_anchor, "{place} leads to no heading");
            }
            links += 1;
        }
    }
    assert!(links > 0, "no links at all: wrong folder?");
}

/// The links of a page to others of this repository, its code aside.
fn relative_links(page: &str) -> impl Iterator<Item = &str> {
    let prose = page.split("```").step_by(2);
    let links = prose.flat_map(|part| part.split("](").skip(1));
    let links = links.filter_map(|rest| Some(rest.split_once(')')?.0));
    links.filter(|link| !link.contains("://") && !link.starts_with("mailto:"))
}

/// The anchors that the headings of a page have, as forges make them.
fn anchors(page: &str) -> impl Iterator<Item = String> {
    let prose = page.split("```").step_by(2).flat_map(str::lines);
    let headings = prose.filter(|line| line.starts_with('#'));
    headings.map(|heading| {
        let text = heading.trim_start_matches('#').trim().to_lowercase();
        let kept = text
            .chars()
            .filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter));
        kept.map(|letter| if letter == ' ' { '-' } else { letter })
            .collect()
    })
}

/// Looks for words in the sources of a folder, tests aside.
fn check_sources(folder: &Path, words: &[&str]) {
    let sources = files(folder, "rs");
    assert!(!sources.is_empty(), "no sources in {}", folder.display());
    let is_test = |path: &Path| path.components().any(|part| part.as_os_str() == "tests");
    for file in sources
        .iter()
        .filter(|file| !is_test(file) && !file.ends_with("tests.rs"))
    {
        let text = fs::read_to_string(file).unwrap();
        let (code, _tests) = text.split_once("#[cfg(test)]\nmod ").unwrap_or((&text, ""));
        for (number, line) in code.lines().enumerate() {
            let line = line.split("//").next().unwrap_or(line);
            let found = words.iter().find(|word| line.contains(**word));
            let place = format!("{}:{}", file.display(), number + 1);
            assert_eq!(found, None, "{place} reaches outside of the crate");
        }
    }
}

fn agent_packages(metadata: &Value) -> impl Iterator<Item = &Value> {
    let packages = metadata["packages"].as_array().unwrap().iter();
    packages.filter(|package| {
        let manifest = Path::new(package["manifest_path"].as_str().unwrap());
        manifest.starts_with(root().join("agent"))
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "cargo knows the graph of dependencies"
)]
fn metadata() -> Value {
    let output = Command::new(std::env::var_os("CARGO").unwrap())
        .args([
            "metadata",
            "--format-version=1",
            "--locked",
            "--manifest-path",
        ])
        .arg(root().join("Cargo.toml"))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .unwrap()
        .to_owned()
}

/// The sources below a folder with an extension.
fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    const SKIPPED: [&str; 5] = [".git", "dist", "node_modules", "target", "vendor"];
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let path = entry.path();
        if entry.file_type().unwrap().is_dir() {
            if !SKIPPED.iter().any(|skipped| entry.file_name() == *skipped) {
                found.extend(files(&path, extension));
            }
        } else if path.extension().is_some_and(|found| found == extension) {
            found.push(path);
        }
    }
    found
}
