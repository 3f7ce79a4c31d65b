//! Sources: polls and fetches.

use prometheus::{GaugeVec, HistogramOpts, HistogramVec, IntCounterVec, IntGaugeVec};

use super::{Add, PREFIX, forget, opts, register};

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
    const ALL: [Self; 3] = [Self::Unchanged, Self::Changed, Self::Failed];

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
    ready: IntGaugeVec,
    polls: IntCounterVec,
    fetches: HistogramVec,
    last_poll: GaugeVec,
}

impl Sources {
    pub(super) fn new(add: &mut Add<'_>) -> Result<Self, prometheus::Error> {
        let info = opts(
            "source_info",
            "1; the repository that a source is, without userinfo and query. One repository is several sources if layers follow several refs of it, or with several Secrets",
        );
        let ready = opts(
            "source_ready",
            "1 if the last look at the refs succeeded, and their commit could be read",
        );
        let polls = opts(
            "source_polls_total",
            "Looks at the refs of a source by outcome: unchanged, changed, failed",
        );
        let last_poll = opts(
            "source_last_poll_timestamp_seconds",
            "When the refs of a source were last read",
        );
        let fetches = HistogramOpts::new(
            "source_fetch_duration_seconds",
            "How long fetches of a new commit took",
        )
        .namespace(PREFIX)
        .buckets(vec![
            0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0,
        ]);
        Ok(Self {
            info: register(add, IntGaugeVec::new(info, &["source", "url"])?)?,
            ready: register(add, IntGaugeVec::new(ready, &["source"])?)?,
            polls: register(add, IntCounterVec::new(polls, &["source", "outcome"])?)?,
            fetches: register(add, HistogramVec::new(fetches, &["source"])?)?,
            last_poll: register(add, GaugeVec::new(last_poll, &["source"])?)?,
        })
    }

    /// Shows a source.
    pub(crate) fn add(&self, source: &SourceLabel) {
        let labels = [&source.id, &source.url];
        self.info.with_label_values(&labels).set(1);
        // From zero, or the first failure would be no increase.
        for outcome in PollOutcome::ALL {
            let labels = [source.id.as_str(), outcome.as_str()];
            self.polls.with_label_values(&labels);
        }
    }

    /// Counts a poll.
    pub(crate) fn polled(&self, source: &SourceLabel, outcome: PollOutcome) {
        let labels = [source.id.as_str(), outcome.as_str()];
        self.polls.with_label_values(&labels).inc();
        let is_ready = outcome != PollOutcome::Failed;
        let ready = self.ready.with_label_values(&[&source.id]);
        ready.set(i64::from(is_ready));
        if is_ready {
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
        let labels = [("source", source.id.as_str())];
        forget(&self.info, &labels);
        forget(&self.ready, &labels);
        forget(&self.polls, &labels);
        forget(&self.fetches, &labels);
        forget(&self.last_poll, &labels);
    }
}
