//! What the agent counts and measures, for Prometheus.

mod drift;
mod layers;
mod requests;
mod runs;
mod sources;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use prometheus::core::{Collector, MetricVec, MetricVecBuilder};
use prometheus::proto::MetricFamily;
use prometheus::{IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry, TextEncoder};

use crate::{Drift, LayerKey, Run};

pub(crate) use layers::Figures;
pub(crate) use sources::{PollOutcome, SourceLabel};

/// The prefix of all names but those of the process.
const PREFIX: &str = "tidegate";

/// Takes a collector into a registry.
type Add<'a> = dyn FnMut(Box<dyn Collector>) -> Result<(), prometheus::Error> + 'a;

/// What the agent counts and measures.
pub struct Metrics {
    registry: Registry,
    leader: IntGauge,
    webhooks: IntCounterVec,
    requests: requests::Requests,
    runs: runs::Runs,
    drift: drift::Drifts,
    pub(crate) sources: sources::Sources,
    layers: Mutex<BTreeMap<LayerKey, Figures>>,
}

impl Metrics {
    /// Makes metrics with a registry of their own.
    ///
    /// # Errors
    /// Only if two metrics have the same name.
    pub fn new() -> Result<Arc<Self>, prometheus::Error> {
        let registry = Registry::new();
        let metrics = Self::build(registry.clone(), &mut |it| registry.register(it))?;
        Ok(Arc::new(metrics))
    }

    fn build(registry: Registry, add: &mut Add<'_>) -> Result<Self, prometheus::Error> {
        let process = prometheus::process_collector::ProcessCollector::for_self();
        add(Box::new(process))?;
        let build = opts("build_info", "1; the version of the agent on this replica");
        let build = register(add, IntGaugeVec::new(build, &["version"])?)?;
        build.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
        let leader = opts(
            "leader",
            "Whether this replica holds the Lease: 1, or 0 on the others",
        );
        let webhooks = opts(
            "webhooks_total",
            "Calls of webhooks by receiver (empty if the call names none that is configured) and outcome: accepted, refused (signature or token), unknown (no such receiver), limited (too many), unreadable",
        );
        Ok(Self {
            leader: register(add, IntGauge::with_opts(leader)?)?,
            webhooks: register(add, IntCounterVec::new(webhooks, &["receiver", "outcome"])?)?,
            requests: requests::Requests::new(add)?,
            runs: runs::Runs::new(add)?,
            drift: drift::Drifts::new(add)?,
            sources: sources::Sources::new(add)?,
            layers: Mutex::default(),
            registry,
        })
    }

    /// Returns all metrics in Prometheus' text format 0.0.4.
    pub fn exposition(&self) -> String {
        self.unanswered();
        let mut families = self.registry.gather();
        {
            let layers = self.layers.lock().unwrap_or_else(PoisonError::into_inner);
            families.extend(layers::families(&layers, jiff::Timestamp::now()).unwrap_or_default());
        }
        TextEncoder::new()
            .encode_to_string(&families)
            .unwrap_or_default()
    }

    /// Returns how long the API server has answered nothing although it was asked; zero if it answers.
    pub fn unanswered(&self) -> Duration {
        self.requests.unanswered()
    }

    /// Counts a call of a webhook.
    pub fn webhook(&self, receiver: &str, outcome: &str) {
        self.webhooks.with_label_values(&[receiver, outcome]).inc();
    }

    /// This replica holds the Lease.
    pub(crate) fn begin_to_lead(&self) {
        self.leader.set(1);
    }

    /// Somebody else may hold the Lease: series of layers come from its holder only.
    pub(crate) fn cease_to_lead(&self) {
        self.leader.set(0);
        let mut layers = self.layers.lock().unwrap_or_else(PoisonError::into_inner);
        layers.clear();
    }

    /// Takes how a layer stands.
    pub(crate) fn layer(&self, layer: &LayerKey, figures: Figures) {
        let mut layers = self.layers.lock().unwrap_or_else(PoisonError::into_inner);
        layers.insert(layer.clone(), figures);
    }

    /// Forgets a layer that is gone.
    pub(crate) fn forget(&self, layer: &LayerKey) {
        let mut layers = self.layers.lock().unwrap_or_else(PoisonError::into_inner);
        layers.remove(layer);
        drop(layers);
        self.runs.forget(layer);
        self.drift.forget(layer);
    }

    /// Counts what others have changed.
    pub(crate) fn noticed(&self, layer: &LayerKey, drift: &Drift) {
        self.drift.noticed(layer, drift);
    }

    /// Counts a run that is over.
    pub(crate) fn run_ended(&self, layer: &LayerKey, run: &Run) {
        self.runs.ended(layer, run);
    }
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl tidegate_cluster::Observer for Metrics {
    fn asked(&self) {
        self.requests.asked();
    }

    fn seen(&self, request: &tidegate_cluster::RequestSeen) {
        self.requests.seen(request);
    }
}

fn opts(name: &str, help: &str) -> Opts {
    Opts::new(name, help).namespace(PREFIX)
}

fn register<C: Collector + Clone + 'static>(
    add: &mut Add<'_>,
    collector: C,
) -> Result<C, prometheus::Error> {
    add(Box::new(collector.clone()))?;
    Ok(collector)
}

/// Drops the series that have all of these labels, whatever their other labels are.
fn forget<T: MetricVecBuilder>(metric: &MetricVec<T>, labels: &[(&str, &str)]) {
    let families = metric.collect();
    for series in families.iter().flat_map(MetricFamily::get_metric) {
        let all = series.get_label().iter();
        let all: HashMap<&str, &str> = all.map(|it| (it.name(), it.value())).collect();
        if labels
            .iter()
            .all(|(name, value)| all.get(name) == Some(value))
        {
            // It was collected a moment ago; should it be gone, there is nothing to drop.
            let _ = metric.remove(&all);
        }
    }
}

#[cfg(test)]
mod reference;
#[cfg(test)]
mod tests;
