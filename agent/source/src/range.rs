//! Ranges of versions over tags, as npm and Masterminds/semver write them.

use std::fmt;
use std::str::FromStr;

use semver::{Prerelease, Version};
use thiserror::Error;

/// A range of versions: `^1.2`, `~1.2.3`, `1.x`, `>=1.0 <2.0`, `1.2 - 1.5`, `1.x || ^3`, `*`.
///
/// A pre-release is in the range only if one of its bounds names a pre-release of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range {
    text: String,
    alternatives: Vec<Vec<Comparator>>,
}

/// A text that is no range of versions.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "`{range}` is not a range of versions: {part}; write for example ^1.2, ~1.2.3, 1.x or `>=1.0 <2.0`"
)]
pub struct ParseRangeError {
    range: String,
    part: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Comparator {
    operator: Operator,
    bound: Version,
    /// Whether the range was written with a pre-release.
    names_prerelease: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    NotEqual,
}

/// A version with as many numbers as were written: `1`, `1.2`, `1.x`.
struct Partial {
    major: Option<u64>,
    minor: Option<u64>,
    patch: Option<u64>,
    prerelease: Prerelease,
}

impl Range {
    /// Returns whether a version is in the range.
    pub fn matches(&self, version: &Version) -> bool {
        self.alternatives.iter().any(|all| {
            let released = version.pre.is_empty() || all.iter().any(|one| one.names_prerelease);
            released && all.iter().all(|one| one.matches(version))
        })
    }

    /// Returns the version that a tag names, with or without `v` and trailing numbers.
    pub fn version_of(tag: &str) -> Option<Version> {
        let text = tag.strip_prefix('v').unwrap_or(tag);
        if let Ok(version) = Version::parse(text) {
            return Some(version);
        }
        let partial = Partial::parse(text)?;
        partial.major?;
        let is_short = !text.contains(['x', 'X', '*']);
        is_short.then(|| partial.lowest())
    }
}

impl FromStr for Range {
    type Err = ParseRangeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refused = |part: &str| ParseRangeError {
            range: text.into(),
            part: if part.is_empty() {
                "a part of it is empty".into()
            } else {
                format!("`{part}` cannot be read")
            },
        };
        let alternatives = text
            .split("||")
            .map(|all| conjunction(all).map_err(refused))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            text: text.into(),
            alternatives,
        })
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Comparator {
    fn matches(&self, version: &Version) -> bool {
        let order = version.cmp_precedence(&self.bound);
        match self.operator {
            Operator::Less => order.is_lt(),
            Operator::LessOrEqual => order.is_le(),
            Operator::Greater => order.is_gt(),
            Operator::GreaterOrEqual => order.is_ge(),
            Operator::Equal => order.is_eq(),
            Operator::NotEqual => order.is_ne(),
        }
    }
}

impl Partial {
    fn parse(text: &str) -> Option<Self> {
        let text = text.strip_prefix('v').unwrap_or(text);
        let text = text.split_once('+').map_or(text, |(version, _)| version);
        let (numbers, prerelease) = match text.split_once('-') {
            Some((numbers, prerelease)) => (numbers, Prerelease::new(prerelease).ok()?),
            None => (text, Prerelease::EMPTY),
        };
        let mut parts = numbers.split('.');
        let mut next = || match parts.next() {
            None | Some("x" | "X" | "*") => Some(None),
            Some(number) => number.parse().ok().map(Some),
        };
        let (major, minor, patch) = (next()?, next()?, next()?);
        let ordered = (major.is_some() || minor.is_none()) && (minor.is_some() || patch.is_none());
        let whole = patch.is_some() || prerelease.is_empty();
        (parts.next().is_none() && ordered && whole).then_some(Self {
            major,
            minor,
            patch,
            prerelease,
        })
    }

    fn lowest(&self) -> Version {
        let number = |part: Option<u64>| part.unwrap_or(0);
        let mut version = Version::new(number(self.major), number(self.minor), number(self.patch));
        version.pre = self.prerelease.clone();
        version
    }

    /// The first version after all that share the numbers that were written.
    fn above(&self) -> Option<Version> {
        match (self.major, self.minor, self.patch) {
            (None, ..) => None,
            (Some(major), None, _) => Some(Version::new(major.saturating_add(1), 0, 0)),
            (Some(major), Some(minor), None) => {
                Some(Version::new(major, minor.saturating_add(1), 0))
            }
            (Some(major), Some(minor), Some(patch)) => {
                Some(Version::new(major, minor, patch.saturating_add(1)))
            }
        }
    }

    /// The first version that `^` leaves out: the leftmost number that is not 0 may not change.
    fn above_caret(&self) -> Option<Version> {
        match (self.major?, self.minor, self.patch) {
            (0, Some(0), Some(patch)) => Some(Version::new(0, 0, patch.saturating_add(1))),
            (0, Some(minor), _) => Some(Version::new(0, minor.saturating_add(1), 0)),
            (major, ..) => Some(Version::new(major.saturating_add(1), 0, 0)),
        }
    }

    /// The first version that `~` leaves out.
    fn above_tilde(&self) -> Option<Version> {
        match (self.major?, self.minor) {
            (major, Some(minor)) => Some(Version::new(major, minor.saturating_add(1), 0)),
            (major, None) => Some(Version::new(major.saturating_add(1), 0, 0)),
        }
    }
}

