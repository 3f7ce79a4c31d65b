//! What is wanted of a layer.

use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::LayerStatus;
use crate::Adopt;

/// A directory of a Git repository at a ref, applied to the cluster as one unit.
#[derive(CustomResource, Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[kube(
    group = "tidegate.dev",
    version = "v1alpha1",
    kind = "Layer",
    namespaced,
    status = "LayerStatus",
    category = "tidegate"
)]
#[serde(rename_all = "camelCase")]
pub struct LayerSpec {
    /// Where the manifests are.
    pub source: SourceSpec,
    /// The directory of the repository that is applied.
    #[serde(default)]
    pub path: String,
    /// Layers that come first: satisfied once each has been healthy at its newest revision.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub depends_on: Vec<Dependency>,
    /// Objects that come from elsewhere and must be there before what refers to them is applied.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requires: Vec<Requirement>,
    /// What happens to objects that are there already: `unowned` adopts what nobody else owns.
    #[serde(default)]
    pub adopt: Adopt,
    /// The first pause before a run that did not end well is tried again; it grows to 5m.
    #[serde(default = "default_retry_interval")]
    pub retry_interval: String,
    /// How long an object may take to get ready, unless its kind says otherwise.
    #[serde(default = "default_timeout")]
    pub timeout: String,
    /// The account, in the Layer's namespace, whose rights are used for every write of the layer's objects.
    #[serde(default = "default_service_account")]
    pub service_account_name: String,
    /// Fields of your own kinds that name other objects.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<Reference>,
}

/// Where the manifests are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SourceSpec {
    /// A Git repository.
    pub git: GitSource,
}

/// A Git repository at a ref.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GitSource {
    /// `https://`, `ssh://` or `user@host:path`.
    pub url: String,
    /// What is followed; without it the remote's HEAD.
    #[serde(default, skip_serializing_if = "Option::is_none", rename = "ref")]
    pub reference: Option<GitRef>,
    /// How often the ref is looked at.
    #[serde(default = "default_interval")]
    pub interval: String,
    /// How long one look or fetch may take.
    #[serde(default = "default_fetch_timeout")]
    pub timeout: String,
    /// A Secret of the Layer's namespace: `username` and `password`, `bearerToken`, `identity` (and `password`) with
    /// `known_hosts`, `tls.crt` and `tls.key`, `ca.crt`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<LocalRef>,
}

/// A ref: one of the fields.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GitRef {
    /// A branch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// A tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// A range over tags, for example `^1.2` or `>=1.0 <2.0`: the highest that fits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub semver: Option<String>,
    /// An exact commit, forty hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
}

/// An object of the same namespace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LocalRef {
    /// Its name.
    pub name: String,
}

/// A layer that comes first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Dependency {
    /// Its name.
    pub name: String,
    /// Its namespace; the Layer's own if it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Whether it must be healthy now, and not just have been so once.
    #[serde(default)]
    pub continuous: bool,
}

/// An object that comes from elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Requirement {
    /// Its apiVersion.
    pub api_version: String,
    /// Its kind.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its namespace; none for a cluster-scoped object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
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
    pub path: String,
    /// The kind that the field names.
    pub to: ReferenceKind,
    /// `exists` waits until the object is there, `ready` until it can do its work, `soft` orders only.
    #[serde(default = "default_class")]
    pub class: String,
}

/// A kind, in any group if none is given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReferenceKind {
    /// The API group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// The kind.
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

fn default_class() -> String {
    "exists".into()
}
