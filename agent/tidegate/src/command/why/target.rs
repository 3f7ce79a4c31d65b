//! What is asked about: a layer or an object, as it is typed.

use anyhow::{Result, bail};
use tidegate_cluster::Cluster;
use tidegate_object::ObjectId;

use crate::command::layers::{self, LayerName};

/// What is asked about, as it is typed.
#[derive(Debug, Clone)]
pub(crate) struct Target(String);

/// What that is.
pub(crate) enum Found {
    Layer(LayerName),
    Object(ObjectId),
}

impl std::str::FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts = text.split('/').count();
        if text.split('/').any(str::is_empty) || ![1, 2, 4].contains(&parts) {
            return Err(
                "write LAYER, NAMESPACE/LAYER, KIND/NAME or group/Kind/namespace/name".into(),
            );
        }
        Ok(Self(text.into()))
    }
}

impl Target {
    /// Says how it was read, where that may be a surprise.
    pub(crate) fn read_as_layer(&self) -> String {
        match self.0.split_once('/') {
            Some((kind, _)) => {
                format!("the cluster serves no kind `{kind}`, so that is a layer's namespace")
            }
            None => "without a kind it is a layer".into(),
        }
    }

    /// Finds out what is meant: the first part of two may be a kind, or a Layer's namespace.
    pub(crate) fn resolve(&self, cluster: &Cluster, namespace: Option<&str>) -> Result<Found> {
        let text = &self.0;
        if text.matches('/').count() == 3 {
            return Ok(Found::Object(text.parse()?));
        }
        let Some((kind, name)) = text.split_once('/') else {
            return Ok(Found::Layer(layer(text)?));
        };
        let kinds = cluster.kinds().named(kind);
        match kinds.as_slice() {
            [] => Ok(Found::Layer(layer(text)?)),
            [kind] if kind.gvk.group_kind() == layers::kind() => Ok(Found::Layer(layer(name)?)),
            [kind] => {
                let namespace = namespace.unwrap_or(cluster.default_namespace());
                let namespace = kind.namespaced.then_some(namespace);
                Ok(Found::Object(ObjectId::new(
                    kind.gvk.group_kind(),
                    namespace,
                    name,
                )))
            }
            several => {
                let names: Vec<String> = several
                    .iter()
                    .map(|kind| format!("{}.{}/{name}", kind.plural, kind.gvk.group))
                    .collect();
                bail!(
                    "`{kind}` is more than one kind: say which: {}",
                    names.join(", ")
                )
            }
        }
    }
}

fn layer(text: &str) -> Result<LayerName> {
    text.parse()
        .map_err(|error: String| anyhow::anyhow!("`{text}`: {error}"))
}
