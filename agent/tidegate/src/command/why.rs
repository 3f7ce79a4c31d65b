//! `tidegate why LAYER|OBJECT`.

mod chain;
mod target;

use anyhow::Result;
use clap::Args;
use tidegate_cluster::Cluster;
use tidegate_object::ObjectId;
use tidegate_sync::Layer;

use self::chain::Chain;
use self::target::Target;
use super::get::condition;
use super::layers;
use crate::command::ClusterArgs;
use crate::exit::Exit;
use crate::output;

/// Say what a layer or an object waits for, down to the event or log line that explains it
///
/// An object needs no agent: `tidegate why deployment/web -n shop` reads the cluster, whoever deploys
/// to it. Exit code 1 if something is not well.
#[derive(Debug, Args)]
pub(crate) struct Why {
    /// `[NAMESPACE/]LAYER`, `KIND/NAME`, or an object's identifier, `group/Kind/namespace/name`.
    #[arg(value_name = "LAYER|OBJECT")]
    target: Target,
    /// The namespace; that of the kubeconfig's context if it is not given.
    #[arg(short, long, value_name = "NAMESPACE")]
    namespace: Option<String>,
    #[command(flatten)]
    to: ClusterArgs,
}

impl Why {
    pub(crate) async fn run(&self) -> Result<Exit> {
        let cluster = Cluster::connect(&self.to.options()).await?;
        cluster.kinds().refresh().await?;
        let namespace = self.namespace.as_deref();
        match self.target.resolve(&cluster, namespace)? {
            target::Found::Layer(name) => {
                let layer = layers::find(&cluster, namespace, &name).await?;
                of_layer(&cluster, &layer).await
            }
            target::Found::Object(id) => of_objects(&cluster, &[id]).await,
        }
    }
}

async fn of_layer(cluster: &Cluster, layer: &Layer) -> Result<Exit> {
    let status = layer.status.clone().unwrap_or_default();
    let ready = condition(layer, "Ready");
    if ready.is_some_and(|ready| ready.status == "True") && status.waiting_for.is_empty() {
        output::line(&format!("it is ready: {}", message(layer, "Ready")))?;
        return Ok(Exit::Done);
    }
    for kind in ["Stalled", "Blocked", "Ready", "Healthy"] {
        let text = message(layer, kind);
        if !text.is_empty() {
            output::line(&format!("{kind}: {text}"))?;
        }
    }
    for waiting in &status.waiting_for {
        output::line(&format!(
            "waits for {}: {} (since {})",
            waiting.object, waiting.reason, waiting.since
        ))?;
    }
    let objects: Vec<ObjectId> = status
        .waiting_for
        .iter()
        .filter_map(|waiting| waiting.object.parse().ok())
        .collect();
    of_objects(cluster, &objects).await?;
    Ok(Exit::NotDone)
}

async fn of_objects(cluster: &Cluster, objects: &[ObjectId]) -> Result<Exit> {
    let mut chain = Chain::new(cluster);
    for id in objects {
        chain.follow(id).await?;
    }
    output::data(chain.text())?;
    Ok(if chain.is_well() {
        Exit::Done
    } else {
        Exit::NotDone
    })
}

fn message(layer: &Layer, kind: &str) -> String {
    let found = condition(layer, kind);
    found.map_or(String::new(), |condition| condition.message.clone())
}
