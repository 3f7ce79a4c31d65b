//! The hold of a layer: a commit that it stays at for a time, whatever its ref names.
#![expect(
    unreachable_pub,
    reason = "the derive of schemas with CEL rules repeats the types inside of functions"
)]

use kube::KubeSchema;
use serde::{Deserialize, Serialize};

/// A commit that the layer stays at until a time, whatever its ref names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Hold {
    /// The commit, forty hexadecimal digits.
    #[schemars(length(max = 64))]
    #[x_kube(validation = Rule::new("self.matches('^[0-9a-f]{40}$')").message("must be a whole commit id: forty hexadecimal digits in lower case"))]
    pub revision: String,
    /// When the hold ends by itself, for example `2026-12-01T18:00:00Z`.
    #[schemars(length(max = 64), extend("format" = "date-time"))]
    pub until: String,
}
