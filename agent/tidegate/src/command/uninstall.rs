//! `tidegate uninstall`.

use anyhow::{Context as _, Result};
use clap::Args;
use tidegate_cluster::Cluster;
use tidegate_object::{Object, ObjectId};
use tidegate_sync::finalizer;

use super::install::{Part, manifests};
use super::layers;
use crate::command::ClusterArgs;
use crate::exit::Exit;
use crate::output;

/// Kinds that are left, since what people made goes with them.
const LEFT: [&str; 3] = [
    "CustomResourceDefinition",
    "Namespace",
    "PersistentVolumeClaim",
];

/// Remove the agent, and say what stays
///
/// Layers, their objects, their inventories and the agent's namespace stay, and so does the definition
/// of the Layer resource: an agent that is installed again goes on where this one stopped. Layers with
/// `deletionPolicy: delete` lose their finalizer, so that one that is deleted without an agent goes at
/// once, and leaves its objects.
#[derive(Debug, Args)]
pub(crate) struct Uninstall {
    /// Remove; without it, only what would be removed is shown.
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    to: ClusterArgs,
}

impl Uninstall {
    pub(crate) async fn run(&self) -> Result<Exit> {
        let cluster = self.to.connect().await?;
        let mut objects = everything()?;
        // What others stand on goes last.
        objects.reverse();
        let (stay, go): (Vec<Object>, Vec<Object>) = objects
            .into_iter()
            .partition(|object| LEFT.contains(&object.id().kind.kind.as_str()));
        for object in &go {
            self.remove(&cluster, object.id()).await?;
        }
        self.release_layers(&cluster).await?;
        say_what_stays(&cluster, &stay).await?;
        if !self.yes {
            output::line("nothing was removed; pass --yes to remove it")?;
        }
        Ok(Exit::Done)
    }

    /// Takes the finalizers off that nobody would take off any more.
    async fn release_layers(&self, cluster: &Cluster) -> Result<()> {
        if cluster.kinds().preferred(&layers::kind()).is_none() {
            return Ok(());
        }
        for layer in cluster.list(&layers::kind(), None, "").await? {
            let id = layer.id();
            if !finalizer::is_on(&layer) {
                continue;
            }
            if !self.yes {
                output::line(&format!("would take the finalizer off {id}"))?;
                continue;
            }
            let taken = finalizer::take_off(cluster, &layer).await;
            taken.with_context(|| format!("the finalizer of {id} cannot be taken off"))?;
            output::line(&format!("took the finalizer off {id}"))?;
        }
        Ok(())
    }

    async fn remove(&self, cluster: &Cluster, id: &ObjectId) -> Result<()> {
        if cluster.kinds().preferred(&id.kind).is_none() {
            return Ok(());
        }
        let live = cluster
            .get(id)
            .await
            .with_context(|| format!("{id} cannot be read"))?;
        let Some(live) = live else { return Ok(()) };
        if !self.yes {
            return Ok(output::line(&format!("would remove {id}"))?);
        }
        let removed = cluster.delete(&live).await;
        removed.with_context(|| format!("{id} cannot be removed"))?;
        Ok(output::line(&format!("removed {id}"))?)
    }
}

/// All that any installation may have: one part takes out what others leave in.
fn everything() -> Result<Vec<Object>> {
    let mut objects = manifests(&[Part::BroadDeployer, Part::Mirror, Part::Monitoring])?;
    for object in manifests(&[Part::NarrowReader])? {
        if !objects.iter().any(|known| known.id() == object.id()) {
            objects.push(object);
        }
    }
    Ok(objects)
}

async fn say_what_stays(cluster: &Cluster, stay: &[Object]) -> Result<()> {
    for object in stay {
        output::line(&format!("stays {}", object.id()))?;
    }
    if cluster.kinds().preferred(&layers::kind()).is_none() {
        return Ok(());
    }
    for layer in cluster.list(&layers::kind(), None, "").await? {
        output::line(&format!("stays {} and its objects", layer.id()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_roles_of_every_reader_go() {
        let objects = everything().unwrap();
        let names: Vec<&str> = objects.iter().map(|it| it.id().name.as_str()).collect();
        for role in [
            "tidegate-reader-all",
            "tidegate-reader-kubernetes",
            "tidegate-broad-deployer",
        ] {
            assert!(names.contains(&role), "{role} is not in {names:?}");
        }
    }
}
