//! Deletes the objects of a layer that is itself being deleted: each after those that need it.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use serde_json::json;
use tidegate_cluster::Class;
use tidegate_object::{GroupKind, Object, ObjectId};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::contact::Asker;
use super::prune::{Denial, Doomed, Fence, LayerDeleted, Removed, look, remove};
use super::survey::{marked, protected_kinds};
use super::{Engine, Inner, marks};
use crate::claims::Claimant;
use crate::inventory::Held;
use crate::{Adopt, Claims, Guard, Owner};

/// How many objects are read or deleted at the same time.
const AT_ONCE: usize = 16;

/// How often an object is looked at that is being deleted, if no watch shows that it is gone.
const LOOK: Duration = Duration::from_secs(1);

/// A layer whose objects go with it.
#[derive(Debug, Clone)]
pub(crate) struct Dissolution {
    /// Whose objects they are.
    pub(crate) owner: Owner,
    /// The account that deletes, by impersonation: namespace and name.
    pub(crate) account: (String, String),
    /// Reference rules of the Layer, besides the built-in ones.
    pub(crate) references: Vec<tidegate_plan::Rule>,
    /// How long an object may take to go.
    pub(crate) timeout: Duration,
    /// What other layers hold.
    pub(crate) claims: Claims,
    /// The repository and ref that the layer follows.
    pub(crate) follows: String,
}

/// How far a layer's objects have gone.
#[derive(Debug)]
pub(crate) enum Dissolved {
    /// All are gone or let go: how many were deleted, and what stays, each with the reason.
    Done(usize, Vec<(ObjectId, String)>),
    /// Something is in the way; it is to be tried again.
    Waits(String),
    /// The Layer no longer wants it.
    Revoked,
    /// It was told to stop.
    Stopped,
}

/// An object that is to go.
struct Going {
    live: Object,
    after: Vec<ObjectId>,
    /// Until when it is waited for, once it is being deleted.
    until: Option<Instant>,
}

struct Dissolver {
    engine: Arc<Inner>,
    asker: Asker,
    wanted: Dissolution,
    stop: CancellationToken,
    protected: HashSet<GroupKind>,
    remaining: BTreeMap<ObjectId, Going>,
    deleted: usize,
    stays: Vec<(ObjectId, String)>,
}

impl Engine {
    /// Deletes the objects of a layer whose Layer is being deleted with `deletionPolicy: delete`, then its inventory.
    ///
    /// It may be cut off and begun anew at any time. Of one owner, nothing else may go on meanwhile.
    pub(crate) async fn dissolve(&self, wanted: Dissolution, stop: CancellationToken) -> Dissolved {
        let dissolved = Dissolver::dissolve(Arc::clone(&self.inner), wanted, stop).await;
        dissolved.unwrap_or_else(Dissolved::Waits)
    }
}

impl Dissolver {
    async fn dissolve(
        engine: Arc<Inner>,
        wanted: Dissolution,
        stop: CancellationToken,
    ) -> Result<Dissolved, String> {
        let kinds = engine.reader.kinds();
        kinds.refresh().await.map_err(|error| error.to_string())?;
        let loaded = engine.store.load(&wanted.owner).await;
        let held = loaded.map_err(|error| error.to_string())?;
        let (namespace, name) = &wanted.account;
        let writer = engine.reader.as_account(namespace, name);
        let asker = Asker {
            room: Arc::clone(&engine.room),
            reader: engine.reader.clone(),
            writer: writer.map_err(|error| error.to_string())?,
            owner: wanted.owner.clone(),
            adopt: Adopt::Never,
            claims: wanted.claims.clone(),
        };
        let mut dissolver = Self {
            engine,
            asker,
            wanted,
            stop,
            protected: HashSet::new(),
            remaining: BTreeMap::new(),
            deleted: 0,
            stays: Vec::new(),
        };
        dissolver.find(&held).await?;
        if let Some(end) = dissolver.go().await? {
            return Ok(end);
        }
        let (store, owner) = (&dissolver.engine.store, &dissolver.wanted.owner);
        let removed = store.remove(owner, &held).await;
        removed.map_err(|error| error.to_string())?;
        Ok(Dissolved::Done(dissolver.deleted, dissolver.stays))
    }

