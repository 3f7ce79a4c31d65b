//! Suspends, resumes and holds layers, by their spec; for those who ask over HTTP it is written before it is answered.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use kube::Api;
use kube::api::{ApiResource, DynamicObject, Patch, PatchParams};
use serde_json::{Value, json};
use tidegate_cluster::{ApiError, Cluster};

use super::resource::{REQUESTED_BY, SYNC_REQUESTED};
use crate::layer::parse_duration;
use crate::{Layer, LayerKey, RequestError};

/// The deadline of a write.
const DEADLINE: Duration = Duration::from_secs(10);

/// What a person does with a layer, besides syncs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Control {
    /// Nothing is written any more.
    Suspend,
    /// The layer follows its ref again, whether it was suspended or held.
    Resume,
    /// The layer is brought to a commit, and held there.
    Rollback {
        /// The commit: forty hexadecimal digits.
        revision: String,
        /// How long.
        duration: SignedDuration,
    },
}

impl Control {
    /// A rollback to a whole commit id, for a duration such as `30m` or `2h`.
    ///
    /// # Errors
    /// If one of them is not that; the text says what to write.
    pub fn rollback(revision: &str, duration: &str) -> Result<Self, String> {
        let is_commit = revision.len() == 40 && revision.bytes().all(|it| it.is_ascii_hexdigit());
        if !is_commit {
            return Err(format!(
                "revision is `{revision}`, and must be a whole commit id: forty hexadecimal digits"
            ));
        }
        let parsed = parse_duration(duration).filter(|duration| !duration.is_zero());
        let parsed = parsed.and_then(|duration| SignedDuration::try_from(duration).ok());
        let duration = parsed.ok_or_else(|| {
            format!("for is `{duration}`, and must be a duration such as 30m or 2h")
        })?;
        Ok(Self::Rollback {
            revision: revision.to_lowercase(),
            duration,
        })
    }

    /// Returns the fields of a Layer's spec that say it: null takes one away.
    pub fn spec(&self) -> Value {
        match self {
            Self::Suspend => json!({"suspend": true}),
            Self::Resume => json!({"suspend": false, "hold": null}),
            Self::Rollback { revision, duration } => {
                let until = Timestamp::now().saturating_add(*duration);
                let until = until.unwrap_or(Timestamp::MAX).as_second();
                let until = Timestamp::from_second(until).unwrap_or(Timestamp::MAX);
                json!({"hold": {"revision": revision, "until": until.to_string()}})
            }
        }
    }

    /// Writes it to a Layer. Where something is to be done, that is a run under an id, in the name of whoever asks.
    pub(super) async fn keep(
        &self,
        cluster: &Cluster,
        (layer, by): (&LayerKey, &str),
    ) -> Result<Option<String>, RequestError> {
        let (namespace, name) = layer;
        let resource = ApiResource::erase::<Layer>(&());
        let api: Api<DynamicObject> = Api::namespaced_with(cluster.client(), namespace, &resource);
        let run = match self {
            Self::Suspend => None,
            Self::Resume | Self::Rollback { .. } => Some(uuid::Uuid::new_v4().to_string()),
        };
        let annotations = match &run {
            Some(run) => json!({SYNC_REQUESTED: run, REQUESTED_BY: by}),
            None => json!({}),
        };
        let patch = json!({"metadata": {"annotations": annotations}, "spec": self.spec()});
        let (params, patch) = (PatchParams::default(), Patch::Merge(patch));
        let written = api.patch(name, &params, &patch);
        match tokio::time::timeout(DEADLINE, written).await {
            Ok(Ok(_)) => Ok(run),
            Ok(Err(kube::Error::Api(answer))) if answer.code == 404 => {
                Err(RequestError::NoLayer(namespace.clone(), name.clone()))
            }
            Ok(Err(error)) => Err(RequestError::Unavailable(ApiError::of(&error).message)),
            Err(_) => {
                let late = "the API server does not answer in time";
                Err(RequestError::Unavailable(late.into()))
            }
        }
    }
}
