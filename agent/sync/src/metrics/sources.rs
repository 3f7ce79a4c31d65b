//! Sources: polls and fetches.

use prometheus::{GaugeVec, HistogramOpts, HistogramVec, IntCounterVec, IntGaugeVec, Registry};

use super::{PREFIX, opts, register};

/// The name of a source in metrics: a short hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SourceLabel {
    /// The hash.
    pub(crate) id: String,
    /// The URL, without userinfo and query.
    pub(crate) url: String,
}

/// How a poll ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PollOutcome {
    /// Nothing is new.
    Unchanged,
    /// A ref moved.
    Changed,
    /// It failed.
    Failed,
}

impl PollOutcome {
    fn as_str(self) -> &'static str {
        match self {
            Self::Unchanged => "unchanged",
            Self::Changed => "changed",
            Self::Failed => "failed",
        }
    }
}

/// Polls and fetches.
pub(crate) struct Sources {
    info: IntGaugeVec,
    polls: IntCounterVec,
    fetches: HistogramVec,
    last_poll: GaugeVec,
}

impl Sources {
    pub(super) fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let info = opts(
            "source_info",
            "The sources, by the hash that names them elsewhere",
        );
        let polls = opts("source_polls_total", "Looks at the refs of a source");
        let last_poll = opts(
            "source_last_poll_timestamp_seconds",
            "When the refs of a source were last read",
        );
        let fetches = HistogramOpts::new("source_fetch_duration_seconds", "Time that fetches took")
            .namespace(PREFIX)
            .buckets(vec![0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0]);
        Ok(Self {
            info: register(registry, IntGaugeVec::new(info, &["source", "url"])?)?,
            polls: register(registry, IntCounterVec::new(polls, &["source", "outcome"])?)?,
            fetches: register(registry, HistogramVec::new(fetches, &["source"])?)?,
            last_poll: register(registry, GaugeVec::new(last_poll, &["source"])?)?,
        })
    }

    /// Shows a source.
    pub(crate) fn add(&self, source: &SourceLabel) {
        let labels = [&source.id, &source.url];
        self.info.with_label_values(&labels).set(1);
    }

    /// Counts a poll.
    pub(crate) fn polled(&self, source: &SourceLabel, outcome: PollOutcome) {
        let labels = [source.id.as_str(), outcome.as_str()];
        self.polls.with_label_values(&labels).inc();
        if outcome != PollOutcome::Failed {
            let last = self.last_poll.with_label_values(&[&source.id]);
            last.set(jiff::Timestamp::now().as_duration().as_secs_f64());
        }
    }

    /// Measures a fetch.
    pub(crate) fn fetched(&self, source: &SourceLabel, took: std::time::Duration) {
        let fetches = self.fetches.with_label_values(&[&source.id]);
        fetches.observe(took.as_secs_f64());
    }

    /// Drops the series of a source that no layer follows any more.
    pub(crate) fn remove(&self, source: &SourceLabel) {
        // A series that never was is none to drop.
        let _ = self.info.remove_label_values(&[&source.id, &source.url]);
        let _ = self.fetches.remove_label_values(&[&source.id]);
        let _ = self.last_poll.remove_label_values(&[&source.id]);
        for outcome in [
            PollOutcome::Unchanged,
            PollOutcome::Changed,
            PollOutcome::Failed,
        ] {
            let labels = [source.id.as_str(), outcome.as_str()];
            let _ = self.polls.remove_label_values(&labels);
        }
    }
}
