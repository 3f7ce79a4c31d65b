//! The chain of reasons, from an object down to what explains it.

use std::collections::{BTreeMap, HashSet};

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use tidegate_cluster::Cluster;
use tidegate_health::{
    ContainerRef, Context, Evidence, Reason, concerns, explain, health, pod_labels,
};
use tidegate_object::{GroupKind, Object, ObjectId};

use super::super::layers;

/// How far a chain is followed.
const DEEPEST: usize = 5;
/// How many lines of a log are shown.
const LOG_LINES: u32 = 3;

/// Reasons as text, the ones that explain others below them.
pub(crate) struct Chain<'a> {
    cluster: &'a Cluster,
    seen: HashSet<ObjectId>,
    text: String,
    is_well: bool,
}

impl<'a> Chain<'a> {
    pub(crate) fn new(cluster: &'a Cluster) -> Self {
        Self {
            cluster,
            seen: HashSet::new(),
            text: String::new(),
            is_well: true,
        }
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Tells whether nothing was found that is not well.
    pub(crate) fn is_well(&self) -> bool {
        self.is_well
    }

    /// Follows what is to be said of an object, and of what it names.
    pub(crate) async fn follow(&mut self, id: &ObjectId) -> Result<()> {
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
    async fn look(&mut self, id: &ObjectId, depth: usize) -> Result<Vec<ObjectId>> {
        if self.cluster.kinds().preferred(&id.kind).is_none() {
            self.trouble(
                depth,
                &format!("{id}: this cluster does not serve {}", id.kind),
            );
            return Ok(Vec::new());
        }
        let live = self
            .cluster
            .get(id)
            .await
            .with_context(|| format!("{id} cannot be read"))?;
        let Some(live) = live else {
            self.trouble(depth, &format!("{id}: not there"));
            return self.makers(id).await;
        };
        let found = health(&live, &Context::at(Timestamp::now()));
        let said = match found.message.as_str() {
            "" => format!("{id}: {}", found.status),
            message => format!("{id}: {}: {message}", found.status),
        };
        if found.status.is_done() {
            self.line(depth, &said);
            return Ok(Vec::new());
        }
        self.trouble(depth, &said);
        self.explain(&live, depth + 1).await
    }

    async fn explain(&mut self, live: &Object, depth: usize) -> Result<Vec<ObjectId>> {
        let (pods, events) = self.around(live).await?;
        let evidence = Evidence {
            pods: &pods,
            events: &events,
        };
        let mut about = Vec::new();
        for reason in explain(live, evidence, &Context::at(Timestamp::now())) {
            if reason.object != *live.id() {
                self.line(depth, &reason.to_string());
            }
            self.log(&reason, depth + 1).await;
            about.extend(reason.about);
        }
        Ok(about)
    }

    /// Reads the pods of an object, and the events of both.
    async fn around(&self, live: &Object) -> Result<(Vec<Object>, Vec<Object>)> {
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
        // A log that cannot be read explains nothing, and takes nothing away from the rest.
        let log = self.cluster.log_tail(pod, container, LOG_LINES).await;
        for line in log.unwrap_or_default().lines() {
            self.line(depth, &format!("log of {container}: {line}"));
        }
    }

    /// Finds who should make an object that is not there.
    async fn makers(&mut self, id: &ObjectId) -> Result<Vec<ObjectId>> {
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
    async fn clusters_of(&self, id: &ObjectId) -> Result<Vec<ObjectId>> {
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

    async fn say_which_layer_waits(&mut self, id: &ObjectId) -> Result<()> {
        if self.cluster.kinds().preferred(&layers::kind()).is_none() {
            return Ok(());
        }
        for layer in layers::list(self.cluster, None).await? {
            let status = layer.status.unwrap_or_default();
            let waits = status
                .waiting_for
                .iter()
                .find(|waiting| waiting.object == id.to_string());
            if let (Some(waits), Some(name)) = (waits, layer.metadata.name) {
                self.line(1, &format!("layer {name} says of it: {}", waits.reason));
            }
        }
        Ok(())
    }

    fn trouble(&mut self, depth: usize, text: &str) {
        self.is_well = false;
        self.line(depth, text);
    }

    fn line(&mut self, depth: usize, text: &str) {
        let indent = "  ".repeat(depth);
        self.text.extend([&indent, text, "\n"]);
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
