//! `tidegate approve LAYER [HASH]`.

use std::fmt::Write as _;

use anyhow::{Result, bail};
use clap::Args;
use kube::{Api, ResourceExt as _};
use tidegate_sync::{Control, PlanSummary};

use super::confirm::agreed;
use super::layers::{self, LayerName};
use super::sync;
use crate::command::ClusterArgs;
use crate::exit::Exit;
use crate::output;

/// Approve the plan that waits: shows what it does to what runs, then what changes, and asks
///
/// A plan waits in mode `approve`, and in mode `auto` if it has a consequence that `approveWhen` names. The approval
/// names the changes, what is wanted of each object, and the uids of those that go: of another plan by the time it
/// arrives nothing is written. It is void after 24 hours, save for what is left of a plan that it has begun.
/// `tidegate plan LAYER` and `tidegate diff LAYER` show the plan in full.
#[derive(Debug, Args)]
pub(crate) struct Approve {
    /// The layer.
    #[arg(value_name = "[NAMESPACE/]LAYER")]
    layer: LayerName,
    /// The hash under which the plan was shown: nothing is approved if another one waits now.
    #[arg(value_name = "HASH")]
    hash: Option<String>,
    /// Do not ask.
    #[arg(short, long)]
    yes: bool,
    /// Follow the run that carries it out: exit code 1 if it does not end healthy.
    #[arg(short, long)]
    wait: bool,
    /// The namespace; the layer is looked for in all if it is not given.
    #[arg(short, long, value_name = "NAMESPACE")]
    namespace: Option<String>,
    #[command(flatten)]
    to: ClusterArgs,
}

impl Approve {
    pub(crate) async fn run(&self) -> Result<Exit> {
        let cluster = self.to.connect().await?;
        let layer = layers::find(&cluster, self.namespace.as_deref(), &self.layer).await?;
        let plan = layer.status.as_ref().and_then(|status| status.plan.clone());
        let plan = plan.unwrap_or_default();
        let Some(shown) = plan.hash.clone() else {
            output::message("no plan waits for approval")?;
            return Ok(Exit::Done);
        };
        output::data(&text(&plan, &shown))?;
        if let Some(hash) = self.hash.as_ref().filter(|hash| **hash != shown) {
            bail!("not approved: `{hash}` is not the hash of the plan that waits now");
        }
        if !self.yes && !agreed("Carry it out?")? {
            output::message("not approved")?;
            return Ok(Exit::NotDone);
        }
        let control = Control::approve(&shown).map_err(anyhow::Error::msg)?;
        let (_, run) = layers::change(&cluster, &layer, &control).await?;
        let (namespace, name) = (layer.namespace().unwrap_or_default(), layer.name_any());
        if !self.wait {
            output::line(&format!("approved for {namespace}/{name}: run {run}"))?;
            return Ok(Exit::Done);
        }
        sync::follow_run(Api::namespaced(cluster.client(), &namespace), &name, &run).await
    }
}

fn text(plan: &PlanSummary, hash: &str) -> String {
    let mut text = String::new();
    for consequence in &plan.consequences {
        let _ = writeln!(text, "{consequence}");
    }
    if !text.is_empty() {
        text.push('\n');
    }
    let changes = plan.changes.iter().filter(|(change, _)| *change != "none");
    let changes: Vec<String> = changes
        .map(|(change, count)| format!("{change} {count}"))
        .collect();
    let _ = writeln!(text, "{}\nhash {hash}", changes.join(", "));
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_the_plan_does_comes_first() {
        let plan: PlanSummary = serde_json::from_value(json!({
            "hash": "0a", "changes": {"create": 1, "none": 8, "update": 2},
            "consequences": ["apps/StatefulSet/db/redis restarts its 3 pods, one after the other"],
        }))
        .unwrap();
        insta::assert_snapshot!(text(&plan, "0a"), @r"
        apps/StatefulSet/db/redis restarts its 3 pods, one after the other

        create 1, update 2
        hash 0a
        ");
    }
}
