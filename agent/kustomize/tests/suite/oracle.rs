//! Both renderers on one tree.

use std::cell::RefCell;

use tidegate_kustomize::{Options, Rule, render};
use tidegate_testbed::oracle::{Kustomize, Request};

use crate::tree::MemoryTree;

/// What came out of one renderer: a text, or why there is none.
pub(crate) type Outcome = Result<String, String>;

pub(crate) fn ours(tree: &MemoryTree, folder: &str) -> Outcome {
    match render(tree, folder, &Options::default()) {
        // Kustomize renders no folder without a kustomization.
        Ok(output) if output.rule == Rule::Folder => Err("no kustomization".to_owned()),
        Ok(output) => Ok(output.content),
        Err(error) => Err(error.to_string()),
    }
}

pub(crate) fn theirs(tree: &MemoryTree, folder: &str) -> Outcome {
    thread_local! {
        static KUSTOMIZE: RefCell<Kustomize> = RefCell::new(Kustomize::start().unwrap());
    }
    let root = tempfile::tempdir().unwrap();
    tree.write(root.path());
    let openapi = |text: &String| text.to_ascii_lowercase().contains("openapi");
    let request = Request {
        folder: &root.path().join(folder),
        openapi: tree.files.values().any(openapi),
    };
    let answer = KUSTOMIZE.with_borrow_mut(|kustomize| kustomize.build(request).unwrap());
    if answer.error.is_empty() {
        return Ok(answer.text);
    }
    Err(answer.error)
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
