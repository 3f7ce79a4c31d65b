//! CloudNativePG's instances: pods that are made, replaced and removed one after the other.

use serde_json::{Value, json};

use super::world::{Target, World, list, text};
use crate::Result;

/// What the instances are after a step.
#[derive(Debug, Default)]
pub(super) struct Instances {
    pub(super) names: Vec<String>,
    pub(super) ready: usize,
    pub(super) phase: &'static str,
    pub(super) image: String,
}

/// Makes at most one change towards the Cluster's spec.
pub(super) fn step(world: &World, target: &Target<'_>) -> Result<Instances> {
    let pods = pods(world, target)?;
    let wanted = target
        .object
        .pointer("/spec/instances")
        .and_then(Value::as_u64)
        .unwrap_or(1);
    let image = image(world, target)?;
    let mut instances = Instances {
        names: pods
            .iter()
            .map(|pod| text(pod, "/metadata/name").to_owned())
            .collect(),
        ready: pods.iter().filter(|pod| is_ready(pod)).count(),
        phase: "Cluster in healthy state",
        image: image.clone(),
    };
    for index in 1..=wanted {
        let name = format!("{}-{index}", target.name());
        let pod = pods.iter().find(|pod| text(pod, "/metadata/name") == name);
        let Some(pod) = pod else {
            world.apply_owned(target, "Pod", instance(target, (&name, index, &image)))?;
            instances.phase = joining(index);
            return Ok(instances);
        };
        if text(pod, "/spec/containers/0/image") != image {
            world.client.delete(&target.core("pods", &name))?;
            instances.phase = "Upgrading cluster";
            return Ok(instances);
        }
        if !is_ready(pod) {
            instances.phase = joining(index);
            return Ok(instances);
        }
    }
    let extra = instances.names.iter().find(|name| number(name) > wanted);
    if let Some(name) = extra {
        world.client.delete(&target.core("pods", name))?;
    }
    Ok(instances)
}

/// The image that the spec names, directly or through a catalog.
fn image(world: &World, target: &Target<'_>) -> Result<String> {
    const DEFAULT: &str = "ghcr.io/cloudnative-pg/postgresql:18";
    let named = text(target.object, "/spec/imageName");
    if !named.is_empty() {
        return Ok(named.to_owned());
    }
    let Some(reference) = target.object.pointer("/spec/imageCatalogRef") else {
        return Ok(DEFAULT.to_owned());
    };
    let name = text(reference, "/name");
    let path = match text(reference, "/kind") {
        "ClusterImageCatalog" => format!("{}/clusterimagecatalogs/{name}", target.api),
        _ => target.sibling("imagecatalogs", name),
    };
    let catalog = world.client.get(&path)?;
    let major = reference.get("major");
    let entry = list(&catalog, "/spec/images")
        .iter()
        .find(|entry| entry.get("major") == major);
    Ok(entry
        .map_or(DEFAULT, |entry| text(entry, "/image"))
        .to_owned())
}

fn joining(index: u64) -> &'static str {
    if index == 1 {
        "Setting up primary"
    } else {
        "Creating a new replica"
    }
}

fn number(name: &str) -> u64 {
    name.rsplit('-')
        .next()
        .and_then(|digits| digits.parse().ok())
        .unwrap_or_default()
}

fn pods(world: &World, target: &Target<'_>) -> Result<Vec<Value>> {
    let selector = format!("cnpg.io%2Fcluster%3D{}", target.name());
    let namespace = target.namespace();
    let path = format!("/api/v1/namespaces/{namespace}/pods?labelSelector={selector}");
    let pods = world.client.get(&path)?;
    let lives = |pod: &&Value| pod.pointer("/metadata/deletionTimestamp").is_none();
    Ok(list(&pods, "/items")
        .iter()
        .filter(lives)
        .cloned()
        .collect())
}

fn is_ready(pod: &Value) -> bool {
    list(pod, "/status/conditions").iter().any(|condition| {
        text(condition, "/type") == "Ready" && text(condition, "/status") == "True"
    })
}

fn instance(target: &Target<'_>, (name, index, image): (&str, u64, &str)) -> Value {
    let role = if index == 1 { "primary" } else { "replica" };
    json!({
        "metadata": {
            "name": name,
            "labels": {
                "cnpg.io/cluster": target.name(),
                "cnpg.io/instanceName": name,
                "cnpg.io/instanceRole": role,
                "cnpg.io/podRole": "instance",
            },
        },
        // As the operator's own pods: a namespace may ask for the restricted level.
        "spec": {
            "securityContext": {
                "runAsNonRoot": true, "runAsUser": 26, "runAsGroup": 26, "fsGroup": 26,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "containers": [{
                "name": "postgres",
                "securityContext": {
                    "allowPrivilegeEscalation": false,
                    "readOnlyRootFilesystem": true,
                    "capabilities": {"drop": ["ALL"]},
                },
                "image": image,
                "ports": [
                    {"name": "postgresql", "containerPort": 5432},
                    {"name": "metrics", "containerPort": 9187},
                ],
                "resources": target.object.pointer("/spec/resources").cloned()
                    .unwrap_or_else(|| json!({})),
            }],
        },
    })
}
