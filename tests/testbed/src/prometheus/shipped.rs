//! The rules and dashboards that the repository ships, as Prometheus takes them.

use std::fs;

use serde_json::{Value, json};

use crate::{Error, Result, program};

/// Reads the rule groups of a `PrometheusRule`; its path is relative to the root of the repository.
///
/// # Errors
/// [`Error::File`], [`Error::Malformed`].
pub fn rules(path: &str) -> Result<Value> {
    let object: Value = read(path, |text| {
        serde_yaml::from_str(text).map_err(|error| error.to_string())
    })?;
    Ok(object.get("spec").cloned().unwrap_or_default())
}

/// The single rules of rule groups.
pub fn each_rule(rules: &mut Value) -> impl Iterator<Item = &mut Value> {
    let groups = rules.get_mut("groups").and_then(Value::as_array_mut);
    let rules = groups
        .into_iter()
        .flatten()
        .filter_map(|group| group.get_mut("rules"));
    rules.filter_map(Value::as_array_mut).flatten()
}

/// Divides how long each alert must hold before it fires.
///
/// # Errors
/// [`Error::Malformed`] for a duration that is not in whole seconds, minutes, hours or days.
pub fn quicken(rules: &mut Value, factor: u64) -> Result<()> {
    for rule in each_rule(rules) {
        let Some(text) = rule.get("for").and_then(Value::as_str) else {
            continue;
        };
        let shorter = milliseconds(text)? / factor;
        if let Some(fields) = rule.as_object_mut() {
            fields.insert("for".into(), json!(format!("{shorter}ms")));
        }
    }
    Ok(())
}

/// Reads the expressions of a Grafana dashboard, with what each of its panels is called; the path is relative to the
/// root of the repository. Its variables stand as they are.
///
/// # Errors
/// [`Error::File`], [`Error::Malformed`].
pub fn expressions(path: &str) -> Result<Vec<(String, String)>> {
    let dashboard: Value = read(path, |text| {
        serde_json::from_str(text).map_err(|error| error.to_string())
    })?;
    let panels = dashboard.get("panels").and_then(Value::as_array);
    let targets = panels.into_iter().flatten().flat_map(|panel| {
        let title = panel.get("title").and_then(Value::as_str);
        let targets = panel.get("targets").and_then(Value::as_array);
        let expressions = targets.into_iter().flatten();
        expressions.filter_map(move |target| {
            let expression = target.get("expr")?.as_str()?;
            Some((title.unwrap_or_default().to_owned(), expression.to_owned()))
        })
    });
    Ok(targets.collect())
}

fn read(path: &str, parse: impl Fn(&str) -> Result<Value, String>) -> Result<Value> {
    let file = program::workspace().join(path);
    let text = fs::read_to_string(&file).map_err(Error::file(&file))?;
    parse(&text).map_err(|reason| Error::malformed(path, &reason))
}

fn milliseconds(text: &str) -> Result<u64> {
    let number = text.trim_end_matches(|last: char| last.is_ascii_alphabetic());
    let unit = match text.get(number.len()..) {
        Some("s") => 1_000,
        Some("m") => 60_000,
        Some("h") => 3_600_000,
        Some("d") => 86_400_000,
        _ => return Err(Error::malformed(text, &"not a duration in s, m, h or d")),
    };
    let number: u64 = number
        .parse()
        .map_err(|error| Error::malformed(text, &error))?;
    Ok(number * unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_divided() {
        let mut rules =
            json!({"groups": [{"rules": [{"for": "15m"}, {"record": "x"}, {"for": "1d"}]}]});
        quicken(&mut rules, 900).unwrap();
        let quick = json!({"groups": [{"rules": [{"for": "1000ms"}, {"record": "x"}, {"for": "96000ms"}]}]});
        assert_eq!(rules, quick);
        let mut odd = json!({"groups": [{"rules": [{"for": "1h30m"}]}]});
        assert!(quicken(&mut odd, 900).is_err());
    }
}
