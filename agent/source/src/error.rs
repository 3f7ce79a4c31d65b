//! What can go wrong between the agent and a repository, in words that help.

use std::time::Duration;

use thiserror::Error;

use crate::limits::Passed;

/// An operation on a repository that failed. Its text holds no userinfo, query or credentials.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{url}: {problem}")]
pub struct SourceError {
    /// The repository's address, as it may be shown.
    pub url: String,
    /// What went wrong.
    pub problem: Problem,
}

/// What went wrong, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Problem {
    /// The server knows no such repository, or hides it.
    #[error(
        "the repository was not found: check the URL, and that the credentials may read it ({0})"
    )]
    NotFound(String),
    /// The server asks who we are, and there is nothing to say.
    #[error("the server asks for credentials and there are none: name a Secret in secretRef ({0})")]
    CredentialsMissing(String),
    /// The server does not know whom the credentials stand for.
    #[error(
        "the server refuses the credentials: check that they are right and have not expired ({0})"
    )]
    CredentialsRefused(String),
    /// The server knows us, and says no.
    #[error(
        "access is forbidden: give the account of the credentials the right to read the repository ({0})"
    )]
    Forbidden(String),
    /// The credentials are of a kind that the URL's scheme has no use for.
    #[error("the credentials do not fit the URL: {0}")]
    CredentialsUnfit(&'static str),
    /// No ref of that name.
    #[error("there is no {kind} `{name}`{}", offer(near))]
    ReferenceMissing {
        /// `branch` or `tag`.
        kind: &'static str,
        /// What was asked for.
        name: String,
        /// Names that are there and look alike, or the first ones.
        near: Vec<String>,
    },
    /// No tag in the range.
    #[error("no tag is a version in `{range}`{}", offer(near))]
    NoVersion {
        /// What was asked for.
        range: String,
        /// The highest versions that are there.
        near: Vec<String>,
    },
    /// A repository without commits, or whose HEAD names a branch that is not there.
    #[error("the repository has no HEAD: push a commit, or name a branch")]
    NoHead,
    /// The commit cannot be had.
    #[error(
        "the commit {0} is in no branch or tag of the repository, and the server gives out no other commits"
    )]
    CommitMissing(String),
    /// The ref names no commit, but a file or folder.
    #[error("`{0}` names no commit")]
    NoCommit(String),
    /// The ref moved between listing and fetch.
    #[error("{0} moved on while it was fetched")]
    Moved(String),
    /// No connection.
    #[error("the server cannot be reached: {0}")]
    Unreachable(String),
    /// The deadline passed.
    #[error("no answer within {} s", .0.as_secs_f64())]
    Late(Duration),
    /// The server has a problem of its own, or asks for patience.
    #[error("the server cannot answer now (HTTP {status})")]
    Unavailable {
        /// The HTTP status.
        status: u16,
        /// How long the server asks to wait.
        retry_after: Option<Duration>,
    },
    /// The server's certificate is not trusted.
    #[error(
        "the server's certificate is not trusted: {0}; a private authority's certificate goes into ca.crt of the Secret"
    )]
    Untrusted(String),
    /// No secure connection for another reason.
    #[error("no secure connection: {0}")]
    Tls(String),
    /// A redirect that would carry credentials to somebody else.
    #[error(
        "{from} redirects to {to}: credentials are not repeated to another host; if that is the right one, write it in the URL"
    )]
    RedirectElsewhere {
        /// The host and port that was asked.
        from: String,
        /// The host and port that it names.
        to: String,
    },
    /// A redirect from https to http.
    #[error("{from} redirects from https to http on {to}: that is never followed")]
    RedirectToHttp {
        /// The host and port that was asked.
        from: String,
        /// The host and port that it names.
        to: String,
    },
    /// A redirect that leads nowhere.
    #[error("the redirects of the server do not lead to a repository: {0}")]
    Redirects(String),
    /// ssh, and nothing to compare the host's key with.
    #[error("ssh needs identity and known_hosts: name a Secret that has both in secretRef")]
    IdentityMissing,
    /// A host key that nobody has vouched for.
    #[error(
        "the key of {host} is not known: its fingerprint is {fingerprint}; if its owner says the same, \
         add this line to known_hosts of the Secret: {line}"
    )]
    UnknownHostKey {
        /// The host, as `known_hosts` writes it.
        host: String,
        /// `SHA256:…`.
        fingerprint: String,
        /// The line that would make it known.
        line: String,
    },
    /// A host key other than the known one.
    #[error(
        "the key of {host} CHANGED: its fingerprint is {fingerprint}, known_hosts of the Secret has another of the \
         same kind; somebody may be in between, or the host was set up anew: ask its owner, then replace the line"
    )]
    ChangedHostKey {
        /// The host, as `known_hosts` writes it.
        host: String,
        /// `SHA256:…`.
        fingerprint: String,
    },
    /// A host key that `known_hosts` marks as revoked.
    #[error(
        "the key of {host} is revoked by known_hosts of the Secret: its fingerprint is {fingerprint}"
    )]
    RevokedHostKey {
        /// The host, as `known_hosts` writes it.
        host: String,
        /// `SHA256:…`.
        fingerprint: String,
    },
    /// A bound was passed.
    #[error("the repository is too large: {0}")]
    Limit(Passed),
    /// An answer that no Git server gives.
    #[error("the server's answer is not Git's: {0}; check the URL")]
    NotGit(String),
    /// A `file://` URL where they are not allowed.
    #[error("file:// is not allowed here: the agent reads only remote repositories")]
    LocalRefused,
    /// The cache folder.
    #[error("the cache cannot be used: {0}")]
    Cache(String),
    /// Anything else that libgit2 says.
    #[error("{0}")]
    Git(String),
}

