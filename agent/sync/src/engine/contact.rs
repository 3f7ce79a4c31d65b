//! First contact, and the dry-run that proves a change: what the API server would say to it.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;
use tidegate_cluster::{
    ApiError, Applied, ApplyOptions, Class, Cluster, Contact, EARLIER_MANAGERS, Force, Mode,
    first_contact,
};
use tidegate_object::{GroupKind, Object, ObjectId};
use tidegate_plan::Change;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::inventory::Store;
use crate::{Adopt, Claims, Owner, marks};

/// The namespace that stands for one-shot applies in the name of an owner.
pub(super) const ONE_SHOT: &str = "cli";

/// Who asks, and under which rule.
#[derive(Clone)]
pub(super) struct Asker {
    /// What all runs of the engine share.
    pub room: Arc<Semaphore>,
    /// The agent itself, who reads.
    pub reader: Cluster,
    /// The account that writes.
    pub writer: Cluster,
    pub owner: Owner,
    pub adopt: Adopt,
    /// What other layers hold.
    pub claims: Claims,
}

/// What the API server would say to a change.
#[derive(Debug)]
pub(super) enum Answer {
    /// It would do it; with the object as it would then be.
    Proven(Box<Claim>, Box<Object>),
    /// Somebody else owns the object.
    Owned(String),
    /// It would not.
    Refused(ApiError),
}

/// How an object is written: what that is called, and which live object it must meet.
#[derive(Debug, Clone)]
pub(super) struct Claim {
    pub change: Change,
    /// The live object's uid; `None` where there is none.
    pub uid: Option<String>,
    /// The live object at first contact; of a Secret, its metadata.
    pub live: Option<Object>,
    /// The manager of an owner that is gone.
    pub gone: Option<String>,
}

impl Claim {
    /// An object that is not there, as far as is known.
    pub(super) fn new() -> Self {
        Self {
            change: Change::Create,
            uid: None,
            live: None,
            gone: None,
        }
    }

    /// An object that is the owner's.
    pub(super) fn ours(live: &Object) -> Self {
        Self {
            change: Change::Update,
            uid: live.uid().map(Into::into),
            live: None,
            gone: None,
        }
    }

    /// An object that is the owner's, by its uid.
    pub(super) fn of_uid(uid: &str) -> Self {
        Self {
            change: Change::Update,
            uid: Some(uid.into()),
            live: None,
            gone: None,
        }
    }

    /// How the apply is sent.
    pub(super) fn options<'a>(&'a self, manager: &'a str, mode: Mode) -> ApplyOptions<'a> {
        let force = match self.change {
            Change::Create => Force::No,
            _ => Force::Yes,
        };
        ApplyOptions {
            manager,
            force,
            mode,
            uid: self.uid.as_deref(),
        }
    }
}

