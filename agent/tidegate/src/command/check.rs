//! `tidegate check`.

use anyhow::Result;
use clap::Args;
use k8s_openapi::api::authorization::v1::ResourceAttributes;
use tidegate_cluster::Cluster;
use tidegate_object::{GroupKind, ObjectId};

use super::{layers, right};
use crate::command::ClusterArgs;
use crate::exit::Exit;
use crate::output;

/// The oldest API server whose server-side apply and aggregated discovery are as the agent needs them.
const OLDEST: (u32, u32) = (1, 30);
/// What a person needs to work with layers: verb, resource, subresource, and what for.
const RIGHTS: &[(&str, &str, &str, &str)] = &[
    ("list", "layers", "", "to see layers"),
    ("create", "layers", "", "to make layers"),
    ("patch", "layers", "", "to ask for a sync"),
    (
        "update",
        "layers",
        "sync",
        "to ask for a sync (ClusterRole tidegate-sync)",
    ),
];

/// Look at the cluster, the installation and your rights, and say what is missing
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The agent's namespace.
    #[arg(
        short,
        long,
        default_value = "tidegate-system",
        value_name = "NAMESPACE"
    )]
    namespace: String,
    #[command(flatten)]
    to: ClusterArgs,
}

/// What was looked at: in order, or what to do.
struct Answer {
    what: String,
    trouble: Option<String>,
}

impl Check {
    pub(crate) async fn run(&self) -> Result<Exit> {
        let cluster = self.to.connect().await?;
        let version = cluster.version().await?;
        let mut answers = vec![api_server(&version)];
        answers.push(definition(&cluster));
        answers.push(self.agent(&cluster).await);
        for right in RIGHTS {
            answers.push(self.right(&cluster, right).await?);
        }
        answers.extend(accounts(&cluster, &self.namespace).await);
        for answer in &answers {
            output::line(&match &answer.trouble {
                None => format!("ok       {}", answer.what),
                Some(trouble) => format!("missing  {}: {trouble}", answer.what),
            })?;
        }
        let well = answers.iter().all(|answer| answer.trouble.is_none());
        Ok(if well { Exit::Done } else { Exit::NotDone })
    }

    async fn agent(&self, cluster: &Cluster) -> Answer {
        let kind = GroupKind::new("apps", "Deployment");
        let id = ObjectId::new(kind, Some(&self.namespace), "tidegate");
        let what = format!("the agent ({id})");
        let live = match cluster.get(&id).await {
            Ok(live) => live,
            Err(error) => return unseen(what, &error),
        };
        let available = live
            .as_ref()
            .and_then(|live| live.pointer("/status/availableReplicas")?.as_u64());
        let trouble = match (&live, available) {
            (None, _) => Some("not there: `tidegate install`".into()),
            (Some(_), None | Some(0)) => Some(format!(
                "no replica is available: `tidegate why {} -n {}`",
                id.short(),
                self.namespace
            )),
            (Some(_), Some(_)) => None,
        };
        Answer { what, trouble }
    }

    async fn right(&self, cluster: &Cluster, right: &(&str, &str, &str, &str)) -> Result<Answer> {
        let (verb, resource, subresource, purpose) = *right;
        let attributes = ResourceAttributes {
            group: Some("tidegate.dev".into()),
            namespace: Some(self.namespace.clone()),
            verb: Some(verb.into()),
            resource: Some(resource.into()),
            subresource: Some(subresource.into()),
            ..ResourceAttributes::default()
        };
        let allowed = right::may(cluster, attributes).await?;
        let resource = match subresource {
            "" => resource.to_owned(),
            _ => format!("{resource}/{subresource}"),
        };
        Ok(Answer {
            what: format!("you may {verb} {resource} in {}", self.namespace),
            trouble: (!allowed).then(|| format!("needed {purpose}")),
        })
    }
}

fn api_server(version: &str) -> Answer {
    let numbers = version.trim_start_matches('v').split(['.', '-', '+']);
    let mut numbers = numbers.filter_map(|part| part.parse::<u32>().ok());
    let is_new_enough = match (numbers.next(), numbers.next()) {
        (Some(major), Some(minor)) => (major, minor) >= OLDEST,
        _ => false,
    };
    Answer {
        what: format!("the API server is Kubernetes {version}"),
        trouble: (!is_new_enough).then(|| format!("{}.{} or later is needed", OLDEST.0, OLDEST.1)),
    }
}

fn definition(cluster: &Cluster) -> Answer {
    let served = cluster.kinds().preferred(&layers::kind());
    Answer {
        what: "the Layer resource".into(),
        trouble: served
            .is_none()
            .then(|| "not served: `tidegate install`".into()),
    }
}

/// Each Layer's deployer must be there: nothing is written without it.
async fn accounts(cluster: &Cluster, namespace: &str) -> Vec<Answer> {
    if cluster.kinds().preferred(&layers::kind()).is_none() {
        return Vec::new();
    }
    let mut layers = layers::list(cluster, None).await;
    if layers.is_err() {
        layers = layers::list(cluster, Some(namespace)).await;
    }
    let layers = match layers {
        Ok(layers) => layers,
        Err(error) => return vec![unseen("the layers' accounts".into(), &error)],
    };
    let mut answers = Vec::new();
    for layer in layers {
        let namespace = layer.metadata.namespace.clone().unwrap_or_default();
        let name = layer.metadata.name.clone().unwrap_or_default();
        let account = &layer.spec.service_account_name;
        let id = ObjectId::new(
            GroupKind::new("", "ServiceAccount"),
            Some(&namespace),
            account,
        );
        let what = format!("layer {namespace}/{name} is written as {namespace}/{account}");
        let missing = match cluster.get_metadata(&id).await {
            Ok(found) => found.is_none(),
            Err(error) => {
                answers.push(unseen(what, &error));
                continue;
            }
        };
        answers.push(Answer {
            what,
            trouble: missing.then(|| format!("there is no such account: `kubectl create serviceaccount {account} -n {namespace}`, and give it the rights that the layer needs")),
        });
    }
    answers
}

fn unseen(what: String, error: &dyn std::fmt::Display) -> Answer {
    Answer {
        what,
        trouble: Some(format!("it cannot be seen: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_api_servers_are_refused() {
        for (version, fits) in [
            ("v1.36.3", true),
            ("v1.30.0-gke.1", true),
            ("v1.29.9", false),
            ("x", false),
        ] {
            assert_eq!(api_server(version).trouble.is_none(), fits, "{version}");
        }
    }
}
