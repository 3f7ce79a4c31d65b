//! What an owner has already: its inventory, kept or rebuilt, and what is gone.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use futures::StreamExt as _;
use tidegate_cluster::{Class, Cluster, Live};
use tidegate_object::{GroupKind, Object, ObjectId};
use tokio::time::Instant;

use super::Survey;
use super::patience::Halt;
use crate::engine::item::Item;
use crate::inventory::{Entry, Held};
use crate::marks;

/// The annotation by which a definition protects the objects of its kind.
const PROTECT: &str = "tidegate.dev/protect";

/// How many objects are looked for at the same time.
const LOOKS: usize = 16;

impl Survey {
    pub(super) async fn read_inventory(&mut self) -> Result<(), Halt> {
        if self.lent.memory.held.is_some() {
            return Ok(());
        }
        let (engine, owner) = (Arc::clone(&self.engine), self.order.owner.clone());
        let held = self.patiently(|| engine.store.load(&owner)).await?;
        self.lent.memory.held = Some(held);
        Ok(())
    }

    /// Finds by their marks the objects of an owner whose inventory is lost.
    pub(super) async fn rebuild(&mut self) {
        let uid = self.order.owner.uid.clone();
        let held = self.lent.memory.held.as_ref();
        // An owner that has nothing yet has lost nothing.
        let has_something = || !self.engine.hub.live().labelled(&uid).is_empty();
        let is_lost = |held: &Held| held.is_damaged() || held.is_incomplete() && has_something();
        if !held.is_some_and(is_lost) {
            return;
        }
        let found = marked(&self.engine.reader, &uid).await;
        let Some(held) = &mut self.lent.memory.held else {
            return;
        };
        for object in &found {
            let entry = Entry {
                api_version: object.gvk().api_version(),
                uid: object.uid().unwrap_or_default().into(),
                digest: String::new(),
                form: String::new(),
                applied: None,
            };
            held.inventory
                .entries
                .entry(object.id().clone())
                .or_insert(entry);
        }
        self.left.is_rebuilt = true;
        tracing::info!(owner = %self.order.owner, objects = held.inventory.entries.len(), "inventory rebuilt from marks");
    }

    /// Forgets owned objects that have left Git, and are gone from the cluster.
    pub(super) async fn forget_gone(&mut self, items: &[Item]) {
        let wanted: BTreeSet<&ObjectId> = items.iter().map(Item::id).collect();
        let Some(held) = &self.lent.memory.held else {
            return;
        };
        let live = self.engine.hub.live();
        let is_absent = |id: &&ObjectId| matches!(live.get(id), Live::Absent);
        let left = held.inventory.entries.keys();
        let absent = left.filter(|id| !wanted.contains(id)).filter(is_absent);
        let absent: BTreeSet<ObjectId> = absent.cloned().collect();
        // Without its label, an object is out of the watch's sight, but not gone.
        let looks = self.look_for(absent).await;
        self.gone = looks
            .into_iter()
            .filter(|(_, there)| !there)
            .map(|(id, _)| id)
            .collect();
    }

    /// Finds the kinds of objects that have left Git whose definitions protect them.
    pub(super) async fn find_protected(&mut self, items: &[Item]) {
        let wanted: BTreeSet<&ObjectId> = items.iter().map(Item::id).collect();
        let Some(held) = &self.lent.memory.held else {
            return;
        };
        let left = held.inventory.entries.keys();
        let left = left.filter(|id| !wanted.contains(id) && !self.gone.contains(*id));
        let kinds = left.map(|id| id.kind.clone()).collect();
        self.left.protected = protected_kinds(&self.engine.reader, kinds).await;
    }

    /// Finds out whether objects from elsewhere are there; what cannot be known is left out.
    pub(super) async fn look_for(&mut self, ids: BTreeSet<ObjectId>) -> Vec<(ObjectId, bool)> {
        let reader = &self.engine.reader;
        let sightings = &self.engine.sightings;
        let looks = futures::stream::iter(ids).map(|id| async move {
            if sightings.has(&id, Instant::now()) {
                return Some((id, true));
            }
            let there = match reader.get_metadata(&id).await {
                Ok(found) => found.is_some(),
                Err(error) if error.class == Class::UnknownKind => false,
                Err(_) => return None,
            };
            if there {
                sightings.saw(&id, Instant::now());
            }
            Some((id, there))
        });
        let looks = looks.buffer_unordered(LOOKS).filter_map(std::future::ready);
        let found: Vec<_> = looks.collect().await;
        let there = found.iter().filter(|(_, there)| *there);
        self.lent
            .memory
            .seen
            .extend(there.map(|(id, _)| id.clone()));
        found
    }
}

/// Finds an owner's objects by their marks, whatever their kind.
pub(in crate::engine) async fn marked(reader: &Cluster, uid: &str) -> Vec<Object> {
    let selector = format!("{}={uid}", marks::LAYER_LABEL);
    let selector = &selector;
    let lists = futures::stream::iter(reader.kinds().all()).map(|kind| async move {
        let kind = kind.gvk.group_kind();
        // Kinds that cannot be listed hold nothing that was applied.
        let listed = reader.list_metadata(&kind, None, selector).await;
        listed.unwrap_or_default()
    });
    let found: Vec<Vec<Object>> = lists.buffer_unordered(LOOKS).collect().await;
    let ours = |object: &Object| marks::owner_of(object).is_some_and(|owner| owner.uid == uid);
    found.into_iter().flatten().filter(ours).collect()
}

/// Finds the kinds whose definitions protect their objects.
pub(in crate::engine) async fn protected_kinds(
    reader: &Cluster,
    kinds: BTreeSet<GroupKind>,
) -> HashSet<GroupKind> {
    // Only a definition makes kinds of a group with a dot, and some without a definition are asked for in vain.
    let defined = |kind: &GroupKind| kind.group.contains('.') && !kind.group.ends_with(".k8s.io");
    let kinds = kinds.into_iter().filter(defined);
    let looks = futures::stream::iter(kinds).map(|kind| async move {
        let served = reader.kinds().preferred(&kind)?;
        let name = format!("{}.{}", served.plural, kind.group);
        let definition = GroupKind::new("apiextensions.k8s.io", "CustomResourceDefinition");
        let id = ObjectId::new(definition, None, &name);
        // What cannot be known is protected.
        let is_protected = match reader.get_metadata(&id).await {
            Ok(found) => found.is_some_and(|it| it.annotation(PROTECT).is_some()),
            Err(_) => true,
        };
        is_protected.then_some(kind)
    });
    let looks = looks.buffer_unordered(LOOKS).filter_map(std::future::ready);
    looks.collect().await
}
