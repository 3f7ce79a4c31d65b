//! What the server serves.

use std::sync::Arc;

use tidegate_cluster::{Cluster, Lead};
use tidegate_sync::{Fleet, Lookup};
use tokio::sync::watch;

use crate::{Readiness, Telemetry};

/// What the server serves. Cheap to clone.
#[derive(Clone)]
pub struct Backend {
    /// The layers, and the way to ask for syncs and polls.
    pub fleet: Fleet,
    /// The cluster that says who a caller is and what they may do, asked with the agent's own rights.
    pub cluster: Cluster,
    /// Who leads: reads of what only the leader knows are passed on to it.
    pub lead: watch::Receiver<Lead>,
    /// Renders layers at any revision, and asks what that would change.
    pub lookup: Arc<Lookup>,
    /// How far the agent's start has come.
    pub readiness: Readiness,
    /// The agent's metrics.
    pub telemetry: Arc<dyn Telemetry>,
}

impl std::fmt::Debug for Backend {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Backend").finish_non_exhaustive()
    }
}
