//! Plays the operators of the database layer's custom resources, where no container can run them.
//!
//! Each writes what the real one would: statuses in the real one's words, Secrets, Services, pods.
//! The webhooks of the operators answer too, at the pods of their Services, and allow everything.
//! An operator works only while its Deployment is available, if there is one in the cluster.

mod certificate;
mod cnpg;
mod cnpg_instances;
mod external_secret;
mod push_secret;
mod remote;
mod template;
mod volume;
mod watcher;
mod webhook;
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::{Client, ControlPlane, Error, Result};
use world::{Target, World};

/// An operator that is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operator {
    /// CloudNativePG.
    Cnpg,
    /// External Secrets Operator.
    ExternalSecrets,
    /// cert-manager.
    CertManager,
    /// The provisioner of the `StorageClass` `standard`, which is made the default one.
    Volumes,
}

/// The players; they stop with this value.
#[derive(Debug)]
pub struct Operators {
    world: Arc<World>,
}

/// Whether an object needs another look soon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    Done,
    Pending,
}

/// One kind of object that is acted on.
struct Kind {
    operator: Operator,
    crd: &'static str,
    reconcile: fn(&World, &Target<'_>) -> Result<Progress>,
}

const KINDS: [Kind; 13] = [
    kind(Operator::Cnpg, "clusters.postgresql.cnpg.io", cnpg::cluster),
    kind(
        Operator::Cnpg,
        "databases.postgresql.cnpg.io",
        cnpg::database,
    ),
    kind(
        Operator::Cnpg,
        "databaseroles.postgresql.cnpg.io",
        cnpg::role,
    ),
    kind(
        Operator::Cnpg,
        "scheduledbackups.postgresql.cnpg.io",
        cnpg::scheduled_backup,
    ),
    kind(Operator::Cnpg, "backups.postgresql.cnpg.io", cnpg::backup),
    kind(Operator::Cnpg, "poolers.postgresql.cnpg.io", cnpg::pooler),
    kind(
        Operator::ExternalSecrets,
        "secretstores.external-secrets.io",
        external_secret::store,
    ),
    kind(
        Operator::ExternalSecrets,
        "clustersecretstores.external-secrets.io",
        external_secret::store,
    ),
    kind(
        Operator::ExternalSecrets,
        "externalsecrets.external-secrets.io",
        external_secret::external_secret,
    ),
    kind(
        Operator::ExternalSecrets,
        "pushsecrets.external-secrets.io",
        push_secret::push_secret,
    ),
    kind(
        Operator::CertManager,
        "issuers.cert-manager.io",
        certificate::issuer,
    ),
    kind(
        Operator::CertManager,
        "clusterissuers.cert-manager.io",
        certificate::issuer,
    ),
    kind(
        Operator::CertManager,
        "certificates.cert-manager.io",
        certificate::certificate,
    ),
];
/// Kinds that have no CRD, and their API paths.
const BUILT_IN: [(&str, Kind); 3] = [
    (
        "/api/v1",
        kind(Operator::Volumes, "persistentvolumeclaims", volume::claim),
    ),
    (
        "/apis/admissionregistration.k8s.io/v1",
        kind(
            Operator::Cnpg,
            "mutatingwebhookconfigurations",
            webhook::configuration,
        ),
    ),
    (
        "/apis/admissionregistration.k8s.io/v1",
        kind(
            Operator::Cnpg,
            "validatingwebhookconfigurations",
            webhook::configuration,
        ),
    ),
];

const fn kind(
    operator: Operator,
    crd: &'static str,
    reconcile: fn(&World, &Target<'_>) -> Result<Progress>,
) -> Kind {
    Kind {
        operator,
        crd,
        reconcile,
    }
}

impl Operators {
    /// Starts to play all operators; `pace` is the time between two steps of a database cluster.
    ///
    /// # Errors
    /// [`Error::Api`] if the `StorageClass` cannot be made.
    pub fn start(control_plane: &ControlPlane, pace: Duration) -> Result<Self> {
        let client = control_plane.client().clone();
        volume::make_default_class(&client)?;
        let world = Arc::new(World::new(client, pace)?);
        control_plane.lead_pods_to(world.webhooks.port());
        watcher::start(&world);
        Ok(Self { world })
    }

    /// Starts to play one operator, beside the others that are real.
    ///
    /// # Errors
    /// [`Error::Certificate`] if it can sign nothing.
    pub fn start_one(control_plane: &ControlPlane, operator: Operator) -> Result<Self> {
        let world = Arc::new(World::new(control_plane.client().clone(), Duration::ZERO)?);
        let others = KINDS.iter().chain(BUILT_IN.iter().map(|(_, kind)| kind));
        let others = others
            .map(|kind| kind.operator)
            .filter(|&other| other != operator);
        world.suspended(|suspended| {
            suspended.extend(others);
            true
        });
        watcher::start(&world);
        Ok(Self { world })
    }

    /// Stops one operator, as if its pods were gone.
    pub fn suspend(&self, operator: Operator) {
        self.world.suspended(|suspended| suspended.insert(operator));
    }

    /// Lets a suspended operator go on.
    pub fn resume(&self, operator: Operator) {
        self.world
            .suspended(|suspended| suspended.remove(&operator));
    }

    /// Puts a value into the secrets manager that every secret store reads and writes.
    pub fn put_secret(&self, key: &str, value: &BTreeMap<String, String>) {
        self.world.remote.put(key, value);
    }

    /// What the secrets manager holds under a key.
    pub fn secret(&self, key: &str) -> Option<BTreeMap<String, String>> {
        self.world.remote.get(key)
    }

    /// Takes a key out of the secrets manager.
    pub fn remove_secret(&self, key: &str) {
        self.world.remote.remove(key);
    }

    /// Makes every request to the secrets manager fail with this message, until it is `None`.
    pub fn break_secrets(&self, message: Option<&str>) {
        self.world.remote.set_failure(message);
    }
}

impl Drop for Operators {
    fn drop(&mut self) {
        self.world.stop();
    }
}

type Suspended = BTreeSet<Operator>;

/// The label by which an operator's Deployment is known.
fn deployment_label(operator: Operator) -> Option<&'static str> {
    match operator {
        Operator::Cnpg => Some("cloudnative-pg"),
        Operator::ExternalSecrets => Some("external-secrets"),
        Operator::CertManager => Some("cert-manager"),
        Operator::Volumes => None,
    }
}

/// Whether the operator has a Deployment that is not available.
fn is_down(client: &Client, operator: Operator) -> Result<bool> {
    let Some(label) = deployment_label(operator) else {
        return Ok(false);
    };
    let path =
        format!("/apis/apps/v1/deployments?labelSelector=app.kubernetes.io%2Fname%3D{label}");
    let answer = client.get(&path)?;
    let deployments = answer
        .get("items")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    let available = |deployment: &Value| {
        let replicas = deployment
            .pointer("/status/availableReplicas")
            .and_then(Value::as_u64);
        replicas.is_some_and(|replicas| replicas > 0)
    };
    Ok(!deployments.is_empty() && !deployments.iter().any(available))
}

/// A condition as most operators write it.
fn condition(is_true: Truth, reason: &str, message: &str) -> Value {
    json!({
        "type": "Ready",
        "status": match is_true { Truth::True => "True", Truth::False => "False" },
        "reason": reason,
        "message": message,
        "lastTransitionTime": world::now(),
    })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Truth {
    True,
    False,
}

/// Whether an answer says that there is no such object.
fn is_missing(error: &Error) -> bool {
    matches!(error, Error::Api { code: 404, .. })
}
