//! What is asked of a repository.

use std::fmt;
use std::str::FromStr as _;
use std::time::Duration;

use thiserror::Error;

use crate::{GitUrl, ParseRangeError, ParseUrlError, Range};

/// A repository, a ref of it, and how long one operation on it may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GitSpec {
    /// The repository.
    pub url: GitUrl,
    /// What is followed.
    pub reference: Reference,
    /// The deadline of one listing, and of one fetch.
    pub timeout: Duration,
}

/// What is followed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Reference {
    /// The remote's HEAD.
    #[default]
    Head,
    /// A branch.
    Branch(String),
    /// A tag.
    Tag(String),
    /// The highest tag in a range of versions.
    Semver(Range),
    /// An exact commit.
    Commit(CommitId),
}

/// The id of a commit: forty hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitId(String);

/// What is asked of a repository cannot be.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SpecError {
    /// The address.
    #[error(transparent)]
    Url(#[from] ParseUrlError),
    /// The range of versions.
    #[error(transparent)]
    Range(#[from] ParseRangeError),
    /// The commit.
    #[error("`{0}` is not a commit: write all forty hexadecimal digits of its id")]
    Commit(String),
    /// The name of a branch or tag.
    #[error(
        "`{0}` cannot be the name of a branch or tag: write it without refs/heads/ or refs/tags/"
    )]
    Name(String),
}

impl Reference {
    /// A branch by its name.
    ///
    /// # Errors
    /// If no branch can have it.
    pub fn branch(name: &str) -> Result<Self, SpecError> {
        checked(name).map(Self::Branch)
    }

    /// A tag by its name.
    ///
    /// # Errors
    /// If no tag can have it.
    pub fn tag(name: &str) -> Result<Self, SpecError> {
        checked(name).map(Self::Tag)
    }

    /// A range of versions.
    ///
    /// # Errors
    /// If it is none.
    pub fn semver(range: &str) -> Result<Self, SpecError> {
        Ok(Self::Semver(Range::from_str(range)?))
    }

    /// An exact commit.
    ///
    /// # Errors
    /// If it is not a whole id.
    pub fn commit(id: &str) -> Result<Self, SpecError> {
        let is_whole = id.len() == 40 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_whole {
            return Err(SpecError::Commit(id.to_owned()));
        }
        Ok(Self::Commit(CommitId(id.to_lowercase())))
    }
}

impl fmt::Display for CommitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn checked(name: &str) -> Result<String, SpecError> {
    let fits = !name.starts_with("refs/") && is_ref_name(name);
    fits.then(|| name.to_owned())
        .ok_or_else(|| SpecError::Name(name.to_owned()))
}

/// The rules of `git check-ref-format` for what follows `refs/heads/`.
fn is_ref_name(name: &str) -> bool {
    const FORBIDDEN: [char; 8] = [' ', '~', '^', ':', '?', '*', '[', '\\'];
    let is_part = |part: &str| {
        let hidden = part.is_empty() || part.starts_with('.');
        !hidden && !part.to_ascii_lowercase().ends_with(".lock")
    };
    let is_plain = !name.contains(char::is_control) && !name.contains(FORBIDDEN);
    is_plain
        && !name.contains("..")
        && !name.contains("@{")
        && !name.ends_with('.')
        && !name.starts_with('-')
        && name.split('/').all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_commits_are_checked_before_anything_is_asked() {
        assert!(Reference::branch("feature/a").is_ok());
        assert!(Reference::commit(&"0a".repeat(20)).is_ok());
        for bad in [
            "",
            "a..b",
            "a b",
            "refs/heads/main",
            "a~1",
            "-a",
            "a.lock",
            "a//b",
            "/a",
            "a/",
            "a/.b",
        ] {
            assert!(Reference::branch(bad).is_err(), "{bad}");
        }
        for bad in ["", "abc", "main", &"g".repeat(40), &"0".repeat(41)] {
            let error = Reference::commit(bad).unwrap_err();
            assert_eq!(error, SpecError::Commit(bad.to_owned()));
        }
    }
}
