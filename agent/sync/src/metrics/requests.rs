//! Requests to the API server.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use prometheus::{Gauge, HistogramOpts, HistogramVec, IntCounterVec};
use tidegate_cluster::RequestSeen;

use super::{Add, PREFIX, opts, register};

/// Requests to the API server, watches included.
pub(super) struct Requests {
    total: IntCounterVec,
    duration: HistogramVec,
    unanswered: Gauge,
    /// When the first of the requests was sent since which nothing was answered.
    unanswered_since: Mutex<Option<Instant>>,
}

impl Requests {
    pub(super) fn new(add: &mut Add<'_>) -> Result<Self, prometheus::Error> {
        let total = opts(
            "kube_requests_total",
            "Requests to the API server, watches included, by verb as RBAC names it, plural of the resource, HTTP status (0: no answer) and whether it was a dry-run",
        );
        let duration = HistogramOpts::new(
            "kube_request_duration_seconds",
            "Time from a request to the API server to the head of its answer, by verb",
        )
        .namespace(PREFIX)
        .buckets(vec![
            0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
        ]);
        let unanswered = opts(
            "kube_unanswered_seconds",
            "How long the API server has answered nothing although it was asked; 0 while it answers",
        );
        let labels = ["verb", "resource", "code", "dry_run"];
        Ok(Self {
            unanswered: register(add, Gauge::with_opts(unanswered)?)?,
            unanswered_since: Mutex::default(),
            total: register(add, IntCounterVec::new(total, &labels)?)?,
            duration: register(add, HistogramVec::new(duration, &["verb"])?)?,
        })
    }

    pub(super) fn asked(&self) {
        self.since(|since| {
            since.get_or_insert_with(Instant::now);
        });
    }

    /// How long nothing has been answered although it was asked; sets the gauge, too.
    pub(super) fn unanswered(&self) -> Duration {
        let since = self.since(|since| *since);
        let unanswered = since.map_or(Duration::ZERO, |since| since.elapsed());
        self.unanswered.set(unanswered.as_secs_f64());
        unanswered
    }

    fn since<T>(&self, change: impl FnOnce(&mut Option<Instant>) -> T) -> T {
        let since = self.unanswered_since.lock();
        change(&mut since.unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn seen(&self, request: &RequestSeen) {
        if request.code != 0 {
            self.since(|since| *since = None);
        }
        let code = request.code.to_string();
        let dry_run = if request.dry_run { "true" } else { "false" };
        let labels = [request.verb, &request.resource, &code, dry_run];
        self.total.with_label_values(&labels).inc();
        let duration = self.duration.with_label_values(&[request.verb]);
        duration.observe(request.took.as_secs_f64());
    }
}
