//! `tidegate sync LAYER [--wait]`.

mod followed;

use anyhow::Context as _;
use clap::Args;
use kube::api::{Patch, PatchParams};
use kube::{Api, ResourceExt as _};
use serde_json::json;
use tidegate_cluster::ApiError;
use tidegate_sync::{Layer, REQUESTED_BY, SYNC_REQUESTED};

use self::followed::{Followed, HEALTHY, Seen};
use super::layers::{self, LayerName};
use super::progress;
use crate::command::ClusterArgs;
use crate::exit::Exit;
use crate::output;

/// Ask for a sync of a layer now
#[derive(Debug, Args)]
pub(crate) struct Sync {
    /// The layer.
    #[arg(value_name = "[NAMESPACE/]LAYER")]
    layer: LayerName,
    /// Follow the run to its end, wave by wave: exit code 1 if it does not end healthy. If a newer request or commit
    /// takes the run's place, that one is followed.
    #[arg(short, long)]
    wait: bool,
    /// The namespace; the layer is looked for in all if it is not given.
    #[arg(short, long, value_name = "NAMESPACE")]
    namespace: Option<String>,
    #[command(flatten)]
    to: ClusterArgs,
}

impl Sync {
    pub(crate) async fn run(&self) -> anyhow::Result<Exit> {
        let cluster = self.to.connect().await?;
        let layer = layers::find(&cluster, self.namespace.as_deref(), &self.layer).await?;
        let namespace = layer.namespace().unwrap_or_default();
        let api: Api<Layer> = Api::namespaced(cluster.client(), &namespace);
        let id = uuid::Uuid::new_v4().to_string();
        request(
            &api,
            &layer.name_any(),
            &id,
            &layers::user(cluster.client()).await?,
        )
        .await?;
        if !self.wait {
            output::line(&format!(
                "sync of {namespace}/{} requested: run {id}",
                layer.name_any()
            ))?;
            return Ok(Exit::Done);
        }
        follow(api, &layer.name_any(), Followed::request(&id)).await
    }
}

/// Puts the request on the Layer, which is where the agent keeps it too.
async fn request(api: &Api<Layer>, name: &str, id: &str, user: &str) -> anyhow::Result<()> {
    let annotations = json!({
        SYNC_REQUESTED: id,
        REQUESTED_BY: user,
    });
    let patch = json!({"metadata": {"annotations": annotations}});
    api.patch(name, &PatchParams::default(), &Patch::Merge(patch))
        .await
        .map_err(|error| ApiError::of(&error))
        .context("the sync cannot be requested: you need the right to patch layers and to update layers/sync (ClusterRole tidegate-sync)")?;
    Ok(())
}

/// Follows a run to its end that something else than a sync has brought about.
pub(super) async fn follow_run(api: Api<Layer>, name: &str, id: &str) -> anyhow::Result<Exit> {
    follow(api, name, Followed::run(id)).await
}

async fn follow(api: Api<Layer>, name: &str, mut followed: Followed) -> anyhow::Result<Exit> {
    progress::follow(api, name, |layer, progress| {
        loop {
            match followed.look(layer) {
                Seen::Open => return Ok(None),
                Seen::Replaced(words) => progress.say(&words)?,
                Seen::Over(outcome) if outcome == HEALTHY => {
                    return Ok(Some((Exit::Done, outcome)));
                }
                Seen::Over(outcome) => return Ok(Some((Exit::NotDone, outcome))),
            }
        }
    })
    .await
}
