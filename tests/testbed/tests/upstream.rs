//! What is taken out of Go modules: pinned files and tools.
#![cfg(test)]

use std::fs;
use std::process::Command;

use tidegate_testbed::{oracle, vendor};

/// The published digest of CloudNativePG 1.30.0's install manifest.
const CNPG: &str = "f8bede43fe4ee0d478c2355b204a36876b2ae4faac60f2a9452280b293da3b88";

#[test]
fn pinned_files_are_copied_under_their_digest() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("a/b");
    fs::create_dir_all(&folder).unwrap();
    fs::write(
        folder.join("tidegate.lock"),
        format!("file: {{sha256: {CNPG}}}\n"),
    )
    .unwrap();
    assert_eq!(vendor::fill(root.path()).unwrap(), [CNPG]);
    let copied = fs::read_to_string(root.path().join("vendor").join(CNPG)).unwrap();
    assert!(copied.contains("clusters.postgresql.cnpg.io"));
}

#[test]
fn a_digest_that_no_module_holds_is_named_with_its_lock_file() {
    let root = tempfile::tempdir().unwrap();
    let unknown = CNPG.replace('f', "0");
    fs::write(root.path().join("tidegate.lock"), &unknown).unwrap();
    let message = vendor::fill(root.path()).unwrap_err().to_string();
    assert!(
        message.contains(&unknown) && message.contains("tidegate.lock"),
        "{message}"
    );
    assert!(!root.path().join("vendor").exists());
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the oracle is a program")]
fn the_oracle_for_rendering_is_the_pinned_kustomize() {
    let output = Command::new(oracle::kustomize().unwrap())
        .arg("version")
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "v5.8.1\n");
}
