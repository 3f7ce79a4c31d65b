//! What the API server says of an object that looks different: one dry-run, and one read if that would change it.

use jiff::Timestamp;
use serde_json::Value;
use tidegate_cluster::{
    ApiError, ApplyOptions, Class, FieldPath, Force, Mode, Owned, Tenure, Writer, differences,
};
use tidegate_object::Object;

use super::form::form;
use crate::digest::DigestKey;
use crate::engine::contact::{Asker, owned_by};
use crate::marks;

/// The field manager of horizontal Pod autoscalers, which write through the subresource `scale`.
const AUTOSCALER: &str = "kube-controller-manager";

/// How many fields are named.
const NAMED: usize = 10;

/// How often an object that changes under our hands is looked at, at once.
const LOOKS: usize = 3;

/// What an object looks like to its watch.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::engine) struct Seen {
    /// The uid of the object that is owned.
    pub uid: String,
    /// The resourceVersion and the fingerprint; `None` if the watch does not show it.
    pub shown: Option<(String, u64)>,
}

/// What the API server says of an object that looks different.
#[derive(Debug)]
pub(in crate::engine) enum Inspected {
    /// An apply would change nothing; with its fingerprint.
    Same(u64),
    /// The values are as applied, and no longer ours.
    Lost(Box<Differing>),
    /// An apply would change it.
    Drifted(Box<Differing>),
    /// An apply would change it, and it was written in our own name: by another process, or from a backup.
    OwnName(Box<Differing>),
    /// It is not there, or another one is: what is to be done is found out as if it was met for the first time.
    Gone,
    /// Another layer has applied it.
    Theirs(String),
    /// It changes while it is looked at.
    Moving,
    /// The API server refuses the apply.
    Refused(ApiError),
}

/// Where an object differs, and who did that.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::engine) struct Differing {
    /// The fields, at most ten.
    pub fields: Vec<String>,
    /// The manager that wrote the first of them.
    pub writer: Option<String>,
    /// When.
    pub written: Option<Timestamp>,
    /// The live object's uid.
    pub uid: String,
    /// The replicas that an autoscaler has set, and that a repair leaves.
    pub replicas: Option<Value>,
}

/// Asks about objects that look different.
pub(in crate::engine) struct Inspector {
    pub asker: Asker,
    pub key: DigestKey,
    pub tenure: Option<Tenure>,
}

impl Inspector {
    /// Finds out what is behind it that an object looks different.
    pub(in crate::engine) async fn inspect(&self, object: &Object, seen: &Seen) -> Inspected {
        let inspected = self.look(object, seen).await;
        inspected.unwrap_or_else(|error| match error.class {
            Class::OtherUid => Inspected::Gone,
            _ => Inspected::Refused(error),
        })
    }

    async fn look(&self, object: &Object, seen: &Seen) -> Result<Inspected, ApiError> {
        if seen.shown.is_none() {
            // Gone, or without the label by which it is watched.
            let live = self.asker.reader.get_like(object).await?;
            if live.is_none_or(|live| live.uid() != Some(&seen.uid)) {
                return Ok(Inspected::Gone);
            }
        }
        for _ in 0..LOOKS {
            let wanted = self.dry_run(object, &seen.uid).await?;
            let fingerprint = form(&self.key, &wanted);
            let version = wanted.resource_version().unwrap_or_default();
            if let (Some((shown, known)), Some(now)) = (&seen.shown, fingerprint)
                && (shown.as_str(), *known) == (version, now)
            {
                return Ok(Inspected::Same(now));
            }
            let Some(live) = self.asker.reader.get_like(object).await? else {
                return Ok(Inspected::Gone);
            };
            if live.resource_version() == wanted.resource_version() {
                return self.compare(&live, &wanted).await;
            }
        }
        Ok(Inspected::Moving)
    }

    async fn dry_run(&self, object: &Object, uid: &str) -> Result<Object, ApiError> {
        let manager = self.asker.owner.manager();
        let options = ApplyOptions {
            manager: &manager,
            force: Force::Yes,
            mode: Mode::DryRun,
            uid: Some(uid),
        };
        let applied = self.asker.writer.apply(object, &options).await?;
        Ok(applied.object)
    }

