//! What `approve` and `confirm` share: show what waits, ask, and say that a person agrees to exactly that.

use std::io::{self, IsTerminal as _};

use anyhow::{Result, bail};
use clap::Args;
use kube::{Api, ResourceExt as _};
use tidegate_cluster::Cluster;
use tidegate_sync::{Control, Layer};

use super::layers::{self, LayerName};
use super::sync;
use crate::command::ClusterArgs;
use crate::exit::Exit;
use crate::output;

/// Whose consent to what, and how it is asked for.
#[derive(Debug, Args)]
pub(super) struct ConsentArgs {
    /// The layer.
    #[arg(value_name = "[NAMESPACE/]LAYER")]
    layer: LayerName,
    /// The hash under which it was shown: nothing is done if anything else waits now.
    #[arg(value_name = "HASH")]
    hash: Option<String>,
    /// Do not ask.
    #[arg(short, long)]
    yes: bool,
    /// Follow the run that comes of it: exit code 1 if it does not end healthy.
    #[arg(short, long)]
    wait: bool,
    /// The namespace; the layer is looked for in all if it is not given.
    #[arg(short, long, value_name = "NAMESPACE")]
    namespace: Option<String>,
    #[command(flatten)]
    to: ClusterArgs,
}

/// What a person is asked to agree to.
pub(super) struct Question {
    /// What waits, as it is shown.
    pub text: String,
    /// Its hash.
    pub hash: String,
    /// The question at its end.
    pub ask: &'static str,
    /// What has been done to it once a person agrees, such as `approved`.
    pub done: &'static str,
    /// How the agreement to a hash is said.
    pub control: fn(&str) -> Result<Control, String>,
}

impl ConsentArgs {
    /// Finds the layer.
    pub(super) async fn find(&self) -> Result<(Cluster, Layer)> {
        let cluster = self.to.connect().await?;
        let layer = layers::find(&cluster, self.namespace.as_deref(), &self.layer).await?;
        Ok((cluster, layer))
    }

    /// Says that nothing waits; who has named what they saw is not done.
    pub(super) fn nothing(&self, none: &str) -> Result<Exit> {
        match &self.hash {
            Some(hash) => bail!("{none}: `{hash}` has been carried out, or something has changed"),
            None => output::message(none)?,
        }
        Ok(Exit::Done)
    }

    /// Shows what waits, asks, and says so in the Layer.
    pub(super) async fn settle(
        &self,
        (cluster, layer): (&Cluster, &Layer),
        question: &Question,
    ) -> Result<Exit> {
        let done = question.done;
        output::data(&question.text)?;
        if let Some(hash) = self
            .hash
            .as_ref()
            .filter(|hash| !hash.eq_ignore_ascii_case(&question.hash))
        {
            bail!("not {done}: `{hash}` is not the hash of what waits now");
        }
        if !self.yes && !agreed(question.ask)? {
            output::message(&format!("not {done}"))?;
            return Ok(Exit::NotDone);
        }
        let control = (question.control)(&question.hash).map_err(anyhow::Error::msg)?;
        let (_, run) = layers::change(cluster, layer, &control).await?;
        let (namespace, name) = (layer.namespace().unwrap_or_default(), layer.name_any());
        if !self.wait {
            output::line(&format!("{done} for {namespace}/{name}: run {run}"))?;
            return Ok(Exit::Done);
        }
        sync::follow_run(Api::namespaced(cluster.client(), &namespace), &name, &run).await
    }
}

/// Asks a person; who cannot be asked does not agree.
fn agreed(question: &str) -> Result<bool> {
    if !io::stdin().is_terminal() {
        bail!("nobody can be asked here: pass --yes with the hash of what you have seen");
    }
    output::message(&format!("{question} [y/N]"))?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
