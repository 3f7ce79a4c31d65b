//! Who owns the objects of a run: a Layer, or a person's one-shot apply.

use serde::Serialize;

/// The owner of a layer's objects.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Owner {
    /// The Layer's namespace; `cli` for a one-shot apply.
    pub namespace: String,
    /// The Layer's name.
    pub name: String,
    /// The Layer's uid; made once for a one-shot apply. It is the value of the label and part of the manager's name.
    pub uid: String,
}

impl Owner {
    /// The field manager under which the objects are applied.
    pub fn manager(&self) -> String {
        Self::manager_of(&self.uid)
    }

    /// The field manager of the owner with a uid.
    pub(crate) fn manager_of(uid: &str) -> String {
        format!("tidegate:{uid}")
    }
}

impl std::fmt::Display for Owner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}
