//! The phases of a CloudNativePG Cluster, as the operator spells them (1.30, `api/v1/cluster_types.go`).

/// What a phase means for the cluster's health.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Healthy,
    Progressing,
    /// In progress, and meanwhile the database does not take writes.
    Interrupted,
    Suspended,
    Failed,
}

/// Returns what a phase means; phases that are not known are in progress.
pub(super) fn meaning(phase: &str) -> Phase {
    PHASES
        .iter()
        .find(|(text, _)| *text == phase)
        .map_or(Phase::Progressing, |(_, meaning)| *meaning)
}

/// Every phase that the operator writes.
pub(super) const PHASES: &[(&str, Phase)] = &[
    ("Cluster in healthy state", Phase::Healthy),
    ("Setting up primary", Phase::Progressing),
    ("Creating a new replica", Phase::Progressing),
    (
        "Waiting for the instances to become active",
        Phase::Progressing,
    ),
    ("Upgrading cluster", Phase::Progressing),
    ("Online upgrade in progress", Phase::Progressing),
    ("Applying configuration", Phase::Progressing),
    (
        "Primary instance is being restarted in-place",
        Phase::Progressing,
    ),
    (
        "Primary instance is being restarted without a switchover",
        Phase::Progressing,
    ),
    ("Upgrading Postgres major version", Phase::Progressing),
    ("Promoting to primary cluster", Phase::Progressing),
    ("Cluster upgrade delayed", Phase::Progressing),
    ("Switchover in progress", Phase::Interrupted),
    ("Failing over", Phase::Interrupted),
    // The operator tries these again: a plugin that is not up yet, a NetworkPolicy that is still to come.
    (
        "Cluster cannot proceed to reconciliation due to an unknown plugin being required",
        Phase::Progressing,
    ),
    (
        "Cluster cannot proceed to reconciliation due to an error while interacting with plugins",
        Phase::Progressing,
    ),
    (
        "Unable to create required cluster objects",
        Phase::Progressing,
    ),
    (
        "Instance Status Extraction Error: HTTP communication issue",
        Phase::Progressing,
    ),
    ("Waiting for user action", Phase::Suspended),
    ("Invalid cluster definition", Phase::Failed),
    (
        "Cluster has incomplete or invalid image catalog",
        Phase::Failed,
    ),
    (
        "Cluster is unrecoverable and needs manual intervention",
        Phase::Failed,
    ),
    (
        "Cluster cannot execute instance online upgrade due to missing architecture binary",
        Phase::Failed,
    ),
    ("Not enough disk space", Phase::Failed),
];
