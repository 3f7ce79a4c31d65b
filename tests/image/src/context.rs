//! What is sent to a build: the repository's files, less what .dockerignore leaves out.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::shell;

/// The rules of .dockerignore; the last one that matches a path or a folder above it decides.
#[derive(Debug)]
pub(crate) struct Ignored {
    rules: Vec<Rule>,
}

#[derive(Debug)]
struct Rule {
    segments: Vec<String>,
    keeps: bool,
}

impl Ignored {
    /// Reads the rules of a repository.
    pub(crate) fn read(root: &Path) -> Result<Self> {
        let path = root.join(".dockerignore");
        let text = std::fs::read_to_string(&path);
        let text = text.with_context(|| format!("{} cannot be read", path.display()))?;
        Ok(Self::parse(&text))
    }

    fn parse(text: &str) -> Self {
        let lines = text.lines().map(str::trim);
        let rules = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
        let rules = rules.map(|line| {
            let (pattern, keeps) = match line.strip_prefix('!') {
                Some(pattern) => (pattern, true),
                None => (line, false),
            };
            let segments = pattern.split('/').filter(|segment| !segment.is_empty());
            Rule {
                segments: segments.map(str::to_owned).collect(),
                keeps,
            }
        });
        Self {
            rules: rules.collect(),
        }
    }

    /// Whether a path, relative to the root, stays out of the build.
    pub(crate) fn leaves_out(&self, path: &str) -> bool {
        let path: Vec<&str> = path.split('/').collect();
        let last = self.rules.iter().rev().find(|rule| rule.covers(&path));
        last.is_some_and(|rule| !rule.keeps)
    }
}

impl Rule {
    fn covers(&self, path: &[&str]) -> bool {
        (1..=path.len()).any(|end| {
            path.get(..end)
                .is_some_and(|above| matches(&self.segments, above))
        })
    }
}

fn matches(pattern: &[String], path: &[&str]) -> bool {
    match (pattern.split_first(), path.split_first()) {
        (None, None) => true,
        (Some((first, rest)), _) if first == "**" => {
            (0..=path.len()).any(|skipped| matches(rest, path.get(skipped..).unwrap_or_default()))
        }
        (Some((first, rest)), Some((name, below))) => {
            matches_name(first, name) && matches(rest, below)
        }
        _ => false,
    }
}

/// A name against a pattern with at most one `*`.
fn matches_name(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((start, end)) => name
            .strip_prefix(start)
            .is_some_and(|rest| rest.ends_with(end)),
    }
}

/// The files that are sent, relative to the root: those that Git knows or would, less the ignored ones.
pub(crate) fn files(root: &Path) -> Result<Vec<PathBuf>> {
    let ignored = Ignored::read(root)?;
    let listed = shell::output(shell::command("git").current_dir(root).args([
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
    ]))?;
    let sent = listed
        .split('\0')
        .filter(|path| !path.is_empty() && !ignored.leaves_out(path));
    // A file may be deleted and still be in the index.
    let there = sent
        .map(PathBuf::from)
        .filter(|path| root.join(path).exists());
    Ok(there.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_rule_that_matches_decides() {
        let ignored = Ignored::parse("# none\n*\n!agent\n!a/b\n**/target\n*.log");
        for (path, is_left_out) in [
            ("docs/x.md", true),
            ("agent/src/main.rs", false),
            ("agent/x/target/y", true),
            ("target", true),
            ("a/b/c", false),
            ("a/c", true),
            ("x.log", true),
        ] {
            assert_eq!(ignored.leaves_out(path), is_left_out, "{path}");
        }
    }
}
