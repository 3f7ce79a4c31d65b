//! What Prometheus is shown.

use jiff::{SignedDuration, Timestamp};

use super::*;

fn key() -> LayerKey {
    ("tidegate-system".into(), "database".into())
}

/// The lines of the exposition that begin with `prefix`.
fn lines(metrics: &Metrics, prefix: &str) -> Vec<String> {
    let text = metrics.exposition();
    let lines = text.lines().filter(|line| line.starts_with(prefix));
    lines.map(Into::into).collect()
}

#[test]
fn a_layer_is_shown_until_it_is_gone_or_somebody_else_leads() {
    let metrics = Metrics::new().unwrap();
    let shown = || lines(&metrics, "tidegate_layer_ready");
    metrics.layer(
        &key(),
        Figures {
            ready: true,
            ..Figures::default()
        },
    );
    let expected = r#"tidegate_layer_ready{layer="database",layer_namespace="tidegate-system"} 1"#;
    assert_eq!(shown(), [expected]);
    metrics.forget(&key());
    assert!(shown().is_empty());
    metrics.layer(&key(), Figures::default());
    metrics.cease_to_lead();
    assert!(shown().is_empty());
}

#[test]
fn times_are_worked_out_when_they_are_asked_for() {
    let now = Timestamp::now();
    let ago = |seconds| now - SignedDuration::from_secs(seconds);
    let figures = Figures {
        behind_since: Some(ago(90)),
        waits_since: Some(ago(20)),
        blocked: Some(("DependencyNotReady".into(), ago(30))),
        ..Figures::default()
    };
    let layers = BTreeMap::from([(key(), figures)]);
    let families = layers::families(&layers, now).unwrap();
    let text = TextEncoder::new().encode_to_string(&families).unwrap();
    let values: Vec<&str> = text
        .lines()
        .filter(|line| line.contains("_seconds{"))
        .collect();
    assert_eq!(
        values,
        [
            r#"tidegate_layer_blocked_seconds{layer="database",layer_namespace="tidegate-system",reason="DependencyNotReady"} 30"#,
            r#"tidegate_layer_revision_lag_seconds{layer="database",layer_namespace="tidegate-system"} 90"#,
            r#"tidegate_layer_waiting_seconds{layer="database",layer_namespace="tidegate-system"} 20"#,
        ]
    );
}

#[test]
fn sources_requests_and_the_process_are_shown() {
    let metrics = Metrics::new().unwrap();
    let source = SourceLabel {
        id: "0a1b2c3d".into(),
        url: "https://git.example.com/platform.git".into(),
    };
    metrics.sources.add(&source);
    let polls = || lines(&metrics, "tidegate_source_polls_total");
    let ready = || lines(&metrics, "tidegate_source_ready");
    assert_eq!(
        polls(),
        [
            r#"tidegate_source_polls_total{outcome="changed",source="0a1b2c3d"} 0"#,
            r#"tidegate_source_polls_total{outcome="failed",source="0a1b2c3d"} 0"#,
            r#"tidegate_source_polls_total{outcome="unchanged",source="0a1b2c3d"} 0"#,
        ]
    );
    metrics.sources.polled(&source, PollOutcome::Failed);
    assert!(polls().contains(
        &r#"tidegate_source_polls_total{outcome="failed",source="0a1b2c3d"} 1"#.to_owned()
    ));
    assert_eq!(ready(), [r#"tidegate_source_ready{source="0a1b2c3d"} 0"#]);
    metrics.sources.polled(&source, PollOutcome::Changed);
    assert_eq!(ready(), [r#"tidegate_source_ready{source="0a1b2c3d"} 1"#]);
    metrics.sources.remove(&source);
    assert!(lines(&metrics, "tidegate_source").is_empty());
    assert!(!lines(&metrics, "process_resident_memory_bytes").is_empty());
}

#[test]
fn the_series_of_a_layer_that_is_gone_go_and_those_of_others_stay() {
    let metrics = Metrics::new().unwrap();
    let other = ("tidegate-system".into(), "apps".into());
    let run: Run = serde_json::from_value(serde_json::json!({
        "id": "1",
        "trigger": "change",
        "started": "2026-01-01T00:00:00Z",
        "phase": "done",
        "outcome": "healthy",
        "waves": 0,
        "objects": [],
        "edges": [],
        "durations": [["apply", 2.0]],
    }))
    .unwrap();
    metrics.run_ended(&key(), &run);
    metrics.run_ended(&other, &run);
    metrics.forget(&key());
    let left = r#"tidegate_runs_total{layer="apps",layer_namespace="tidegate-system",outcome="healthy",trigger="change"} 1"#;
    assert_eq!(lines(&metrics, "tidegate_runs_total"), [left]);
    let took = r#"tidegate_run_duration_seconds_sum{phase="apply"} 4"#;
    assert_eq!(lines(&metrics, "tidegate_run_duration_seconds_sum"), [took]);
}
