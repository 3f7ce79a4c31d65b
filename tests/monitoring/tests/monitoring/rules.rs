//! promtool takes every rule, and every rule has a unit test that it passes.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tidegate_testbed::prometheus::shipped;
use tidegate_testbed::promtool;

use crate::{RULES, path, text};

#[test]
fn promtool_takes_every_rule_and_its_unit_tests_pass() {
    for (rules, tests, _) in RULES {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, value: &Value| {
            std::fs::write(folder.path().join(name), value.to_string()).unwrap();
        };
        let mut groups = shipped::rules(rules).unwrap();
        write("rules.yaml", &groups);
        promtool(folder.path(), &["check", "rules", "rules.yaml"]).unwrap();
        // promtool compares all annotations or none; what is worked out is in the summary.
        for rule in shipped::each_rule(&mut groups) {
            if let Some(annotations) = rule.get_mut("annotations") {
                *annotations = json!({"summary": annotations["summary"]});
            }
        }
        write("rules.yaml", &groups);
        std::fs::copy(path(tests), folder.path().join("tests.yaml")).unwrap();
        promtool(folder.path(), &["test", "rules", "tests.yaml"]).unwrap();
    }
}

#[test]
fn every_rule_has_a_unit_test_in_which_it_gives_something() {
    for (rules, tests, _) in RULES {
        let tests: Value = serde_yaml::from_str(&text(tests)).unwrap();
        let tested = tested(&tests);
        let mut groups = shipped::rules(rules).unwrap();
        for rule in shipped::each_rule(&mut groups) {
            let name = rule.get("alert").or_else(|| rule.get("record")).unwrap();
            let name = name.as_str().unwrap();
            assert!(tested.contains(name), "{rules}: {name} has no unit test");
        }
    }
}

/// The alerts that fire, and the metrics that have a value, in unit tests.
fn tested(tests: &Value) -> BTreeSet<String> {
    let tests = tests["tests"].as_array().unwrap().iter();
    let cases = |test: &Value, kind: &str, result: &str, name: &str| {
        let cases = test[kind].as_array().cloned().unwrap_or_default();
        let cases = cases.into_iter();
        let cases = cases.filter(|case| case[result].as_array().is_some_and(|it| !it.is_empty()));
        let names = cases.map(|case| case[name].as_str().unwrap().to_owned());
        names.collect::<Vec<_>>()
    };
    let names = tests.flat_map(|test| {
        let alerts = cases(test, "alert_rule_test", "exp_alerts", "alertname");
        let metrics = cases(test, "promql_expr_test", "exp_samples", "expr");
        let metrics = metrics.into_iter().map(|expression| {
            let name = expression.split('{').next().unwrap_or_default();
            name.to_owned()
        });
        alerts.into_iter().chain(metrics)
    });
    names.collect()
}
