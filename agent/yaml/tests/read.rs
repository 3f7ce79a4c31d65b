//! Reading: texts to JSON as kustomize's reader has it, and the errors of broken ones.
#![cfg(test)]

use tidegate_yaml::{Limits, parse_documents};

fn json(text: &str) -> String {
    let documents = parse_documents(text, &Limits::default());
    let values = documents.and_then(|documents| {
        documents
            .iter()
            .map(|document| document.root.to_json().map(|value| value.to_string()))
            .collect::<Result<Vec<_>, _>>()
    });
    values.map_or_else(
        |error| format!("error: {error}"),
        |values| values.join("\n"),
    )
}

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(json(text), expected, "{text:?}");
}

#[test]
fn scalars_resolve_as_in_go_yaml_3() {
    for (text, expected) in [
        ("0644", "420"),
        ("0o14", "12"),
        ("0b11", "3"),
        ("-0b11", "-3"),
        ("0x1F", "31"),
        ("1_000", "1000"),
        ("08", "8"),
        ("+1", "1"),
        ("1.0", "1"),
        ("1e3", "1000"),
        ("685_230.15", "685230.15"),
        ("18446744073709551615", "18446744073709551615"),
        ("-9223372036854775808", "-9223372036854775808"),
        ("-9223372036854775809", "-9.223372036854776e+18"),
        ("123456789012345678901234567890", "1.2345678901234568e+29"),
        ("1e400", r#""1e400""#),
        ("0x", r#""0x""#),
        ("10.0.0.1", r#""10.0.0.1""#),
        ("190:20:30", r#""190:20:30""#),
        ("yes", r#""yes""#),
        ("on", r#""on""#),
        ("True", "true"),
        ("~", "null"),
        ("", "null"),
        ("NULL", "null"),
        ("nULL", r#""nULL""#),
        ("2020-01-01", r#""2020-01-01T00:00:00Z""#),
        (
            "2001-12-14t21:59:43.10-05:00",
            r#""2001-12-14T21:59:43.1-05:00""#,
        ),
        ("2001-2-30", r#""2001-2-30""#),
        ("!!str 12", r#""12""#),
        ("!!int '12'", "12"),
        ("!!float 1", "1"),
        ("!!binary aGk=", r#""hi""#),
        ("! 12", "12"),
        ("!local 12", r#""12""#),
        ("'12'", r#""12""#),
        (
            ".inf",
            r#"error: line 1, column 3: ".inf" is no number that JSON can hold; put it in quotes"#,
        ),
        (
            "!!int a",
            r#"error: line 1, column 3: "a" is read as !!str, and is no !!int; correct the text or remove the tag"#,
        ),
    ] {
        check(
            &format!("- {text}"),
            &if expected.starts_with("error") {
                expected.to_owned()
            } else {
                format!("[{expected}]")
            },
        );
    }
}

#[test]
fn merge_keys_and_aliases_are_expanded() {
    check(
        "{a: &a {x: 1, y: 2}, b: {<<: *a, y: 3}}",
        r#"{"a":{"x":1,"y":2},"b":{"x":1,"y":3}}"#,
    );
    check(
        "- &a {x: 1}\n- &b {x: 2, y: 2}\n- {<<: [*a, *b]}",
        r#"[{"x":1},{"x":2,"y":2},{"x":1,"y":2}]"#,
    );
    check("'<<': 1", r#"{"<<":1}"#);
    check(
        "a: *b",
        "error: line 1, column 4: alias *b has no anchor &b before it in the document; add the anchor or quote the text",
    );
    check(
        "a: &b [*b]",
        "error: line 1, column 8: alias *b stands inside its own anchor &b; use another anchor",
    );
    check(
        "<<: 1",
        "error: line 1, column 5: a merge key (<<) takes a mapping or a sequence of mappings; name one by an alias",
    );
}

#[test]
fn a_duplicate_key_is_refused_with_both_lines() {
    check(
        "a: 1\nb: 2\n'a': 3\n",
        r#"error: line 3, column 1: key "a" is already set on line 1; remove one of the two"#,
    );
}

#[test]
fn keys_must_be_texts() {
    check(
        "a: {10: x}",
        r#"error: line 1, column 5: key "10" is read as !!int, and must be a text; put it in quotes"#,
    );
}
