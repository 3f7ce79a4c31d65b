//! What `plan` and `diff` are about: a folder on this machine, or a Layer of the cluster.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result};
use clap::Args;
use k8s_openapi::api::authorization::v1::ResourceAttributes;
use tidegate_cluster::Cluster;
use tidegate_source::Directory;
use tidegate_sync::{Layer, LayerRendering, Lookup, Mirror, Preview};

use super::layers::{self, LayerName};
use super::render_args::RenderArgs;
use super::right;
use crate::command::ClusterArgs;
use crate::output;

/// What a command is about.
#[derive(Debug, Clone, Args)]
pub(crate) struct SubjectArgs {
    /// A folder, or a layer of the cluster as NAME or NAMESPACE/NAME. What is a folder here is read as one: to
    /// mean a layer of the same name, give its namespace by -n.
    #[arg(value_name = "PATH|LAYER")]
    subject: String,
    /// The layer's namespace; a layer is looked for in all if it is not given.
    #[arg(short, long, value_name = "NAMESPACE")]
    namespace: Option<String>,
    /// The branch, tag or commit of the layer's repository, in place of the ref that it follows.
    #[arg(long, value_name = "REVISION")]
    revision: Option<String>,
    /// Where pinned remote files are looked for by their sha256, after the repository's `vendor/`.
    #[arg(long, value_name = "FOLDER")]
    mirror: Option<PathBuf>,
    /// Make findings errors.
    #[arg(long)]
    strict: bool,
}

/// A folder, or a layer.
pub(crate) enum Subject {
    Folder(RenderArgs),
    Layer(LayerName),
}

/// A Layer as it would be applied, and who asks what would happen.
pub(crate) struct Proposal {
    pub(crate) rendering: LayerRendering,
    pub(crate) preview: Preview,
}

impl SubjectArgs {
    /// Tells what is meant.
    ///
    /// # Errors
    /// If it can be neither.
    pub(crate) fn read(&self) -> Result<Subject> {
        let is_layer = self.namespace.is_some() || self.revision.is_some();
        let text = self.subject.as_str();
        let is_path = Path::new(text).exists() || text.starts_with(['.', '/']);
        if is_path && !is_layer {
            return Ok(Subject::Folder(self.folder()));
        }
        let name = text.parse().map_err(anyhow::Error::msg);
        let name = name.with_context(|| {
            format!("`{text}` is no folder here, and cannot be the name of a layer")
        })?;
        Ok(Subject::Layer(name))
    }

    /// The flags as those of a folder: also by which findings are reported.
    pub(crate) fn folder(&self) -> RenderArgs {
        RenderArgs {
            path: PathBuf::from(&self.subject),
            mirror: self.mirror.clone(),
            strict: self.strict,
        }
    }

    /// Reaches the cluster of a layer; who has mistyped a folder learns so, too.
    pub(crate) async fn connect(&self, to: &ClusterArgs) -> Result<Cluster> {
        let connected = to.connect().await;
        if self.namespace.is_some() || self.revision.is_some() {
            return connected;
        }
        connected.with_context(|| format!("`{}` is no folder here, so it is a layer", self.subject))
    }

    /// Fetches and renders a layer's own source with the caller's rights.
    pub(crate) async fn propose(&self, cluster: &Cluster, name: &LayerName) -> Result<Proposal> {
        let namespace = self.namespace.as_deref();
        let layer = layers::find(cluster, namespace, name).await;
        let layer = layer.with_context(|| match namespace {
            None => format!("`{}` is no folder here, so it is a layer", self.subject),
            Some(_) => "the layer cannot be read".into(),
        })?;
        let folder = tempfile::tempdir().context("no folder can be made to fetch into")?;
        let lookup = Lookup {
            mirror: self.mirror()?,
            ..Lookup::open(cluster.clone(), folder.path().to_owned())?
        };
        let rendering = lookup.render(&layer, self.revision.as_deref()).await?;
        let writer = writer(cluster, &layer, &rendering).await?;
        let preview = Preview::new(
            (cluster.clone(), writer),
            rendering.owner.clone(),
            rendering.settings.adopt,
        );
        Ok(Proposal { rendering, preview })
    }

    fn mirror(&self) -> Result<Option<Mirror>> {
        let open = |folder: &PathBuf| {
            let opened = Directory::open(folder);
            let opened = opened.with_context(|| folder.display().to_string())?;
            Ok(Arc::new(opened) as Mirror)
        };
        self.mirror.as_ref().map(open).transpose()
    }
}

/// Who would write: the layer's own account where the caller may act as it, else the caller.
async fn writer(cluster: &Cluster, layer: &Layer, rendering: &LayerRendering) -> Result<Cluster> {
    let owner = &rendering.owner;
    let account = &layer.spec.service_account_name;
    let namespace = &owner.namespace;
    let may = may_impersonate(cluster, namespace, account).await?;
    let by = if may {
        format!("as {namespace}/{account}")
    } else {
        format!("with your own rights, since you may not act as {namespace}/{account}")
    };
    let revision = rendering.revision.short();
    output::message(&format!("layer {owner} at {revision}, asked {by}"))?;
    Ok(if may {
        cluster.as_account(namespace, account)?
    } else {
        cluster.clone()
    })
}

async fn may_impersonate(cluster: &Cluster, namespace: &str, name: &str) -> Result<bool> {
    let attributes = ResourceAttributes {
        namespace: Some(namespace.into()),
        verb: Some("impersonate".into()),
        resource: Some("serviceaccounts".into()),
        name: Some(name.into()),
        ..ResourceAttributes::default()
    };
    Ok(right::may(cluster, attributes).await?)
}
