//! Waits for what comes from outside: the API server at the start, a signal at the end.

use std::time::Duration;

use anyhow::Context as _;
use tidegate_cluster::Cluster;
use tokio::signal::unix::{SignalKind, signal};

/// The pause between two attempts to reach the API server.
const PAUSE: Duration = Duration::from_secs(1);

/// Waits until the API server answers; says so once if it does not.
pub(super) async fn cluster(cluster: &Cluster) {
    let mut is_told = false;
    loop {
        match cluster.version().await {
            Ok(version) => {
                tracing::info!(version, "the API server answers");
                return;
            }
            Err(error) if !is_told => {
                is_told = true;
                tracing::warn!(url = cluster.url(), %error, "the API server does not answer: trying on");
            }
            Err(error) => tracing::debug!(%error, "the API server does not answer yet"),
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Waits until somebody says to stop: SIGTERM or Ctrl-C.
pub(super) async fn told_to_stop() -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate()).context("SIGTERM cannot be awaited")?;
    tokio::select! {
        _ = terminate.recv() => Ok(()),
        pressed = tokio::signal::ctrl_c() => pressed.context("Ctrl-C cannot be awaited"),
    }
}
