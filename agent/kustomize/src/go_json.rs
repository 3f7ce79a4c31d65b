//! JSON texts as Go's `encoding/json` writes them: sorted keys, HTML escaped, floats without zeros.

use std::fmt::Write as _;

use serde_json::Value;

/// Writes a value without spaces.
pub(crate) fn text(value: &Value) -> String {
    let mut text = String::new();
    write(&mut text, value, None);
    text
}

/// Writes a value with two spaces for each level.
pub(crate) fn indented(value: &Value) -> String {
    let mut text = String::new();
    write(&mut text, value, Some(0));
    text
}

fn write(text: &mut String, value: &Value, depth: Option<usize>) {
    match value {
        Value::Null => text.push_str("null"),
        Value::Bool(value) => text.push_str(if *value { "true" } else { "false" }),
        Value::Number(number) => match number.as_f64().filter(|_| number.is_f64()) {
            Some(float) => write_float(text, float),
            None => text.push_str(&number.to_string()),
        },
        Value::String(value) => write_string(text, value),
        Value::Array(items) => {
            let items = items.iter().map(|item| (None, item));
            write_all(text, ('[', ']'), items, depth);
        }
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by_key(|(key, _)| *key);
            let fields = fields
                .into_iter()
                .map(|(key, value)| (Some(key.as_str()), value));
            write_all(text, ('{', '}'), fields, depth);
        }
    }
}

fn write_all<'a>(
    text: &mut String,
    (open, close): (char, char),
    items: impl Iterator<Item = (Option<&'a str>, &'a Value)>,
    depth: Option<usize>,
) {
    text.push(open);
    let mut is_first = true;
    for (key, value) in items {
        if !is_first {
            text.push(',');
        }
        is_first = false;
        break_line(text, depth.map(|depth| depth + 1));
        if let Some(key) = key {
            write_string(text, key);
            text.push_str(if depth.is_some() { ": " } else { ":" });
        }
        write(text, value, depth.map(|depth| depth + 1));
    }
    if !is_first {
        break_line(text, depth);
    }
    text.push(close);
}

fn break_line(text: &mut String, depth: Option<usize>) {
    if let Some(depth) = depth {
        text.push('\n');
        text.extend(std::iter::repeat_n("  ", depth));
    }
}

fn write_float(text: &mut String, value: f64) {
    let size = value.abs();
    if size != 0.0 && !(1e-6..1e21).contains(&size) {
        let scientific = format!("{value:e}");
        let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
        let sign = if exponent.starts_with('-') { "" } else { "+" };
        let _ = write!(text, "{digits}e{sign}{exponent}");
    } else {
        let _ = write!(text, "{value}");
    }
}

fn write_string(text: &mut String, value: &str) {
    text.push('"');
    for letter in value.chars() {
        match letter {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '\u{8}' => text.push_str("\\b"),
            '\u{c}' => text.push_str("\\f"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => {
                let _ = write!(text, "\\u{:04x}", u32::from(letter));
            }
            other => text.push(other),
        }
    }
    text.push('"');
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn texts_are_those_of_go() {
        let check = |value, expected| assert_eq!(text(&value), expected);
        check(
            json!({"b": [1, 2.5, 1e21, 1e-7], "a": null}),
            r#"{"a":null,"b":[1,2.5,1e+21,1e-7]}"#,
        );
        check(
            json!("<a & \"b\">\n\u{2028}ä"),
            r#""\u003ca \u0026 \"b\"\u003e\n\u2028ä""#,
        );
        assert_eq!(
            indented(&json!({"a": [], "b": [1]})),
            "{\n  \"a\": [],\n  \"b\": [\n    1\n  ]\n}"
        );
    }
}
