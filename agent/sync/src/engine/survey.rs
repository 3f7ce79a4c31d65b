//! What a run finds before it begins: the kinds, what is owned, what is live, what changes, the plan.

mod owned;
mod patience;

pub(super) use owned::{marked, protected_kinds};

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use tidegate_cluster::{Cluster, Live};
use tidegate_health::Status;
use tidegate_object::{GroupKind, Gvk, Object, ObjectId};
use tidegate_plan::{Change, Finding, Plan, PlanError};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Inner;
use super::contact::{Asker, Claim};
use super::evidence::Logs;
use super::execution::{Doing, Execution};
use super::facts::Known;
use super::gates::Keys;
use super::groups::Groups;
use super::halted::Halted;
use super::hub::Subscription;
use super::item::{Item, Retry, Stage};
use super::memory::Lent;
use super::prune::{Departures, Left};
use super::report::Report;
use super::work::Work;
use crate::desired::{Desired, Refusal, is_definition};
use crate::digest::DigestKey;
use crate::inventory::Inventory;
use crate::{Order, Outcome, Run, RunObject, Step, marks};
use patience::Halt;

/// A run that is being prepared.
pub(super) struct Survey {
    engine: Arc<Inner>,
    order: Order,
    report: Report,
    stop: CancellationToken,
    lent: Lent,
    subscription: Subscription,
    events: mpsc::UnboundedReceiver<ObjectId>,
    /// Owned objects that are gone from the cluster, and from Git.
    gone: BTreeSet<ObjectId>,
    /// What is found of the objects that have left Git.
    left: Left,
    /// Why nothing is written.
    halted: Option<Halted>,
    /// When the API server was away last.
    outage: Option<Instant>,
}

impl Survey {
    pub(super) fn new(
        engine: Arc<Inner>,
        order: Order,
        progress: watch::Sender<Arc<Run>>,
        stop: CancellationToken,
    ) -> Self {
        let report = Report::new(&order, progress);
        let lent = engine.memories.lend(&order.owner.uid);
        let (subscription, events) = engine.hub.subscribe();
        Self {
            engine,
            order,
            report,
            stop,
            lent,
            subscription,
            events,
            gone: BTreeSet::new(),
            left: Left::default(),
            halted: None,
            outage: None,
        }
    }

    /// Finds out what is to be done. A run that cannot begin is returned as it ended.
    pub(super) async fn prepare(mut self) -> Result<Box<Execution>, Arc<Run>> {
        match self.look().await {
            Ok(found) => Ok(Box::new(self.execution(found))),
            Err(Halt::Stopped) => Err(self.report.end(Outcome::Superseded, Vec::new())),
            Err(Halt::Failed(message)) => {
                self.report.say(message);
                Err(self.report.end(Outcome::Failed, Vec::new()))
            }
        }
    }

    async fn look(&mut self) -> Result<Found, Halt> {
        self.discover().await?;
        let key = self.key().await?;
        self.read_inventory().await?;
        let kinds = self.engine.reader.kinds();
        let mut desired = Desired::on(kinds, &self.order.rendered, &self.order.owner);
        self.follow(&desired).await?;
        let objects = std::mem::take(&mut desired.objects);
        self.rebuild().await;
        let items = self.items(objects, &key);
        self.forget_gone(&items).await;
        self.find_protected(&items).await;
        let digests: Vec<&str> = items.iter().map(|item| item.digest.as_str()).collect();
        let rendering = key.digest(&serde_json::json!(digests));
        let writer = self.writer()?;
        let mut items = items;
        if items.iter().any(Item::is_due)
            && let Some(reason) = self.no_account().await?
        {
            block(&mut items, &reason);
            self.halted = Some(Halted::By(reason));
        }
        let plan = self.plan(&items, desired.findings).await?;
        Ok(Found {
            items,
            refused: desired.refused,
            plan,
            writer,
            rendering,
        })
    }

    /// Reads discovery, if it is not known or does not know a kind of the rendering.
    async fn discover(&mut self) -> Result<(), Halt> {
        let kinds = self.engine.reader.kinds().clone();
        let unknown = |object: &Object| kinds.resolve(object.gvk()).is_none();
        let is_fresh = kinds.preferred(&GroupKind::new("", "Secret")).is_some()
            && !self.order.rendered.objects.iter().any(unknown);
        if is_fresh {
            return Ok(());
        }
        self.patiently(|| kinds.refresh()).await
    }

    async fn key(&mut self) -> Result<DigestKey, Halt> {
        let engine = Arc::clone(&self.engine);
        let key = self.patiently(|| engine.key.get_or_try_init(|| engine.store.key()));
        key.await.cloned()
    }

