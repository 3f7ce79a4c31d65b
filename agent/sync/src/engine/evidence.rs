//! What explains a wait: pods and events near an object, last log lines, neighbours.

use std::collections::HashMap;
use std::sync::Arc;

use tidegate_cluster::{Area, LiveView};
use tidegate_health::{
    ContainerRef, Neighbours, Reason, concerns, has_ready_endpoint, is_pod_of, waits_for_consumer,
};
use tidegate_object::{GroupKind, Object, ObjectId};

use super::execution::Execution;
use super::item::Item;
use super::work::Done;
use crate::Step;

/// The last log lines that were read, by pod and container; an empty one was asked for.
pub(super) type Logs = HashMap<(ObjectId, String), String>;

/// The label of an EndpointSlice that names its Service.
const SERVICE_NAME: &str = "kubernetes.io/service-name";

/// Kinds that make pods, or are made of them.
const WITH_PODS: &[(&str, &str)] = &[
    ("", "Pod"),
    ("", "ReplicationController"),
    ("apps", "DaemonSet"),
    ("apps", "Deployment"),
    ("apps", "ReplicaSet"),
    ("apps", "StatefulSet"),
    ("batch", "Job"),
    ("postgresql.cnpg.io", "Cluster"),
];

impl Execution {
    /// Follows what explains why an object is not well. It ends with the run's subscription.
    pub(super) fn look_around(&mut self, object: &Object) {
        let Some(namespace) = &object.id().namespace else {
            return;
        };
        if object.id().kind.is("", "PersistentVolumeClaim") {
            self.follow_class(object);
        }
        let with_pods = |(group, kind): &(&str, &str)| object.id().kind.is(group, kind);
        if WITH_PODS.iter().any(with_pods) {
            self.subscription.follow_area(&area("Pod", namespace));
        }
        self.subscription.follow_area(&area("Event", namespace));
    }

    /// Stops following what explains waits in a namespace where none is left.
    pub(super) fn look_away(&mut self, namespace: Option<&str>) {
        let Some(namespace) = namespace else {
            return;
        };
        let waits = |item: &Item| {
            item.id().namespace.as_deref() == Some(namespace)
                && matches!(item.step(), Step::Applied | Step::Failed)
        };
        let areas = [area("Pod", namespace), area("Event", namespace)];
        let followed = areas.iter().any(|area| self.subscription.follows(area));
        if followed && !self.items.iter().any(waits) {
            for area in &areas {
                self.subscription.leave_area(area);
            }
        }
    }

    fn follow_class(&mut self, claim: &Object) {
        let Some(class) = claim.text("/spec/storageClassName") else {
            return;
        };
        let id = storage_class(class);
        self.subscription.follow(&id);
        let waiting = self.dependents.entry(id).or_default();
        if let Some(index) = self
            .index
            .get(claim.id())
            .filter(|index| !waiting.contains(index))
        {
            waiting.push(*index);
        }
    }

    /// Returns the pods of an object, and the events of both and of what is between them.
    pub(super) fn around(&self, object: &Object) -> (Vec<Object>, Vec<Object>) {
        let Some(namespace) = &object.id().namespace else {
            return (Vec::new(), Vec::new());
        };
        let live = self.engine.hub.live();
        let pods = live.in_area(&area("Pod", namespace)).unwrap_or_default();
        let pods: Vec<Object> = pods
            .iter()
            .filter(|pod| is_pod_of(pod, object))
            .map(|pod| Object::clone(pod))
            .collect();
        let events = live.in_area(&area("Event", namespace)).unwrap_or_default();
        let events = events
            .iter()
            .filter(|event| concerns(event, object, &pods))
            .map(|event| Object::clone(event))
            .collect();
        (pods, events)
    }

    /// Follows the endpoints of a Service whose readiness is waited for; tells whether they are known, or cannot be.
    pub(super) fn knows_endpoints(&mut self, service: &ObjectId) -> bool {
        let area = slices(service.namespace.as_deref().unwrap_or_default());
        self.subscription.follow_area(&area);
        let live = self.engine.hub.live();
        live.in_area(&area).is_some() || live.area_trouble(&area).is_some()
    }

    /// Has objects looked at that an event, a pod or an endpoint may explain.
    pub(super) fn saw_evidence(&mut self, id: &ObjectId) {
        if id.kind.is("discovery.k8s.io", "EndpointSlice") {
            let items = self.items.iter().enumerate();
            let waiting = items.filter(|(_, item)| item.step() == Step::Waiting);
            waiting.for_each(|(index, _)| self.work.mark(index));
            return;
        }
        if !(id.kind.is("", "Pod") || id.kind.is("", "Event")) {
            return;
        }
        for (index, item) in self.items.iter().enumerate() {
            let open = matches!(item.step(), Step::Applied | Step::Failed);
            // Pods, claims and their events carry the name of what made them.
            let named = id.name.contains(&item.id().name);
            if open && named && item.id().namespace == id.namespace {
                self.work.mark(index);
            }
        }
    }

    /// Adds the last log line of a container that crashes, once it is read.
    pub(super) fn with_log(&mut self, reason: &Reason) -> String {
        let text = reason.to_string();
        let Some(ContainerRef { pod, container, .. }) = &reason.wants_log else {
            return text;
        };
        let key = (pod.clone(), container.clone());
        match self.logs.get(&key) {
            Some(line) if line.is_empty() => text,
            Some(line) => format!("{text}; its last log line: {line}"),
            None => {
                self.logs.insert(key.clone(), String::new());
                let reader = self.engine.reader.clone();
                self.work.read(async move {
                    let (pod, container) = &key;
                    let log = reader.log_tail(pod, container, 1).await.unwrap_or_default();
                    let line = log.lines().last().unwrap_or_default().trim().to_owned();
                    Done::Log(key, line)
                });
                text
            }
        }
    }

    /// Takes a log line that was asked for.
    pub(super) fn read_log(&mut self, container: (ObjectId, String), line: String) {
        let (pod, _) = &container;
        self.saw_evidence(&pod.clone());
        self.logs.insert(container, line);
    }
}

/// What is known of objects near those of a run.
pub(super) struct Surroundings {
    pub reporting: Arc<HashMap<GroupKind, bool>>,
    pub live: LiveView,
}

impl Neighbours for Surroundings {
    fn waits_for_consumer(&self, name: &str) -> Option<bool> {
        let class = self.live.get(&storage_class(name));
        class.object().map(waits_for_consumer)
    }

    fn has_ready_endpoint(&self, namespace: &str, service: &str) -> Option<bool> {
        let slices = self.live.in_area(&slices(namespace))?;
        let of_service = |slice: &&Arc<Object>| slice.label(SERVICE_NAME) == Some(service);
        let slices = slices.iter().filter(of_service);
        let slices: Vec<Object> = slices.map(|slice| Object::clone(slice)).collect();
        Some(has_ready_endpoint(&slices))
    }

    fn reports_status(&self, kind: &GroupKind) -> Option<bool> {
        self.reporting.get(kind).copied()
    }
}

fn storage_class(name: &str) -> ObjectId {
    ObjectId::new(GroupKind::new("storage.k8s.io", "StorageClass"), None, name)
}

/// The endpoints of the Services of a namespace.
fn slices(namespace: &str) -> Area {
    Area {
        kind: GroupKind::new("discovery.k8s.io", "EndpointSlice"),
        namespace: Some(namespace.into()),
    }
}

fn area(kind: &str, namespace: &str) -> Area {
    Area {
        kind: GroupKind::new("", kind),
        namespace: Some(namespace.into()),
    }
}
