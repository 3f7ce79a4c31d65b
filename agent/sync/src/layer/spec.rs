//! What is wanted of a layer.
#![expect(
    unreachable_pub,
    reason = "the derive of schemas with CEL rules repeats the types inside of functions"
)]

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Hold, LayerStatus};
use crate::{Adopt, DeletionPolicy, FailurePolicy, LayerKey, Mode, Prune, PruneWhen};

/// A duration in the words of Kubernetes, at least a second.
const DURATION: &str = "self.matches('^([0-9]+(ms|s|m|h))+$') && duration(self) >= duration('1s')";
/// What a duration must be.
const DURATION_MESSAGE: &str = "must be a duration of at least 1s, such as 30s, 10m or 1h30m";

/// A directory of a Git repository at a ref, applied to the cluster as one unit.
#[derive(CustomResource, Debug, Clone, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[kube(
    group = "tidegate.dev",
    version = "v1alpha1",
    kind = "Layer",
    namespaced,
    status = "LayerStatus",
    category = "tidegate",
    doc = "A directory of a Git repository at a ref, applied to the cluster as one unit.",
    validation = Rule::new(
        "!has(self.spec.dependsOn) || !self.spec.dependsOn.exists(d, d.name == self.metadata.name && !has(d.__namespace__))"
    ).message("a layer cannot depend on itself"),
    printcolumn(
        name = "Ready",
        type_ = "string",
        json_path = ".status.conditions[?(@.type==\"Ready\")].status",
        description = "Whether the newest revision is applied and healthy."
    ),
    printcolumn(
        name = "Health",
        type_ = "string",
        json_path = ".status.conditions[?(@.type==\"Healthy\")].reason",
        description = "How the objects are."
    ),
    printcolumn(
        name = "Revision",
        type_ = "string",
        json_path = ".status.lastAppliedRevision",
        description = "The revision whose objects are all applied."
    ),
    printcolumn(
        name = "Wave",
        type_ = "string",
        json_path = ".status.wave.progress",
        description = "The first wave that is not done, and how many there are."
    ),
    printcolumn(
        name = "Objects",
        type_ = "integer",
        json_path = ".status.inventory.objects",
        description = "How many objects the layer owns."
    ),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(
        name = "Message",
        type_ = "string",
        json_path = ".status.conditions[?(@.type==\"Ready\")].message",
        description = "What there is to say of it."
    )
)]
#[serde(rename_all = "camelCase")]
pub struct LayerSpec {
    /// Where the manifests are.
    pub source: SourceSpec,
    /// The directory of the repository that is applied; empty for its root.
    #[serde(default)]
    #[schemars(length(max = 1024))]
    #[x_kube(validation = Rule::new("!self.startsWith('/') && !self.split('/').exists(part, part == '..')").message("must be a path within the repository: relative, without `..`"))]
    pub path: String,
    /// Layers that come first: satisfied once each has been healthy at its newest revision.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64))]
    pub depends_on: Vec<Dependency>,
    /// Objects that come from elsewhere and must be there before what refers to them is applied; one that nothing refers to gates the whole layer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 256))]
    pub requires: Vec<Requirement>,
    /// What happens to objects that are there already: `unowned` adopts what nobody else owns.
    #[serde(default)]
    pub adopt: Adopt,
    /// What is done without asking: `auto` carries every plan out, `approve` those that a person has approved, `observe` none.
    #[serde(default)]
    pub mode: Mode,
    /// Consequences for which a plan waits for approval in mode `auto` too; one that loses data always does.
    #[serde(default = "default_approve_when")]
    #[schemars(length(max = 8))]
    pub approve_when: Vec<ApproveWhen>,
    /// What an object that is refused as invalid stops: the run, or (`isolate`) only what depends on it.
    #[serde(default)]
    pub failure_policy: FailurePolicy,
    /// Whether nothing is written until this is taken back: a run that goes on ends, and none begins.
    #[serde(default)]
    pub suspend: bool,
    /// A commit that the layer stays at for a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<Hold>,
    /// The first pause before a run that did not end well is tried again; it grows to 5m.
    #[serde(default = "default_retry_interval")]
    #[schemars(length(max = 32))]
    #[x_kube(validation = Rule::new(DURATION).message(DURATION_MESSAGE))]
    pub retry_interval: String,
    /// How long an object may take to get ready, unless its kind says otherwise.
    #[serde(default = "default_timeout")]
    #[schemars(length(max = 32))]
    #[x_kube(validation = Rule::new(DURATION).message(DURATION_MESSAGE))]
    pub timeout: String,
    /// What becomes of the layer's objects that leave Git.
    #[serde(default)]
    pub prune: PruneSpec,
    /// What becomes of the layer's objects when the Layer itself is deleted: `orphan` leaves them, `delete` deletes them
    /// first. A Layer whose objects go with it has a finalizer.
    #[serde(default)]
    pub deletion_policy: DeletionPolicy,
    /// The account, in the Layer's namespace, whose rights are used for every write of the layer's objects.
    #[serde(default = "default_service_account")]
    #[schemars(length(min = 1, max = 253))]
    pub service_account_name: String,
    /// Fields of your own kinds that name other objects.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 256))]
    pub references: Vec<Reference>,
}

