//! The table of health rules: for each kind who judges it, how fresh its status is, and its grace.

mod admission;
mod apiextensions;
mod autoscaling;
mod batch;
mod certificate;
mod cnpg;
mod cnpg_phase;
mod conditions;
mod external_secrets;
mod namespace;
mod network;
mod pod;
mod storage;
mod workload;

use jiff::SignedDuration;
use tidegate_object::{GroupKind, Object};

use crate::Neighbours;
use crate::verdict::Verdict;

/// How the health of a kind is judged.
pub(crate) struct Rule {
    group: &'static str,
    /// The kind, or `*` for all other kinds of the group.
    kind: &'static str,
    pub(crate) judge: fn(&Object, &dyn Neighbours) -> Verdict,
    pub(crate) guard: Guard,
    /// How long trouble that often passes by itself does not count as a failure.
    pub(crate) grace: SignedDuration,
}

/// How it is known that a status is of the latest spec.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Guard {
    /// There is no status: being there is health.
    Existence,
    /// The rule sees to it, or the status cannot be of another spec.
    Own,
    /// The kind's controller always reports `observedGeneration`.
    Observed,
    /// `observedGeneration` if it is reported, else a window after each change.
    Settle,
}

/// Returns the rule of a kind; kinds without one are judged by their conditions.
pub(crate) fn of(kind: &GroupKind) -> &'static Rule {
    let fits =
        |rule: &&Rule| kind.group == rule.group && (kind.kind == rule.kind || rule.kind == "*");
    RULES.iter().find(fits).unwrap_or(&GENERIC)
}

const GENERIC: Rule = rule("", "", conditions::generic, Guard::Settle);

const fn rule(
    group: &'static str,
    kind: &'static str,
    judge: fn(&Object, &dyn Neighbours) -> Verdict,
    guard: Guard,
) -> Rule {
    Rule {
        group,
        kind,
        judge,
        guard,
        grace: SignedDuration::ZERO,
    }
}

impl Rule {
    const fn grace(self, seconds: i64) -> Self {
        Self {
            grace: SignedDuration::from_secs(seconds),
            ..self
        }
    }
}

/// A kind that is well as soon as it is there.
const fn exists(group: &'static str, kind: &'static str) -> Rule {
    rule(group, kind, conditions::exists, Guard::Existence)
}

