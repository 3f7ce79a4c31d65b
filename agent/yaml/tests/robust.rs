//! No text brings the reader down, and what it reads can be printed and read again.
#![cfg(test)]

use proptest::prelude::*;
use serde_json::Value;
use tidegate_yaml::{Limits, Node, YamlError, emit, parse_documents};

const SMALL: Limits = Limits {
    bytes: 1 << 16,
    depth: 20,
    nodes: 2000,
    copies: 500,
};

fn yaml() -> impl Strategy<Value = String> {
    let part = prop::sample::select(vec![
        " ",
        "  ",
        "\n",
        "\n  ",
        "\n- ",
        "- ",
        ": ",
        ":",
        "? ",
        "#",
        " #",
        "a",
        "b",
        "1",
        "&a ",
        "*a",
        "!",
        "!!str ",
        "!<x> ",
        "|",
        ">",
        "|2-",
        ">+",
        "'",
        "''",
        "\"",
        "\\",
        "\\x4",
        "\\\n",
        "[",
        "]",
        "{",
        "}",
        ", ",
        "<<: ",
        "%YAML 1.1\n",
        "%TAG ! x\n",
        "---",
        "\n---\n",
        "...",
        "\n...\n",
        "\t",
        "\r\n",
        "\r",
        "é",
        "😀",
        "\u{85}",
        "\u{2028}",
        "\u{feff}",
        "~",
        "\u{1}",
        "%",
        "@",
        "`",
    ]);
    prop::collection::vec(part, 0..40).prop_map(|parts| parts.concat())
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".*".prop_map(Value::from),
        yaml().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::hash_map(yaml(), inner, 0..5)
                .prop_map(|fields| fields.into_iter().collect()),
        ]
    })
}

/// Reads, decodes and looks for duplicates; every error must have a place.
fn read(text: &str) {
    match parse_documents(text, &SMALL) {
        Ok(documents) => {
            for document in documents {
                let _duplicates = document.root.duplicates();
                let _value = document.root.to_json();
            }
        }
        Err(error) => assert!(error.mark().line > 0, "{error}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_text_is_read_or_refused(text in any::<String>()) {
        read(&text);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in any::<Vec<u8>>()) {
        read(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_yaml_is_read_or_refused(text in yaml()) {
        read(&text);
    }

    #[test]
    fn what_is_printed_is_read_as_the_same(value in value()) {
        let text = emit(&value);
        let documents = parse_documents(&text, &Limits::default())
            .unwrap_or_else(|error| panic!("{error}\n{text}"));
        let read = documents[0].root.to_json();
        let ambiguous = matches!(read, Err(YamlError::DuplicateKey { .. } | YamlError::Key { .. }));
        prop_assert!(ambiguous || emit(&read.unwrap()) == text, "{}", text);
    }

    #[test]
    fn a_node_from_json_is_that_json(value in value()) {
        let node = Node::from(&value);
        if let Ok(read) = node.to_json() {
            prop_assert_eq!(emit(&read), emit(&value));
        }
    }
}

#[test]
fn an_alias_bomb_is_refused_before_it_grows() {
    let lines = (1..40).map(|level| {
        let alias = format!("*a{}", level - 1);
        format!("a{level}: &a{level} [{}]\n", [alias.as_str(); 9].join(", "))
    });
    let bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned() + &lines.collect::<String>();
    let error = parse_documents(&bomb, &Limits::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "line 6, column 25: more than 400000 nodes copied for anchors and aliases; split the file"
    );
}

#[test]
fn deep_nesting_is_refused_at_the_limit() {
    let limits = Limits {
        depth: 3,
        ..Limits::default()
    };
    assert!(parse_documents("[[[]]]", &limits).is_ok());
    for (text, column) in [
        ("[[[[]]]]", 4),
        ("- - - - 1", 7),
        ("a: [[[1]]]", 6),
        ("&a [[[]]]: 1\nb: *a", 6),
    ] {
        let error = parse_documents(text, &limits).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("line 1, column {column}: more than 3 nested collections; split the file")
        );
    }
    let endless = "[".repeat(1_000_000);
    assert!(parse_documents(&endless, &Limits::default()).is_err());
}

#[test]
fn a_text_over_the_limit_is_not_read() {
    let limits = Limits {
        bytes: 4,
        ..Limits::default()
    };
    let error = parse_documents("a: 1\n", &limits).unwrap_err();
    assert_eq!(
        error.to_string(),
        "line 1, column 1: more than 4 bytes; split the file"
    );
}

#[test]
fn large_merges_and_many_tags_are_read() {
    let many = |text: fn(usize) -> String| (0..50_000).map(text).collect::<Vec<_>>().concat();
    let keys = many(|index| format!(", k{index}: 1"));
    let text = format!("a: &a {{b: 1{keys}}}\nc: {{<<: *a{keys}}}\n");
    let documents = parse_documents(&text, &Limits::default()).unwrap();
    let merged = documents[0].root.get("c").unwrap();
    assert_eq!(merged.pairs().unwrap().len(), 50_001);
    assert_eq!(documents[0].root.duplicates(), []);
    let tags = many(|index| format!("%TAG !t{index}! t\n"));
    let uses = many(|index| format!("- !t{index}!x a\n"));
    let documents = parse_documents(&format!("{tags}---\n{uses}"), &Limits::default()).unwrap();
    let items = documents[0].root.items().unwrap();
    assert!(items.iter().all(|item| item.tag.as_deref() == Some("tx")));
}
