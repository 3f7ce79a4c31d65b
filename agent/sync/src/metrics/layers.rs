//! How each layer stands: gauges that are worked out when they are asked for.

use std::collections::BTreeMap;

use jiff::Timestamp;
use prometheus::proto::MetricFamily;
use prometheus::{GaugeVec, Registry};

use super::{Add, opts, register};
use crate::{LayerKey, Mode, Phase};

/// How a layer stands.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Figures {
    /// The revision that is applied.
    pub(crate) revision: String,
    /// The hash of the source that it follows.
    pub(crate) source: String,
    /// What it does without asking.
    pub(crate) mode: Mode,
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
    /// Since when the object that is waited for longest is waited for.
    pub(crate) waits_since: Option<Timestamp>,
    /// How long the phases of the last run took, in seconds.
    pub(crate) durations: Vec<(Phase, f64)>,
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
    /// How many objects others have changed, and are left so.
    pub(crate) drifted: u32,
    /// How many objects are held.
    pub(crate) held: u32,
    /// How many objects somebody changes again and again.
    pub(crate) fights: u32,
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
    waiting: GaugeVec,
    durations: GaugeVec,
    objects: GaugeVec,
    pending: GaugeVec,
    wave: GaugeVec,
    waves: GaugeVec,
    prune_blocked: GaugeVec,
    drifted: GaugeVec,
    held: GaugeVec,
    fights: GaugeVec,
    blocked: GaugeVec,
}

/// Works out the series of all layers.
pub(super) fn families(
    layers: &BTreeMap<LayerKey, Figures>,
    now: Timestamp,
) -> Result<Vec<MetricFamily>, prometheus::Error> {
    let registry = Registry::new();
    let gauges = Gauges::new(&mut |it| registry.register(it))?;
    for (layer, figures) in layers {
        gauges.set(layer, figures, now);
    }
    Ok(registry.gather())
}

/// Registers the metrics without a series.
#[cfg(test)]
pub(super) fn describe(add: &mut Add<'_>) -> Result<(), prometheus::Error> {
    Gauges::new(add).map(drop)
}

impl Gauges {
    fn new(add: &mut Add<'_>) -> Result<Self, prometheus::Error> {
        let mut gauge = |name, help, more: &[&str]| {
            let labels = [&["layer_namespace", "layer"], more].concat();
            register(add, GaugeVec::new(opts(name, help), &labels)?)
        };
        Ok(Self {
            info: gauge(
                "layer_info",
                "1; the revision that is applied (empty before the first), the mode (auto, approve, observe), and the source that is followed: join with tidegate_source_info",
                &["revision", "mode", "source"],
            )?,
            ready: gauge(
                "layer_ready",
                "1 if the newest revision is applied, every object got healthy, and none failed since",
                &[],
            )?,
            suspended: gauge(
                "layer_suspended",
                "1 if the layer is suspended: nothing is written",
                &[],
            )?,
            healthy: gauge("layer_healthy", "1 if every object is healthy now", &[])?,
            last_success: gauge(
                "layer_last_success_timestamp_seconds",
                "When a run last ended with every object healthy",
                &[],
            )?,
            lag: gauge(
                "layer_revision_lag_seconds",
                "The age of the newest commit while it is not applied; 0 if it is",
                &[],
            )?,
            waiting: gauge(
                "layer_waiting_seconds",
                "For how long the layer has waited for the object that it waits for longest; 0 if it waits for none",
                &[],
            )?,
            durations: gauge(
                "layer_last_run_duration_seconds",
                "How long each phase of the last run took: render, preflight, apply, wait",
                &["phase"],
            )?,
            objects: gauge(
                "layer_objects",
                "Objects by health: current, inProgress, failed, suspended, terminating, missing, unknown",
                &["health"],
            )?,
            pending: gauge(
                "layer_pending_changes",
                "Objects that are still to be written",
                &[],
            )?,
            wave: gauge("layer_wave", "The first wave that is not done", &[])?,
            waves: gauge("layer_waves", "How many waves there are", &[])?,
            prune_blocked: gauge(
                "prune_blocked",
                "Objects that have left Git and are held back, by the guard that holds them",
                &["guard"],
            )?,
            drifted: gauge(
                "layer_drifted_objects",
                "Objects that others have changed and that are left so",
                &[],
            )?,
            held: gauge("layer_held_objects", "Objects that are held", &[])?,
            fights: gauge(
                "fights",
                "Objects that somebody changes again and again",
                &[],
            )?,
            blocked: gauge(
                "layer_blocked_seconds",
                "For how long somebody or something else has had to let the layer go on, by the reason of its condition Blocked; no series if nothing has",
                &["reason"],
            )?,
        })
    }

    fn set(&self, (namespace, name): &LayerKey, figures: &Figures, now: Timestamp) {
        let labels = [namespace.as_str(), name.as_str()];
        let with = |label| [labels.as_slice(), &[label]].concat();
        let since = |then: Timestamp| now.duration_since(then).as_secs_f64().max(0.0);
        let mode = figures.mode.as_str();
        let about = [namespace, name, &figures.revision, mode, &figures.source];
        self.info.with_label_values(&about).set(1.0);
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
        let waiting = figures.waits_since.map_or(0.0, since);
        self.waiting.with_label_values(&labels).set(waiting);
        for (phase, seconds) in &figures.durations {
            let duration = self.durations.with_label_values(&with(phase.as_str()));
            duration.set(*seconds);
        }
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
        for (gauge, count) in [
            (&self.drifted, figures.drifted),
            (&self.held, figures.held),
            (&self.fights, figures.fights),
        ] {
            gauge.with_label_values(&labels).set(f64::from(count));
        }
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