impl SourceError {
    /// Tells whether it may pass by itself, so that another try soon is worth it.
    pub fn is_transient(&self) -> bool {
        matches!(
            self.problem,
            Problem::Moved(_)
                | Problem::Unreachable(_)
                | Problem::Late(_)
                | Problem::Unavailable { .. }
                | Problem::Cache(_)
                | Problem::Git(_)
        )
    }

    /// How long the server asks to wait.
    pub fn retry_after(&self) -> Option<Duration> {
        match self.problem {
            Problem::Unavailable { retry_after, .. } => retry_after,
            _ => None,
        }
    }

    /// The kind of problem in one word, as a condition's reason has it.
    pub fn reason(&self) -> &'static str {
        match self.problem {
            Problem::NotFound(_) => "RepositoryNotFound",
            Problem::CredentialsMissing(_)
            | Problem::CredentialsRefused(_)
            | Problem::CredentialsUnfit(_)
            | Problem::IdentityMissing => "AuthenticationFailed",
            Problem::Forbidden(_) => "AccessForbidden",
            Problem::ReferenceMissing { .. }
            | Problem::NoVersion { .. }
            | Problem::NoHead
            | Problem::NoCommit(_) => "ReferenceNotFound",
            Problem::CommitMissing(_) => "CommitNotFound",
            Problem::Moved(_) => "ReferenceMoved",
            Problem::Unreachable(_) => "Unreachable",
            Problem::Late(_) => "Timeout",
            Problem::Unavailable { .. } => "ServerUnavailable",
            Problem::Untrusted(_) => "CertificateNotTrusted",
            Problem::Tls(_) => "TLSFailed",
            Problem::RedirectElsewhere { .. }
            | Problem::RedirectToHttp { .. }
            | Problem::Redirects(_) => "RedirectRefused",
            Problem::UnknownHostKey { .. } => "HostKeyUnknown",
            Problem::ChangedHostKey { .. } => "HostKeyChanged",
            Problem::RevokedHostKey { .. } => "HostKeyRevoked",
            Problem::Limit(_) => "LimitPassed",
            Problem::NotGit(_) => "NotGit",
            Problem::LocalRefused => "LocalSourceRefused",
            Problem::Cache(_) => "CacheFailed",
            Problem::Git(_) => "GitFailed",
        }
    }

    /// Tells whether the server no longer lets these credentials read the repository.
    pub(crate) fn denies(&self) -> bool {
        matches!(
            self.problem,
            Problem::NotFound(_)
                | Problem::CredentialsMissing(_)
                | Problem::CredentialsRefused(_)
                | Problem::Forbidden(_)
        )
    }
}

/// What somebody else says, as it may be shown: one line, and not a long one.
pub(crate) fn plain(text: &str) -> String {
    const MOST: usize = 300;
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
    words.join(" ").chars().take(MOST).collect()
}

fn offer(names: &[String]) -> String {
    match names {
        [] => "; there is none at all".to_owned(),
        names => format!("; there is {}", names.join(", ")),
    }
}
