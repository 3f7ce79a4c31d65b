//! `tidegate sync LAYER [--wait]`.

mod followed;

use std::pin::pin;

use anyhow::{Context as _, bail};
use clap::Args;
use futures::StreamExt as _;
use k8s_openapi::api::authentication::v1::SelfSubjectReview;
use kube::api::{Patch, PatchParams, PostParams};
use kube::runtime::{WatchStreamExt as _, watcher};
use kube::{Api, Client, ResourceExt as _};
use serde_json::json;
use tidegate_cluster::ApiError;
use tidegate_sync::{Layer, REQUESTED_BY, SYNC_REQUESTED};

use self::followed::{Followed, HEALTHY, Seen};
use super::layers::{self, LayerName};
use super::progress::Progress;
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
        request(&api, &layer.name_any(), &id, &user(cluster.client()).await?).await?;
        if !self.wait {
            output::line(&format!(
                "sync of {namespace}/{} requested: run {id}",
                layer.name_any()
            ))?;
            return Ok(Exit::Done);
        }
        follow(api, &layer.name_any(), &id).await
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

/// Asks the API server who we are: a request carries its author's name.
async fn user(client: Client) -> anyhow::Result<String> {
    let api: Api<SelfSubjectReview> = Api::all(client);
    let review = api
        .create(&PostParams::default(), &SelfSubjectReview::default())
        .await;
    let review = review.map_err(|error| ApiError::of(&error));
    let review = review.context("the API server does not say who you are")?;
    let user = review.status.and_then(|status| status.user_info?.username);
    Ok(user.unwrap_or_default())
}

async fn follow(api: Api<Layer>, name: &str, id: &str) -> anyhow::Result<Exit> {
    let config = watcher::Config::default().fields(&format!("metadata.name={name}"));
    let layers = watcher::watcher(api, config)
        .default_backoff()
        .applied_objects();
    let mut layers = pin!(layers);
    let mut progress = Progress::new();
    let mut followed = Followed::new(id);
    while let Some(layer) = layers.next().await {
        let Ok(layer) = layer else { continue };
        progress.show(&layer)?;
        loop {
            match followed.look(&layer) {
                Seen::Open => break,
                Seen::Replaced(words) => progress.say(&words)?,
                Seen::Over(outcome) => {
                    progress.end(&outcome)?;
                    let is_healthy = outcome == HEALTHY;
                    return Ok(if is_healthy {
                        Exit::Done
                    } else {
                        Exit::NotDone
                    });
                }
            }
        }
    }
    bail!("the watch of the layer ended")
}
