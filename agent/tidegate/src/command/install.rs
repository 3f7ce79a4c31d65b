//! `tidegate install`.

use anyhow::{Context as _, Result};
use clap::{Args, ValueEnum};
use tidegate_cluster::{ApplyOptions, Cluster, Force, Mode};
use tidegate_kustomize::Options;
use tidegate_object::Object;

use crate::command::ClusterArgs;
use crate::exit::Exit;
use crate::manifests::Manifests;
use crate::output;

/// The field manager of an installation.
const MANAGER: &str = "tidegate-install";
/// How long a new kind may take until it is served.
const SERVED_WITHIN: std::time::Duration = std::time::Duration::from_secs(30);

/// Install the agent, or print what would be installed
///
/// The same as `kubectl apply --server-side -k manifests/tidegate`.
#[derive(Debug, Args)]
pub(crate) struct Install {
    /// Print the manifests, and touch no cluster.
    #[arg(long)]
    export: bool,
    /// A part that not everybody wants; may be given more than once.
    #[arg(long, value_name = "PART")]
    with: Vec<Part>,
    #[command(flatten)]
    to: ClusterArgs,
}

/// A part that not everybody wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// A deployer account that may do everything, for clusters of one tenant.
    BroadDeployer,
    /// A volume with pinned remote files, for repositories that do not commit `vendor/`.
    Mirror,
    /// ServiceMonitor, alerts and Grafana dashboards, for clusters with the Prometheus Operator.
    Monitoring,
    /// Reads of the common kinds and those of the database layer, in place of reads of everything.
    NarrowReader,
}

impl Part {
    fn folder(self) -> &'static str {
        match self {
            Self::BroadDeployer => "broad-deployer",
            Self::Mirror => "mirror",
            Self::Monitoring => "monitoring",
            Self::NarrowReader => "narrow-reader",
        }
    }
}

impl Install {
    pub(crate) async fn run(&self) -> Result<Exit> {
        let objects = manifests(&self.with)?;
        if self.export {
            let values = objects.iter().map(Object::value);
            output::data(&tidegate_yaml::emit_all(values))?;
            return Ok(Exit::Done);
        }
        let cluster = self.to.connect().await?;
        for object in &objects {
            apply(&cluster, object).await?;
        }
        for object in &replaced(&self.with)? {
            remove(&cluster, object).await?;
        }
        output::line("installed; next: create a Layer, then `tidegate get`")?;
        Ok(Exit::Done)
    }
}

/// Renders the agent's manifests with these parts.
pub(super) fn manifests(parts: &[Part]) -> Result<Vec<Object>> {
    let tree = Manifests::new(parts.iter().map(|part| part.folder()));
    let rendered = tidegate_kustomize::build(&tree, "", &Options::default())?;
    Ok(rendered.objects)
}

/// The roles by which an earlier installation let the agent read, if it chose the other reader: rights that are left
/// would still count.
fn replaced(parts: &[Part]) -> Result<Vec<Object>> {
    const NARROW: &[Part] = &[Part::NarrowReader];
    let (now, before) = if parts.contains(&Part::NarrowReader) {
        (NARROW, &[][..])
    } else {
        (&[][..], NARROW)
    };
    let now = manifests(now)?;
    let mut gone = manifests(before)?;
    gone.retain(|object| !now.iter().any(|kept| kept.id() == object.id()));
    Ok(gone)
}

async fn remove(cluster: &Cluster, object: &Object) -> Result<()> {
    let id = object.id();
    let live = cluster.get(id).await;
    let Some(live) = live.with_context(|| format!("{id} cannot be read"))? else {
        return Ok(());
    };
    let removed = cluster.delete(&live).await;
    removed.with_context(|| format!("{id} cannot be removed"))?;
    Ok(output::line(&format!(
        "removed {id}: this installation reads by other roles"
    ))?)
}

async fn apply(cluster: &Cluster, object: &Object) -> Result<()> {
    let id = object.id();
    if cluster.kinds().resolve(object.gvk()).is_none() {
        cluster.kinds().refresh().await?;
        cluster.kinds().wait_for(object.gvk(), SERVED_WITHIN).await;
    }
    let options = ApplyOptions {
        manager: MANAGER,
        force: Force::Yes,
        mode: Mode::Write,
        uid: None,
    };
    let applied = cluster.apply(object, &options).await;
    let applied = applied.with_context(|| format!("{id} cannot be applied"))?;
    let done = if applied.created {
        "created"
    } else {
        "applied"
    };
    Ok(output::line(&format!("{done} {}", applied.object.id()))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_roles_of_the_other_reader_go() {
        let names = |parts: &[Part]| {
            let objects = replaced(parts).unwrap();
            let names = objects.iter().map(|it| it.id().name.clone());
            names.collect::<Vec<_>>()
        };
        assert_eq!(names(&[Part::NarrowReader]), ["tidegate-reader-all"]);
        assert!(!names(&[]).contains(&"tidegate-reader-all".into()));
        assert!(names(&[Part::Mirror]).contains(&"tidegate-reader-kubernetes".into()));
    }
}