    /// Follows every kind that is wanted or owned, and waits until each has shown what is there.
    async fn follow(&mut self, desired: &Desired) -> Result<(), Halt> {
        let live = self.engine.hub.live().clone();
        let mut kinds: BTreeSet<Gvk> = desired
            .objects
            .iter()
            .map(|object| object.gvk().clone())
            .collect();
        let held = self.lent.memory.held.as_ref();
        for (id, entry) in held.into_iter().flat_map(|held| &held.inventory.entries) {
            kinds.insert(Gvk::from_type_meta(&entry.api_version, &id.kind.kind));
        }
        for gvk in &kinds {
            live.follow_kind(gvk);
        }
        for gvk in &kinds {
            let kind = gvk.group_kind();
            match self.patiently(|| live.synced(&kind)).await {
                Err(Halt::Failed(_)) => self.follow_each(&kind, desired).await?,
                synced => synced?,
            }
        }
        for object in &desired.objects {
            self.subscription.listen(object.id());
        }
        Ok(())
    }

    /// Follows wanted objects each by its name, where not all of their kind may be.
    async fn follow_each(&mut self, kind: &GroupKind, desired: &Desired) -> Result<(), Halt> {
        let live = self.engine.hub.live().clone();
        let of_kind = desired.objects.iter().map(Object::id);
        let of_kind: Vec<&ObjectId> = of_kind.filter(|id| id.kind == *kind).collect();
        for id in &of_kind {
            self.subscription.follow(id);
        }
        for id in of_kind {
            // What may not be followed either is judged by the answers to its writes.
            if let Err(Halt::Stopped) = self.patiently(|| live.synced_name(id)).await {
                return Err(Halt::Stopped);
            }
        }
        Ok(())
    }

    fn items(&mut self, objects: Vec<Object>, key: &DigestKey) -> Vec<Item> {
        objects
            .into_iter()
            .map(|object| self.item(object, key))
            .collect()
    }

    /// Holds an object against what is live and what was applied.
    fn item(&mut self, object: Object, key: &DigestKey) -> Item {
        let digest = key.digest(object.value());
        let shown = self.engine.hub.live().get(object.id());
        let unseen = self.lent.memory.unseen.get(object.id());
        let answered = unseen
            .filter(|answered| answered.is_newer_than(&shown, self.engine.hub.live()))
            .cloned();
        let live = match (&answered, &shown) {
            (Some(answered), _) => Arc::clone(&answered.object),
            (None, Live::Present(live)) => Arc::clone(live),
            (None, Live::Absent | Live::Unknown) => return Item::new(object, digest, Claim::new()),
        };
        let held = self.lent.memory.held.as_ref();
        let entry = held.and_then(|held| held.inventory.get(object.id()));
        let same_object = entry.is_some_and(|entry| Some(entry.uid.as_str()) == live.uid());
        let owner = &self.order.owner;
        let ours = marks::owner_of(&live).is_some_and(|mark| mark.uid == owner.uid);
        if !ours && !same_object {
            return Item::new(object, digest, Claim::new());
        }
        let unchanged = same_object && ours && entry.is_some_and(|entry| entry.digest == digest);
        let mut item = Item::new(object, digest, Claim::ours(&live));
        item.answered = answered;
        if unchanged {
            item.stage = Stage::Done;
            item.change = Change::None;
            let applied = &mut self.lent.memory.applied;
            applied.insert(item.id().clone(), Arc::clone(&item.object));
        }
        item
    }

    /// Returns the cluster as the account sees it that writes.
    fn writer(&self) -> Result<Cluster, Halt> {
        let Some((namespace, name)) = &self.order.settings.account else {
            return Ok(self.engine.reader.clone());
        };
        let writer = self.engine.reader.as_account(namespace, name);
        writer.map_err(|error| Halt::Failed(error.to_string()))
    }

    /// Tells why the account that is to write cannot, if it is known not to be there.
    async fn no_account(&mut self) -> Result<Option<String>, Halt> {
        let Some((namespace, name)) = self.order.settings.account.clone() else {
            return Ok(None);
        };
        let id = ObjectId::new(
            GroupKind::new("", "ServiceAccount"),
            Some(&namespace),
            &name,
        );
        let reader = self.engine.reader.clone();
        match self.patiently(|| reader.get_metadata(&id)).await {
            Ok(None) => Ok(Some(format!(
                "service account {namespace}/{name} does not exist: create it, or name another in spec.serviceAccountName"
            ))),
            Err(Halt::Stopped) => Err(Halt::Stopped),
            // Whether it is there is not for us to know: the writes will tell.
            Ok(Some(_)) | Err(Halt::Failed(_)) => Ok(None),
        }
    }

