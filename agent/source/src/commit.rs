//! What people want to know of a commit.

use jiff::Timestamp;

use crate::error::plain;

/// A commit, as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitInfo {
    /// Its id, forty hexadecimal digits.
    pub id: String,
    /// The first line of its message.
    pub subject: String,
    /// Who wrote it; the mail address is left out.
    pub author: String,
    /// When it was committed.
    pub time: Timestamp,
}

impl CommitInfo {
    pub(crate) fn of(commit: &git2::Commit<'_>) -> Self {
        let text = |bytes: &[u8]| plain(&String::from_utf8_lossy(bytes));
        let subject = commit.message_bytes().split(|byte| *byte == b'\n').next();
        let seconds = commit.time().seconds();
        Self {
            id: commit.id().to_string(),
            subject: text(subject.unwrap_or_default()),
            author: text(commit.author().name_bytes()),
            time: Timestamp::from_second(seconds).unwrap_or_default(),
        }
    }
}
