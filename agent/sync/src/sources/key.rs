//! What makes two layers share a source: the repository, the ref, and the Secret of the credentials.

use std::time::Duration;

use sha2::{Digest as _, Sha256};
use tidegate_source::GitUrl;

use super::Wanted;
use crate::metrics::SourceLabel;

/// A repository, a ref of it, and the Secret of the credentials.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct SourceKey {
    url: GitUrl,
    reference: String,
    timeout: Duration,
    secret: Option<(String, String)>,
}

impl SourceKey {
    pub(crate) fn of(wanted: &Wanted) -> Self {
        Self {
            url: wanted.spec.url.clone(),
            reference: format!("{:?}", wanted.spec.reference),
            timeout: wanted.spec.timeout,
            secret: wanted.secret.clone(),
        }
    }

    /// Returns what tells it from others, whatever the credentials: two layers with the same follow the same commits.
    pub(crate) fn follows(&self) -> String {
        format!("{} {}", self.url, self.reference)
    }

    /// Returns the name that metrics know it by.
    pub(crate) fn label(&self) -> SourceLabel {
        let whole = format!("{} {:?} {:?}", self.follows(), self.timeout, self.secret);
        let digest = Sha256::digest(whole);
        let id = digest.iter().take(4).map(|byte| format!("{byte:02x}"));
        SourceLabel {
            id: id.collect(),
            url: self.url.to_string(),
        }
    }

    /// Tells whether a webhook that names these URLs means the repository; no URL means all.
    pub(crate) fn is_among(&self, urls: &[String]) -> bool {
        let url = self.url.to_string();
        urls.is_empty() || urls.iter().any(|named| matches(named, &url))
    }
}

/// Compares the URLs of a repository as different protocols write them: without scheme, user and `.git`.
fn matches(one: &str, other: &str) -> bool {
    bare(one) == bare(other)
}

fn bare(url: &str) -> String {
    let (scheme, rest) = match url.split_once("://") {
        Some((_, rest)) => (true, rest),
        None => (false, url),
    };
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let (place, path) = match rest.split_once('/') {
        Some((place, path)) if scheme || !place.contains(':') => (place, path),
        _ => rest.split_once(':').unwrap_or((rest, "")),
    };
    let host = place.rsplit('@').next().unwrap_or_default();
    // The port differs from protocol to protocol.
    let host = host.split(':').next().unwrap_or_default();
    let path = path.trim_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path);
    format!("{}/{path}", host.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_that_are_followed_apart_have_names_of_their_own() {
        let name = |seconds, secret: Option<&str>| {
            let key = SourceKey {
                url: "https://git.example.com/platform.git".parse().unwrap(),
                reference: "main".into(),
                timeout: Duration::from_secs(seconds),
                secret: secret.map(|name| ("prod".into(), name.into())),
            };
            key.label().id
        };
        assert_eq!(name(60, None), name(60, None));
        assert_ne!(name(60, None), name(30, None));
        assert_ne!(name(60, None), name(60, Some("git")));
    }

    #[test]
    fn urls_of_one_repository_are_the_same_in_every_protocol() {
        let https = "https://git.example.com/team/platform.git";
        for same in [
            "https://me@Git.example.com/team/platform",
            "ssh://git@git.example.com:2222/team/platform.git",
            "git@git.example.com:team/platform.git",
            "git.example.com:team/platform.git",
            "http://git.example.com:3000/team/platform/",
        ] {
            assert!(matches(https, same), "{same}");
        }
        for other in [
            "https://git.example.com/team/platform2.git",
            "https://git.example.org/team/platform.git",
            "git@git.example.com:platform.git",
        ] {
            assert!(!matches(https, other), "{other}");
        }
    }
}
