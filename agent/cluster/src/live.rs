//! The live view: one label-filtered watch per kind, and narrow watches by name.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::StreamExt as _;
use kube::Api;
use kube::api::{DynamicObject, PartialObjectMeta};
use kube::core::Resource;
use kube::runtime::watcher::{self, Event};
use serde::Serialize;
use serde_json::Value;
use tidegate_object::{GroupKind, Gvk, Object, ObjectId};
use tokio::sync::{mpsc, watch};
use tokio_util::task::AbortOnDropHandle;

use crate::{ApiError, Cluster, KindInfo};

/// The first pause before a broken watch is opened again; it doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// The longest such pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// What is known of a live object.
#[derive(Debug, Clone, Default)]
pub enum Live {
    /// Nothing yet: it is not followed, or its watch has not synced.
    #[default]
    Unknown,
    /// It is not there.
    Absent,
    /// It is there.
    Present(Arc<Object>),
}

impl Live {
    /// Returns the object, if it is there.
    pub fn object(&self) -> Option<&Object> {
        match self {
            Self::Present(object) => Some(object),
            Self::Unknown | Self::Absent => None,
        }
    }
}

/// Makes of a whole object what is remembered of it, before its managed fields are dropped.
pub type Former = Arc<dyn Fn(&Object) -> Option<u64> + Send + Sync>;

/// The live objects that are followed. Cheap to clone; the watches end with the last clone.
#[derive(Clone)]
pub struct LiveView {
    inner: Arc<Inner>,
}

struct Inner {
    cluster: Cluster,
    /// The label whose existence makes an object followed by its kind.
    label: &'static str,
    former: Former,
    state: Arc<Mutex<State>>,
    events: mpsc::UnboundedSender<ObjectId>,
}

#[derive(Default)]
struct State {
    kinds: HashMap<GroupKind, Followed>,
    names: HashMap<ObjectId, Followed>,
    areas: HashMap<Area, Followed>,
}

/// All objects of a kind in one namespace, or of a kind that has none.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Area {
    /// The kind.
    pub kind: GroupKind,
    /// The namespace; `None` for a cluster-scoped kind.
    pub namespace: Option<String>,
}

/// An object as a watch has shown it.
struct Known {
    object: Arc<Object>,
    /// What was made of it while it was whole.
    form: Option<u64>,
}

/// A watch, and what it has shown.
struct Followed {
    objects: HashMap<ObjectId, Known>,
    /// The newest resourceVersion of an object that was shown or taken away.
    version: u128,
    shown: watch::Sender<Shown>,
    _task: AbortOnDropHandle<()>,
}

/// How far a watch has come.
#[derive(Debug, Clone, Default)]
struct Shown {
    /// Whether it has shown all there is.
    synced: bool,
    /// Why it does not work now.
    trouble: Option<ApiError>,
}

/// Where a watch keeps what it shows.
#[derive(Debug, Clone)]
enum Place {
    Kind(GroupKind),
    Name(ObjectId),
    Area(Area),
}

impl LiveView {
    /// Makes a view that follows nothing yet; every change is sent to `events`.
    ///
    /// Of each object that is followed by its kind or name, what `former` makes of it is kept, too.
    pub fn new(
        cluster: Cluster,
        label: &'static str,
        former: Former,
        events: mpsc::UnboundedSender<ObjectId>,
    ) -> Self {
        Self {
            inner: Arc::new(Inner {
                cluster,
                label,
                former,
                state: Arc::default(),
                events,
            }),
        }
    }

    /// Follows the labelled objects of a kind at a version. A kind that is not served is followed
    /// as soon as it is.
    pub fn follow_kind(&self, gvk: &Gvk) {
        let config = watcher::Config::default().labels(self.inner.label);
        let wanted = Wanted {
            gvk: Some(gvk.clone()),
            namespace: None,
            config,
        };
        self.follow(Place::Kind(gvk.group_kind()), wanted);
    }

    /// Follows one object by its name, labelled or not; of a Secret, only its metadata.
    pub fn follow_name(&self, id: &ObjectId) {
        let config = watcher::Config::default().fields(&format!("metadata.name={}", id.name));
        let wanted = Wanted {
            gvk: None,
            namespace: id.namespace.clone(),
            config,
        };
        self.follow(Place::Name(id.clone()), wanted);
    }

    /// Follows all objects of an area, labelled or not; of Secrets and CustomResourceDefinitions, only the metadata.
    pub fn follow_area(&self, area: &Area) {
        let wanted = Wanted {
            gvk: None,
            namespace: area.namespace.clone(),
            config: watcher::Config::default(),
        };
        self.follow(Place::Area(area.clone()), wanted);
    }

