//! Small trees for every field and rule, from `tests/cases/*.txt`.
//!
//! `=== name` starts a case, `>>> path` a file of it. A name that starts with `!` says that the case
//! must fail. The folder that is built is `over` if it has a file, else the root.
//!
//! After `*** each`, every line makes a case of its own: it stands where the files say `§`, `\n` for a
//! line break, `\r` for a carriage return, and `! ` before it for one that must fail.

use std::path::Path;

use crate::coverage::Coverage;
use crate::oracle::{difference, ours, theirs};
use crate::tree::MemoryTree;

pub(crate) struct Case {
    name: String,
    pub(crate) tree: MemoryTree,
}

impl Case {
    fn folder(&self) -> &'static str {
        let has = |folder: &str| self.tree.files.keys().any(|file| file.starts_with(folder));
        if has("over/") { "over" } else { "" }
    }
}

impl Case {
    /// The case with a line where its files say `§`.
    fn with(&self, line: &str) -> Self {
        let value = line.strip_prefix("! ").unwrap_or(line);
        let value = value.replace("\\n", "\n").replace("\\r", "\r");
        let mut case = Self {
            name: format!("{}: {line}", self.name),
            tree: self.tree.clone(),
        };
        if line.starts_with("! ") {
            case.name.insert(0, '!');
        }
        for text in case.tree.files.values_mut() {
            *text = text.replace('§', &value);
        }
        case
    }
}

fn read(text: &str) -> Vec<Case> {
    let sections = text.split("\n=== ").filter(|section| !section.is_empty());
    sections.flat_map(read_section).collect()
}

fn read_section(section: &str) -> Vec<Case> {
    let section = section.strip_prefix("=== ").unwrap_or(section);
    let (files, lines) = section
        .split_once("\n*** each\n")
        .map_or((section, None), |(files, lines)| (files, Some(lines)));
    let mut files = files.split("\n>>> ");
    let mut case = Case {
        name: files.next().unwrap_or_default().trim().to_owned(),
        tree: MemoryTree::default(),
    };
    for file in files {
        let (path, text) = file.split_once('\n').unwrap_or((file, ""));
        let text = if text.is_empty() || text.ends_with('\n') {
            text.to_owned()
        } else {
            format!("{text}\n")
        };
        case.tree.files.insert(path.trim().to_owned(), text);
    }
    let Some(lines) = lines else {
        return vec![case];
    };
    lines.lines().map(|line| case.with(line)).collect()
}

/// All cases, with the names of their files.
pub(crate) fn all() -> Vec<(String, Case)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let entries = std::fs::read_dir(folder).unwrap();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let of_file = |path: std::path::PathBuf| {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let cases = read(&std::fs::read_to_string(&path).unwrap());
        cases.into_iter().map(move |case| (name.clone(), case))
    };
    paths.into_iter().flat_map(of_file).collect()
}

#[test]
fn every_case_is_rendered_as_kustomize_renders_it() {
    let (mut count, mut problems) = (0, Vec::new());
    let mut coverage = Coverage::default();
    for (name, case) in all() {
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
    println!("{count} cases, {} mismatches", problems.len());
    assert!(problems.is_empty(), "{}", problems.join("\n\n"));
    let unused = coverage.report("fixtures");
    assert!(unused.is_empty(), "no fixture uses {unused:?}");
}
