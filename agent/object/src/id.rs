//! The identity of an object in a cluster.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::GroupKind;

/// What names an object: group, kind, namespace and name. The version is no part of it.
///
/// Written `group/Kind/namespace/name`, with `core` for the empty group and `_` for no namespace.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectId {
    /// Group and kind.
    pub kind: GroupKind,
    /// The namespace; `None` for a cluster-scoped object.
    pub namespace: Option<String>,
    /// The name.
    pub name: String,
}

impl ObjectId {
    /// Names an object.
    pub fn new(kind: GroupKind, namespace: Option<&str>, name: &str) -> Self {
        Self {
            kind,
            namespace: namespace.map(Into::into),
            name: name.into(),
        }
    }

    /// Shows the id as kubectl users write it: `deployment/web`, in lower case.
    pub fn short(&self) -> String {
        format!("{}/{}", self.kind.kind.to_lowercase(), self.name)
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let group = if self.kind.group.is_empty() {
            "core"
        } else {
            &self.kind.group
        };
        let namespace = self.namespace.as_deref().unwrap_or("_");
        write!(f, "{group}/{}/{namespace}/{}", self.kind.kind, self.name)
    }
}

/// A text that is not `group/Kind/namespace/name`.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "`{0}` is not an object identifier: write group/Kind/namespace/name, `core` for the empty group, `_` for no namespace"
)]
pub struct ParseIdError(pub String);

impl FromStr for ObjectId {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.splitn(4, '/');
        let (Some(group), Some(kind), Some(namespace), Some(name)) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(ParseIdError(text.into()));
        };
        if [group, kind, namespace, name]
            .iter()
            .any(|part| part.is_empty())
            || name.contains('/')
        {
            return Err(ParseIdError(text.into()));
        }
        let group = if group == "core" { "" } else { group };
        let namespace = (namespace != "_").then_some(namespace);
        Ok(Self::new(GroupKind::new(group, kind), namespace, name))
    }
}

impl Serialize for ObjectId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ObjectId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_survive_being_written_and_read() {
        for text in [
            "core/Secret/databases/pg-main-app",
            "apps/Deployment/web/web",
            "core/Namespace/_/web",
        ] {
            let id: ObjectId = text.parse().unwrap();
            assert_eq!(id.to_string(), text);
        }
    }

    #[test]
    fn what_is_no_id_is_refused() {
        for text in [
            "",
            "web",
            "apps/Deployment/web",
            "apps//web/web",
            "core/Pod/a/b/c",
        ] {
            assert!(text.parse::<ObjectId>().is_err(), "{text}");
        }
    }
}