    /// Stops following an area.
    pub fn unfollow_area(&self, area: &Area) {
        self.lock().areas.remove(area);
    }

    /// Returns the objects of an area; `None` until its watch has shown them.
    pub fn in_area(&self, area: &Area) -> Option<Vec<Arc<Object>>> {
        let state = self.lock();
        let followed = state.areas.get(area)?;
        let synced = followed.shown.borrow().synced;
        let objects = followed.objects.values();
        synced.then(|| objects.map(|known| Arc::clone(&known.object)).collect())
    }

    /// Returns why the watch of an area does not work now.
    pub fn area_trouble(&self, area: &Area) -> Option<ApiError> {
        let state = self.lock();
        let followed = state.areas.get(area)?;
        followed.shown.borrow().trouble.clone()
    }

    /// Stops following an object by its name.
    pub fn unfollow_name(&self, id: &ObjectId) {
        self.lock().names.remove(id);
    }

    /// Returns what is known of an object: by its name if it is followed so, else by its kind.
    pub fn get(&self, id: &ObjectId) -> Live {
        let state = self.lock();
        let followed = state.names.get(id).or_else(|| state.kinds.get(&id.kind));
        let Some(followed) = followed else {
            return Live::Unknown;
        };
        match followed.objects.get(id) {
            Some(known) => Live::Present(Arc::clone(&known.object)),
            None if followed.shown.borrow().synced => Live::Absent,
            None => Live::Unknown,
        }
    }

    /// Returns what was made of an object as it was shown last; `None` if nothing is known of it.
    pub fn form(&self, id: &ObjectId) -> Option<u64> {
        let state = self.lock();
        let followed = state.names.get(id).or_else(|| state.kinds.get(&id.kind))?;
        followed.objects.get(id)?.form
    }

    /// Tells whether the watch of an object has come as far as a resourceVersion: what it shows is not older.
    ///
    /// ResourceVersions of one kind are ordered numbers (KEP-5504).
    pub fn has_seen(&self, id: &ObjectId, resource_version: &str) -> bool {
        let state = self.lock();
        let followed = state.names.get(id).or_else(|| state.kinds.get(&id.kind));
        let version = resource_version.parse::<u128>();
        version.is_ok_and(|version| followed.is_some_and(|followed| followed.version >= version))
    }

    /// Returns every followed object that carries the label with this value.
    pub fn labelled(&self, value: &str) -> Vec<Arc<Object>> {
        let state = self.lock();
        let objects = state
            .kinds
            .values()
            .flat_map(|followed| followed.objects.values())
            .map(|known| &known.object);
        objects
            .filter(|object| object.label(self.inner.label) == Some(value))
            .cloned()
            .collect()
    }

    /// Waits until the watch of a kind has shown all there is, or the kind is not served.
    ///
    /// # Errors
    /// As soon as the watch does not work, with the reason; it is opened again all the same.
    pub async fn synced(&self, kind: &GroupKind) -> Result<(), ApiError> {
        let shown = |state: &State| Some(state.kinds.get(kind)?.shown.subscribe());
        let shown = shown(&self.lock());
        settled(shown).await
    }

    /// Waits until the watch of an object by its name has shown it, or that it is not there.
    ///
    /// # Errors
    /// As for [`LiveView::synced`].
    pub async fn synced_name(&self, id: &ObjectId) -> Result<(), ApiError> {
        let shown = |state: &State| Some(state.names.get(id)?.shown.subscribe());
        let shown = shown(&self.lock());
        settled(shown).await
    }

    /// Returns why an object's watch does not work now.
    pub fn trouble(&self, id: &ObjectId) -> Option<ApiError> {
        let state = self.lock();
        let followed = state.names.get(id).or_else(|| state.kinds.get(&id.kind))?;
        followed.shown.borrow().trouble.clone()
    }

    fn follow(&self, place: Place, wanted: Wanted) {
        let mut state = self.lock();
        if state.has(&place) {
            return;
        }
        let watch = Watch {
            cluster: self.inner.cluster.clone(),
            state: Arc::downgrade(&self.inner.state),
            events: self.inner.events.clone(),
            former: Arc::clone(&self.inner.former),
            place: place.clone(),
            wanted,
        };
        let (shown, _) = watch::channel(Shown::default());
        let task = AbortOnDropHandle::new(tokio::spawn(watch.run()));
        let followed = Followed {
            objects: HashMap::new(),
            version: 0,
            shown,
            _task: task,
        };
        match place {
            Place::Kind(kind) => state.kinds.insert(kind, followed),
            Place::Name(id) => state.names.insert(id, followed),
            Place::Area(area) => state.areas.insert(area, followed),
        };
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.inner
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for LiveView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let state = self.lock();
        f.debug_struct("LiveView")
            .field("kinds", &state.kinds.len())
            .field("names", &state.names.len())
            .finish()
    }
}

