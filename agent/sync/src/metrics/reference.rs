//! The reference of the metrics in the documentation, which is what they say of themselves.

use std::cell::RefCell;
use std::fmt::Write as _;

use prometheus::Registry;
use prometheus::core::Collector;
use prometheus::proto::MetricType;

use super::{Metrics, layers};

const COMMITTED: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../docs/reference/metrics.md"
);
const HEAD: &str = "<!-- Generated from the metrics themselves: `make generate` writes it anew. -->

# Metrics

What `GET /metrics` of each replica answers, in Prometheus' text format. Series with the labels `layer_namespace` and `layer`, and
those of sources, come from the replica that leads only; counters stay where they were counted, so sum them over replicas.
Names of objects are never labels.

| metric | kind | labels | what |
|---|---|---|---|
";

fn kind(kind: MetricType) -> &'static str {
    match kind {
        MetricType::COUNTER => "counter",
        MetricType::GAUGE => "gauge",
        MetricType::HISTOGRAM => "histogram",
        _ => panic!("a kind of metric that the agent has not"),
    }
}

/// A row for each metric that the collector describes.
fn rows(collector: &dyn Collector) -> Vec<String> {
    let families = collector.collect();
    let described = collector.desc().into_iter();
    let rows = described.map(|described| {
        let name = &described.fq_name;
        let family = families.iter().find(|family| family.name() == name);
        let kind = kind(family.unwrap().get_field_type());
        let labels = described.variable_labels.iter();
        let labels: Vec<String> = labels.map(|label| format!("`{label}`")).collect();
        let labels = labels.join(", ");
        format!("| `{name}` | {kind} | {labels} | {} |", described.help)
    });
    rows.collect()
}

fn page() -> String {
    let all = RefCell::new(Vec::new());
    let mut add = |collector: Box<dyn Collector>| {
        all.borrow_mut().extend(rows(&*collector));
        Ok(())
    };
    layers::describe(&mut add).unwrap();
    Metrics::build(Registry::new(), &mut add).unwrap();
    let mut all = all.into_inner();
    all.sort();
    let mut page = String::from(HEAD);
    for row in all {
        let _ = writeln!(page, "{row}");
    }
    page
}

#[test]
fn the_committed_reference_is_current() {
    let current = page();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(COMMITTED, &current).unwrap();
    }
    let committed = std::fs::read_to_string(COMMITTED).unwrap_or_default();
    assert_eq!(committed, current, "run `make generate`");
}
