//! What the alerts and dashboards that are shipped promise.
#![cfg(test)]

mod dashboard;
mod generated;
mod rules;
mod runbooks;

use std::path::{Path, PathBuf};

/// Each set of rules: the `PrometheusRule`, its unit tests, and the page of its runbooks.
const RULES: [(&str, &str, &str); 3] = [
    (
        "manifests/tidegate/components/monitoring/prometheusrule.yaml",
        "tests/monitoring/rules/tidegate.yaml",
        "docs/alerts.md",
    ),
    (
        "manifests/database/base/cloudnative-pg/prometheusrule.yaml",
        "tests/monitoring/rules/postgresql.yaml",
        "manifests/database/alerts.md",
    ),
    (
        "manifests/database/base/redis/prometheusrule.yaml",
        "tests/monitoring/rules/redis.yaml",
        "manifests/database/alerts.md",
    ),
];

/// A file of the repository.
fn path(relative: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
    root.unwrap().join(relative)
}

/// The text of a file of the repository.
fn text(relative: &str) -> String {
    let read = std::fs::read_to_string(path(relative));
    read.unwrap_or_else(|error| panic!("{relative}: {error}"))
}
