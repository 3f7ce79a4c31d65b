//! Renders a Layer once, from its own source: what the agent would apply at a revision.

use std::path::PathBuf;
use std::sync::Arc;

use thiserror::Error;
use tidegate_cluster::Cluster;
use tidegate_kustomize::{Options, Rendered};
use tidegate_source::{
    Credentials, GitSpec, Limits, Local, Problem, Reference, Repositories, Revision,
};

use crate::controller::Mirror;
use crate::layer::Checked;
use crate::render::Rendering;
use crate::sources::read_credentials;
use crate::{Layer, Owner, Settings};

/// What is needed to render a Layer of a cluster.
pub struct Lookup {
    /// The cluster, read with the caller's own rights: the Secret of the source's credentials.
    pub cluster: Cluster,
    /// Where sources are fetched to.
    pub repositories: Arc<Repositories>,
    /// Where pinned remote files are.
    pub mirror: Option<Mirror>,
}

/// A Layer's rendering at a revision, and how a run of it would be done.
#[derive(Debug, Clone)]
pub struct LayerRendering {
    /// Whose objects they are.
    pub owner: Owner,
    /// What is rendered.
    pub revision: Revision,
    /// The objects.
    pub rendered: Arc<Rendered>,
    /// The Layer's settings.
    pub settings: Settings,
}

/// Why a Layer cannot be rendered, in the words that its conditions have.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct LookupError(String);

impl LookupError {
    /// Says why, in the words of another error.
    pub(crate) fn new(error: impl std::fmt::Display) -> Self {
        Self(error.to_string())
    }
}

impl Lookup {
    /// Fetches into a folder, also from this machine's own repositories.
    ///
    /// # Errors
    /// If the folder cannot be used.
    pub fn open(cluster: Cluster, folder: PathBuf) -> Result<Self, LookupError> {
        let options = tidegate_source::Options {
            folder,
            local: Local::Allowed,
            limits: Limits::default(),
        };
        let repositories = Repositories::open(options).map_err(LookupError::new)?;
        Ok(Self {
            cluster,
            repositories: Arc::new(repositories),
            mirror: None,
        })
    }

    /// Renders a Layer at its own ref, or at a branch, tag or whole commit id.
    ///
    /// # Errors
    /// If the spec is wrong, the source cannot be read, or the files cannot be rendered.
    pub async fn render(
        &self,
        layer: &Layer,
        revision: Option<&str>,
    ) -> Result<LayerRendering, LookupError> {
        let owner = Owner {
            namespace: layer.metadata.namespace.clone().unwrap_or_default(),
            name: layer.metadata.name.clone().unwrap_or_default(),
            uid: layer.metadata.uid.clone().unwrap_or_default(),
        };
        let checked = Checked::new(&layer.spec, &owner.namespace, 1).map_err(LookupError::new)?;
        let credentials = match &checked.source.secret {
            None => Credentials::default(),
            Some((namespace, name)) => read_credentials(&self.cluster, (namespace, name))
                .await
                .map_err(|trouble| LookupError(trouble.message))?,
        };
        let (repositories, mirror) = (Arc::clone(&self.repositories), self.mirror.clone());
        let (spec, path) = (checked.source.spec, checked.path);
        let wanted = revision.map(ToOwned::to_owned);
        let rendered = tokio::task::spawn_blocking(move || {
            let source = (&*repositories, &credentials);
            let (spec, revision) = resolve(source, spec, wanted.as_deref())?;
            let tree = repositories.tree(&spec, &credentials, &revision);
            let tree = tree.map_err(LookupError::new)?;
            let options = Options {
                mirror: mirror.as_deref().map(|tree| tree as _),
                cache: None,
            };
            let rendering = Rendering::new(&tree, &path, &options).map_err(LookupError::new)?;
            Ok((revision, rendering.rendered))
        });
        let (revision, rendered) = rendered.await.map_err(LookupError::new)??;
        Ok(LayerRendering {
            owner,
            revision,
            rendered,
            settings: checked.settings,
        })
    }
}

/// Finds the commit that a revision names: a whole id, else a branch, else a tag.
fn resolve(
    (repositories, credentials): (&Repositories, &Credentials),
    spec: GitSpec,
    wanted: Option<&str>,
) -> Result<(GitSpec, Revision), LookupError> {
    let Some(wanted) = wanted else {
        let revision = repositories
            .resolve(&spec, credentials)
            .map_err(LookupError::new)?;
        return Ok((spec, revision));
    };
    let references = match Reference::commit(wanted) {
        Ok(commit) => vec![commit],
        Err(_) => vec![
            Reference::branch(wanted).map_err(LookupError::new)?,
            Reference::tag(wanted).map_err(LookupError::new)?,
        ],
    };
    for reference in references {
        let spec = GitSpec {
            reference,
            ..spec.clone()
        };
        match repositories.resolve(&spec, credentials) {
            Ok(revision) => return Ok((spec, revision)),
            Err(error) if matches!(error.problem, Problem::ReferenceMissing { .. }) => {}
            Err(error) => return Err(LookupError::new(error)),
        }
    }
    Err(LookupError(format!(
        "{} has no branch, tag or commit `{wanted}`: name one that is there, a commit by all forty digits of its id",
        spec.url
    )))
}

impl std::fmt::Debug for Lookup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lookup").finish_non_exhaustive()
    }
}
