//! Both renderers on one tree.

use std::path::PathBuf;
use std::sync::OnceLock;

use tidegate_kustomize::{Options, Rule, render};

use crate::tree::MemoryTree;

/// What came out of one renderer: a text, or why there is none.
pub(crate) type Outcome = Result<String, String>;

pub(crate) fn ours(tree: &MemoryTree, folder: &str) -> Outcome {
    match render(tree, folder, &Options::default()) {
        // Kustomize renders no folder without a kustomization.
        Ok(output) if output.rule == Rule::Folder => Err("no kustomization".to_owned()),
        Ok(output) => Ok(output.to_yaml()),
        Err(error) => Err(error.to_string()),
    }
}

#[expect(clippy::disallowed_methods, reason = "the oracle is a process")]
pub(crate) fn theirs(tree: &MemoryTree, folder: &str) -> Outcome {
    static KUSTOMIZE: OnceLock<PathBuf> = OnceLock::new();
    let kustomize = KUSTOMIZE.get_or_init(|| tidegate_testbed::oracle::kustomize().unwrap());
    let root = tempfile::tempdir().unwrap();
    tree.write(root.path());
    let output = std::process::Command::new(kustomize)
        .arg("build")
        .arg(root.path().join(folder))
        .output()
        .unwrap();
    if output.status.success() {
        return Ok(String::from_utf8(output.stdout).unwrap());
    }
    Err(String::from_utf8_lossy(&output.stderr).into_owned())
}

/// What differs between two outcomes; `None` if nothing does.
pub(crate) fn difference(ours: &Outcome, theirs: &Outcome) -> Option<String> {
    match (ours, theirs) {
        (Ok(ours), Ok(theirs)) if ours == theirs => None,
        (Err(_), Err(_)) => None,
        (Ok(ours), Ok(theirs)) => Some(diff(ours, theirs)),
        (Err(ours), Ok(theirs)) => Some(format!("we fail: {ours}\nkustomize prints:\n{theirs}")),
        (Ok(ours), Err(theirs)) => Some(format!("kustomize fails: {theirs}\nwe print:\n{ours}")),
    }
}

fn diff(ours: &str, theirs: &str) -> String {
    let diff = similar::TextDiff::from_lines(theirs, ours);
    diff.unified_diff()
        .context_radius(4)
        .header("kustomize", "ours")
        .to_string()
}
