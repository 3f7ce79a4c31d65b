//! Requests to the API server.

use prometheus::{HistogramOpts, HistogramVec, IntCounterVec, Registry};
use tidegate_cluster::RequestSeen;

use super::{PREFIX, opts, register};

/// Requests to the API server, watches included.
pub(super) struct Requests {
    total: IntCounterVec,
    duration: HistogramVec,
}

impl Requests {
    pub(super) fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let total = opts("kube_requests_total", "Requests to the API server");
        let duration = HistogramOpts::new(
            "kube_request_duration_seconds",
            "Time from a request to the head of its answer",
        )
        .namespace(PREFIX)
        .buckets(vec![
            0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0,
        ]);
        Ok(Self {
            total: register(
                registry,
                IntCounterVec::new(total, &["verb", "resource", "code", "dry_run"])?,
            )?,
            duration: register(registry, HistogramVec::new(duration, &["verb"])?)?,
        })
    }

    pub(super) fn seen(&self, request: &RequestSeen) {
        let code = request.code.to_string();
        let dry_run = if request.dry_run { "true" } else { "false" };
        let labels = [request.verb, &request.resource, &code, dry_run];
        self.total.with_label_values(&labels).inc();
        let duration = self.duration.with_label_values(&[request.verb]);
        duration.observe(request.took.as_secs_f64());
    }
}
