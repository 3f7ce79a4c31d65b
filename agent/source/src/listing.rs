//! The refs of a repository as its server lists them, and the one that is asked for.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use git2::Oid;
use semver::Version;

use crate::{Problem, Range, Reference, Revision};

const HEADS: &str = "refs/heads/";
const TAGS: &str = "refs/tags/";
/// How many names an error offers.
const NEAR: usize = 3;
/// How many names are compared for it, and how long ones: a server may have any number.
const COMPARED: (usize, usize) = (5000, 100);

/// One listing: each ref and the commit that it names, annotated tags looked through.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    refs: BTreeMap<String, Oid>,
}

impl Listing {
    pub(crate) fn of(heads: &[git2::RemoteHead<'_>]) -> Self {
        let mut refs = BTreeMap::new();
        for head in heads {
            // git2 panics over a name that is not UTF-8: no spec can ask for it.
            let Ok(name) = catch_unwind(AssertUnwindSafe(|| head.name())) else {
                continue;
            };
            // The line of what an annotated tag stands for comes after the tag's own.
            let name = name.strip_suffix("^{}").unwrap_or(name);
            refs.insert(name.to_owned(), head.oid());
        }
        Self { refs }
    }

    /// Returns the commit that is asked for, and the name by which it was found.
    pub(crate) fn find(&self, reference: &Reference) -> Result<Revision, Problem> {
        let revision = |name: &str, commit: &Oid| Revision {
            name: name.to_owned(),
            commit: commit.to_string(),
        };
        match reference {
            Reference::Head => {
                let head = self.refs.get("HEAD").ok_or(Problem::NoHead)?;
                Ok(revision("HEAD", head))
            }
            Reference::Branch(name) => {
                let found = self.refs.get(&format!("{HEADS}{name}"));
                let found = found.ok_or_else(|| self.missing("branch", HEADS, name))?;
                Ok(revision(name, found))
            }
            Reference::Tag(name) => {
                let found = self.refs.get(&format!("{TAGS}{name}"));
                let found = found.ok_or_else(|| self.missing("tag", TAGS, name))?;
                Ok(revision(name, found))
            }
            Reference::Semver(range) => {
                let (tag, commit) = self.highest(range)?;
                Ok(revision(tag, commit))
            }
            Reference::Commit(commit) => Ok(Revision {
                name: commit.to_string(),
                commit: commit.to_string(),
            }),
        }
    }

    /// Returns a ref that names a commit: the one that was asked for before any other.
    pub(crate) fn naming(&self, commit: Oid, revision: &Revision) -> Option<&str> {
        let names = |name: &&String| self.refs.get(*name) == Some(&commit);
        let asked = [HEADS, TAGS, ""].map(|folder| format!("{folder}{}", revision.name));
        let asked = asked.iter().find(names);
        let asked = asked.and_then(|name| self.refs.get_key_value(name));
        let any = || self.refs.iter().find(|(_, named)| **named == commit);
        asked.or_else(any).map(|(name, _)| name.as_str())
    }

    /// Returns all branches and tags, by their full names.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        let names = self.refs.keys().map(String::as_str);
        names.filter(|name| name.starts_with(HEADS) || name.starts_with(TAGS))
    }

    fn tags(&self) -> impl Iterator<Item = (&str, &Oid)> {
        let refs = self.refs.iter();
        refs.filter_map(|(name, commit)| Some((name.strip_prefix(TAGS)?, commit)))
    }

