//! Leads what the live view shows to the runs that it concerns.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tidegate_cluster::{Area, LiveView};
use tidegate_object::ObjectId;
use tokio::sync::mpsc;

/// Leads what the live view shows to the runs that it concerns.
pub(super) struct Hub {
    live: LiveView,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    last: u64,
    objects: HashMap<ObjectId, Vec<Listener>>,
    areas: HashMap<Area, Vec<Listener>>,
}

#[derive(Clone)]
struct Listener {
    id: u64,
    events: mpsc::UnboundedSender<ObjectId>,
    /// Whether the watch is there for the sake of its listeners.
    watch: Watch,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Watch {
    OfKind,
    Narrow,
}

/// What one run listens to; watches that nobody else needs end with it.
pub(super) struct Subscription {
    hub: Arc<Hub>,
    id: u64,
    sender: mpsc::UnboundedSender<ObjectId>,
    objects: Vec<ObjectId>,
    areas: Vec<Area>,
}

impl Hub {
    /// Leads the events of a live view, until the last clone of the hub is gone.
    pub(super) fn start(
        live: LiveView,
        mut events: mpsc::UnboundedReceiver<ObjectId>,
    ) -> Arc<Self> {
        let hub = Arc::new(Self {
            live,
            state: Mutex::default(),
        });
        let weak: Weak<Self> = Arc::downgrade(&hub);
        tokio::spawn(async move {
            while let Some(id) = events.recv().await {
                let Some(hub) = weak.upgrade() else { return };
                hub.lead(&id);
            }
        });
        hub
    }

    pub(super) fn live(&self) -> &LiveView {
        &self.live
    }

    /// Begins to listen, to nothing yet.
    pub(super) fn subscribe(self: &Arc<Self>) -> (Subscription, mpsc::UnboundedReceiver<ObjectId>) {
        let (sender, events) = mpsc::unbounded_channel();
        let mut state = self.lock();
        state.last += 1;
        let subscription = Subscription {
            hub: Arc::clone(self),
            id: state.last,
            sender,
            objects: Vec::new(),
            areas: Vec::new(),
        };
        (subscription, events)
    }

    fn lead(&self, id: &ObjectId) {
        let state = self.lock();
        let area = Area {
            kind: id.kind.clone(),
            namespace: id.namespace.clone(),
        };
        let of_object = state.objects.get(id).into_iter().flatten();
        let of_area = state.areas.get(&area).into_iter().flatten();
        for listener in of_object.chain(of_area) {
            // A run that is over no longer listens.
            let _ = listener.events.send(id.clone());
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Subscription {
    /// Listens to an object whose kind is followed.
    pub(super) fn listen(&mut self, id: &ObjectId) {
        self.add(id, Watch::OfKind);
    }

    /// Follows an object by its name, and listens to it.
    pub(super) fn follow(&mut self, id: &ObjectId) {
        self.add(id, Watch::Narrow);
        self.hub.live.follow_name(id);
    }

    /// Follows an area, and listens to all that is in it.
    pub(super) fn follow_area(&mut self, area: &Area) {
        if self.areas.contains(area) {
            return;
        }
        self.areas.push(area.clone());
        let listener = self.listener(Watch::Narrow);
        let mut state = self.hub.lock();
        state.areas.entry(area.clone()).or_default().push(listener);
        drop(state);
        self.hub.live.follow_area(area);
    }

    /// Tells whether an area is followed.
    pub(super) fn follows(&self, area: &Area) -> bool {
        self.areas.contains(area)
    }

    /// Stops following an area.
    pub(super) fn leave_area(&mut self, area: &Area) {
        self.areas.retain(|known| known != area);
        // Under the lock: nobody may begin to follow it in between.
        let mut state = self.hub.lock();
        if leave(&mut state.areas, area, self.id) {
            self.hub.live.unfollow_area(area);
        }
    }

    /// Begins anew with the same objects, and without what was followed besides.
    pub(super) fn only<'a>(
        &self,
        ids: impl Iterator<Item = &'a ObjectId>,
    ) -> (Self, mpsc::UnboundedReceiver<ObjectId>) {
        let (mut fresh, events) = self.hub.subscribe();
        for id in ids {
            fresh.add(id, self.watch_of(id));
        }
        (fresh, events)
    }

    fn watch_of(&self, id: &ObjectId) -> Watch {
        let state = self.hub.lock();
        let listeners = state.objects.get(id).into_iter().flatten();
        let mut own = listeners.filter(|listener| listener.id == self.id);
        own.next().map_or(Watch::OfKind, |listener| listener.watch)
    }

    fn add(&mut self, id: &ObjectId, watch: Watch) {
        let listener = self.listener(watch);
        let mut state = self.hub.lock();
        let listeners = state.objects.entry(id.clone()).or_default();
        match listeners.iter_mut().find(|known| known.id == self.id) {
            Some(known) if watch == Watch::Narrow => known.watch = watch,
            Some(_) => {}
            None => {
                listeners.push(listener);
                self.objects.push(id.clone());
            }
        }
    }

    fn listener(&self, watch: Watch) -> Listener {
        Listener {
            id: self.id,
            events: self.sender.clone(),
            watch,
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let mut state = self.hub.lock();
        for id in &self.objects {
            if leave(&mut state.objects, id, self.id) {
                self.hub.live.unfollow_name(id);
            }
        }
        for area in &self.areas {
            if leave(&mut state.areas, area, self.id) {
                self.hub.live.unfollow_area(area);
            }
        }
    }
}

/// Takes a listener away; tells whether that was the last one who needed a watch of its own.
fn leave<K: Eq + std::hash::Hash>(
    places: &mut HashMap<K, Vec<Listener>>,
    place: &K,
    id: u64,
) -> bool {
    let Some(listeners) = places.get_mut(place) else {
        return false;
    };
    let is_narrow = |listener: &Listener| listener.watch == Watch::Narrow;
    let was_needed = listeners.iter().any(is_narrow);
    listeners.retain(|listener| listener.id != id);
    let needed = listeners.iter().any(is_narrow);
    if listeners.is_empty() {
        places.remove(place);
    }
    was_needed && !needed
}
