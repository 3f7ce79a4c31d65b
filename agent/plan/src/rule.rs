//! A reference rule: which field of a kind names an object of another.

use serde::{Deserialize, Serialize};

use crate::EdgeClass;

/// A field that names another object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rule {
    /// The kind that has the field.
    pub from: KindPattern,
    /// The field, with `[]` behind a list and `*` for any key: `spec.volumes[].secret.secretName`.
    pub path: String,
    /// The kind that the field names.
    pub to: KindPattern,
    /// How strong the edge is.
    pub class: EdgeClass,
}

/// A kind in a rule. Without a group it is of the core group, or of any group if the core group has none such.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KindPattern {
    /// The API group; absent for any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// The kind.
    pub kind: String,
}
