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
    /// Prints this command's version, unless the cluster is to be asked, too.
    pub(crate) fn run_alone(&self) -> Option<anyhow::Result<Exit>> {
        (!self.cluster).then(|| own().map(|()| Exit::Done))
    }

    pub(crate) async fn run(&self) -> anyhow::Result<Exit> {
        own()?;
        if self.cluster {
            let cluster = self.to.connect().await?;
            output::line(&format!("kubernetes {}", cluster.version().await?))?;
        }
        Ok(Exit::Done)
    }
}

fn own() -> anyhow::Result<()> {
    Ok(output::line(&format!(
        "tidegate {}",
        env!("CARGO_PKG_VERSION")
    ))?)
}
