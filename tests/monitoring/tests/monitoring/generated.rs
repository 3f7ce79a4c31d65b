//! The committed dashboards are current, and Prometheus takes each of their queries.

use serde_json::{Value, json};
use tidegate_testbed::prometheus::shipped;
use tidegate_testbed::promtool;

use crate::dashboard::Dashboard;
use crate::{path, text};

const DASHBOARDS: [&str; 4] = ["database", "fleet", "layer", "traffic"];

fn dashboard(name: &str) -> Dashboard {
    let file = format!("tests/monitoring/dashboards/{name}.yaml");
    serde_yaml::from_str(&text(&file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

#[test]
fn the_committed_dashboards_are_current() {
    for name in DASHBOARDS {
        let dashboard = dashboard(name);
        let mut current = serde_json::to_string_pretty(&dashboard.json()).unwrap();
        current.push('\n');
        if std::env::var_os("UPDATE").is_some() {
            let file = path(&dashboard.file);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, &current).unwrap();
        }
        let committed = text(&dashboard.file);
        assert!(
            committed == current,
            "{}: run `make generate`",
            dashboard.file
        );
    }
}

#[test]
fn prometheus_takes_every_query() {
    let expressions = DASHBOARDS.iter().flat_map(|name| {
        let expressions = shipped::expressions(&dashboard(name).file).unwrap();
        assert!(!expressions.is_empty(), "{name} asks for nothing");
        expressions
    });
    let rules: Vec<Value> = expressions
        .map(|(_, expression)| {
            let expression = expression.replace("$__rate_interval", "1m");
            json!({"record": "panel", "expr": expression})
        })
        .collect();
    let groups = json!({"groups": [{"name": "panels", "rules": rules}]});
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("rules.yaml"), groups.to_string()).unwrap();
    promtool(
        folder.path(),
        &["check", "rules", "--lint=none", "rules.yaml"],
    )
    .unwrap();
}
