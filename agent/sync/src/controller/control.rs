//! What a person does with a layer, as a change of the Layer; for those who ask over HTTP it is written before it is answered.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use kube::Api;
use kube::api::{ApiResource, DynamicObject, Patch, PatchParams};
use serde_json::{Value, json};
use tidegate_cluster::{ApiError, Cluster};

use super::resource::{APPROVE, CONFIRM, REQUESTED_BY, SYNC_REQUESTED};
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
    /// A plan that waits is to be carried out.
    Approve {
        /// The hash under which it was shown.
        hash: String,
    },
    /// Deletes that are held back are to be made.
    Confirm {
        /// The hash under which they were shown.
        hash: String,
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

    /// A confirmation of the deletes that are shown under a hash.
    ///
    /// # Errors
    /// If it is no such hash; the text says what to write.
    pub fn confirm(hash: &str) -> Result<Self, String> {
        let hash = checked(hash, "the deletes are shown")?;
        Ok(Self::Confirm { hash })
    }

    /// An approval of the plan that is shown under a hash.
    ///
    /// # Errors
    /// If it is no such hash; the text says what to write.
    pub fn approve(hash: &str) -> Result<Self, String> {
        let hash = checked(hash, "the plan is shown")?;
        Ok(Self::Approve { hash })
    }

    /// Returns the change of a Layer that says it, in the name of whoever asks: null takes a field away. Where something
    /// is to be done, that is a run under an id.
    pub fn patch(&self, run: &str, by: &str) -> Value {
        let requested = json!({SYNC_REQUESTED: run, REQUESTED_BY: by});
        let (spec, annotations) = match self {
            Self::Suspend => (json!({"suspend": true}), requested),
            Self::Resume => (json!({"suspend": false, "hold": null}), requested),
            Self::Rollback { revision, duration } => {
                let until = Timestamp::now().saturating_add(*duration);
                let until = until.unwrap_or(Timestamp::MAX).as_second();
                let until = Timestamp::from_second(until).unwrap_or(Timestamp::MAX);
                let hold = json!({"revision": revision, "until": until.to_string()});
                (json!({"hold": hold}), requested)
            }
            Self::Approve { hash } => {
                let approve = format!("{hash} {run}");
                (json!({}), json!({APPROVE: approve, REQUESTED_BY: by}))
            }
            Self::Confirm { hash } => {
                let confirm = format!("{hash} {run}");
                (json!({}), json!({CONFIRM: confirm, REQUESTED_BY: by}))
            }
        };
        json!({"metadata": {"annotations": annotations}, "spec": spec})
    }

    /// Writes it to a Layer; returns the run that comes of it, if one does.
    pub(super) async fn keep(
        &self,
        cluster: &Cluster,
        (layer, by): (&LayerKey, &str),
    ) -> Result<Option<String>, RequestError> {
        let (namespace, name) = layer;
        let resource = ApiResource::erase::<Layer>(&());
        let api: Api<DynamicObject> = Api::namespaced_with(cluster.client(), namespace, &resource);
        let run = uuid::Uuid::new_v4().to_string();
        let (params, patch) = (PatchParams::default(), Patch::Merge(self.patch(&run, by)));
        let written = api.patch(name, &params, &patch);
        match tokio::time::timeout(DEADLINE, written).await {
            Ok(Ok(_)) => Ok((*self != Self::Suspend).then_some(run)),
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

/// A hash, if it is one.
fn checked(hash: &str, shown: &str) -> Result<String, String> {
    let is_hash = hash.len() == 64 && hash.bytes().all(|it| it.is_ascii_hexdigit());
    if !is_hash {
        return Err(format!(
            "hash is `{hash}`, and must be the one under which {shown}: 64 hexadecimal digits"
        ));
    }
    Ok(hash.to_lowercase())
}