/// Reads comparators that must all hold; the error is the part that cannot be read.
fn conjunction(text: &str) -> Result<Vec<Comparator>, &str> {
    let text = text.trim();
    if let Some((low, high)) = text.split_once(" - ") {
        let both = (Partial::parse(low.trim()), Partial::parse(high.trim()));
        let (Some(low), Some(high)) = both else {
            return Err(text);
        };
        let mut all = compare(">=", &low);
        all.extend(compare("<=", &high));
        return Ok(all);
    }
    let mut all = Vec::new();
    let mut rest = text;
    loop {
        let numbers = rest.trim_start_matches(['<', '>', '=', '~', '^', '!']);
        let operator = rest.get(..rest.len() - numbers.len()).unwrap_or_default();
        let numbers = numbers.trim_start();
        let end = numbers.find([' ', ',', '<', '>', '=', '~', '^', '!']);
        let (number, after) = numbers.split_at(end.unwrap_or(numbers.len()));
        let partial = Partial::parse(number).ok_or(rest)?;
        if ![
            "", "=", "!=", "<", "<=", "=<", ">", ">=", "=>", "~", "~>", "^",
        ]
        .contains(&operator)
        {
            return Err(rest);
        }
        all.extend(compare(operator, &partial));
        rest = after.trim_start_matches([' ', ',']);
        if rest.is_empty() {
            return Ok(all);
        }
    }
}

fn compare(operator: &str, partial: &Partial) -> Vec<Comparator> {
    let one = |operator, bound| Comparator {
        operator,
        bound,
        names_prerelease: !partial.prerelease.is_empty(),
    };
    let up_to = |above: Option<Version>| {
        let low = one(Operator::GreaterOrEqual, partial.lowest());
        let high = above.map(|above| one(Operator::Less, above));
        std::iter::once(low).chain(high).collect()
    };
    let is_whole = partial.patch.is_some();
    match operator {
        "!=" if is_whole => vec![one(Operator::NotEqual, partial.lowest())],
        "" | "=" if is_whole => vec![one(Operator::Equal, partial.lowest())],
        "<" => vec![one(Operator::Less, partial.lowest())],
        ">=" | "=>" => vec![one(Operator::GreaterOrEqual, partial.lowest())],
        "<=" | "=<" if is_whole => vec![one(Operator::LessOrEqual, partial.lowest())],
        "<=" | "=<" => partial
            .above()
            .map(|above| one(Operator::Less, above))
            .into_iter()
            .collect(),
        ">" if is_whole => vec![one(Operator::Greater, partial.lowest())],
        ">" => partial
            .above()
            .map(|above| one(Operator::GreaterOrEqual, above))
            .into_iter()
            .collect(),
        "~" | "~>" => up_to(partial.above_tilde()),
        "^" => up_to(partial.above_caret()),
        _ => up_to(partial.above()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(range: &str, inside: &[&str], outside: &[&str]) {
        let parsed: Range = range.parse().unwrap();
        for (versions, expected) in [(inside, true), (outside, false)] {
            for version in versions {
                let version = Range::version_of(version).unwrap();
                assert_eq!(parsed.matches(&version), expected, "{version} in {range}");
            }
        }
    }

    #[test]
    fn ranges_hold_the_versions_that_npm_and_masterminds_say() {
        check(
            "1.2.3",
            &["1.2.3", "v1.2.3+build"],
            &["1.2.4", "1.2.3-rc.1"],
        );
        check("=1.2", &["1.2.0", "1.2.9"], &["1.3.0"]);
        check("1.x", &["1.0.0", "1.9.9"], &["2.0.0", "0.9.0"]);
        check("*", &["0.0.1", "9.0.0"], &["1.0.0-rc.1"]);
        check(
            "^1.2",
            &["1.2.0", "1.9.0"],
            &["1.1.9", "2.0.0", "2.0.0-rc.1"],
        );
        check("^0.2.3", &["0.2.3", "0.2.9"], &["0.3.0"]);
        check("^0.0.3", &["0.0.3"], &["0.0.4"]);
        check("~1.2.3", &["1.2.3", "1.2.9"], &["1.3.0", "1.2.2"]);
        check("~1", &["1.9.0"], &["2.0.0"]);
        check(">=1.0 <2.0", &["1.0.0", "1.9.9"], &["2.0.0", "0.9.0"]);
        check(">= 1.0, < 2", &["1.0.0"], &["2.0.0"]);
        check(">1.2", &["1.3.0"], &["1.2.9"]);
        check("<=1.2", &["1.2.9"], &["1.3.0"]);
        check("1.2 - 1.5", &["1.2.0", "1.5.9"], &["1.6.0", "1.1.9"]);
        check("1.x || >=3.1.0", &["1.4.0", "3.1.0"], &["2.0.0", "3.0.9"]);
        check(">=1.0.0-0", &["1.0.0-rc.1", "1.1.0-alpha"], &["0.9.0"]);
        check("^1.0.0 !=1.1.0", &["1.0.0"], &["1.1.0"]);
    }

    #[test]
    fn what_is_no_range_is_refused_with_the_part_that_is_wrong() {
        for (range, part) in [
            ("main", "`main` cannot be read"),
            ("^1.2 || ", "a part of it is empty"),
            ("^1.2 foo", "`foo` cannot be read"),
            ("1.2.3.4", "`1.2.3.4` cannot be read"),
            ("<>1.2", "`<>1.2` cannot be read"),
            ("x.1", "`x.1` cannot be read"),
        ] {
            let error = range.parse::<Range>().unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn tags_name_versions_with_or_without_v_and_zeros() {
        for (tag, version) in [
            ("v1", "1.0.0"),
            ("1.2", "1.2.0"),
            ("v1.2.3-rc.1", "1.2.3-rc.1"),
        ] {
            assert_eq!(Range::version_of(tag).unwrap().to_string(), version);
        }
        for tag in ["release", "1.x", "v", "1.2.3.4"] {
            assert_eq!(Range::version_of(tag), None, "{tag}");
        }
    }
}