    /// Finds the objects that are to go, and their order.
    async fn find(&mut self, held: &Held) -> Result<(), String> {
        let reader = &self.asker.reader;
        let mut ids: BTreeSet<ObjectId> = held.inventory.entries.keys().cloned().collect();
        if held.is_incomplete() {
            let found = marked(reader, &self.wanted.owner.uid).await;
            ids.extend(found.iter().map(|object| object.id().clone()));
        }
        let kinds = ids.iter().map(|id| id.kind.clone()).collect();
        self.protected = protected_kinds(reader, kinds).await;
        let reads = futures::stream::iter(ids).map(|id| async move {
            // Of a Secret, nobody needs the values.
            let read = if id.kind.is("", "Secret") {
                reader.get_metadata(&id).await
            } else {
                reader.get(&id).await
            };
            match read {
                Err(error) if error.class == Class::UnknownKind => Ok(None),
                read => read.map_err(|error| error.to_string()),
            }
        });
        let reads: Vec<_> = reads.buffer_unordered(AT_ONCE).collect().await;
        let mut live = Vec::new();
        for read in reads {
            live.extend(read?);
        }
        let settings = tidegate_plan::Settings {
            rules: &self.wanted.references,
            requires: &[],
        };
        let ordered = tidegate_plan::departures(live.clone(), Vec::new(), &settings);
        let mut after: BTreeMap<ObjectId, Vec<ObjectId>> = ordered
            .into_iter()
            .map(|departure| (departure.id, departure.after))
            .collect();
        let going = live.into_iter().map(|live| {
            let after = after.remove(live.id()).unwrap_or_default();
            let until = None;
            (live.id().clone(), Going { live, after, until })
        });
        self.remaining = going.collect();
        Ok(())
    }

    /// Lets them go in their order. `None` if none is left.
    async fn go(&mut self) -> Result<Option<Dissolved>, String> {
        while !self.remaining.is_empty() {
            if self.stop.is_cancelled() {
                return Ok(Some(Dissolved::Stopped));
            }
            let doomed = Doomed::look(&self.asker.reader, &self.wanted.owner).await;
            let Some(doomed) = doomed.map_err(|error| error.to_string())? else {
                return Ok(Some(Dissolved::Revoked));
            };
            let next = self.next();
            if next.is_empty() {
                self.wait().await;
                continue;
            }
            let removed = self.remove(&doomed, next).await?;
            for (id, removed) in removed {
                if let Some(end) = self.take(id, removed).await? {
                    return Ok(Some(end));
                }
            }
        }
        Ok(None)
    }

    /// The objects that nothing needs any more; all of those left if each needs another.
    fn next(&self) -> Vec<ObjectId> {
        let is_free = |going: &Going| !going.after.iter().any(|id| self.remaining.contains_key(id));
        let open = || {
            self.remaining
                .iter()
                .filter(|(_, going)| going.until.is_none())
        };
        let free: Vec<ObjectId> = open()
            .filter(|(_, going)| is_free(going))
            .map(|(id, _)| id.clone())
            .collect();
        let waits = self.remaining.values().any(|going| going.until.is_some());
        if free.is_empty() && !waits {
            return open().map(|(id, _)| id.clone()).collect();
        }
        free
    }

