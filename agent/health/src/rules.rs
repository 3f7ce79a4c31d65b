//! Which rule judges which kind.

mod admission;
mod backup;
mod generic;
mod postgres;
mod secrets;
mod storage;
mod workloads;

use tidegate_object::Object;

use crate::{Context, Health};

type Rule = fn(&Object, &Context) -> Health;

/// One row: group, kind, rule. A kind that has no row is judged by its conditions.
const RULES: &[(&str, &str, Rule)] = &[
    ("", "Namespace", admission::namespace),
    ("", "Pod", workloads::pod),
    ("", "PersistentVolumeClaim", storage::claim),
    ("", "Service", storage::service),
    ("", "ReplicationController", workloads::replicas),
    ("apps", "Deployment", workloads::deployment),
    ("apps", "StatefulSet", workloads::stateful_set),
    ("apps", "DaemonSet", workloads::daemon_set),
    ("apps", "ReplicaSet", workloads::replicas),
    ("batch", "Job", workloads::job),
    ("batch", "CronJob", workloads::cron_job),
    (
        "autoscaling",
        "HorizontalPodAutoscaler",
        workloads::autoscaler,
    ),
    ("policy", "PodDisruptionBudget", workloads::budget),
    (
        "apiextensions.k8s.io",
        "CustomResourceDefinition",
        admission::definition,
    ),
    (
        "apiregistration.k8s.io",
        "APIService",
        admission::api_service,
    ),
    ("postgresql.cnpg.io", "Cluster", postgres::cluster),
    ("postgresql.cnpg.io", "Database", postgres::applied),
    ("postgresql.cnpg.io", "DatabaseRole", postgres::applied),
    ("postgresql.cnpg.io", "Publication", postgres::applied),
    ("postgresql.cnpg.io", "Subscription", postgres::applied),
    ("postgresql.cnpg.io", "ScheduledBackup", backup::scheduled),
    ("postgresql.cnpg.io", "Backup", backup::backup),
    ("postgresql.cnpg.io", "Pooler", backup::pooler),
    (
        "external-secrets.io",
        "ExternalSecret",
        secrets::external_secret,
    ),
    ("external-secrets.io", "PushSecret", secrets::push_secret),
    ("external-secrets.io", "SecretStore", secrets::store),
    ("external-secrets.io", "ClusterSecretStore", secrets::store),
    ("cert-manager.io", "Certificate", secrets::certificate),
    ("cert-manager.io", "Issuer", secrets::store),
    ("cert-manager.io", "ClusterIssuer", secrets::store),
    ("tidegate.dev", "Layer", generic::ready),
];

/// Kinds whose existence is their health; `*` stands for every kind of the group.
const EXIST: &[(&str, &str)] = &[
    ("", "ConfigMap"),
    ("", "Endpoints"),
    ("", "LimitRange"),
    ("", "PersistentVolume"),
    ("", "ResourceQuota"),
    ("", "Secret"),
    ("", "ServiceAccount"),
    ("admissionregistration.k8s.io", "*"),
    ("barmancloud.cnpg.io", "ObjectStore"),
    ("generators.external-secrets.io", "*"),
    ("monitoring.coreos.com", "PodMonitor"),
    ("monitoring.coreos.com", "PrometheusRule"),
    ("monitoring.coreos.com", "ServiceMonitor"),
    ("networking.k8s.io", "*"),
    ("postgresql.cnpg.io", "ClusterImageCatalog"),
    ("postgresql.cnpg.io", "ImageCatalog"),
    ("rbac.authorization.k8s.io", "*"),
    ("scheduling.k8s.io", "*"),
    ("storage.k8s.io", "*"),
    ("traefik.io", "*"),
];

pub(crate) fn judge(object: &Object, ctx: &Context) -> Health {
    let kind = &object.id().kind;
    if let Some((_, _, rule)) = RULES.iter().find(|(group, name, _)| kind.is(group, name)) {
        return rule(object, ctx);
    }
    let exists = |(group, name): &&(&str, &str)| {
        kind.group == *group && (*name == "*" || kind.kind == *name)
    };
    if EXIST.iter().any(|row| exists(&row)) {
        return Health::current();
    }
    generic::conditions(object, ctx)
}
