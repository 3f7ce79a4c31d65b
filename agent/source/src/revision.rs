//! What was asked for, and the commit that it named.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A reference and its commit, written `main@sha1:<commit>`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Revision {
    /// What was asked for: a branch, a tag, `HEAD`, or the commit itself.
    pub name: String,
    /// The commit's id, forty hexadecimal digits.
    pub commit: String,
}

/// A text that is no `name@sha1:<commit>`.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{0}` is not a revision: write name@sha1:<commit>")]
pub struct ParseRevisionError(pub String);

impl Revision {
    /// Returns the name and the first seven digits of the commit, as people read it.
    pub fn short(&self) -> String {
        if self.name == self.commit {
            return format!("{:.7}", self.commit);
        }
        format!("{}@{:.7}", self.name, self.commit)
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@sha1:{}", self.name, self.commit)
    }
}

impl FromStr for Revision {
    type Err = ParseRevisionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refused = || ParseRevisionError(text.into());
        let (name, commit) = text.rsplit_once("@sha1:").ok_or_else(refused)?;
        let is_commit = commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
        if name.is_empty() || !is_commit {
            return Err(refused());
        }
        Ok(Self {
            name: name.into(),
            commit: commit.into(),
        })
    }
}

impl Serialize for Revision {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Revision {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn revisions_survive_being_written_and_read() {
        let text = format!("feature/a@b@sha1:{}", "0a".repeat(20));
        let revision: Revision = text.parse().unwrap();
        assert_eq!(
            (revision.name.as_str(), revision.to_string()),
            ("feature/a@b", text)
        );
    }

    #[test]
    fn people_read_seven_digits_of_a_commit() {
        let commit = "0123456789".repeat(4);
        let short = |name: &str| {
            Revision {
                name: name.into(),
                commit: commit.clone(),
            }
            .short()
        };
        assert_eq!(
            (short("main").as_str(), short(&commit).as_str()),
            ("main@0123456", "0123456")
        );
    }

    #[test]
    fn what_is_no_revision_is_refused() {
        for text in [
            "main",
            "main@sha1:12",
            "@sha1:0000000000000000000000000000000000000000",
        ] {
            assert!(text.parse::<Revision>().is_err(), "{text}");
        }
    }
}