impl State {
    fn has(&self, place: &Place) -> bool {
        match place {
            Place::Kind(kind) => self.kinds.contains_key(kind),
            Place::Name(id) => self.names.contains_key(id),
            Place::Area(area) => self.areas.contains_key(area),
        }
    }

    fn at(&mut self, place: &Place) -> Option<&mut Followed> {
        match place {
            Place::Kind(kind) => self.kinds.get_mut(kind),
            Place::Name(id) => self.names.get_mut(id),
            Place::Area(area) => self.areas.get_mut(area),
        }
    }
}

struct Wanted {
    /// The version; none is the one that the server prefers.
    gvk: Option<Gvk>,
    namespace: Option<String>,
    config: watcher::Config,
}

/// A watch that is opened again for as long as it is wanted.
struct Watch {
    cluster: Cluster,
    state: std::sync::Weak<Mutex<State>>,
    events: mpsc::UnboundedSender<ObjectId>,
    former: Former,
    place: Place,
    wanted: Wanted,
}

impl Watch {
    async fn run(self) {
        let mut pause = FIRST_PAUSE;
        loop {
            let kind = self.served().await;
            let shown = if self.metadata_only(&kind) {
                let api: Api<PartialObjectMeta<DynamicObject>> = self.api(&kind);
                self.stream(api, &kind).await
            } else {
                let api: Api<DynamicObject> = self.api(&kind);
                self.stream(api, &kind).await
            };
            pause = if shown {
                FIRST_PAUSE
            } else {
                (pause * 2).min(LONGEST_PAUSE)
            };
            tokio::time::sleep(pause).await;
        }
    }

