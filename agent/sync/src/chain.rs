//! The chain of reasons, from an object down to what explains it, as far as whoever asks may see.

use std::collections::{BTreeMap, HashSet};
use std::future::Future;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tidegate_cluster::{ApiError, Cluster};
use tidegate_health::{
    ContainerRef, Context, Evidence, Reason, Status, concerns, explain, health, pod_labels,
};
use tidegate_object::{GroupKind, Object, ObjectId};

use crate::Layer;

/// How far a chain is followed.
const DEEPEST: usize = 5;
/// How many lines of a log are shown.
const LOG_LINES: u32 = 3;

/// Reasons, the ones that explain others below them.
pub struct Chain<'a, S> {
    cluster: &'a Cluster,
    sight: S,
    seen: HashSet<ObjectId>,
    /// An object that was read before.
    known: Option<Object>,
    links: Vec<Link>,
    is_well: bool,
}

/// One line of a chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Link {
    /// How many links lead to it.
    pub depth: usize,
    /// What is said.
    pub text: String,
    /// The object that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<ObjectId>,
    /// How well that is, if it was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health: Option<Status>,
}

/// What whoever asks may see.
pub trait Sight: Send + Sync {
    /// Tells whether they may see something.
    fn may(&self, what: &Sought) -> impl Future<Output = bool> + Send;
}

/// What is to be seen.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Sought {
    /// An object.
    Object(ObjectId),
    /// The Pods and Events of a namespace, or those of no namespace.
    Happenings(Option<String>),
    /// The logs of a namespace.
    Logs(String),
}

/// Nothing is hidden but what the API server itself refuses.
#[derive(Debug, Clone, Copy, Default)]
pub struct OwnEyes;

impl Sight for OwnEyes {
    async fn may(&self, _: &Sought) -> bool {
        true
    }
}

impl<'a, S: Sight> Chain<'a, S> {
    /// Reads a cluster for somebody.
    pub fn new(cluster: &'a Cluster, sight: S) -> Self {
        Self {
            cluster,
            sight,
            seen: HashSet::new(),
            known: None,
            links: Vec::new(),
            is_well: true,
        }
    }

    /// Takes an object that was just read, so that it is not read again.
    pub fn know(&mut self, object: Option<Object>) {
        self.known = object;
    }

    /// Returns what was found.
    pub fn into_links(self) -> Vec<Link> {
        self.links
    }

    /// Returns what was found, as lines of text.
    pub fn text(&self) -> String {
        let lines = self.links.iter();
        let lines = lines.map(|link| format!("{}{}\n", "  ".repeat(link.depth), link.text));
        lines.collect()
    }

    /// Tells whether nothing was found that is not well.
    pub fn is_well(&self) -> bool {
        self.is_well
    }

    /// Follows what is to be said of an object, and of what it names.
    ///
    /// # Errors
    /// If the API server does not answer, or refuses to.
    pub async fn follow(&mut self, id: &ObjectId) -> Result<(), ApiError> {
        let mut next = vec![(id.clone(), 0)];
        while let Some((id, depth)) = next.pop() {
            if depth > DEEPEST || !self.seen.insert(id.clone()) {
                continue;
            }
            let about = self.look(&id, depth).await?;
            next.extend(about.into_iter().map(|id| (id, depth + 1)));
        }
        Ok(())
    }

    /// Says what is to be said of an object; answers which others explain it.
    async fn look(&mut self, id: &ObjectId, depth: usize) -> Result<Vec<ObjectId>, ApiError> {
        if self.cluster.kinds().preferred(&id.kind).is_none() {
            let text = format!("{id}: this cluster does not serve {}", id.kind);
            self.trouble(depth, (id, None), text);
            return Ok(Vec::new());
        }
        if !self.sight.may(&Sought::Object(id.clone())).await {
            self.line(depth, (id, None), format!("{id}: you may not see it"));
            return Ok(Vec::new());
        }
        let known = self.known.take_if(|known| known.id() == id);
        let live = match known {
            Some(known) => Some(known),
            None => self.cluster.get(id).await?,
        };
        let Some(live) = live else {
            self.trouble(
                depth,
                (id, Some(Status::Missing)),
                format!("{id}: not there"),
            );
            return self.makers(id).await;
        };
        let found = health(&live, &Context::at(Timestamp::now()));
        let said = match found.message.as_str() {
            "" => format!("{id}: {}", found.status),
            message => format!("{id}: {}: {message}", found.status),
        };
        let about = (id, Some(found.status));
        if found.status.is_done() {
            self.line(depth, about, said);
            return Ok(Vec::new());
        }
        self.trouble(depth, about, said);
        self.explain(&live, depth + 1).await
    }

    async fn explain(&mut self, live: &Object, depth: usize) -> Result<Vec<ObjectId>, ApiError> {
        let happenings = Sought::Happenings(live.id().namespace.clone());
        if !self.sight.may(&happenings).await {
            let text = "you may not see the Pods and Events that would explain it".into();
            self.line(depth, (live.id(), None), text);
            return Ok(Vec::new());
        }
        let (pods, events) = self.around(live).await?;
        let evidence = Evidence {
            pods: &pods,
            events: &events,
        };
        let mut about = Vec::new();
        let reasons = explain(live, evidence, &Context::at(Timestamp::now()));
        for reason in reasons {
            if reason.object != *live.id() {
                self.line(depth, (&reason.object, None), reason.to_string());
            }
            self.log(&reason, depth + 1).await;
            about.extend(reason.about);
        }
        Ok(about)
    }

