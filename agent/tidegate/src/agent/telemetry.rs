//! The agent's metrics, as the server reads them.

use std::sync::Arc;
use std::time::Duration;

use tidegate_server::{HookOutcome, Telemetry};
use tidegate_sync::Metrics;

/// The agent's metrics.
pub(super) struct AgentTelemetry(pub(super) Arc<Metrics>);

impl Telemetry for AgentTelemetry {
    fn exposition(&self) -> String {
        self.0.exposition()
    }

    fn unanswered(&self) -> Duration {
        self.0.unanswered()
    }

    fn webhook(&self, receiver: &str, outcome: HookOutcome) {
        self.0.webhook(receiver, outcome.as_str());
    }
}