/// A consequence for which a plan waits for approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ApproveWhen {
    /// Data goes, or its owner does.
    DataLoss,
    /// A kind changes under its objects.
    CrdChange,
    /// Pods with state restart, or a database's primary moves.
    StatefulRestart,
    /// There are fewer pods, or none.
    ScaleDown,
    /// Pods restart.
    Restart,
}

/// What becomes of a layer's objects that leave Git.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct PruneSpec {
    /// Whether they are deleted; otherwise they stay, and are reported.
    #[serde(default = "default_prune")]
    pub enabled: bool,
    /// `healthy`: when all that stays is healthy (what bounds others, and rights that nobody uses, when all is applied);
    /// `applied`: when all that stays is applied.
    #[serde(default)]
    pub when: PruneWhen,
    /// The share of the layer's objects that may be deleted in one run, from 0 to 1; three always may. More are held back.
    #[serde(default = "default_max_fraction")]
    #[x_kube(validation = Rule::new("self >= 0.0 && self <= 1.0").message("must be from 0 to 1, for example 0.3"))]
    pub max_fraction: f64,
}

impl Default for PruneSpec {
    fn default() -> Self {
        Self {
            enabled: default_prune(),
            when: PruneWhen::default(),
            max_fraction: default_max_fraction(),
        }
    }
}

fn default_approve_when() -> Vec<ApproveWhen> {
    vec![ApproveWhen::DataLoss]
}

fn default_prune() -> bool {
    true
}

fn default_max_fraction() -> f64 {
    Prune::MAX_FRACTION
}

/// Where the manifests are.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SourceSpec {
    /// A Git repository.
    pub git: GitSource,
}

/// A Git repository at a ref.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct GitSource {
    /// `https://`, `ssh://` or `user@host:path`; `file://` if the agent allows local sources.
    #[schemars(length(max = 2048))]
    #[x_kube(
        validation = Rule::new("self.matches('^(https|ssh|file)://[^[:space:]]+$') || self.matches('^[A-Za-z0-9._-]+@[^:/[:space:]]+:[^[:space:]]+$')").message("must be https://host/path, ssh://user@host/path or user@host:path"),
        validation = Rule::new("!self.matches('^https://[^/]*@')").message("must hold no credentials: put them into a Secret, and name it in secretRef")
    )]
    pub url: String,
    /// What is followed; without it the remote's HEAD.
    #[serde(default, skip_serializing_if = "Option::is_none", rename = "ref")]
    pub reference: Option<GitRef>,
    /// How often the ref is looked at.
    #[serde(default = "default_interval")]
    #[schemars(length(max = 32))]
    #[x_kube(validation = Rule::new(DURATION).message(DURATION_MESSAGE))]
    pub interval: String,
    /// How long one look or fetch may take.
    #[serde(default = "default_fetch_timeout")]
    #[schemars(length(max = 32))]
    #[x_kube(validation = Rule::new(DURATION).message(DURATION_MESSAGE))]
    pub timeout: String,
    /// A Secret of the Layer's namespace: `username` and `password`, `bearerToken`, `identity` (and `password`) with
    /// `known_hosts`, `tls.crt` and `tls.key`, `ca.crt`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<LocalRef>,
}