    async fn plan(&mut self, items: &[Item], mut findings: Vec<Finding>) -> Result<Plan, Halt> {
        let objects: Vec<Object> = items
            .iter()
            .map(|item| Object::clone(&item.object))
            .collect();
        let changes = items.iter().map(|item| (item.id().clone(), item.change));
        let mut known = Known::new(&self.engine, changes.collect());
        known.applied = self.lent.memory.applied.clone();
        known
            .found
            .extend(self.lent.memory.seen.iter().map(|id| (id.clone(), true)));
        let settings = self.order.settings.clone();
        let settings = tidegate_plan::Settings {
            rules: &settings.references,
            requires: &settings.requires,
        };
        let failed = |error: PlanError| Halt::Failed(error.to_string());
        let mut plan = tidegate_plan::plan(&objects, &known, &settings).map_err(failed)?;
        let asked = known.take_asked();
        if !asked.is_empty() {
            known.found.extend(self.look_for(asked).await);
            plan = tidegate_plan::plan(&objects, &known, &settings).map_err(failed)?;
        }
        findings.append(&mut plan.findings);
        self.report
            .planned(plan.waves, plan.edges.clone(), findings);
        Ok(plan)
    }

    fn execution(self, found: Found) -> Execution {
        let Found {
            items,
            refused,
            plan,
            writer,
            rendering,
        } = found;
        let held = self.lent.memory.held.as_ref();
        let mut next = held.map_or_else(Inventory::default, |held| held.inventory.clone());
        next.entries.retain(|id, _| !self.gone.contains(id));
        let mut execution = Execution {
            asker: Asker {
                room: Arc::clone(&self.engine.room),
                reader: self.engine.reader.clone(),
                writer,
                owner: self.order.owner.clone(),
                adopt: self.order.settings.adopt,
                claims: self.order.claims.clone(),
            },
            reporting: Arc::new(reporting(&items)),
            kinds: self.engine.reader.kinds().changes(),
            work: Work::new(self.order.settings.concurrency),
            engine: self.engine,
            order: self.order,
            items: in_order(items, &plan),
            plan,
            index: HashMap::new(),
            dependents: HashMap::new(),
            groups: Groups::default(),
            lent: self.lent,
            next,
            departures: Departures::default(),
            subscription: self.subscription,
            events: self.events,
            report: self.report,
            rendering,
            refused: refused.into_iter().map(shown).collect(),
            halted: self.halted,
            planned: None,
            logs: Logs::new(),
            keys: Keys::new(),
            mode: Doing::Preflight,
            pause: Retry::default(),
            keep_at: None,
            outage: self.outage,
            stop: self.stop,
        };
        execution.connect(self.left);
        execution
    }
}

/// What a survey found.
struct Found {
    items: Vec<Item>,
    refused: Vec<Refusal>,
    plan: Plan,
    writer: Cluster,
    rendering: String,
}

fn reporting(items: &[Item]) -> HashMap<GroupKind, bool> {
    let defined = items.iter().filter(|item| is_definition(&item.object));
    let defined = defined.filter_map(|item| {
        let object = &item.object;
        let kind = GroupKind::new(
            object.text("/spec/group")?,
            object.text("/spec/names/kind")?,
        );
        let used = items.iter().find(|item| item.id().kind == kind)?;
        let version = &used.object.gvk().version;
        Some((kind, tidegate_health::reports_status(object, version)))
    });
    defined.collect()
}

/// Writes none of the objects that are due.
fn block(items: &mut [Item], reason: &str) {
    for item in items.iter_mut().filter(|item| item.is_due()) {
        item.stage = Stage::Ended;
        item.shown.state.step = Step::Blocked;
        item.shown.state.message = reason.into();
    }
}

/// Puts the objects into the order of the plan.
fn in_order(items: Vec<Item>, plan: &Plan) -> Vec<Item> {
    let mut by_id: HashMap<ObjectId, Item> = items
        .into_iter()
        .map(|item| (item.id().clone(), item))
        .collect();
    let planned = plan.nodes.iter().filter_map(|node| {
        let mut item = by_id.remove(&node.id)?;
        item.wave = node.wave;
        Some(item)
    });
    planned.collect()
}

fn shown(refusal: Refusal) -> RunObject {
    RunObject {
        id: refusal.object,
        wave: 1,
        change: Change::Unknown,
        consequences: Vec::new(),
        step: Step::Failed,
        health: Status::Unknown,
        message: refusal.message,
        waiting_for: Vec::new(),
        since: jiff::Timestamp::now(),
        drift: None,
        held_until: None,
        origin: refusal.origin,
    }
}
