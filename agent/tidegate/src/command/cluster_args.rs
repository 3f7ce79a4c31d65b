//! The flags by which a cluster is reached, as in kubectl.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Args;
use tidegate_cluster::{Cluster, ConnectOptions};

/// Where the cluster is.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct ClusterArgs {
    /// A kubeconfig file.
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
    /// A context of the kubeconfig.
    #[arg(long, value_name = "NAME")]
    context: Option<String>,
}

impl ClusterArgs {
    /// Connects, and learns what the API server serves: the first request, which tells whether it is there.
    ///
    /// # Errors
    /// If there is no configuration, or no API server that takes it.
    pub(crate) async fn connect(&self) -> Result<Cluster> {
        let connected = Cluster::connect(&self.options()).await;
        let cluster = match &self.kubeconfig {
            Some(file) => connected.with_context(|| format!("--kubeconfig {}", file.display()))?,
            None => connected?,
        };
        let answer = cluster.kinds().refresh().await;
        answer.with_context(|| cluster.url())?;
        Ok(cluster)
    }

    /// Returns them as the cluster crate wants them.
    pub(crate) fn options(&self) -> ConnectOptions {
        ConnectOptions {
            kubeconfig: self.kubeconfig.clone(),
            context: self.context.clone(),
            ..ConnectOptions::default()
        }
    }
}
