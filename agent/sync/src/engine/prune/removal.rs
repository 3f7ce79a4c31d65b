//! The one place where an object of a layer is deleted.

use serde_json::Value;
use tidegate_cluster::{ApiError, Class, Deleted, Tenure};
use tidegate_object::{Object, ObjectId};
use tokio_util::sync::CancellationToken;

use super::guards::Denial;
use super::proof::Refusal;
use crate::engine::contact::Asker;
use crate::{Guard, marks};

/// What became of an object.
#[derive(Debug)]
pub(in crate::engine) enum Removed {
    /// It is not there.
    Gone,
    /// It was deleted, and is gone.
    Deleted,
    /// It is being deleted: what it waits for.
    Going(String),
    /// It is not the layer's any more: whose it is, or what it is.
    Foreign(String),
    /// A guard holds it back.
    Held(Denial),
    /// The run was told to stop first.
    Stopped,
    /// It may be tried again.
    Failed(ApiError),
}

/// What must hold in the moment of a delete.
#[derive(Clone)]
pub(in crate::engine) struct Fence {
    /// Whether this process leads; `None` where nobody else could.
    pub tenure: Option<Tenure>,
    /// Whether the run was superseded.
    pub stop: CancellationToken,
}

/// Why an object may be deleted: nothing is without one.
pub(in crate::engine) trait Proof: Sync {
    /// Returns the object.
    fn id(&self) -> &ObjectId;

    /// Returns the object's uid; empty if it is not known.
    fn uid(&self) -> &str;

    /// Holds the proof against the object as it is.
    fn admits(&self, live: &Object) -> Result<(), Refusal>;
}

/// Deletes an object of a layer, if the live object bears out the proof.
pub(in crate::engine) async fn remove(asker: &Asker, proof: &dyn Proof, fence: &Fence) -> Removed {
    match try_to_remove(asker, proof, fence).await {
        Ok(removed) => removed,
        Err(error) if is_passing(&error) => Removed::Failed(error),
        Err(error) => {
            let advice = match error.class {
                Class::Forbidden => ": grant `delete` to the account that it names",
                _ => "",
            };
            let text = format!("it cannot be deleted: {error}{advice}");
            Removed::Held(Denial::new(Guard::Refused, text))
        }
    }
}

/// Tells what became of an object that was being deleted.
pub(in crate::engine) async fn look(asker: &Asker, id: &ObjectId, uid: &str) -> Removed {
    match asker.reader.get_metadata(id).await {
        Ok(Some(live)) if live.uid() == Some(uid) => going(&live),
        Ok(_) => Removed::Deleted,
        Err(error) if error.class == Class::UnknownKind => Removed::Deleted,
        Err(error) => Removed::Failed(error),
    }
}

async fn try_to_remove(
    asker: &Asker,
    proof: &dyn Proof,
    fence: &Fence,
) -> Result<Removed, ApiError> {
    let id = proof.id();
    // Of a Secret, nobody needs the values.
    let live = if id.kind.is("", "Secret") {
        asker.reader.get_metadata(id).await?
    } else {
        asker.reader.get(id).await?
    };
    let Some(live) = live else {
        return Ok(Removed::Gone);
    };
    if let Err(other) = is_ours(asker, proof, &live) {
        return Ok(other);
    }
    match proof.admits(&live) {
        Ok(()) => {}
        Err(Refusal::Held(denial)) => return Ok(Removed::Held(denial)),
        Err(Refusal::Never) => {
            return Ok(Removed::Foreign(
                "it says `tidegate.dev/prune: never`, and is left".into(),
            ));
        }
    }
    if live.pointer("/metadata/deletionTimestamp").is_some() {
        return Ok(going(&live));
    }
    if let Some(tenure) = &fence.tenure
        && !tenure.holds().await?
    {
        let text = "another replica leads now: it decides what is deleted";
        return Ok(Removed::Held(Denial::new(Guard::Leadership, text)));
    }
    if fence.stop.is_cancelled() {
        return Ok(Removed::Stopped);
    }
    Ok(match asker.writer.delete(&live).await? {
        Deleted::Gone => Removed::Deleted,
        Deleted::Going => going(&live),
    })
}

/// Holds a live object's uid, marks and managed fields against what the layer knows.
fn is_ours(asker: &Asker, proof: &dyn Proof, live: &Object) -> Result<(), Removed> {
    if !proof.uid().is_empty() && live.uid() != Some(proof.uid()) {
        return Err(Removed::Foreign(
            "it was made anew by somebody else, and is left".into(),
        ));
    }
    let missing = match marks::owner_of(live) {
        Some(owner) if owner.uid != asker.owner.uid => {
            return Err(Removed::Foreign(format!("it is {owner}'s now")));
        }
        None => "does not carry the layer's marks",
        Some(_) if !asker.manages(live) => "has no managed fields of the layer",
        Some(_) => return Ok(()),
    };
    let text = format!("the live object {missing}: delete it by hand if it is to go");
    Err(Removed::Held(Denial::new(Guard::Marks, text)))
}

fn going(live: &Object) -> Removed {
    let finalizers = live
        .pointer("/metadata/finalizers")
        .and_then(Value::as_array);
    let names = finalizers.into_iter().flatten().filter_map(Value::as_str);
    let names: Vec<&str> = names.collect();
    Removed::Going(match names.as_slice() {
        [] => "it is being deleted".into(),
        names => format!(
            "it is being deleted, and waits for its finalizers: {}",
            names.join(", ")
        ),
    })
}

/// A conflict means that the object was changed since it was read: it is read again.
fn is_passing(error: &ApiError) -> bool {
    error.class.is_transient() || matches!(error.class, Class::OtherUid | Class::Conflict)
}