    fn versions(&self) -> Vec<(Version, &str, &Oid)> {
        let versions = self
            .tags()
            .filter_map(|(tag, commit)| Some((Range::version_of(tag)?, tag, commit)));
        let mut versions: Vec<_> = versions.collect();
        versions.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.cmp(b.1)));
        versions
    }

    fn highest(&self, range: &Range) -> Result<(&str, &Oid), Problem> {
        let versions = self.versions();
        let highest = versions.iter().rev().find(|found| range.matches(&found.0));
        highest.map(|found| (found.1, found.2)).ok_or_else(|| {
            let near = versions.iter().rev().take(NEAR);
            Problem::NoVersion {
                range: range.to_string(),
                near: near.map(|found| found.1.to_owned()).collect(),
            }
        })
    }

    fn missing(&self, kind: &'static str, folder: &str, name: &str) -> Problem {
        let (most, longest) = COMPARED;
        let names = self
            .refs
            .keys()
            .filter_map(|full| full.strip_prefix(folder));
        let names = names.filter(|there| there.len() <= longest).take(most);
        let mut names: Vec<_> = names.map(|there| (distance(there, name), there)).collect();
        names.sort_unstable();
        let near = names.into_iter().take(NEAR);
        Problem::ReferenceMissing {
            kind,
            name: name.to_owned(),
            near: near.map(|(_, there)| there.to_owned()).collect(),
        }
    }
}

/// Levenshtein's distance: how many letters it takes to make one name of the other.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (line, letter) in a.chars().enumerate() {
        let mut next = vec![line + 1];
        for ((column, other), pair) in b.iter().enumerate().zip(row.windows(2)) {
            let [diagonal, above] = pair else { continue };
            let left = next.get(column).copied().unwrap_or(usize::MAX);
            let changed = diagonal + usize::from(letter != *other);
            next.push(changed.min(above + 1).min(left + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing(names: &[&str]) -> Listing {
        let refs = names.iter().enumerate().map(|(number, name)| {
            let id = Oid::from_str(&format!("{:040x}", number + 1)).unwrap();
            ((*name).to_owned(), id)
        });
        Listing {
            refs: refs.collect(),
        }
    }

    fn find(names: &[&str], reference: Result<Reference, crate::SpecError>) -> String {
        match listing(names).find(&reference.unwrap()) {
            Ok(revision) => revision.name,
            Err(problem) => problem.to_string(),
        }
    }

    #[test]
    fn the_highest_version_in_the_range_is_taken() {
        let names = [
            "refs/tags/v1.2.0",
            "refs/tags/v1.10.0",
            "refs/tags/2.0.0-rc.1",
            "refs/tags/x",
        ];
        assert_eq!(find(&names, Reference::semver("1.x")), "v1.10.0");
        assert_eq!(find(&names, Reference::semver(">=2.0.0-0")), "2.0.0-rc.1");
        let none = "no tag is a version in `^3`; there is 2.0.0-rc.1, v1.10.0, v1.2.0";
        assert_eq!(find(&names, Reference::semver("^3")), none);
    }

    #[test]
    fn a_missing_ref_is_told_with_names_that_look_like_it() {
        let names = [
            "HEAD",
            "refs/heads/main",
            "refs/heads/maintenance",
            "refs/tags/v1",
            "refs/heads/a",
            "refs/heads/bb",
        ];
        let missing = "there is no branch `mian`; there is main, a, bb";
        assert_eq!(find(&names, Reference::branch("mian")), missing);
        assert_eq!(
            find(&names, Reference::tag("main")),
            "there is no tag `main`; there is v1"
        );
        let empty = "there is no branch `main`; there is none at all";
        assert_eq!(find(&[], Reference::branch("main")), empty);
        assert_eq!(
            find(&names[1..], Ok(Reference::Head)),
            Problem::NoHead.to_string()
        );
    }

    #[test]
    fn a_commit_is_found_by_any_ref_that_names_it() {
        let listing = listing(&["HEAD", "refs/heads/a", "refs/heads/b"]);
        let commit = listing.refs["refs/heads/b"];
        let revision = Revision {
            name: "a".into(),
            commit: commit.to_string(),
        };
        assert_eq!(listing.naming(commit, &revision), Some("refs/heads/b"));
        assert_eq!(listing.naming(Oid::ZERO_SHA1, &revision), None);
    }
}
