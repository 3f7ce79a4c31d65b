//! Fields that are not declared, and values of another type: what the API server refuses while it reads an apply.

use serde_json::{Map, Value};

use crate::schema::{Schema, Type};
use crate::violation::{Path, Problem, Violation};

/// How many letters a name may differ by from the one that was meant.
const SLIPS: usize = 2;

/// Finds the first trouble in each branch of a value.
pub(crate) fn check(value: &Value, schema: Schema<'_>, at: &Path<'_>, found: &mut Vec<Violation>) {
    let wanted = schema.of_type();
    match (wanted, value) {
        (_, Value::Null) | (Type::Any | Type::IntOrString, _) if schema.declared().is_none() => {}
        (Type::Object | Type::Any, Value::Object(fields)) => {
            check_fields(fields, schema, at, found);
        }
        (Type::Array, Value::Array(items)) => {
            let Some(of_item) = schema.items() else {
                return;
            };
            for (index, item) in items.iter().enumerate() {
                check(item, of_item, &at.item(index), found);
            }
        }
        (Type::Boolean, Value::Bool(_))
        | (Type::Integer | Type::Number, Value::Number(_))
        | (Type::String, Value::String(_))
        | (_, Value::Null)
        | (Type::Any | Type::IntOrString, _) => {}
        (wanted, value) => {
            let message = format!("must be {}, and is {}", name(wanted), name_of(value));
            found.push(at.wrong(Problem::Shape, message));
        }
    }
}

fn check_fields(
    fields: &Map<String, Value>,
    schema: Schema<'_>,
    at: &Path<'_>,
    found: &mut Vec<Violation>,
) {
    for (name, value) in fields {
        let at = at.field(name);
        match schema.field(name) {
            Some(of_field) => check(value, of_field, &at, found),
            None if schema.takes_unknown() => {}
            None => found.push(at.wrong(Problem::Shape, unknown(name, schema))),
        }
    }
}

fn unknown(name: &str, schema: Schema<'_>) -> String {
    let declared = schema.declared().into_iter().flat_map(Map::keys);
    let near = declared
        .map(|other| (slips(name, other), other))
        .min_by_key(|(slips, _)| *slips);
    match near.filter(|(slips, other)| *slips <= SLIPS && *slips < other.len()) {
        Some((_, meant)) => format!("there is no such field: is `{meant}` meant?"),
        None => "there is no such field in the definition of its kind".into(),
    }
}

/// How many letters differ between two names (Levenshtein's distance); capitals do not count.
fn slips(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.to_lowercase().chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (index, letter) in one.to_lowercase().chars().enumerate() {
        let mut before = index;
        let mut left = index + 1;
        let mut next = vec![left];
        for (known, above) in other.iter().zip(row.iter().skip(1)) {
            let changed = before + usize::from(*known != letter);
            before = *above;
            left = changed.min(above + 1).min(left + 1);
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

pub(crate) fn name(wanted: Type) -> &'static str {
    match wanted {
        Type::Any => "anything",
        Type::Array => "a list",
        Type::Boolean => "true or false",
        Type::Integer => "a whole number",
        Type::IntOrString => "a whole number or a text",
        Type::Number => "a number",
        Type::Object => "a mapping",
        Type::String => "a text",
    }
}

pub(crate) fn name_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(number) if number.is_f64() => "a number with a fraction",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a mapping",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_of_the_pen_are_counted() {
        for (one, other, expected) in [
            ("instancs", "instances", 1),
            ("Instances", "instances", 0),
            ("size", "seize", 1),
            ("", "abc", 3),
            ("abc", "", 3),
            ("replicas", "instances", 7),
        ] {
            assert_eq!(slips(one, other), expected, "{one} {other}");
        }
    }
}
