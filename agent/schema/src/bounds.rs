//! Values that are not allowed: required fields, enumerations, patterns, bounds (JSON schema, as far as definitions may
//! use it outside of combinations).

use std::cmp::Ordering;

use regex::Regex;
use serde_json::{Map, Value};

use crate::schema::{Schema, Type};
use crate::shape::{name, name_of};
use crate::violation::{Path, Problem, Violation};

/// Finds the values that are not allowed.
pub(crate) fn check(value: &Value, schema: Schema<'_>, at: &Path<'_>, found: &mut Vec<Violation>) {
    if value.is_null() {
        return;
    }
    let mut say = |message: String| found.push(at.wrong(Problem::Value, message));
    if let Some(allowed) = schema.get("enum").and_then(Value::as_array)
        && !allowed.iter().any(|allowed| is_equal(allowed, value))
    {
        let allowed: Vec<String> = allowed.iter().map(ToString::to_string).collect();
        say(format!("must be one of {}", allowed.join(", ")));
    }
    if let Some(message) = wrong_type(value, schema.of_type()) {
        say(message);
    }
    match value {
        Value::String(text) => check_text(text, schema, &mut say),
        Value::Number(number) => check_number(number.as_f64(), schema, &mut say),
        Value::Array(items) => {
            check_count(items.len(), ("Items", "items"), schema, &mut say);
            if schema.is_set("uniqueItems") && repeats(items) {
                say("holds the same item twice".into());
            }
            if let Some(of_item) = schema.items() {
                for (index, item) in items.iter().enumerate() {
                    check(item, of_item, &at.item(index), found);
                }
            }
        }
        Value::Object(fields) => {
            check_count(fields.len(), ("Properties", "fields"), schema, &mut say);
            check_fields(fields, schema, at, found);
        }
        Value::Null | Value::Bool(_) => {}
    }
}

/// Types that an apply is read with all the same.
fn wrong_type(value: &Value, wanted: Type) -> Option<String> {
    let fits = match wanted {
        Type::Integer => is_whole(value),
        Type::IntOrString => value.is_string() || is_whole(value),
        _ => true,
    };
    let message = || format!("must be {}, and is {}", name(wanted), name_of(value));
    (!fits).then(message)
}

fn is_whole(value: &Value) -> bool {
    value.as_f64().is_some_and(|number| number.fract() == 0.0)
}

fn check_fields(
    fields: &Map<String, Value>,
    schema: Schema<'_>,
    at: &Path<'_>,
    found: &mut Vec<Violation>,
) {
    let required = schema.get("required").and_then(Value::as_array);
    for name in required.into_iter().flatten().filter_map(Value::as_str) {
        let has_default = || {
            let declared = schema.declared().and_then(|fields| fields.get(name));
            declared.is_some_and(|schema| schema.get("default").is_some())
        };
        if !fields.contains_key(name) && !has_default() {
            found.push(at.field(name).wrong(Problem::Value, "it is required"));
        }
    }
    for (name, value) in fields {
        if let Some(of_field) = schema.field(name) {
            check(value, of_field, &at.field(name), found);
        }
    }
}

fn check_text(text: &str, schema: Schema<'_>, say: &mut impl FnMut(String)) {
    check_count(text.chars().count(), ("Length", "letters"), schema, say);
    // Patterns that are not of Go's kind alone are known to both; others are the API server's to judge.
    if let Some(pattern) = schema.get("pattern").and_then(Value::as_str)
        && Regex::new(pattern).is_ok_and(|regex| !regex.is_match(text))
    {
        say(format!("must match `{pattern}`"));
    }
}

fn check_number(number: Option<f64>, schema: Schema<'_>, say: &mut impl FnMut(String)) {
    let Some(number) = number else { return };
    let bound = |keyword: &str| schema.get(keyword).and_then(Value::as_f64);
    if let Some(least) = bound("minimum") {
        let is_out = if schema.is_set("exclusiveMinimum") {
            number <= least
        } else {
            number < least
        };
        if is_out {
            say(format!("must not be below {least}"));
        }
    }
    if let Some(most) = bound("maximum") {
        let is_out = if schema.is_set("exclusiveMaximum") {
            number >= most
        } else {
            number > most
        };
        if is_out {
            say(format!("must not be above {most}"));
        }
    }
}

/// Holds a count against `min…` and `max…` of a keyword.
fn check_count(
    count: usize,
    (keyword, things): (&str, &str),
    schema: Schema<'_>,
    say: &mut impl FnMut(String),
) {
    let bound = |end: &str| schema.get(&format!("{end}{keyword}"))?.as_u64();
    let count = count as u64;
    if let Some(least) = bound("min").filter(|least| count < *least) {
        say(format!(
            "must have at least {least} {things}, and has {count}"
        ));
    }
    if let Some(most) = bound("max").filter(|most| count > *most) {
        say(format!(
            "must have at most {most} {things}, and has {count}"
        ));
    }
}

fn repeats(items: &[Value]) -> bool {
    let mut rest = items;
    while let [first, others @ ..] = rest {
        if others.iter().any(|other| is_equal(first, other)) {
            return true;
        }
        rest = others;
    }
    false
}

/// Tells whether two values are the same; 1 and 1.0 are.
fn is_equal(one: &Value, other: &Value) -> bool {
    match (one.as_f64(), other.as_f64()) {
        (Some(one), Some(other)) => one.partial_cmp(&other) == Some(Ordering::Equal),
        _ => one == other,
    }
}
