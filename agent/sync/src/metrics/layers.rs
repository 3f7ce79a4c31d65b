//! How each layer stands: gauges that are worked out when they are asked for.

use std::collections::BTreeMap;

use jiff::Timestamp;
use prometheus::proto::MetricFamily;
use prometheus::{GaugeVec, Registry};

use super::{opts, register};
use crate::LayerKey;

/// How a layer stands.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Figures {
    /// The revision that is applied.
    pub(crate) revision: String,
    /// Whether the newest revision is applied and healthy.
    pub(crate) ready: bool,
    /// Whether nothing is written.
    pub(crate) suspended: bool,
    /// Whether every object is healthy.
    pub(crate) healthy: bool,
    /// When a run last ended well.
    pub(crate) last_success: Option<Timestamp>,
    /// Since when there is a commit that is not applied.
    pub(crate) behind_since: Option<Timestamp>,
    /// How many objects are how well.
    pub(crate) objects: BTreeMap<&'static str, u32>,
    /// How many objects are still to be written.
    pub(crate) pending: u32,
    /// The first wave that is not done.
    pub(crate) wave: u32,
    /// How many waves there are.
    pub(crate) waves: u32,
    /// How many objects that have left Git are held back, by guard.
    pub(crate) prune_blocked: BTreeMap<&'static str, u32>,
    /// Why the layer is blocked, and since when.
    pub(crate) blocked: Option<(String, Timestamp)>,
}

/// The gauges of all layers.
struct Gauges {
    info: GaugeVec,
    ready: GaugeVec,
    suspended: GaugeVec,
    healthy: GaugeVec,
    last_success: GaugeVec,
    lag: GaugeVec,
    objects: GaugeVec,
    pending: GaugeVec,
    wave: GaugeVec,
    waves: GaugeVec,
    prune_blocked: GaugeVec,
    blocked: GaugeVec,
}

/// Works out the series of all layers.
pub(super) fn families(
    layers: &BTreeMap<LayerKey, Figures>,
    now: Timestamp,
) -> Result<Vec<MetricFamily>, prometheus::Error> {
    let registry = Registry::new();
    let gauges = Gauges::new(&registry)?;
    for (layer, figures) in layers {
        gauges.set(layer, figures, now);
    }
    Ok(registry.gather())
}

impl Gauges {
    fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let gauge = |name, help, more: &[&str]| {
            let labels = [&["layer_namespace", "layer"], more].concat();
            register(registry, GaugeVec::new(opts(name, help), &labels)?)
        };
        Ok(Self {
            info: gauge(
                "layer_info",
                "The layers, with the revision that is applied",
                &["revision"],
            )?,
            ready: gauge(
                "layer_ready",
                "Whether the newest revision is applied and healthy",
                &[],
            )?,
            suspended: gauge("layer_suspended", "Whether the layer is suspended", &[])?,
            healthy: gauge("layer_healthy", "Whether every object is healthy", &[])?,
            last_success: gauge(
                "layer_last_success_timestamp_seconds",
                "When a run last ended well",
                &[],
            )?,
            lag: gauge(
                "layer_revision_lag_seconds",
                "For how long there is a commit that is not applied",
                &[],
            )?,
            objects: gauge("layer_objects", "Objects by health", &["health"])?,
            pending: gauge(
                "layer_pending_changes",
                "Objects that are still to be written",
                &[],
            )?,
            wave: gauge("layer_wave", "The first wave that is not done", &[])?,
            waves: gauge("layer_waves", "How many waves there are", &[])?,
            prune_blocked: gauge(
                "prune_blocked",
                "Objects that have left Git and are held back",
                &["guard"],
            )?,
            blocked: gauge(
                "layer_blocked_seconds",
                "For how long the layer is blocked",
                &["reason"],
            )?,
        })
    }

    fn set(&self, (namespace, name): &LayerKey, figures: &Figures, now: Timestamp) {
        let labels = [namespace.as_str(), name.as_str()];
        let with = |label| [labels.as_slice(), &[label]].concat();
        let since = |then: Timestamp| now.duration_since(then).as_secs_f64().max(0.0);
        self.info
            .with_label_values(&with(figures.revision.as_str()))
            .set(1.0);
        self.ready
            .with_label_values(&labels)
            .set(f64::from(u8::from(figures.ready)));
        self.suspended
            .with_label_values(&labels)
            .set(f64::from(u8::from(figures.suspended)));
        self.healthy
            .with_label_values(&labels)
            .set(f64::from(u8::from(figures.healthy)));
        if let Some(last) = figures.last_success {
            let gauge = self.last_success.with_label_values(&labels);
            gauge.set(last.as_duration().as_secs_f64());
        }
        let lag = figures.behind_since.map_or(0.0, since);
        self.lag.with_label_values(&labels).set(lag);
        for (health, count) in &figures.objects {
            self.objects
                .with_label_values(&with(health))
                .set(f64::from(*count));
        }
        self.pending
            .with_label_values(&labels)
            .set(f64::from(figures.pending));
        self.wave
            .with_label_values(&labels)
            .set(f64::from(figures.wave));
        self.waves
            .with_label_values(&labels)
            .set(f64::from(figures.waves));
        for (guard, count) in &figures.prune_blocked {
            self.prune_blocked
                .with_label_values(&with(guard))
                .set(f64::from(*count));
        }
        if let Some((reason, then)) = &figures.blocked {
            self.blocked
                .with_label_values(&with(reason))
                .set(since(*then));
        }
    }
}