/// The rules; of a group, `*` comes last. Grace is in seconds.
#[rustfmt::skip]
static RULES: &[Rule] = &[
    rule("", "Namespace", namespace::namespace, Guard::Own),
    rule("", "Node", conditions::ready, Guard::Own).grace(60),
    rule("", "PersistentVolume", storage::volume, Guard::Own),
    rule("", "PersistentVolumeClaim", storage::claim, Guard::Own),
    rule("", "Pod", pod::pod, Guard::Own).grace(60),
    rule("", "ReplicationController", workload::replica_set, Guard::Observed),
    rule("", "Service", network::service, Guard::Own),
    rule("", "ResourceQuota", namespace::quota, Guard::Own),
    exists("", "*"),

    rule("apps", "DaemonSet", workload::daemon_set, Guard::Observed),
    rule("apps", "Deployment", workload::deployment, Guard::Observed),
    rule("apps", "ReplicaSet", workload::replica_set, Guard::Observed),
    rule("apps", "StatefulSet", workload::stateful_set, Guard::Observed),
    exists("apps", "ControllerRevision"),

    rule("batch", "CronJob", batch::cron_job, Guard::Own),
    rule("batch", "Job", batch::job, Guard::Own),

    rule("autoscaling", "HorizontalPodAutoscaler", autoscaling::autoscaler, Guard::Settle).grace(60),
    rule("policy", "PodDisruptionBudget", autoscaling::disruption_budget, Guard::Observed),

    rule("apiextensions.k8s.io", "CustomResourceDefinition", apiextensions::definition, Guard::Own),
    rule("apiregistration.k8s.io", "APIService", apiextensions::api_service, Guard::Own).grace(60),

    rule("admissionregistration.k8s.io", "MutatingWebhookConfiguration", admission::webhooks, Guard::Own),
    rule("admissionregistration.k8s.io", "ValidatingWebhookConfiguration", admission::webhooks, Guard::Own),
    exists("admissionregistration.k8s.io", "*"),

    exists("rbac.authorization.k8s.io", "*"),
    exists("networking.k8s.io", "*"),
    exists("discovery.k8s.io", "*"),
    exists("coordination.k8s.io", "*"),
    exists("events.k8s.io", "*"),
    exists("scheduling.k8s.io", "*"),
    exists("node.k8s.io", "*"),
    exists("storage.k8s.io", "*"),
    exists("flowcontrol.apiserver.k8s.io", "*"),
    exists("resource.k8s.io", "*"),
    exists("certificates.k8s.io", "ClusterTrustBundle"),

    rule("snapshot.storage.k8s.io", "VolumeSnapshot", storage::snapshot, Guard::Own).grace(60),
    rule("snapshot.storage.k8s.io", "VolumeSnapshotContent", storage::snapshot, Guard::Own).grace(60),
    exists("snapshot.storage.k8s.io", "*"),

    rule("gateway.networking.k8s.io", "Gateway", network::gateway, Guard::Own).grace(60),
    rule("gateway.networking.k8s.io", "GatewayClass", network::gateway_class, Guard::Own).grace(60),
    rule("gateway.networking.k8s.io", "ReferenceGrant", conditions::exists, Guard::Existence),
    rule("gateway.networking.k8s.io", "*", network::route, Guard::Own).grace(60),

    rule("postgresql.cnpg.io", "Backup", cnpg::backup, Guard::Own),
    rule("postgresql.cnpg.io", "Cluster", cnpg::cluster, Guard::Settle),
    rule("postgresql.cnpg.io", "Database", cnpg::applied, Guard::Own).grace(180),
    rule("postgresql.cnpg.io", "DatabaseRole", cnpg::applied, Guard::Own).grace(180),
    rule("postgresql.cnpg.io", "Pooler", cnpg::pooler, Guard::Settle).grace(180),
    rule("postgresql.cnpg.io", "Publication", cnpg::applied, Guard::Own).grace(180),
    rule("postgresql.cnpg.io", "ScheduledBackup", cnpg::scheduled_backup, Guard::Settle),
    rule("postgresql.cnpg.io", "Subscription", cnpg::applied, Guard::Own).grace(180),
    // Catalogs, and the quorum that the operator itself writes.
    exists("postgresql.cnpg.io", "*"),
    rule("barmancloud.cnpg.io", "ObjectStore", cnpg::object_store, Guard::Existence),

    rule("external-secrets.io", "ClusterSecretStore", external_secrets::store, Guard::Settle).grace(60),
    rule("external-secrets.io", "ExternalSecret", external_secrets::external_secret, Guard::Own).grace(180),
    rule("external-secrets.io", "PushSecret", external_secrets::push_secret, Guard::Own).grace(180),
    rule("external-secrets.io", "SecretStore", external_secrets::store, Guard::Settle).grace(60),
    exists("generators.external-secrets.io", "*"),

    rule("cert-manager.io", "Certificate", certificate::certificate, Guard::Own).grace(180),
    rule("cert-manager.io", "CertificateRequest", certificate::request, Guard::Own).grace(180),
    rule("cert-manager.io", "ClusterIssuer", conditions::ready, Guard::Own).grace(60),
    rule("cert-manager.io", "Issuer", conditions::ready, Guard::Own).grace(60),

    exists("traefik.io", "*"),
    rule("monitoring.coreos.com", "Alertmanager", conditions::available, Guard::Own).grace(60),
    rule("monitoring.coreos.com", "Prometheus", conditions::available, Guard::Own).grace(60),
    rule("monitoring.coreos.com", "PrometheusAgent", conditions::available, Guard::Own).grace(60),
    rule("monitoring.coreos.com", "ThanosRuler", conditions::available, Guard::Own).grace(60),
    rule("monitoring.coreos.com", "*", network::bindings, Guard::Existence).grace(60),
];
