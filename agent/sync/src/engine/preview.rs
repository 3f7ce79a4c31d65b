//! What a run would do to an object, in the API server's own words: nothing is written.

use std::sync::Arc;

use serde_json::Value;
use tidegate_cluster::{ApiError, Class, Cluster};
use tidegate_object::{Object, ObjectId};
use tidegate_plan::{Change, Consequence, Difference, consequences};
use tidegate_schema::Definitions;
use tokio::sync::Semaphore;

use super::contact::{Answer, Asker, Claim};
use crate::{Adopt, Claims, Owner, misfit};

/// How many dry-runs go on at the same time.
const ROOM: usize = 8;

/// Asks what a run of an owner would do, by first contact and adopt rule as a run does.
#[derive(Clone)]
pub struct Preview {
    asker: Asker,
}

/// One object as it is, and as it would be.
pub struct Previewed {
    /// The object.
    pub id: ObjectId,
    /// What would happen to it.
    pub change: Change,
    /// As it is; `None` if it is not there.
    pub before: Option<Object>,
    /// As it would be, with defaults; as Git says it where the API server cannot tell yet.
    pub after: Object,
    /// Why it would not be written.
    pub problem: Option<String>,
    /// Whether that is what the definition of its kind says, as it is in the cluster now.
    pub is_invalid: bool,
}

impl Previewed {
    /// Judges the object by definitions that are written before it, in place of what the cluster has now.
    pub fn redefine(&mut self, definitions: &Definitions<'_>, object: &Object) {
        if !definitions.define(object) || self.problem.is_some() && !self.is_invalid {
            return;
        }
        self.problem = misfit(definitions, object);
        match (&self.problem, self.is_invalid) {
            (Some(_), _) => self.change = Change::None,
            (None, true) if self.before.is_some() => self.change = Change::Update,
            (None, true) => self.change = Change::Create,
            (None, false) => {}
        }
    }

    /// Returns what the change does to what runs.
    pub fn consequences(&self) -> Vec<Consequence> {
        let Some(before) = &self.before else {
            return Vec::new();
        };
        let difference = Difference::Changed(before.value(), self.after.value());
        consequences(&self.id.kind, difference)
    }
}

impl Preview {
    /// Asks in the name of an owner: `reader` reads, `writer` is who would write.
    pub fn new((reader, writer): (Cluster, Cluster), owner: Owner, adopt: Adopt) -> Self {
        let room = Arc::new(Semaphore::new(ROOM));
        Self {
            asker: Asker {
                room,
                reader,
                writer,
                owner,
                adopt,
                claims: Claims::default(),
            },
        }
    }

    /// Asks about one object, which carries the owner's marks.
    ///
    /// # Errors
    /// If there is no answer. A refusal is one.
    pub async fn object(&self, object: &Object) -> Result<Previewed, ApiError> {
        let _room = self.asker.room().await;
        let before = match self.asker.reader.kinds().resolve(object.gvk()) {
            Some(_) => self.asker.reader.get(object.id()).await?,
            None => None,
        };
        let mut is_invalid = false;
        let (change, after, problem) = match self.asker.ask(object, Claim::new()).await {
            Answer::Proven(claim, after) => (claim.change, *after, None),
            Answer::Owned(owner) => (Change::None, object.clone(), Some(owner)),
            // What it needs is made by the same revision.
            Answer::Refused(error) if before.is_none() && comes_with_it(error.class) => {
                (Change::Create, object.clone(), None)
            }
            Answer::Refused(error) if error.code == 0 => return Err(error),
            Answer::Refused(error) => {
                is_invalid = error.class == Class::Invalid;
                (Change::None, object.clone(), Some(error.message))
            }
        };
        let is_same = || before.as_ref().is_some_and(|it| plain(it) == plain(&after));
        let change = match change {
            Change::Update if is_same() => Change::None,
            change => change,
        };
        Ok(Previewed {
            id: object.id().clone(),
            change,
            before,
            after,
            problem,
            is_invalid,
        })
    }
}

impl std::fmt::Debug for Preview {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Preview").finish_non_exhaustive()
    }
}

/// Tells whether an answer means only that something which comes first is not there yet.
pub fn comes_with_it(class: Class) -> bool {
    matches!(
        class,
        Class::UnknownKind | Class::MissingNamespace | Class::Webhook
    )
}

/// An object without what the API server keeps of its own: what a person compares.
pub fn plain(object: &Object) -> Value {
    let mut value = object.value().clone();
    if let Some(metadata) = value.get_mut("metadata").and_then(Value::as_object_mut) {
        for field in [
            "creationTimestamp",
            "generation",
            "managedFields",
            "resourceVersion",
            "uid",
            "selfLink",
        ] {
            metadata.remove(field);
        }
    }
    if let Some(fields) = value.as_object_mut() {
        fields.remove("status");
    }
    value
}