/// A ref: one of the fields.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("[has(self.branch), has(self.tag), has(self.semver), has(self.commit)].filter(set, set).size() == 1").message("set exactly one of branch, tag, semver and commit"))]
pub struct GitRef {
    /// A branch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 256))]
    pub branch: Option<String>,
    /// A tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 256))]
    pub tag: Option<String>,
    /// A range over tags, for example `^1.2` or `>=1.0 <2.0`: the highest that fits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 256))]
    pub semver: Option<String>,
    /// An exact commit, forty hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    #[x_kube(validation = Rule::new("self.matches('^[0-9a-f]{40}$')").message("must be a whole commit id: forty hexadecimal digits in lower case"))]
    pub commit: Option<String>,
}

/// An object of the same namespace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LocalRef {
    /// Its name.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
}

/// A layer that comes first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Dependency {
    /// Its name.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
    /// Its namespace; the Layer's own if it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63))]
    pub namespace: Option<String>,
    /// Whether it must be healthy now, and not just have been so once.
    #[serde(default)]
    pub continuous: bool,
}

impl Dependency {
    /// Returns the layer that is meant, by a Layer of a namespace.
    pub fn layer(&self, own: &str) -> LayerKey {
        let namespace = self.namespace.clone().unwrap_or_else(|| own.into());
        (namespace, self.name.clone())
    }
}

/// An object that comes from elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Requirement {
    /// Its apiVersion.
    #[schemars(
        length(min = 1, max = 317),
        regex(pattern = "^([a-z0-9.-]+/)?v[0-9][a-z0-9]*$")
    )]
    pub api_version: String,
    /// Its kind.
    #[schemars(length(min = 1, max = 63), regex(pattern = "^[A-Z][A-Za-z0-9]*$"))]
    pub kind: String,
    /// Its name.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
    /// Its namespace; none for a cluster-scoped object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63))]
    pub namespace: Option<String>,
    /// Whether it must be healthy, and not just be there.
    #[serde(default)]
    pub ready: bool,
}

/// A field that names another object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Reference {
    /// The kind that has the field.
    pub from: ReferenceKind,
    /// The field, with `[]` behind a list, for example `spec.users[].secretName`.
    #[schemars(length(min = 1, max = 512))]
    pub path: String,
    /// The kind that the field names.
    pub to: ReferenceKind,
    /// `exists` waits until the object is there, `ready` until it can do its work, `soft` orders only.
    #[serde(default)]
    pub class: ReferenceClass,
}

/// How strong a reference is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ReferenceClass {
    /// The object must be there.
    #[default]
    Exists,
    /// The object must be able to do its work.
    Ready,
    /// Order only.
    Soft,
}

/// A kind, in any group if none is given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReferenceKind {
    /// The API group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    pub group: Option<String>,
    /// The kind.
    #[schemars(length(min = 1, max = 63), regex(pattern = "^[A-Z][A-Za-z0-9]*$"))]
    pub kind: String,
}

fn default_interval() -> String {
    "30s".into()
}

fn default_fetch_timeout() -> String {
    "60s".into()
}

fn default_retry_interval() -> String {
    "15s".into()
}

fn default_timeout() -> String {
    "10m".into()
}

fn default_service_account() -> String {
    "tidegate-deployer".into()
}
