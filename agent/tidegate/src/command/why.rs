//! `tidegate why LAYER|OBJECT`.

mod target;

use anyhow::{Context as _, Result};
use clap::Args;
use jiff::Timestamp;
use kube::ResourceExt as _;
use tidegate_cluster::Cluster;
use tidegate_object::ObjectId;
use tidegate_sync::{Chain, Layer, OwnEyes, marks};

pub(super) use self::target::{Found, Target};
use super::get::{condition, is_true, standstills};
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
        let cluster = self.to.connect().await?;
        let namespace = self.namespace.as_deref();
        match self.target.resolve(&cluster, namespace)? {
            Found::Layer(name) => {
                let layer = layers::find(&cluster, namespace, &name).await;
                let layer = layer.with_context(|| self.target.read_as_layer())?;
                of_layer(&cluster, &layer).await
            }
            Found::Object(id) => {
                report_leaving(&cluster, &id).await?;
                report_waits(&cluster, &id).await?;
                of_objects(&cluster, &[id]).await
            }
        }
    }
}

async fn of_layer(cluster: &Cluster, layer: &Layer) -> Result<Exit> {
    let status = layer.status.clone().unwrap_or_default();
    for standstill in standstills(layer, Timestamp::now()) {
        output::line(&standstill)?;
    }
    let ready = condition(layer, "Ready");
    let is_ready = ready.is_some_and(|ready| ready.status == "True");
    if is_ready && is_true(layer, "Healthy") && status.waiting_for.is_empty() {
        output::line(&format!("it is ready: {}", message(layer, "Ready")))?;
        report_findings(layer)?;
        return Ok(Exit::Done);
    }
    let mut said = Vec::new();
    for kind in ["Stalled", "Blocked", "Ready", "Healthy"] {
        let text = message(layer, kind);
        if !text.is_empty() && !said.contains(&text) {
            output::line(&format!("{kind}: {text}"))?;
            said.push(text);
        }
    }
    report_findings(layer)?;
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

/// The status counts findings; their words are in the plan.
fn report_findings(layer: &Layer) -> Result<()> {
    let plan = layer
        .status
        .as_ref()
        .and_then(|status| status.plan.as_ref());
    let count = plan.map_or(0, |plan| plan.findings);
    if count > 0 {
        let namespace = layer.metadata.namespace.as_deref().unwrap_or_default();
        let name = layer.metadata.name.as_deref().unwrap_or_default();
        let text = format!("findings: {count}; `tidegate plan {namespace}/{name}` shows them");
        output::line(&text)?;
    }
    Ok(())
}

/// Says what a layer says of its object that has left Git. An object of nobody is in no layer.
async fn report_leaving(cluster: &Cluster, id: &ObjectId) -> Result<()> {
    // What cannot be read, the chain says.
    let Ok(Some(live)) = cluster.get_metadata(id).await else {
        return Ok(());
    };
    let Some(owner) = marks::owner_of(&live) else {
        return Ok(());
    };
    let layer = ObjectId::new(layers::kind(), Some(&owner.namespace), &owner.name);
    let Ok(Some(layer)) = cluster.get(&layer).await else {
        return Ok(());
    };
    let layer: Layer = serde_json::from_value(layer.into_value())?;
    let held = layer.status.and_then(|status| status.held_prune);
    let mut held = held.into_iter().flat_map(|held| held.objects);
    if let Some(object) = held.find(|object| object.object == id.to_string()) {
        output::line(&format!(
            "it has left Git, and is not deleted ({}): {}",
            object.guard, object.reason
        ))?;
    }
    Ok(())
}

/// Says what holds up layers that are to apply an object. Where there are no layers, or none that may be seen, there is
/// nothing to say.
async fn report_waits(cluster: &Cluster, id: &ObjectId) -> Result<()> {
    let Ok(all) = layers::list(cluster, None).await else {
        return Ok(());
    };
    let held = id.to_string();
    for layer in all {
        let waits = layer.status.iter().flat_map(|status| &status.waiting_for);
        for wait in waits.filter(|wait| wait.holds.contains(&held)) {
            output::line(&format!(
                "the layer {}/{} applies it later: it waits for {}: {} (since {})",
                layer.namespace().unwrap_or_default(),
                layer.name_any(),
                wait.object,
                wait.reason,
                wait.since
            ))?;
        }
    }
    Ok(())
}

async fn of_objects(cluster: &Cluster, objects: &[ObjectId]) -> Result<Exit> {
    let mut chain = Chain::new(cluster, OwnEyes);
    for id in objects {
        let followed = chain.follow(id).await;
        followed.with_context(|| format!("{id} cannot be read"))?;
    }
    output::data(&chain.text())?;
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
