//! The lines of `consequences.yaml`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::Value;
use tidegate_object::GroupKind;

use super::ConsequenceKind;
use crate::path::FieldPath;
use crate::table::line::{OneOrMany, PathText};

/// What a line finds: how grave it is, and its words.
type Found = (ConsequenceKind, String);

/// The table.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Table {
    changes: Vec<ChangeLine>,
    removals: Vec<Line>,
}

/// A line of `removals`, and what a line of `changes` has as well.
#[derive(Debug, Deserialize)]
struct Line {
    of: OneOrMany,
    is: ConsequenceKind,
    says: String,
    #[serde(default, rename = "if")]
    when: Values,
    #[serde(default)]
    unless: Values,
}

#[derive(Debug, Deserialize)]
struct ChangeLine {
    #[serde(flatten)]
    line: Line,
    #[serde(default)]
    changes: Vec<PathText>,
    falls: Option<PathText>,
    #[serde(default)]
    becomes: Values,
}

/// Fields and their values, all of which an object must have.
#[derive(Debug, Default, Deserialize)]
#[serde(try_from = "BTreeMap<String, Value>")]
struct Values(Vec<(FieldPath, Value)>);

impl Table {
    pub(super) fn builtin() -> &'static Self {
        // A test holds that the file is read.
        static TABLE: LazyLock<Table> = LazyLock::new(|| Table::read().unwrap_or_default());
        &TABLE
    }

    fn read() -> Result<Self, serde_yaml::Error> {
        serde_yaml::from_str(include_str!("../consequences.yaml"))
    }

    pub(super) fn changed(&self, kind: &GroupKind, before: &Value, after: &Value) -> Vec<Found> {
        let lines = self.changes.iter().filter(|line| line.line.is_of(kind));
        lines
            .filter(|line| line.line.counts_for(after))
            .filter_map(|line| line.found(before, after))
            .collect()
    }

    pub(super) fn removed(&self, kind: &GroupKind, before: &Value) -> Vec<Found> {
        let lines = self.removals.iter().filter(|line| line.is_of(kind));
        lines
            .filter(|line| line.counts_for(before))
            .map(|line| line.say(before, None))
            .collect()
    }
}

impl ChangeLine {
    fn found(&self, before: &Value, after: &Value) -> Option<Found> {
        if let Some(PathText(path)) = &self.falls {
            let (was, will) = (number(path, before)?, number(path, after)?);
            return (will < was).then(|| self.line.say(before, Some((was, will))));
        }
        let changes = self.changes.iter();
        let is_changed = changes
            .clone()
            .any(|path| values(&path.0, before) != values(&path.0, after));
        let becomes = self.becomes.0.iter();
        let has_become = becomes
            .clone()
            .any(|(path, value)| count(path, after, value) > count(path, before, value));
        (is_changed || has_become).then(|| self.line.say(before, None))
    }
}

impl Line {
    fn is_of(&self, kind: &GroupKind) -> bool {
        self.of.iter().any(|of| of.0 == *kind)
    }

    fn counts_for(&self, object: &Value) -> bool {
        let has = |(path, value): &(FieldPath, Value)| count(path, object, value) > 0;
        self.when.0.iter().all(has) && !self.unless.0.iter().any(has)
    }

    fn say(&self, object: &Value, numbers: Option<(i64, i64)>) -> Found {
        let mut said = String::new();
        let mut rest = self.says.as_str();
        while let Some((text, (name, after))) = rest
            .split_once('{')
            .and_then(|(text, rest)| Some((text, rest.split_once('}')?)))
        {
            said.push_str(text);
            said.push_str(&filled(name, object, numbers));
            rest = after;
        }
        said.push_str(rest);
        (self.is, said)
    }
}

impl TryFrom<BTreeMap<String, Value>> for Values {
    type Error = crate::PathError;

    fn try_from(written: BTreeMap<String, Value>) -> Result<Self, Self::Error> {
        let pairs = written.into_iter();
        let pairs = pairs.map(|(path, value)| Ok((FieldPath::parse(&path)?, value)));
        pairs.collect::<Result<_, _>>().map(Self)
    }
}

/// Returns what stands for a name in braces: `before`, `spec.name`, or `spec.replicas pod`.
fn filled(name: &str, object: &Value, numbers: Option<(i64, i64)>) -> String {
    let (field, noun) = match name.split_once(' ') {
        Some((field, noun)) => (field, Some(noun)),
        None => (name, None),
    };
    let value = match (field, numbers) {
        ("before", Some((before, _))) => Some(before.to_string()),
        ("after", Some((_, after))) => Some(after.to_string()),
        _ => shown(field, object),
    };
    match (value, noun) {
        (Some(one), Some(noun)) if one == "1" => format!("1 {noun}"),
        (Some(count), Some(noun)) => format!("{count} {noun}s"),
        (None, Some(noun)) => format!("{noun}s"),
        (value, None) => value.unwrap_or_else(|| "?".into()),
    }
}

fn shown(field: &str, object: &Value) -> Option<String> {
    let path = FieldPath::parse(field).ok()?;
    match values(&path, object).first()? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn values<'v>(path: &FieldPath, object: &'v Value) -> Vec<&'v Value> {
    let mut found = Vec::new();
    path.visit(object, &mut |hit| found.push(hit.value));
    found
}

fn count(path: &FieldPath, object: &Value, value: &Value) -> usize {
    values(path, object)
        .iter()
        .filter(|it| **it == value)
        .count()
}

fn number(path: &FieldPath, object: &Value) -> Option<i64> {
    values(path, object).first()?.as_i64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_read_and_every_line_can_be_found() {
        let table = Table::read().unwrap();
        assert!(!table.removals.is_empty());
        for line in &table.changes {
            let ways = [
                !line.changes.is_empty(),
                line.falls.is_some(),
                !line.becomes.0.is_empty(),
            ];
            let count = ways.iter().filter(|way| **way).count();
            assert_eq!(count, 1, "{:?}", line.line.says);
        }
    }

    #[test]
    fn every_name_in_braces_is_a_field() {
        let table = Table::read().unwrap();
        let lines = table.changes.iter().map(|line| &line.line);
        for line in lines.chain(&table.removals) {
            for name in line.says.split('{').skip(1) {
                let (name, _) = name.split_once('}').expect(&line.says);
                let field = name.split(' ').next().unwrap();
                assert!(FieldPath::parse(field).is_ok(), "{}", line.says);
            }
        }
    }
}
