//! `tidegate suspend LAYER`, `tidegate resume LAYER`.

use anyhow::Result;
use clap::Args;
use tidegate_sync::Control;

use super::layers::{self, LayerName};
use crate::command::ClusterArgs;
use crate::exit::Exit;
use crate::output;

/// Suspend a layer: nothing is written until it is resumed
///
/// A run that goes on ends: what it has begun to write is written, and no more. Objects stay as they are.
#[derive(Debug, Args)]
pub(crate) struct Suspend {
    #[command(flatten)]
    of: LayerArgs,
}

/// Resume a layer that is suspended or held: it follows its ref again
#[derive(Debug, Args)]
pub(crate) struct Resume {
    #[command(flatten)]
    of: LayerArgs,
}

/// Which layer, and where.
#[derive(Debug, Args)]
struct LayerArgs {
    /// The layer.
    #[arg(value_name = "[NAMESPACE/]LAYER")]
    layer: LayerName,
    /// The namespace; the layer is looked for in all if it is not given.
    #[arg(short, long, value_name = "NAMESPACE")]
    namespace: Option<String>,
    #[command(flatten)]
    to: ClusterArgs,
}

impl Suspend {
    pub(crate) async fn run(&self) -> Result<Exit> {
        self.of.change(&Control::Suspend, "suspended").await
    }
}

impl Resume {
    pub(crate) async fn run(&self) -> Result<Exit> {
        self.of.change(&Control::Resume, "resumed").await
    }
}

impl LayerArgs {
    async fn change(&self, control: &Control, done: &str) -> Result<Exit> {
        let cluster = self.to.connect().await?;
        let layer = layers::find(&cluster, self.namespace.as_deref(), &self.layer).await?;
        if layer.spec.suspend && *control == Control::Suspend {
            output::line(&format!("{} is suspended already", layers::id(&layer)))?;
            return Ok(Exit::Done);
        }
        let (changed, _) = layers::change(&cluster, &layer, control).await?;
        output::line(&format!("{done} {}", layers::id(&changed)))?;
        Ok(Exit::Done)
    }
}