impl Asker {
    /// Waits until there is room among the requests of all runs. It is never closed.
    pub(super) async fn room(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.room).acquire_owned().await.ok()
    }

    /// Asks what the API server would say to an apply; finds out whose the object is where that is not known.
    pub(super) async fn ask(&self, object: &Object, mut claim: Claim) -> Answer {
        let manager = self.owner.manager();
        // Each turn knows more than the one before: made anew, then whose it is, then the forced apply.
        for _ in 0..4 {
            let options = claim.options(&manager, Mode::DryRun);
            let managers = match self.writer.apply(object, &options).await {
                Ok(applied) if applied.created || claim.uid.is_some() => {
                    return Answer::Proven(Box::new(claim), Box::new(applied.object));
                }
                Ok(_) => BTreeSet::new(),
                Err(error) if error.class == Class::OtherUid => {
                    claim = Claim::new();
                    continue;
                }
                Err(error) if error.class == Class::Conflict && claim.uid.is_none() => error
                    .conflicts
                    .into_iter()
                    .map(|conflict| conflict.manager)
                    .collect(),
                Err(error) => return Answer::Refused(error),
            };
            claim = match self.whose(object.id(), managers).await {
                Ok(Ok(claim)) => claim,
                Ok(Err(owner)) => return Answer::Owned(owner),
                Err(error) => return Answer::Refused(error),
            };
        }
        Answer::Owned("somebody else makes it anew again and again".into())
    }

    /// Writes an object. One that is adopted loses the entries of its earlier managers first: what they set and Git
    /// does not hold would stay for ever.
    pub(super) async fn write(&self, object: &Object, claim: &Claim) -> Result<Applied, ApiError> {
        let manager = self.owner.manager();
        if let (Change::Adopt, Some(live)) = (claim.change, &claim.live) {
            let is_earlier = |name: &str| {
                EARLIER_MANAGERS.contains(&name) || claim.gone.as_deref() == Some(name)
            };
            let taken = self.writer.take_over(live, &manager, is_earlier).await;
            taken.map_err(changed_meanwhile)?;
        }
        let options = claim.options(&manager, Mode::Write);
        self.writer.apply(object, &options).await
    }

    /// Finds out whether a live object may be the owner's.
    async fn whose(
        &self,
        id: &ObjectId,
        mut managers: BTreeSet<String>,
    ) -> Result<Result<Claim, String>, ApiError> {
        // Of a Secret, nobody needs the values.
        let live = if id.kind.is("", "Secret") {
            self.reader.get_metadata(id).await?
        } else {
            self.reader.get(id).await?
        };
        let Some(live) = live else {
            return Ok(Ok(Claim::new()));
        };
        let marked = marks::owner_of(&live);
        if marked
            .as_ref()
            .is_some_and(|owner| owner.uid == self.owner.uid)
            || self.manages(&live)
        {
            return Ok(Ok(Claim::ours(&live)));
        }
        let mut gone = None;
        if let Some(owner) = marked {
            if !self.claims.is_let_go(&owner, id) && self.lives(&owner).await? {
                return Ok(Err(owned_by(&owner)));
            }
            managers.remove(&owner.manager());
            gone = Some(owner.manager());
        }
        if self.adopt == Adopt::Never {
            let text = "it exists already, and `adopt: never` leaves it alone: delete it, or set spec.adopt to `unowned`";
            return Ok(Err(text.into()));
        }
        Ok(match first_contact(&live, &managers) {
            Contact::Adopt => Ok(Claim {
                change: Change::Adopt,
                uid: live.uid().map(Into::into),
                live: Some(live),
                gone,
            }),
            Contact::Blocked(reason) => Err(reason),
        })
    }

    /// Tells whether the owner has applied the object before: its label may have been taken off.
    pub(super) fn manages(&self, live: &Object) -> bool {
        let manager = self.owner.manager();
        let entries = live
            .pointer("/metadata/managedFields")
            .and_then(Value::as_array);
        let mut managers = entries
            .into_iter()
            .flatten()
            .filter_map(|entry| entry.get("manager")?.as_str());
        managers.any(|name| name == manager)
    }

    /// Tells whether an owner is still there. One-shot applies always count: their inventory may be anywhere.
    pub(super) async fn lives(&self, owner: &Owner) -> Result<bool, ApiError> {
        if owner.namespace == ONE_SHOT {
            return Ok(true);
        }
        let kind = GroupKind::new("tidegate.dev", "Layer");
        let id = ObjectId::new(kind, Some(&owner.namespace), &owner.name);
        match self.reader.get_metadata(&id).await {
            Ok(layer) => Ok(layer.and_then(|layer| Some(layer.uid()? == owner.uid)) == Some(true)),
            Err(error) if error.class == Class::UnknownKind => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// Says whose an object is, and how it becomes this owner's.
pub(super) fn owned_by(owner: &Owner) -> String {
    if owner.namespace == ONE_SHOT {
        let name = &owner.name;
        return format!(
            "owned by {owner}, a one-shot apply: go on under `--name {name}` with -n and the namespace of its inventory, or delete the object first"
        );
    }
    format!(
        "owned by {owner}: remove it from this layer, or from that one and then delete the object"
    )
}

/// An object that was changed since first contact is met anew.
fn changed_meanwhile(error: ApiError) -> ApiError {
    let class = match error.code {
        404 | 409 => Class::OtherUid,
        _ => error.class,
    };
    ApiError { class, ..error }
}

impl Store {
    /// Finds the owner of a one-shot apply by its name, or makes a new one.
    pub(super) async fn one_shot(&self, name: &str) -> Result<Owner, ApiError> {
        let owner = Owner {
            namespace: ONE_SHOT.into(),
            name: name.into(),
            uid: String::new(),
        };
        let uid = self.uid_of(&owner).await?;
        let uid = uid.unwrap_or_else(|| uuid::Uuid::new_v4().to_string());
        Ok(Owner { uid, ..owner })
    }
}
