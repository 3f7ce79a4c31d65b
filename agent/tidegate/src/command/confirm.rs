//! `tidegate confirm LAYER [HASH]`.

use std::fmt::Write as _;
use std::io::{self, IsTerminal as _};

use anyhow::{Result, bail};
use clap::Args;
use kube::{Api, ResourceExt as _};
use tidegate_sync::{Control, HeldPrune};

use super::layers::{self, LayerName};
use super::sync;
use crate::command::ClusterArgs;
use crate::exit::Exit;
use crate::output::{self, counted};

/// Confirm deletes that are held back: shows them, what they do to what runs first, and asks
///
/// The confirmation names exactly the objects that are shown, with their uids. If others are held back when it
/// arrives, nothing goes. It is void after 24 hours. Objects that are held back for another reason than their
/// number, their kind or a layer that cannot be rendered are not among them: `kubectl describe layer` names those.
#[derive(Debug, Args)]
pub(crate) struct Confirm {
    /// The layer.
    #[arg(value_name = "[NAMESPACE/]LAYER")]
    layer: LayerName,
    /// The hash under which the deletes were shown: nothing is confirmed if others are held back now.
    #[arg(value_name = "HASH")]
    hash: Option<String>,
    /// Do not ask.
    #[arg(short, long)]
    yes: bool,
    /// Follow the run that makes the deletes: exit code 1 if it does not end healthy.
    #[arg(short, long)]
    wait: bool,
    /// The namespace; the layer is looked for in all if it is not given.
    #[arg(short, long, value_name = "NAMESPACE")]
    namespace: Option<String>,
    #[command(flatten)]
    to: ClusterArgs,
}

impl Confirm {
    pub(crate) async fn run(&self) -> Result<Exit> {
        let cluster = self.to.connect().await?;
        let layer = layers::find(&cluster, self.namespace.as_deref(), &self.layer).await?;
        let held = layer.status.as_ref();
        let Some(held) = held.and_then(|status| status.held_prune.clone()) else {
            output::message("no deletes are held back that could be confirmed")?;
            return Ok(Exit::Done);
        };
        output::data(&text(&held))?;
        if let Some(hash) = self.hash.as_ref().filter(|hash| **hash != held.hash) {
            bail!("not confirmed: `{hash}` is not the hash of what is held back now");
        }
        if !self.yes && !agreed("Delete them?")? {
            output::message("not confirmed")?;
            return Ok(Exit::NotDone);
        }
        let control = Control::confirm(&held.hash).map_err(anyhow::Error::msg)?;
        let (_, run) = layers::change(&cluster, &layer, &control).await?;
        let (namespace, name) = (layer.namespace().unwrap_or_default(), layer.name_any());
        if !self.wait {
            output::line(&format!("confirmed for {namespace}/{name}: run {run}"))?;
            return Ok(Exit::Done);
        }
        sync::follow_run(Api::namespaced(cluster.client(), &namespace), &name, &run).await
    }
}

/// Asks a person; who cannot be asked does not agree.
///
/// # Errors
/// If there is nobody to ask.
pub(super) fn agreed(question: &str) -> Result<bool> {
    if !io::stdin().is_terminal() {
        bail!("nobody can be asked here: pass --yes with the hash of what you have seen");
    }
    output::message(&format!("{question} [y/N]"))?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

fn text(held: &HeldPrune) -> String {
    let mut text = String::new();
    for object in &held.objects {
        for consequence in &object.consequences {
            let _ = writeln!(text, "{} {consequence}", object.object);
        }
    }
    if !text.is_empty() {
        text.push('\n');
    }
    let count = held.count as usize;
    let _ = writeln!(text, "{} would be deleted:", counted(count, "object"));
    for object in &held.objects {
        let _ = writeln!(text, "  {}  {}", object.object, object.guard);
    }
    let more = count.saturating_sub(held.objects.len());
    if more > 0 {
        let _ = writeln!(
            text,
            "  and {more} more: GET /api/v1/layers/NAMESPACE/NAME/plan names all"
        );
    }
    let _ = writeln!(text, "hash {}", held.hash);
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_deletes_do_comes_first() {
        let held: HeldPrune = serde_json::from_value(json!({"hash": "0a", "count": 3, "objects": [
            {"object": "core/PersistentVolumeClaim/db/data", "guard": "protected", "reason": "it is",
                "consequences": ["gives the volume up"]},
            {"object": "core/ConfigMap/db/a", "guard": "fraction", "reason": "too many"},
        ]}))
        .unwrap();
        insta::assert_snapshot!(text(&held), @r"
        core/PersistentVolumeClaim/db/data gives the volume up

        3 objects would be deleted:
          core/PersistentVolumeClaim/db/data  protected
          core/ConfigMap/db/a  fraction
          and 1 more: GET /api/v1/layers/NAMESPACE/NAME/plan names all
        hash 0a
        ");
    }
}
