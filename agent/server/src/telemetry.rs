//! What the server reads and counts of the agent's metrics.

use std::time::Duration;

/// The agent's metrics, as the server needs them.
pub trait Telemetry: Send + Sync + 'static {
    /// Returns all metrics in Prometheus' text format 0.0.4.
    fn exposition(&self) -> String;

    /// Returns how long the API server has answered nothing although it was asked; zero if it answers.
    fn unanswered(&self) -> Duration;

    /// Counts a call of a webhook (`tidegate_webhooks_total`). The receiver's name is one of those that are
    /// configured, or empty for a call that names none of them.
    fn webhook(&self, receiver: &str, outcome: HookOutcome);
}

/// How a call of a webhook ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HookOutcome {
    /// It triggers a poll.
    Accepted,
    /// Its signature or token is wrong or missing.
    Refused,
    /// There is no such receiver.
    Unknown,
    /// Too many calls for this receiver.
    Limited,
    /// Its body is too large or broke off.
    Unreadable,
}

impl HookOutcome {
    /// Returns the word that the metric carries.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Refused => "refused",
            Self::Unknown => "unknown",
            Self::Limited => "limited",
            Self::Unreadable => "unreadable",
        }
    }
}
