//! Layers of a cluster, as the commands read them.

use anyhow::{Context as _, anyhow, bail};
use k8s_openapi::api::authentication::v1::SelfSubjectReview;
use kube::api::{Patch, PatchParams, PostParams};
use kube::{Api, Client};
use tidegate_cluster::{ApiError, Class, Cluster};
use tidegate_object::{GroupKind, Object, ObjectId};
use tidegate_sync::{Control, Layer};

/// A Layer's namespace and name, written `NAME` or `NAMESPACE/NAME`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LayerName {
    pub(crate) namespace: Option<String>,
    pub(crate) name: String,
}

impl std::str::FromStr for LayerName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (namespace, name) = match text.split_once('/') {
            Some((namespace, name)) => (Some(namespace), name),
            None => (None, text),
        };
        if name.is_empty() || name.contains('/') || namespace.is_some_and(str::is_empty) {
            return Err("write NAME or NAMESPACE/NAME".into());
        }
        Ok(Self {
            namespace: namespace.map(Into::into),
            name: name.into(),
        })
    }
}

/// The kind of Layers.
pub(crate) fn kind() -> GroupKind {
    GroupKind::new("tidegate.dev", "Layer")
}

/// Reads all Layers of a namespace, or of all.
pub(crate) async fn list(cluster: &Cluster, namespace: Option<&str>) -> anyhow::Result<Vec<Layer>> {
    served(cluster)?;
    let objects = cluster.list(&kind(), namespace, "").await;
    let objects = objects.map_err(|error| match (error.class, namespace) {
        (Class::Forbidden, None) => anyhow!("{error}: name the namespace by -n"),
        _ => error.into(),
    })?;
    objects.into_iter().map(typed).collect()
}

/// Reads one Layer; without a namespace it is looked for in `namespace`, then everywhere.
pub(crate) async fn find(
    cluster: &Cluster,
    namespace: Option<&str>,
    wanted: &LayerName,
) -> anyhow::Result<Layer> {
    served(cluster)?;
    let namespace = wanted.namespace.as_deref().or(namespace);
    if let Some(namespace) = namespace {
        let id = ObjectId::new(kind(), Some(namespace), &wanted.name);
        return match cluster.get(&id).await? {
            Some(object) => typed(object),
            None => bail!(
                "there is no layer {namespace}/{}: see `tidegate get`",
                wanted.name
            ),
        };
    }
    let named = |layer: &Layer| layer.metadata.name.as_deref() == Some(&wanted.name);
    let mut found: Vec<Layer> = list(cluster, None).await?;
    found.retain(named);
    match (found.pop(), found.len()) {
        (Some(layer), 0) => Ok(layer),
        (Some(_), _) => bail!(
            "there is more than one layer {}: say which by -n or as NAMESPACE/{}",
            wanted.name,
            wanted.name
        ),
        (None, _) => bail!("there is no layer {}: see `tidegate get`", wanted.name),
    }
}

/// Writes to a Layer what somebody does with it, in their name; answers the Layer as it is then, and the run that comes
/// of it.
pub(crate) async fn change(
    cluster: &Cluster,
    layer: &Layer,
    control: &Control,
) -> anyhow::Result<(Layer, String)> {
    let namespace = layer.metadata.namespace.as_deref().unwrap_or_default();
    let name = layer.metadata.name.as_deref().unwrap_or_default();
    let api: Api<Layer> = Api::namespaced(cluster.client(), namespace);
    let run = uuid::Uuid::new_v4().to_string();
    let by = user(cluster.client()).await?;
    let patch = Patch::Merge(control.patch(&run, &by));
    let written = api.patch(name, &PatchParams::default(), &patch).await;
    let written = written.map_err(|error| ApiError::of(&error));
    let written =
        written.context("the layer cannot be changed: you need the right to patch layers")?;
    Ok((written, run))
}

/// Asks the API server who we are: what is asked for carries its author's name.
pub(crate) async fn user(client: Client) -> anyhow::Result<String> {
    let api: Api<SelfSubjectReview> = Api::all(client);
    let review = api
        .create(&PostParams::default(), &SelfSubjectReview::default())
        .await;
    let review = review.map_err(|error| ApiError::of(&error));
    let review = review.context("the API server does not say who you are")?;
    let user = review.status.and_then(|status| status.user_info?.username);
    Ok(user.unwrap_or_default())
}

/// Returns a Layer's identifier.
pub(crate) fn id(layer: &Layer) -> ObjectId {
    let namespace = layer.metadata.namespace.as_deref();
    let name = layer.metadata.name.as_deref().unwrap_or_default();
    ObjectId::new(kind(), namespace, name)
}

fn served(cluster: &Cluster) -> anyhow::Result<()> {
    if cluster.kinds().preferred(&kind()).is_none() {
        bail!("this cluster has no layers: install tidegate with `tidegate install`");
    }
    Ok(())
}

fn typed(object: Object) -> anyhow::Result<Layer> {
    let id = object.id().clone();
    serde_json::from_value(object.into_value()).with_context(|| format!("{id} cannot be read"))
}
