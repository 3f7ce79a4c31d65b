//! A reference rule: which field of a kind names an object of another.

use serde::{Deserialize, Serialize};

use crate::EdgeClass;

/// A field that names another object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rule {
    /// The kind that has the field.
    pub from: KindPattern,
    /// The field, with `[]` behind a list, `*` for any name, `|` between names that mean the same, and `\.` for a dot in a
    /// name: `spec.volumes[].secret.secretName`.
    pub path: String,
    /// The kind that the field names.
    pub to: KindPattern,
    /// How strong the edge is.
    pub class: EdgeClass,
}

/// A kind in a rule, of any group if none is given; of several that have a target, the core group's counts first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KindPattern {
    /// The API group; absent for any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// The kind.
    pub kind: String,
}