    /// Reads the pods of an object, and the events of both.
    async fn around(&self, live: &Object) -> Result<(Vec<Object>, Vec<Object>), ApiError> {
        let namespace = live.id().namespace.as_deref();
        let pods = match pod_labels(live) {
            _ if live.id().kind.is("", "Pod") => vec![live.clone()],
            Some(labels) if !labels.is_empty() => {
                let pod = GroupKind::new("", "Pod");
                self.cluster
                    .list(&pod, namespace, &selector(&labels))
                    .await?
            }
            _ => Vec::new(),
        };
        let all = self
            .cluster
            .list(&GroupKind::new("", "Event"), namespace, "")
            .await?;
        let events = all.into_iter().filter(|event| concerns(event, live, &pods));
        let events = events.collect();
        Ok((pods, events))
    }

    async fn log(&mut self, reason: &Reason, depth: usize) {
        let Some(ContainerRef { pod, container, .. }) = &reason.wants_log else {
            return;
        };
        let logs = Sought::Logs(pod.namespace.clone().unwrap_or_default());
        if !self.sight.may(&logs).await {
            return;
        }
        // A log that cannot be read explains nothing, and takes nothing away from the rest.
        let log = self.cluster.log_tail(pod, container, LOG_LINES).await;
        for line in log.unwrap_or_default().lines() {
            self.line(depth, (pod, None), format!("log of {container}: {line}"));
        }
    }

    /// Finds who should make an object that is not there.
    async fn makers(&mut self, id: &ObjectId) -> Result<Vec<ObjectId>, ApiError> {
        let mut makers = Vec::new();
        for (group, kind, pointer) in MAKERS {
            let kind = GroupKind::new(*group, *kind);
            if !id.kind.is("", "Secret") || self.cluster.kinds().preferred(&kind).is_none() {
                continue;
            }
            let found = self
                .cluster
                .list(&kind, id.namespace.as_deref(), "")
                .await?;
            let names = |maker: &&Object| maker.text(pointer) == Some(&id.name);
            makers.extend(found.iter().filter(names).map(|maker| maker.id().clone()));
        }
        makers.extend(self.clusters_of(id).await?);
        self.say_which_layer_waits(id).await?;
        Ok(makers)
    }

    /// CloudNativePG makes `<cluster>-app` and its like.
    async fn clusters_of(&self, id: &ObjectId) -> Result<Vec<ObjectId>, ApiError> {
        let kind = GroupKind::new("postgresql.cnpg.io", "Cluster");
        let owner = SUFFIXES
            .iter()
            .find_map(|suffix| id.name.strip_suffix(suffix));
        let Some(owner) = owner.filter(|_| self.cluster.kinds().preferred(&kind).is_some()) else {
            return Ok(Vec::new());
        };
        let maker = ObjectId::new(kind, id.namespace.as_deref(), owner);
        let is_there = self.cluster.get_metadata(&maker).await?.is_some();
        Ok(is_there.then_some(maker).into_iter().collect())
    }

    async fn say_which_layer_waits(&mut self, id: &ObjectId) -> Result<(), ApiError> {
        let kind = GroupKind::new("tidegate.dev", "Layer");
        if self.cluster.kinds().preferred(&kind).is_none() {
            return Ok(());
        }
        for layer in self.cluster.list(&kind, None, "").await? {
            let about = layer.id().clone();
            let Ok(layer) = serde_json::from_value::<Layer>(layer.into_value()) else {
                continue;
            };
            let waiting = layer.status.unwrap_or_default().waiting_for;
            let Some(waits) = waiting.into_iter().find(|it| it.object == id.to_string()) else {
                continue;
            };
            if self.sight.may(&Sought::Object(about.clone())).await {
                let text = format!("layer {} says of it: {}", about.name, waits.reason);
                self.line(1, (&about, None), text);
            }
        }
        Ok(())
    }

    fn trouble(&mut self, depth: usize, about: (&ObjectId, Option<Status>), text: String) {
        self.is_well = false;
        self.line(depth, about, text);
    }

    fn line(&mut self, depth: usize, (object, health): (&ObjectId, Option<Status>), text: String) {
        self.links.push(Link {
            depth,
            text,
            object: Some(object.clone()),
            health,
        });
    }
}

impl<S> std::fmt::Debug for Chain<'_, S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Chain").finish_non_exhaustive()
    }
}

/// Who makes Secrets, and the field that names the Secret.
const MAKERS: &[(&str, &str, &str)] = &[
    ("external-secrets.io", "ExternalSecret", "/spec/target/name"),
    ("cert-manager.io", "Certificate", "/spec/secretName"),
];

/// The endings of the Secrets that a CloudNativePG Cluster makes.
const SUFFIXES: &[&str] = &["-app", "-superuser", "-ca", "-server", "-replication"];

fn selector(labels: &BTreeMap<String, String>) -> String {
    let pairs: Vec<String> = labels
        .iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    pairs.join(",")
}