    /// Holds an object against what an apply would make of it, at the same resourceVersion.
    async fn compare(&self, live: &Object, wanted: &Object) -> Result<Inspected, ApiError> {
        let now = form(&self.key, live);
        if let Some(now) = now.filter(|_| now == form(&self.key, wanted)) {
            return Ok(Inspected::Same(now));
        }
        if let Some(owner) = self.applied_by_another(live).await? {
            return Ok(Inspected::Theirs(owner));
        }
        let manager = self.asker.owner.manager();
        let Some(owned) = Owned::of(wanted, &manager) else {
            return Ok(Inspected::Moving);
        };
        let still = Owned::of(live, &manager);
        // Whoever else writes a field takes it out of what is ours.
        let is_own_name = still
            .as_ref()
            .is_some_and(|still| still.is_same_set(&owned));
        let owned = still.map_or(owned.clone(), |still| owned.united(&still));
        let mut found = differences(&owned, live, wanted);
        let all = found.len();
        found.retain(|field| !is_scaled(field, live, &manager));
        if let Some(now) = now.filter(|_| found.is_empty() && all > 0) {
            return Ok(Inspected::Same(now));
        }
        let differing = Box::new(Differing::new(&found, live, &manager));
        if is_own_name && !found.is_empty() && !self.leads().await? {
            return Ok(Inspected::Theirs("another process leads".into()));
        }
        Ok(match (found.is_empty(), is_own_name) {
            (true, _) => Inspected::Lost(differing),
            (false, true) => Inspected::OwnName(differing),
            (false, false) => Inspected::Drifted(differing),
        })
    }

    /// Tells whether nobody else may write in the layer's name.
    async fn leads(&self) -> Result<bool, ApiError> {
        match &self.tenure {
            Some(tenure) => tenure.holds().await,
            None => Ok(true),
        }
    }

    /// Names another layer that has applied an object and still lives. Marks alone are none: anybody can write them.
    async fn applied_by_another(&self, live: &Object) -> Result<Option<String>, ApiError> {
        let Some(owner) = marks::owner_of(live).filter(|owner| owner.uid != self.asker.owner.uid)
        else {
            return Ok(None);
        };
        let entries = live
            .pointer("/metadata/managedFields")
            .and_then(Value::as_array);
        let manager = owner.manager();
        let is_theirs =
            |entry: &Value| entry.get("manager").and_then(Value::as_str) == Some(&manager);
        let has_applied = entries.into_iter().flatten().any(is_theirs);
        if !has_applied || !self.asker.lives(&owner).await? {
            return Ok(None);
        }
        Ok(Some(owned_by(&owner)))
    }
}

/// Returns the replicas that an autoscaler has set.
fn scaled(live: &Object, manager: &str) -> Option<Value> {
    let field = FieldPath::of(&["spec", "replicas"]);
    let replicas = live.pointer("/spec/replicas")?;
    is_scaled(&field, live, manager).then(|| replicas.clone())
}

/// Tells whether an autoscaler has set the number of replicas: that is its work, and no drift.
fn is_scaled(field: &FieldPath, live: &Object, manager: &str) -> bool {
    let is_autoscaler =
        |writer: Writer| writer.subresource == "scale" && writer.manager == AUTOSCALER;
    field.to_string() == "spec.replicas" && field.writer(live, manager).is_some_and(is_autoscaler)
}

impl Differing {
    /// Returns what is to be applied: the object, with the replicas that an autoscaler has set.
    pub(super) fn wanted(&self, object: &Object) -> Object {
        let mut value = object.value().clone();
        if let (Some(replicas), Some(field)) = (&self.replicas, value.pointer_mut("/spec/replicas"))
        {
            field.clone_from(replicas);
        }
        Object::new(value).unwrap_or_else(|_| object.clone())
    }

    fn new(found: &[FieldPath], live: &Object, manager: &str) -> Self {
        let writer = match found.first() {
            Some(first) => first.writer(live, manager),
            None => FieldPath::default().writer(live, manager),
        };
        let fields = found.iter().take(NAMED).map(ToString::to_string);
        Self {
            fields: fields.filter(|field| !field.is_empty()).collect(),
            written: writer.as_ref().and_then(|writer| writer.at.parse().ok()),
            writer: writer.map(|writer| writer.manager),
            uid: live.uid().unwrap_or_default().into(),
            replicas: scaled(live, manager),
        }
    }
}
