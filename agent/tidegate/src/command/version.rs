//! `tidegate version`.

use clap::Args;

use crate::command::ClusterArgs;
use crate::exit::Exit;
use crate::output;

/// Print the version of this command and, with `--cluster`, of the API server
#[derive(Debug, Args)]
pub(crate) struct Version {
    /// Ask the cluster for its version, too.
    #[arg(long)]
    cluster: bool,
    #[command(flatten)]
    to: ClusterArgs,
}

impl Version {
    pub(crate) async fn run(&self) -> anyhow::Result<Exit> {
        output::line(&format!("tidegate {}", env!("CARGO_PKG_VERSION")))?;
        if self.cluster {
            let cluster = self.to.connect().await?;
            output::line(&format!("kubernetes {}", cluster.version().await?))?;
        }
        Ok(Exit::Done)
    }
}
