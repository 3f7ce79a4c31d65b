//! The provisioner of persistent volumes, which hold nothing.

use serde_json::{Value, json};

use super::Progress;
use super::world::{Target, World, text};
use crate::{Client, Error, Result};

const PROVISIONER: &str = "testbed.tidegate.dev/volumes";

/// Makes the `StorageClass` `standard`, the default one, which waits for the first consumer.
pub(super) fn make_default_class(client: &Client) -> Result<()> {
    let class = json!({
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {
            "name": "standard",
            "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
        },
        "provisioner": PROVISIONER,
        "volumeBindingMode": "WaitForFirstConsumer",
        "allowVolumeExpansion": true,
    });
    match client.create("/apis/storage.k8s.io/v1/storageclasses", &class) {
        Ok(_) | Err(Error::Api { code: 409, .. }) => Ok(()),
        Err(error) => Err(error),
    }
}

/// A claim that Kubernetes has handed to this provisioner gets a volume.
pub(super) fn claim(world: &World, target: &Target<'_>) -> Result<Progress> {
    let provisioner = target.annotation("volume.kubernetes.io/storage-provisioner");
    let is_pending = text(target.object, "/status/phase") == "Pending";
    if provisioner != Some(PROVISIONER) || !is_pending {
        return Ok(Progress::Done);
    }
    let spec = target.object.get("spec").unwrap_or(&Value::Null);
    let uid = text(target.object, "/metadata/uid");
    let volume = json!({
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {
            "name": format!("pvc-{uid}"),
            "annotations": {"pv.kubernetes.io/provisioned-by": PROVISIONER},
        },
        "spec": {
            "accessModes": spec.get("accessModes"),
            "capacity": {"storage": spec.pointer("/resources/requests/storage")},
            "claimRef": {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "namespace": target.namespace(),
                "name": target.name(),
                "uid": uid,
            },
            "hostPath": {"path": "/nowhere"},
            "persistentVolumeReclaimPolicy": "Retain",
            "storageClassName": spec.get("storageClassName"),
        },
    });
    match world.client.create("/api/v1/persistentvolumes", &volume) {
        Ok(_) | Err(Error::Api { code: 409, .. }) => Ok(Progress::Done),
        Err(error) => Err(error),
    }
}
