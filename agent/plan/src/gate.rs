//! The condition that an edge waits on: a capability of the target, never the health of its provider.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What must hold of an edge's target before the edge opens.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "type")]
pub enum Gate {
    /// The object is there, and not being deleted.
    Exists,
    /// The object, a Secret or a ConfigMap, is there and has the keys.
    Keys {
        /// The keys that are read.
        keys: Vec<String>,
    },
    /// The CustomResourceDefinition is Established, and discovery serves its kind.
    Established,
    /// The Namespace is Active.
    Active,
    /// The object serves: a Deployment is Available, a Cluster accepts connections, a store is valid.
    Serving,
    /// The webhook behind the target answers a dry-run.
    WebhookAnswers,
    /// The object is current by its kind's health rule (explicit edges).
    Healthy,
}

/// Writes the condition in words that follow the target's name: `is there`, `has the keys a, b`.
impl fmt::Display for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exists => f.write_str("is there"),
            Self::Keys { keys } if keys.is_empty() => f.write_str("is there"),
            Self::Keys { keys } => write!(f, "has {}", keys.join(", ")),
            Self::Established => f.write_str("is established"),
            Self::Active => f.write_str("is active"),
            Self::Serving => f.write_str("serves"),
            Self::WebhookAnswers => f.write_str("answers calls of its webhook"),
            Self::Healthy => f.write_str("is healthy"),
        }
    }
}
