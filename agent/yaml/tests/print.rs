//! Printing: JSON to the text that kustomize prints.
#![cfg(test)]

use serde_json::{Value, json};
use tidegate_yaml::{emit, emit_all};

#[track_caller]
fn check(value: &Value, expected: &str) {
    assert_eq!(emit(value), expected, "{value}");
}

#[test]
fn texts_are_quoted_if_a_yaml_1_1_reader_would_not_read_a_text() {
    for (text, expected) in [
        ("plain", "plain"),
        ("two words", "two words"),
        ("10.0.0.1", "10.0.0.1"),
        ("1e", "1e"),
        ("=", "="),
        ("<<", "<<"),
        ("yes", r#""yes""#),
        ("N", r#""N""#),
        ("null", r#""null""#),
        ("", r#""""#),
        ("08", r#""08""#),
        ("0o7", r#""0o7""#),
        ("1_000", r#""1_000""#),
        ("1:20", r#""1:20""#),
        ("2020-01-01", r#""2020-01-01""#),
        (".inf", r#"".inf""#),
        ("a: b", "'a: b'"),
        ("a #b", "'a #b'"),
        ("it's", "it's"),
        ("'it's", "'''it''s'"),
        ("- a", "'- a'"),
        ("-a", "-a"),
        ("*a", "'*a'"),
        ("a:", "'a:'"),
        (" a", "' a'"),
        ("---", "'---'"),
        ("a\tb", r#""a\tb""#),
        ("\u{1}\u{7f}", r#""\x01\x7F""#),
        ("\u{1f600}", r#""\U0001F600""#),
        ("\u{feff}ab", r#""\uFEFF\x61\x62""#),
        ("\u{a0}ä日", "\u{a0}ä日"),
    ] {
        check(&json!({"k": text}), &format!("k: {expected}\n"));
    }
}

#[test]
fn lines_become_blocks_where_possible() {
    for (text, expected) in [
        ("a\nb", "|-\n  a\n  b\n"),
        ("a\nb\n", "|\n  a\n  b\n"),
        ("a\n\n", "|+\n  a\n\n"),
        ("\n", "|2+\n\n"),
        (" a\nb", "|2-\n   a\n  b\n"),
        ("a \nb", "\"a \\nb\"\n"),
        ("a\tb\n", "\"a\\tb\\n\"\n"),
    ] {
        check(&json!({"k": text}), &format!("k: {expected}"));
    }
}

#[test]
fn long_texts_fold_behind_column_80() {
    let words = "word ".repeat(20);
    let line = |count| "word ".repeat(count).trim_end().to_owned();
    check(
        &json!({"k": words.trim_end()}),
        &format!("k: {}\n  {}\n", line(16), line(4)),
    );
    check(
        &json!({"k": words}),
        &format!("k: '{}\n  {} '\n", line(16), line(4)),
    );
    let solid = "x".repeat(200);
    check(&json!({"k": solid}), &format!("k: {solid}\n"));
}

#[test]
fn collections_are_indented_as_kustomize_indents_them() {
    check(
        &json!({"a": [1, [2, [], {"b": {}, "c": ["x"]}]], "d": {"e": {"f": null}}}),
        "a:\n- 1\n- - 2\n  - []\n  - b: {}\n    c:\n    - x\nd:\n  e:\n    f: null\n",
    );
    let long = "k".repeat(129);
    check(
        &json!({ long.as_str(): ["x"], "a\nb": {"c": 1} }),
        &format!("? |-\n  a\n  b\n: c: 1\n? {long}\n: - x\n"),
    );
    assert_eq!(
        emit_all([&json!("a"), &json!([]), &json!("b\nc\n")]),
        "a\n---\n[]\n---\n|\n  b\n  c\n"
    );
}

#[test]
fn keys_are_in_natural_order() {
    check(
        &json!({"b": 1, "a10": 1, "a2": 1, "a/b": 1, "a.b": 1, "a-b": 1, "a": 1, "A": 1, "_u": 1, "01": 1, "y": 1}),
        "_u: 1\n\"01\": 1\nA: 1\na: 1\na-b: 1\na.b: 1\na/b: 1\na2: 1\na10: 1\nb: 1\n\"y\": 1\n",
    );
}

#[test]
fn numbers_are_what_go_prints() {
    for (number, expected) in [
        (json!(1.0), "1"),
        (json!(-0.0), "0"),
        (json!(1e20), "1e+20"),
        (json!(1e21), "1e+21"),
        (json!(1e-7), "1e-07"),
        (json!(0.0001), "0.0001"),
        (json!(0.00001), "1e-05"),
        (json!(100_000.5), "100000.5"),
        (json!(100_000_000.5), "1.000000005e+08"),
        (json!(123_456_789.123_456_79), "1.2345678912345679e+08"),
        (json!(238_123_524_778_469.62), "2.3812352477846962e+14"),
        (json!(u64::MAX), "18446744073709551615"),
        (json!(i64::MIN), "-9223372036854775808"),
    ] {
        check(&json!({"k": number}), &format!("k: {expected}\n"));
    }
}
