//! `cargo run --example compare -- TREE...`: renders every kustomization of the trees with both
//! renderers, and prints where they differ.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tidegate_kustomize::{Entry, Options, Tree, TreeError, render};
use tidegate_testbed::oracle::{Kustomize, Request};

type Failure = Box<dyn std::error::Error>;

const NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// A folder of the disk as a tree.
struct Disk(PathBuf);

impl Disk {
    fn error(path: &str, error: &std::io::Error) -> TreeError {
        TreeError {
            path: path.to_owned(),
            reason: error.to_string(),
        }
    }
}

fn entry_of(path: &Path) -> std::io::Result<Option<Entry>> {
    let Ok(metadata) = std::fs::symlink_metadata(path) else {
        return Ok(None);
    };
    Ok(Some(if metadata.is_symlink() {
        Entry::Link(std::fs::read_link(path)?.to_string_lossy().into_owned())
    } else if metadata.is_dir() {
        Entry::Directory
    } else {
        Entry::File
    }))
}

impl Tree for Disk {
    fn entry(&self, path: &str) -> Result<Option<Entry>, TreeError> {
        entry_of(&self.0.join(path)).map_err(|error| Self::error(path, &error))
    }

    fn read(&self, path: &str) -> Result<Option<Arc<[u8]>>, TreeError> {
        Ok(std::fs::read(self.0.join(path)).ok().map(Into::into))
    }

    fn list(&self, path: &str) -> Result<Vec<(String, Entry)>, TreeError> {
        let list = || -> std::io::Result<Vec<(String, Entry)>> {
            let mut names = Vec::new();
            for entry in std::fs::read_dir(self.0.join(path))? {
                let entry = entry?;
                if let Some(found) = entry_of(&entry.path())? {
                    names.push((entry.file_name().to_string_lossy().into_owned(), found));
                }
            }
            names.sort_by(|(a, _), (b, _)| a.cmp(b));
            Ok(names)
        };
        list().map_err(|error| Self::error(path, &error))
    }
}

/// The folders below `folder` that have a kustomization.
fn kustomizations(folder: &Path, found: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if NAMES.iter().any(|name| folder.join(name).is_file()) {
        found.push(folder.to_owned());
    }
    let mut folders = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            folders.push(entry.path());
        }
    }
    folders.sort();
    folders
        .iter()
        .try_for_each(|folder| kustomizations(folder, found))
}

/// How many folders came out in which way.
#[derive(Default)]
struct Counts {
    same: usize,
    both_fail: usize,
    different: usize,
}

#[expect(clippy::print_stdout, reason = "that is what it is for")]
fn compare(kustomize: &mut Kustomize, root: &Path, folder: &Path) -> Result<Counts, Failure> {
    let request = Request {
        folder,
        openapi: true,
    };
    let theirs = kustomize.build(request)?;
    let path = folder.strip_prefix(root)?.to_string_lossy().into_owned();
    let ours = render(&Disk(root.to_owned()), &path, &Options::default());
    let name = folder.display();
    let mut counts = Counts::default();
    match (ours, theirs.error.as_str()) {
        (Ok(ours), "") if ours.content == theirs.text => counts.same += 1,
        (Ok(ours), "") => {
            counts.different += 1;
            let difference = similar::TextDiff::from_lines(&theirs.text, &ours.content);
            println!("== {name}\n{}", difference.unified_diff());
        }
        (Err(_), reason) if !reason.is_empty() => counts.both_fail += 1,
        (Err(error), _) => {
            counts.different += 1;
            println!("== {name}\nwe fail: {error}");
        }
        (Ok(_), reason) => {
            counts.different += 1;
            println!("== {name}\nkustomize fails: {reason}");
        }
    }
    Ok(counts)
}

#[expect(clippy::print_stdout, reason = "that is what it is for")]
fn main() -> Result<(), Failure> {
    let mut kustomize = Kustomize::start()?;
    let mut total = Counts::default();
    for root in std::env::args_os().skip(1) {
        let root = std::fs::canonicalize(root)?;
        let mut folders = Vec::new();
        kustomizations(&root, &mut folders)?;
        for folder in folders {
            let counts = compare(&mut kustomize, &root, &folder)?;
            total.same += counts.same;
            total.both_fail += counts.both_fail;
            total.different += counts.different;
        }
    }
    let Counts {
        same,
        both_fail,
        different,
    } = total;
    println!("{same} same, {both_fail} fail in both, {different} different");
    Ok(())
}