    /// Waits until the kind is served; until then its objects are known to be absent.
    async fn served(&self) -> Arc<KindInfo> {
        let mut changes = self.cluster.kinds().changes();
        loop {
            let kinds = self.cluster.kinds();
            let found = match (&self.wanted.gvk, &self.place) {
                (Some(gvk), _) => kinds.resolve(gvk),
                (None, Place::Name(id)) => kinds.preferred(&id.kind),
                (None, Place::Kind(kind) | Place::Area(Area { kind, .. })) => kinds.preferred(kind),
            };
            if let Some(kind) = found {
                return kind;
            }
            self.replace(HashMap::new());
            if changes.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// Values of Secrets are nobody's business, and whole definitions are large.
    fn metadata_only(&self, kind: &KindInfo) -> bool {
        let kind = kind.gvk.group_kind();
        let definition = kind.is("apiextensions.k8s.io", "CustomResourceDefinition");
        kind.is("", "Secret") || definition && matches!(self.place, Place::Area(_))
    }

    fn api<K>(&self, kind: &KindInfo) -> Api<K>
    where
        K: Resource<
                DynamicType = kube::discovery::ApiResource,
                Scope = kube::core::DynamicResourceScope,
            >,
    {
        let resource = kind.resource();
        let client = self.cluster.client();
        match self.wanted.namespace.as_deref().filter(|_| kind.namespaced) {
            Some(namespace) => Api::namespaced_with(client, namespace, &resource),
            None => Api::all_with(client, &resource),
        }
    }

    /// Follows one stream until it breaks; tells whether it had shown all there is.
    async fn stream<K>(&self, api: Api<K>, kind: &KindInfo) -> bool
    where
        K: Resource
            + Clone
            + serde::de::DeserializeOwned
            + std::fmt::Debug
            + Send
            + Serialize
            + 'static,
    {
        let mut stream = std::pin::pin!(watcher::watcher(api, self.wanted.config.clone()));
        let mut fresh = HashMap::new();
        let mut shown = false;
        while let Some(event) = stream.next().await {
            match event {
                Ok(Event::Init) => fresh = HashMap::new(),
                Ok(Event::InitApply(object)) => {
                    if let Some((id, known)) = self.known(&object, kind) {
                        fresh.insert(id, known);
                    }
                }
                Ok(Event::InitDone) => {
                    shown = true;
                    self.replace(std::mem::take(&mut fresh));
                }
                Ok(Event::Apply(object)) => self.put(self.known(&object, kind)),
                Ok(Event::Delete(object)) => self.take(self.known(&object, kind)),
                Err(error) => {
                    tracing::debug!(kind = %kind.gvk, %error, "watch broke");
                    self.broke(&error);
                    return shown;
                }
            }
        }
        shown
    }

    /// Makes of what a watch shows what is kept of it.
    fn known<K: Serialize>(&self, shown: &K, kind: &KindInfo) -> Option<(ObjectId, Known)> {
        let object = whole(shown, kind)?;
        let form = match self.place {
            Place::Kind(_) | Place::Name(_) => (self.former)(&object),
            Place::Area(_) => None,
        };
        let object = Arc::new(small(object)?);
        Some((object.id().clone(), Known { object, form }))
    }

    fn broke(&self, error: &watcher::Error) {
        let trouble = match error {
            watcher::Error::InitialListFailed(error)
            | watcher::Error::WatchStartFailed(error)
            | watcher::Error::WatchFailed(error) => ApiError::of(error),
            // An old resourceVersion: the next list brings what was missed.
            _ => return,
        };
        self.with(|followed| {
            followed
                .shown
                .send_modify(|shown| shown.trouble = Some(trouble));
        });
        if let Place::Name(id) = &self.place {
            self.tell(id.clone());
        }
    }

    /// Takes a whole list: tells of everything that it changes, additions and losses too.
    fn replace(&self, fresh: HashMap<ObjectId, Known>) {
        let changed = self.with(|followed| {
            let before = std::mem::replace(&mut followed.objects, fresh);
            let newest = followed
                .objects
                .values()
                .map(|known| version(&known.object))
                .max();
            followed.version = followed.version.max(newest.unwrap_or_default());
            let shown = Shown {
                synced: true,
                trouble: None,
            };
            let first = !followed.shown.send_replace(shown).synced;
            let now = &followed.objects;
            let gone = before.keys().filter(|id| !now.contains_key(*id));
            let differs = now.iter().filter(|(id, known)| {
                let old = before.get(*id);
                old.is_none_or(|old| {
                    old.object.resource_version() != known.object.resource_version()
                })
            });
            let changed: Vec<ObjectId> = gone
                .cloned()
                .chain(differs.map(|(id, _)| id.clone()))
                .collect();
            (first, changed)
        });
        let Some((first, mut changed)) = changed else {
            return;
        };
        // Whoever waits for an object by name must also learn that it is not there.
        if let (true, Place::Name(id)) = (first && changed.is_empty(), &self.place) {
            changed.push(id.clone());
        }
        for id in changed {
            self.tell(id);
        }
    }

    fn put(&self, shown: Option<(ObjectId, Known)>) {
        let Some((id, known)) = shown else { return };
        self.with(|followed| {
            followed.version = followed.version.max(version(&known.object));
            followed.objects.insert(id.clone(), known);
        });
        self.tell(id);
    }

    fn take(&self, shown: Option<(ObjectId, Known)>) {
        let Some((id, known)) = shown else { return };
        self.with(|followed| {
            followed.version = followed.version.max(version(&known.object));
            followed.objects.remove(&id);
        });
        self.tell(id);
    }

    fn tell(&self, id: ObjectId) {
        // Nobody listens any more while everything ends.
        let _ = self.events.send(id);
    }

    fn with<T>(&self, change: impl FnOnce(&mut Followed) -> T) -> Option<T> {
        let state = self.state.upgrade()?;
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        state.at(&self.place).map(change)
    }
}

fn version(object: &Object) -> u128 {
    let version = object.resource_version().unwrap_or_default();
    version.parse().unwrap_or_default()
}

/// Waits until a watch has shown all there is, or does not work.
async fn settled(shown: Option<watch::Receiver<Shown>>) -> Result<(), ApiError> {
    let Some(mut shown) = shown else {
        return Ok(());
    };
    let settled = shown.wait_for(|shown| shown.synced || shown.trouble.is_some());
    // The sender goes only with the watch itself; then there is nothing to wait for.
    let Ok(settled) = settled.await else {
        return Ok(());
    };
    match (&settled.trouble, settled.synced) {
        (Some(trouble), false) => Err(trouble.clone()),
        _ => Ok(()),
    }
}

/// Turns what a watch shows into an object.
fn whole<K: Serialize>(shown: &K, kind: &KindInfo) -> Option<Object> {
    let mut value = serde_json::to_value(shown).ok()?;
    let fields = value.as_object_mut()?;
    fields.insert("apiVersion".into(), Value::String(kind.gvk.api_version()));
    fields.insert("kind".into(), Value::String(kind.gvk.kind.clone()));
    Object::new(value).ok()
}

/// Takes away what nobody reads any more: managedFields are half of the metadata. Of Secrets they are kept, since they
/// name the keys.
fn small(object: Object) -> Option<Object> {
    if object.id().kind.is("", "Secret") {
        return Some(object);
    }
    let mut value = object.into_value();
    if let Some(metadata) = value.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("managedFields");
    }
    Object::new(value).ok()
}
