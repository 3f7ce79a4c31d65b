//! Small trees for every field and rule, from `tests/cases/*.txt`.
//!
//! `=== name` starts a case, `>>> path` a file of it. A name that starts with `!` says that the case
//! must fail. The folder that is built is the last of `over`, `overlay` or the root that has a file.

use std::path::Path;

use crate::coverage::Coverage;
use crate::oracle::{difference, ours, theirs};
use crate::tree::MemoryTree;

struct Case {
    name: String,
    tree: MemoryTree,
}

impl Case {
    fn folder(&self) -> &'static str {
        let has = |folder: &str| self.tree.files.keys().any(|file| file.starts_with(folder));
        if has("over/") { "over" } else { "" }
    }
}

fn read(text: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    let mut file = None;
    for line in text.split_inclusive('\n') {
        if let Some(name) = line.strip_prefix("=== ") {
            cases.push(Case {
                name: name.trim().to_owned(),
                tree: MemoryTree::default(),
            });
            file = None;
        } else if let Some(path) = line.strip_prefix(">>> ") {
            let case = cases.last_mut().unwrap();
            file = Some(path.trim().to_owned());
            case.tree
                .files
                .insert(path.trim().to_owned(), String::new());
        } else if let Some(file) = &file {
            let case = cases.last_mut().unwrap();
            case.tree.files.get_mut(file).unwrap().push_str(line);
        }
    }
    cases
}

#[test]
fn every_case_is_rendered_as_kustomize_renders_it() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    let (mut count, mut problems) = (0, Vec::new());
    let mut coverage = Coverage::default();
    for path in paths {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let cases = read(&std::fs::read_to_string(&path).unwrap());
        println!("{name}: {} cases", cases.len());
        for case in cases {
            count += 1;
            coverage.add(&case.tree);
            let theirs = theirs(&case.tree, case.folder());
            let ours = ours(&case.tree, case.folder());
            if theirs.is_err() != case.name.starts_with('!') {
                problems.push(format!("{name}: {}: kustomize: {theirs:?}", case.name));
            } else if let Some(difference) = difference(&ours, &theirs) {
                problems.push(format!("{name}: {}:\n{difference}", case.name));
            }
        }
    }
    println!("{count} cases, {} mismatches", problems.len());
    assert!(problems.is_empty(), "{}", problems.join("\n\n"));
    let unused = coverage.report("fixtures");
    assert!(unused.is_empty(), "no fixture uses {unused:?}");
}
