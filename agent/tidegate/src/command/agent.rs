//! `tidegate agent`: what runs in the cluster.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::ClusterArgs;
use crate::agent;
use crate::exit::Exit;

/// Run the agent: watch Layers, bring the cluster to what Git says, serve API and metrics
#[derive(Debug, Args)]
pub(crate) struct Agent {
    /// The namespace of the agent's own state: Lease, inventories, digest key.
    #[arg(long, env = "TIDEGATE_NAMESPACE", default_value = "tidegate-system")]
    pub(crate) namespace: String,
    /// The name of this replica in the Lease and in Events [default: the machine's host name].
    #[arg(long, env = "TIDEGATE_POD", value_name = "NAME")]
    pub(crate) pod: Option<String>,
    /// The address of this replica, at which another one reaches its API to pass reads on to it
    /// [default: that of --api-address, if it names one].
    #[arg(long, env = "TIDEGATE_POD_IP", value_name = "ADDRESS")]
    pub(crate) pod_ip: Option<IpAddr>,
    /// The folder for what is fetched from Git; of this process alone.
    #[arg(long, value_name = "FOLDER", default_value = "/var/cache/tidegate")]
    pub(crate) cache: PathBuf,
    /// A folder with files that tidegate.lock pins, each named by its sha256.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) mirror: Option<PathBuf>,
    /// Where API and webhooks are served.
    #[arg(long, value_name = "ADDRESS", default_value = "[::]:8443")]
    pub(crate) api_address: SocketAddr,
    /// Where /healthz, /readyz and /metrics are served.
    #[arg(long, value_name = "ADDRESS", default_value = "[::]:8080")]
    pub(crate) metrics_address: SocketAddr,
    /// The folder with tls.crt and tls.key for the API; without them the agent makes a certificate of its own.
    #[arg(long, value_name = "FOLDER", default_value = "/etc/tidegate/tls")]
    tls_dir: PathBuf,
    /// The folder of webhook receivers: one file each, named as the receiver, with the secret of its calls.
    #[arg(long, value_name = "FOLDER", default_value = "/etc/tidegate/webhooks")]
    webhooks_dir: PathBuf,
    /// Read file:// repositories, too: only where whoever writes Layers may read this machine's disk.
    #[arg(long)]
    allow_local_sources: bool,
    /// Let those without a token read over the API.
    #[arg(long, value_name = "WHAT")]
    anonymous: Option<Anonymous>,
    /// Let everybody on this machine read and act over plain HTTP; on a loopback address only.
    #[arg(long, conflicts_with = "anonymous")]
    insecure_no_auth: bool,
    /// How many objects of a layer are written at the same time.
    #[arg(long, value_name = "NUMBER", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=256))]
    concurrency: u16,
    /// How the log is written to standard error.
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = LogFormat::Text)]
    pub(crate) log_format: LogFormat,
    #[command(flatten)]
    pub(crate) to: ClusterArgs,
}

/// What those without a token may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Anonymous {
    /// See layers, plans and runs.
    Read,
}

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// Lines for people.
    Text,
    /// An object a line.
    Json,
}

impl Agent {
    pub(crate) async fn run(&self) -> anyhow::Result<Exit> {
        agent::run(self).await?;
        Ok(Exit::Done)
    }

    /// Whom the API lets in.
    pub(crate) fn access(&self) -> tidegate_server::Access {
        match (self.insecure_no_auth, self.anonymous) {
            (true, _) => tidegate_server::Access::Open,
            (false, Some(Anonymous::Read)) => tidegate_server::Access::AnonymousRead,
            (false, None) => tidegate_server::Access::Cluster,
        }
    }

    /// The folder of the API's certificate, if there is one.
    pub(crate) fn tls(&self) -> Option<PathBuf> {
        existing(&self.tls_dir)
    }

    /// The folder of webhook receivers, if there is one.
    pub(crate) fn hooks(&self) -> Option<PathBuf> {
        existing(&self.webhooks_dir)
    }

    /// Whether repositories on this machine are read.
    pub(crate) fn local(&self) -> tidegate_source::Local {
        if self.allow_local_sources {
            tidegate_source::Local::Allowed
        } else {
            tidegate_source::Local::Refused
        }
    }

    pub(crate) fn concurrency(&self) -> usize {
        usize::from(self.concurrency)
    }
}

fn existing(folder: &Path) -> Option<PathBuf> {
    folder.is_dir().then(|| folder.to_owned())
}
