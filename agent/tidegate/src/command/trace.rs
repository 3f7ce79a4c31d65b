//! `tidegate trace OBJECT`.

use std::fmt::Write as _;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use tidegate_cluster::Cluster;
use tidegate_object::{Object, ObjectId};
use tidegate_sync::{Layer, Lookup, Owner, Writer, marks};

use super::layers::{self, LayerName};
use super::why::{Found, Target};
use crate::command::ClusterArgs;
use crate::exit::Exit;
use crate::output;

/// Say where an object comes from, and who wrote it: layer, repository, commit, file and line, and each writer's fields
///
/// The layer's repository is fetched from here, with the Secret that the Layer names.
#[derive(Debug, Args)]
pub(crate) struct Trace {
    /// `KIND/NAME`, or an object's identifier, `group/Kind/namespace/name`.
    #[arg(value_name = "OBJECT")]
    object: Target,
    /// The namespace; that of the kubeconfig's context if it is not given.
    #[arg(short, long, value_name = "NAMESPACE")]
    namespace: Option<String>,
    #[command(flatten)]
    to: ClusterArgs,
}

impl Trace {
    pub(crate) async fn run(&self) -> Result<Exit> {
        let cluster = self.to.connect().await?;
        let id = match self.object.resolve(&cluster, self.namespace.as_deref())? {
            Found::Object(id) => id,
            Found::Layer(_) => bail!("write KIND/NAME or group/Kind/namespace/name"),
        };
        let live = cluster.get(&id).await?;
        let live = live.with_context(|| format!("{id} is not there"))?;
        let mut text = format!("object  {id}\n");
        match marks::owner_of(&live) {
            None => text.push_str("layer   none: no layer has marked it as its own\n"),
            Some(owner) => origin(&mut text, &cluster, (&owner, &id)).await?,
        }
        writers(&mut text, &live);
        output::data(&text)?;
        Ok(Exit::Done)
    }
}

async fn origin(
    text: &mut String,
    cluster: &Cluster,
    (owner, id): (&Owner, &ObjectId),
) -> Result<()> {
    let _ = writeln!(text, "layer   {owner}");
    let name = LayerName {
        namespace: Some(owner.namespace.clone()),
        name: owner.name.clone(),
    };
    let layer = layers::find(cluster, None, &name).await?;
    let url = &layer.spec.source.git.url;
    let _ = writeln!(text, "source  {url}");
    let applied = applied(&layer);
    let commit = applied.and_then(|revision| revision.rsplit(':').next());
    let folder = tempfile::tempdir().context("no folder can be made to fetch into")?;
    let lookup = Lookup::open(cluster.clone(), folder.path().to_owned())?;
    let rendering = lookup.render(&layer, commit).await?;
    let _ = writeln!(text, "commit  {}", applied.unwrap_or("none is applied yet"));
    let objects = rendering.rendered.objects.iter();
    let found = objects
        .filter(|object| object.id().kind == id.kind && object.id().name == id.name)
        .find(|object| object.id().namespace.is_none() || object.id().namespace == id.namespace);
    let place = found.and_then(Object::origin);
    let place = place.map_or("not in that commit".into(), ToString::to_string);
    let _ = writeln!(text, "file    {place}");
    Ok(())
}

fn applied(layer: &Layer) -> Option<&str> {
    layer.status.as_ref()?.last_applied_revision.as_deref()
}

fn writers(text: &mut String, live: &Object) {
    for writer in Writer::of(live) {
        let operation = writer.operation.to_lowercase();
        let of = match writer.subresource.as_str() {
            "" => operation,
            subresource => format!("{operation} of {subresource}"),
        };
        let more = match writer.more {
            0 => String::new(),
            more => format!(", and {more} more"),
        };
        let time = writer.time.as_deref().unwrap_or("at an unknown time");
        let fields = writer.fields.join(", ");
        let _ = writeln!(
            text,
            "writer  {} ({of}) {time}: {fields}{more}",
            writer.manager
        );
    }
}
