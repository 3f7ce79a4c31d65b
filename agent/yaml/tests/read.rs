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
            r#"error: line 1, column 3: ".inf" is not a number that JSON can hold; put it in quotes"#,
        ),
        (
            "!!int a",
            r#"error: line 1, column 3: "a" is read as !!str, not as !!int; correct the text or remove the tag"#,
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

#[test]
fn streams_of_documents_are_read_whatever_their_line_ends() {
    for text in [
        "a: |\n  b\n---\n# none\n---\nc: 'd\n  e'\n",
        "\u{feff}a: |\r\n  b\r\n---\r\n# none\r\n---\r\nc: 'd\r\n  e'\r\n",
        "%YAML 1.1\n---\na: |\n  b\n...\n---\n...\n---#\nc: 'd\n  e'",
    ] {
        check(text, "{\"a\":\"b\\n\"}\nnull\n{\"c\":\"d e\"}");
    }
    check("", "");
    check("# only a comment\n", "");
}

#[test]
fn what_is_left_out_is_null_but_in_braces_it_is_an_empty_text() {
    check(
        "a:\nb: {c: , d}\n-",
        "error: line 3, column 1: this does not belong to the mapping that begins at line 1, column 1; correct the indentation",
    );
    check(
        "a:\nb: {c: , d}\ne: [f: ]\ng:\n-\n",
        r#"{"a":null,"b":{"c":"","d":""},"e":[{"f":""}],"g":[null]}"#,
    );
}

#[test]
fn folded_blocks_are_what_kustomize_makes_of_them() {
    check("a: >\n  b\n  c\n\n  d\n", r#"{"a":"b c\nd\n"}"#);
    check("a: >\n  b\n    c\n  d\n", r#"{"a":"b\n\n  c\nd\n"}"#);
    check("a: >2\n    b\n  c\n  d\n", r#"{"a":"  b\nc d\n"}"#);
}

#[test]
fn tags_come_in_short_form() {
    let text = "%TAG !e! tag:example.com,2000:\n---\n[!!str a, !e!x b, !<tag:yaml.org,2002:int> 1, !y c, ! d]\n";
    let documents = parse_documents(text, &Limits::default()).unwrap();
    let tags = documents[0]
        .root
        .items()
        .unwrap()
        .iter()
        .map(|item| item.tag.as_deref());
    let expected = [
        Some("!!str"),
        Some("tag:example.com,2000:x"),
        Some("!!int"),
        Some("!y"),
        Some("!"),
    ];
    assert!(tags.eq(expected));
}

#[test]
fn every_node_knows_its_place() {
    let text = "a:\n  - b: 'é' # c\n    d: [1,\n        2]\n---\n&x e: *x\n";
    let error =
        parse_documents(text, &Limits::default()).and_then(|documents| documents[1].root.to_json());
    assert_eq!(error.unwrap(), serde_json::json!({"e": "e"}));
    let documents = parse_documents(text, &Limits::default()).unwrap();
    let item = &documents[0].root.get("a").unwrap().items().unwrap()[0];
    let place = |node: &tidegate_yaml::Node| (node.mark.line, node.mark.column);
    assert_eq!(place(item), (2, 5));
    assert_eq!(place(item.get("b").unwrap()), (2, 8));
    assert_eq!(place(&item.get("d").unwrap().items().unwrap()[1]), (4, 9));
    assert_eq!(place(&documents[1].root), (6, 1));
}

#[test]
fn broken_scalars_are_refused_with_a_place_and_advice() {
    for (text, expected) in [
        (
            "a: b: c",
            "line 1, column 5: a value is not allowed here; put a text that holds ': ' in quotes, or correct the indentation",
        ),
        (
            "a: 1\nb\nc: 2",
            "line 2, column 1: this key has no ':' after it on its line; add it, or indent the text",
        ),
        (
            "a:\n\t- b",
            "line 2, column 1: tabs are not allowed as indentation; use spaces",
        ),
        (
            "a: `b`",
            "line 1, column 4: a text without quotes cannot start with '`'; put it in quotes",
        ),
        ("a: 'b\n", "line 1, column 4: no ' closes this text; add it"),
        (
            "a: \"b\n---\n",
            "line 1, column 4: the document ends inside of these quotes; close them",
        ),
        (
            "a: \"\\q\"",
            "line 1, column 5: unknown escape; write \\\\ for a backslash",
        ),
        (
            "a: \"\\ud800\"",
            "line 1, column 5: the escape must have 4 hexadecimal digits and name a character",
        ),
    ] {
        check(text, &format!("error: {expected}"));
    }
}

#[test]
fn broken_structure_is_refused_with_a_place_and_advice() {
    for (text, expected) in [
        (
            "a: [b, c\nd: e",
            "line 2, column 2: expected ',' or ']' here; add it, or quote the text",
        ),
        (
            "a: {b: c",
            "line 1, column 9: expected ',' or '}' here; add it, or quote the text",
        ),
        (
            "a: [,]",
            "line 1, column 5: a value is missing before the comma; add it, or remove the comma",
        ),
        (
            "a: ]",
            "line 1, column 4: this closes no bracket that is open here; correct it, or quote the text",
        ),
        (
            "a: |x\n  b",
            "line 1, column 4: only '+', '-', a digit from 1 to 9 and a comment are allowed after '|' or '>'; move the text to the next line",
        ),
        (
            "a:\n  - b\n c: d",
            "line 3, column 2: this does not belong to the mapping that begins at line 1, column 1; correct the indentation",
        ),
        (
            "- a\nb: c",
            "line 2, column 1: this does not belong to the sequence that begins at line 1, column 1; correct the indentation",
        ),
        (
            "a: - b",
            "line 1, column 4: a sequence cannot start here; put '-' on a line of its own, or quote the text",
        ),
        (
            "a: &",
            "line 1, column 4: an anchor's name has letters, digits, '-' and '_' only; quote a text that starts with '&' or '*'",
        ),
        (
            "a: !x!y z",
            "line 1, column 4: the tag handle !x! is not declared; add a %TAG line for it",
        ),
        (
            "%YAML 2.0\n---\n",
            "line 1, column 1: only YAML 1.1 and 1.2 are known; correct the version or remove the line",
        ),
        (
            "a: 1\n...\nb: 2",
            "line 3, column 1: a new document needs '---' before it; add that, or correct the indentation",
        ),
        (
            "a: \u{7f}",
            "line 1, column 4: control character U+007F; write it as an escape in double quotes",
        ),
        (
            "{<<: *a}",
            "line 1, column 6: alias *a has no anchor &a before it in the document; add the anchor or quote the text",
        ),
    ] {
        check(text, &format!("error: {expected}"));
    }
}
