//! The lines of `rules.yaml`.

use std::collections::BTreeMap;

use serde::Deserialize;
use tidegate_object::{GroupKind, ObjectId};

use super::{Beside, ProvideRule, ReferenceRule, Target};
use crate::EdgeClass;
use crate::path::{FieldPath, PathError, Paths};

/// The file of rules.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct File {
    pub(super) pod_specs: BTreeMap<KindText, PathText>,
    pub(super) pods: Vec<ReferenceLine>,
    pub(super) references: Vec<ReferenceLine>,
    pub(super) provides: Vec<ProvideLine>,
    pub(super) cluster_scoped: Vec<KindText>,
    pub(super) builtin: Vec<Builtin>,
}

impl File {
    pub(super) fn builtin() -> Result<Self, serde_yaml::Error> {
        serde_yaml::from_str(include_str!("../rules.yaml"))
    }
}

/// A line of `pods` or `references`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ReferenceLine {
    #[serde(default)]
    pub(super) from: OneOrMany,
    path: Paths,
    to: OneOrMany,
    class: EdgeClass,
    gate: Option<GateText>,
    kind: Option<PathText>,
    group: Option<PathText>,
    namespace: Option<PathText>,
    key: Option<PathText>,
    enabled: Option<PathText>,
    by: Option<PathText>,
    same: Option<PathText>,
    #[serde(default)]
    anywhere: bool,
    #[serde(default)]
    names: BTreeMap<String, String>,
}

impl ReferenceLine {
    /// Returns the line's rules, one for each path that it writes.
    pub(super) fn rules(&self) -> impl Iterator<Item = ReferenceRule> {
        let to: Vec<_> = self.to.iter().map(Target::from).collect();
        self.path.0.iter().map(move |path| ReferenceRule {
            is_gated: self.gate.is_some() || self.class == EdgeClass::Ready,
            beside: self.beside(),
            by: path_of(self.by.as_ref()),
            same: path_of(self.same.as_ref()),
            is_anywhere: self.anywhere,
            names: self.names.clone(),
            ..ReferenceRule::new(path.clone(), to.clone(), self.class)
        })
    }

    fn beside(&self) -> Beside {
        Beside {
            kind: path_of(self.kind.as_ref()),
            group: path_of(self.group.as_ref()),
            namespace: path_of(self.namespace.as_ref()),
            key: path_of(self.key.as_ref()),
            enabled: path_of(self.enabled.as_ref()),
        }
    }
}

/// A line of `provides`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ProvideLine {
    pub(super) from: OneOrMany,
    makes: KindText,
    name: Vec<PathText>,
    #[serde(default)]
    suffix: String,
    #[serde(rename = "if")]
    when: Option<PathText>,
    unless: Option<PathText>,
    ordinals: Option<PathText>,
}

impl ProvideLine {
    pub(super) fn rule(&self) -> ProvideRule {
        ProvideRule {
            makes: self.makes.0.clone(),
            names: self.name.iter().map(|path| path.0.clone()).collect(),
            suffix: self.suffix.clone(),
            when: path_of(self.when.as_ref()),
            unless: path_of(self.unless.as_ref()),
            ordinals: path_of(self.ordinals.as_ref()),
        }
    }
}

/// A line of `builtin`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Builtin {
    kind: KindText,
    name: String,
    namespace: Option<String>,
}

impl Builtin {
    pub(super) fn fits(&self, id: &ObjectId) -> bool {
        let named = match self.name.strip_suffix('*') {
            Some(start) => id.name.starts_with(start),
            None => id.name == self.name,
        };
        let namespace = self.namespace.as_deref();
        named
            && self.kind.0 == id.kind
            && (namespace.is_none() || namespace == id.namespace.as_deref())
    }
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum GateText {
    Ready,
}

/// A kind, written `Kind.group`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(from = "String")]
pub(crate) struct KindText(pub(crate) GroupKind);

impl From<String> for KindText {
    fn from(text: String) -> Self {
        let (kind, group) = text.split_once('.').unwrap_or((&text, ""));
        Self(GroupKind::new(group, kind))
    }
}

impl From<&KindText> for Target {
    fn from(text: &KindText) -> Self {
        let GroupKind { group, kind } = text.0.clone();
        let is_any = kind == "*" && group.is_empty();
        Self {
            group: (!is_any).then_some(group),
            kind,
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum OneOrMany {
    One(KindText),
    Many(Vec<KindText>),
}

impl Default for OneOrMany {
    fn default() -> Self {
        Self::Many(Vec::new())
    }
}

impl OneOrMany {
    pub(crate) fn iter(&self) -> impl Iterator<Item = &KindText> {
        match self {
            Self::One(kind) => std::slice::from_ref(kind).iter(),
            Self::Many(kinds) => kinds.iter(),
        }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct PathText(pub(crate) FieldPath);

impl TryFrom<String> for PathText {
    type Error = PathError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        FieldPath::parse(&text).map(Self)
    }
}

fn path_of(text: Option<&PathText>) -> Option<FieldPath> {
    text.map(|text| text.0.clone())
}
