//! Every alert says what it means, and leads to a page that says what to do.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use tidegate_testbed::prometheus::shipped;

use crate::{RULES, text};

const REPOSITORY: &str = "https://github.com/tidegate/tidegate/blob/main/";
/// What the runbook of an alert holds.
const PARTS: [&str; 3] = ["**Means:** ", "**Look:** ", "**Do:** "];

#[test]
fn every_alert_has_a_runbook_and_every_runbook_an_alert() {
    let pages: BTreeSet<&str> = RULES.iter().map(|(_, _, page)| *page).collect();
    for page in pages {
        let sections = sections(&text(page));
        let runbooks: BTreeSet<String> = sections.keys().cloned().collect();
        let alerts = alerts(page);
        let names: BTreeSet<String> = alerts.iter().map(name).collect();
        assert_eq!(
            names, runbooks,
            "{page}: alerts, and sections that are about one"
        );
        for alert in alerts {
            check(page, &alert, &sections[&name(&alert)]);
        }
    }
}

fn check(page: &str, alert: &Value, runbook: &str) {
    let name = name(alert);
    for field in [
        "/labels/severity",
        "/annotations/summary",
        "/annotations/description",
    ] {
        let value = alert.pointer(field).and_then(Value::as_str);
        assert!(value.is_some(), "{name} has no {field}");
    }
    let link = format!("{REPOSITORY}{page}#{}", name.to_lowercase());
    assert_eq!(alert["annotations"]["runbook_url"], link, "{name}");
    for part in PARTS {
        assert!(runbook.contains(part), "{page}: {name} lacks {part}");
    }
}

/// The alerts whose runbooks are on a page.
fn alerts(page: &str) -> Vec<Value> {
    let rules = RULES.iter().filter(|(_, _, of)| *of == page);
    let alerts = rules.flat_map(|(rules, _, _)| {
        let mut groups = shipped::rules(rules).unwrap();
        let rules = shipped::each_rule(&mut groups).map(|rule| rule.clone());
        rules.collect::<Vec<_>>()
    });
    alerts.filter(|rule| rule.get("alert").is_some()).collect()
}

fn name(alert: &Value) -> String {
    alert["alert"].as_str().unwrap().to_owned()
}

/// The sections of a page that are about an alert, each with its text.
fn sections(page: &str) -> BTreeMap<String, String> {
    let sections = page.split("\n### ").skip(1);
    let sections = sections.map(|section| {
        let (name, text) = section.split_once('\n').unwrap();
        let text = text.split("\n## ").next().unwrap_or_default();
        (name.to_owned(), text.to_owned())
    });
    sections.collect()
}