    async fn remove(
        &self,
        doomed: &Doomed,
        ids: Vec<ObjectId>,
    ) -> Result<Vec<(ObjectId, Removed)>, String> {
        let mut proofs = Vec::new();
        let mut removed = Vec::new();
        for id in ids {
            match self.wanted.claims.holder(&id, &self.wanted.follows) {
                Claimant::Nobody => {}
                Claimant::Layer((namespace, name)) => {
                    let text = format!("it is handed over to layer {namespace}/{name}");
                    removed.push((id, Removed::Foreign(text)));
                    continue;
                }
                Claimant::Behind((namespace, name)) => {
                    return Err(format!(
                        "layer {namespace}/{name} follows the same repository and ref and cannot be rendered, so that it \
                         may hold {id}: mend that layer, or set spec.deletionPolicy to orphan to leave all objects"
                    ));
                }
            }
            let uid = self.remaining.get(&id).and_then(|going| going.live.uid());
            let place = (self.engine.store.namespace(), &self.protected);
            match LayerDeleted::establish(doomed, (&id, uid.unwrap_or_default()), place) {
                Ok(proof) => proofs.push((id, proof)),
                Err(denial) => removed.push((id, Removed::Held(denial))),
            }
        }
        let fence = Fence {
            tenure: self.engine.tenure.clone(),
            stop: self.stop.clone(),
        };
        let deletes = futures::stream::iter(proofs).map(|(id, proof)| {
            let (asker, fence) = (self.asker.clone(), fence.clone());
            async move {
                let _room = asker.room().await;
                (id, remove(&asker, &proof, &fence).await)
            }
        });
        let mut deletes = deletes.buffer_unordered(AT_ONCE);
        while let Some(one) = deletes.next().await {
            removed.push(one);
        }
        Ok(removed)
    }

    async fn take(&mut self, id: ObjectId, removed: Removed) -> Result<Option<Dissolved>, String> {
        match removed {
            Removed::Gone => drop(self.remaining.remove(&id)),
            Removed::Deleted => {
                self.deleted += 1;
                self.remaining.remove(&id);
            }
            Removed::Going(_) => {
                let until = Instant::now() + self.wanted.timeout;
                if let Some(going) = self.remaining.get_mut(&id) {
                    going.until.get_or_insert(until);
                }
            }
            Removed::Foreign(message) => self.leave(id, message),
            Removed::Held(denial) if denial.guard == Guard::Leadership => {
                return Ok(Some(Dissolved::Stopped));
            }
            Removed::Held(denial) if denial.guard == Guard::Refused => {
                return Err(format!("{id}: {}", or_orphan(&denial)));
            }
            // What is not ours is not touched.
            Removed::Held(denial) if denial.guard == Guard::Marks => self.leave(id, denial.message),
            Removed::Held(denial) => self.let_go(id, denial).await?,
            Removed::Stopped => return Ok(Some(Dissolved::Stopped)),
            Removed::Failed(error) => return Err(format!("{id}: {error}")),
        }
        Ok(None)
    }

    /// Takes the marks off an object that stays.
    async fn let_go(&mut self, id: ObjectId, denial: Denial) -> Result<(), String> {
        let live = self.remaining.get(&id).map(|going| &going.live);
        let is_marked = |live: &&Object| live.label(marks::LAYER_LABEL).is_some();
        if let Some(live) = live.filter(is_marked) {
            let unmarked = json!({"metadata": {
                "labels": {marks::LAYER_LABEL: null},
                "annotations": {marks::OWNER_ANNOTATION: null},
            }});
            match self.asker.writer.merge(live, unmarked).await {
                Ok(_) => {}
                Err(error) if error.class == Class::NotFound => {}
                Err(error) => {
                    return Err(format!("the marks of {id} cannot be taken off: {error}"));
                }
            }
        }
        self.leave(id, denial.message);
        Ok(())
    }

    fn leave(&mut self, id: ObjectId, message: String) {
        self.remaining.remove(&id);
        self.stays.push((id, message));
    }

    /// Waits for what is being deleted; what takes too long is named, and not waited for any more.
    async fn wait(&mut self) {
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            () = self.stop.cancelled() => return,
        }
        let waited = self.remaining.iter().filter_map(|(id, going)| {
            Some((id.clone(), going.live.uid()?.to_owned(), going.until?))
        });
        for (id, uid, until) in waited.collect::<Vec<_>>() {
            match look(&self.asker, &id, &uid).await {
                Removed::Deleted | Removed::Gone => {
                    self.deleted += 1;
                    self.remaining.remove(&id);
                }
                Removed::Going(message) if until <= Instant::now() => self.leave(id, message),
                _ => {}
            }
        }
    }
}

fn or_orphan(denial: &Denial) -> String {
    format!(
        "{}, or set spec.deletionPolicy to orphan to leave all objects",
        denial.message
    )
}
