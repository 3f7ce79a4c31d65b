//! "A after B", with a class, a gate and a reason.

use std::fmt;

use serde::{Deserialize, Serialize};
use tidegate_object::ObjectId;

use crate::Gate;

/// One object waits for another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edge {
    /// The object that waits.
    pub from: ObjectId,
    /// The object that is waited for. It is in the plan, or comes from elsewhere (`requires`).
    pub to: ObjectId,
    /// How strong the edge is.
    pub class: EdgeClass,
    /// The condition that opens it.
    pub gate: Gate,
    /// Why it is there.
    pub reason: EdgeReason,
    /// Whether the reference is new, or this plan makes or changes its target or the target's provider:
    /// only then does it delay the update of a healthy object.
    pub fresh: bool,
}

/// How strong an edge is. Ordered: the weakest first, which is the one that a cycle drops.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EdgeClass {
    /// Order only: a failure, a wait over 30 s or a cycle drops it.
    Soft,
    /// The target is there.
    Exists,
    /// The target's capability is there.
    Ready,
}

/// Why an edge is there.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "source")]
pub enum EdgeReason {
    /// An annotation of the waiting object says so (`tidegate.dev/depends-on`).
    Annotation {
        /// The annotation's name.
        annotation: String,
    },
    /// The waiting object's wave comes after the target's.
    Wave {
        /// The annotation's name.
        annotation: String,
    },
    /// The API's own structure: a Namespace before its content, a CRD before its objects.
    Structure {
        /// What holds, for example `namespace before its content`.
        rule: String,
    },
    /// A field of the waiting object names the target.
    Reference {
        /// The field, as the rule writes it, for example `spec.template.spec.volumes[].secret.secretName`.
        field: String,
    },
    /// The target makes what a field of the waiting object names, or orders its first creation.
    Provider {
        /// The field that names what the target makes.
        field: String,
        /// What the target makes.
        provides: ObjectId,
    },
    /// The layer's `requires`.
    Requires,
}

impl EdgeReason {
    /// Explicit edges alone can make a cycle fatal. Another tool's wave is none.
    pub fn is_explicit(&self) -> bool {
        match self {
            Self::Annotation { .. } | Self::Requires => true,
            Self::Wave { annotation } => annotation.starts_with("tidegate.dev/"),
            Self::Structure { .. } | Self::Reference { .. } | Self::Provider { .. } => false,
        }
    }
}

impl fmt::Display for EdgeReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Annotation { annotation } | Self::Wave { annotation } => {
                let name = annotation.rsplit('/').next().unwrap_or(annotation);
                write!(f, "{name} annotation")
            }
            Self::Structure { rule } => f.write_str(rule),
            Self::Reference { field } => write!(f, "references {field}"),
            Self::Provider { field, provides } => {
                write!(f, "makes {}, which {field} names", provides.short())
            }
            Self::Requires => f.write_str("required by the layer"),
        }
    }
}
