//! What a run would do to an object, in the API server's own words: nothing is written.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::StreamExt as _;
use serde_json::Value;
use tidegate_cluster::{ApiError, Class, Cluster};
use tidegate_kustomize::Rendered;
use tidegate_object::{GroupKind, Object, ObjectId};
use tidegate_plan::{Change, Consequence, Difference, consequences};
use tidegate_schema::Definitions;
use tokio::sync::Semaphore;

use super::contact::{Answer, Asker, Claim};
use super::prune::Foresight;
use super::survey::protected_kinds;
use crate::{Adopt, Claims, Leaving, Owner, Prune, marks, misfit};

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

impl Preview {
    /// Finds the owner's objects that a rendering does not hold, and what a run would do with each. Whether another layer
    /// holds one is not known here. Kinds that the caller may not list are named instead.
    ///
    /// # Errors
    /// If an object that leaves cannot be read.
    pub async fn leaving(
        &self,
        rendered: &Rendered,
        prune: &Prune,
    ) -> Result<(Vec<Leaving>, Vec<GroupKind>), ApiError> {
        let (owned, unseen) = self.owned().await;
        let foresight = Foresight {
            owned: &owned,
            rendered,
            prune,
        };
        let mut left = BTreeMap::new();
        for id in foresight.left() {
            // Of a Secret, nobody needs the values.
            let live = if id.kind.is("", "Secret") {
                self.asker.reader.get_metadata(&id).await?
            } else {
                self.asker.reader.get(&id).await?
            };
            left.extend(live.map(|live| (id, live)));
        }
        let kinds = left.keys().map(|id| id.kind.clone()).collect();
        let kinds = protected_kinds(&self.asker.reader, kinds).await;
        Ok((foresight.fates(&left, &kinds), unseen))
    }

    /// The objects that carry the owner's marks, and the kinds of which that is not known.
    async fn owned(&self) -> (Vec<Object>, Vec<GroupKind>) {
        let (reader, uid) = (&self.asker.reader, &self.asker.owner.uid);
        let selector = &format!("{}={uid}", marks::LAYER_LABEL);
        let lists = futures::stream::iter(reader.kinds().all()).map(|kind| async move {
            let kind = kind.gvk.group_kind();
            let found = reader.list_metadata(&kind, None, selector).await;
            (kind, found)
        });
        let mut lists = lists.buffer_unordered(ROOM);
        let (mut owned, mut unseen) = (BTreeMap::new(), Vec::new());
        while let Some((kind, found)) = lists.next().await {
            match found {
                Ok(found) => {
                    let ours = |live: &Object| {
                        marks::owner_of(live).is_some_and(|owner| owner.uid == *uid)
                    };
                    let found = found.into_iter().filter(ours);
                    // A kind that has two groups shows its objects twice.
                    owned.extend(
                        found.map(|live| (live.uid().unwrap_or_default().to_owned(), live)),
                    );
                }
                Err(error) if error.class == Class::Forbidden => unseen.push(kind),
                // What cannot be listed at all holds nothing that was applied.
                Err(_) => {}
            }
        }
        unseen.sort();
        (owned.into_values().collect(), unseen)
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
