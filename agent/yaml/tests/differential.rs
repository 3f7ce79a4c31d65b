//! Reading and printing against kustomize's own libraries, on thousands of generated texts.
//!
//! `TIDEGATE_SEED` repeats a run, `TIDEGATE_TEXTS` sets how many texts each test compares.
#![cfg(test)]

mod differential {
    pub(crate) mod random;
    pub(crate) mod spelling;
    pub(crate) mod strings;
}

use differential::random::Random;
use differential::{spelling, strings};
use serde_json::{Value, json};
use tidegate_testbed::oracle::{self, Reprint};
use tidegate_yaml::{Limits, YamlError, emit_all, parse_documents};

/// Our way from text to text.
fn reprint(text: &str) -> Result<String, YamlError> {
    let documents = parse_documents(text, &Limits::default())?;
    let full = documents.iter().filter(|document| !document.is_empty());
    let values = full.map(|document| document.root.to_json());
    Ok(emit_all(&values.collect::<Result<Vec<Value>, _>>()?))
}

/// Compares many texts, and shows the shortest that differ.
#[track_caller]
fn compare(generate: impl Fn(&Random) -> String) {
    let number = |name, default| std::env::var(name).map_or(default, |text| text.parse().unwrap());
    let (seed, count) = (number("TIDEGATE_SEED", 1), number("TIDEGATE_TEXTS", 5000));
    let random = Random::new(seed);
    let texts = (0..count).map(|_| generate(&random));
    let texts: Vec<String> = texts.filter(|text| !is_excluded(text)).collect();
    let answers = oracle::reprint(&texts).unwrap();
    let accepted = answers
        .iter()
        .filter(|answer| answer.error.is_empty())
        .count();
    assert!(
        accepted * 10 > answers.len(),
        "kustomize accepts only {accepted} texts"
    );
    let pairs = texts.iter().zip(&answers);
    let mut wrong: Vec<_> = pairs
        .filter_map(|(text, answer)| difference(text, answer))
        .collect();
    wrong.sort_by_key(String::len);
    let found = wrong.len();
    wrong.truncate(8);
    assert!(
        wrong.is_empty(),
        "TIDEGATE_SEED={seed}: {found} of {count} texts differ, {accepted} accepted:\n{}",
        wrong.join("\n")
    );
}

/// An anchor in itself brings kustomize down, of old line ends it replaces some, and at the start of a
/// document it knows no comment right behind the dashes.
fn is_excluded(text: &str) -> bool {
    let has_old_line_ends = text.replace("\r\n", "").contains('\r');
    has_old_line_ends
        || text.contains("---#")
        || matches!(reprint(text), Err(YamlError::Recursive { .. }))
}

/// Why kustomize refuses texts that are YAML.
const KUSTOMIZE_ONLY: [&str; 8] = [
    // Documents that are no mapping.
    "into map[string]",
    "into string",
    // JSON's escape.
    "unknown escape",
    // It prints blocks that start with a tab in a way that it cannot read.
    "a tab character",
    "control characters are not allowed",
    // It splits texts at every line that starts with three dashes.
    "invalid document separator",
    "timezone hour outside of range",
    // A sequence of mappings may not come by an alias itself.
    "received alias for a non-map value",
];

fn difference(text: &str, theirs: &Reprint) -> Option<String> {
    let ours = reprint(text);
    let differs = match &ours {
        // Kustomize has been seen to take a comment after an anchor into the text.
        Ok(_) if !theirs.error.is_empty() => {
            let is_known = |reason: &&str| theirs.error.contains(*reason);
            !KUSTOMIZE_ONLY.iter().any(is_known)
        }
        Ok(ours) => {
            let without = theirs.text.replace("# comment\n  ", "");
            *ours != theirs.text && *ours != without
        }
        // Kustomize takes these at the top of a document, and only there.
        Err(YamlError::Key { .. }) => false,
        // Kustomize drops what follows the first complete value.
        Err(YamlError::Syntax { problem, .. }) if problem.contains("'---'") => false,
        Err(_) => theirs.error.is_empty(),
    };
    differs.then(|| format!("--- {text:?}\n    theirs {theirs:?}\n    ours   {ours:?}"))
}

#[test]
fn strings_are_printed_as_kustomize_prints_them() {
    compare(|random| json!({"key": strings::nasty(random)}).to_string());
}

#[test]
fn keys_are_printed_and_sorted_as_kustomize_prints_them() {
    compare(|random| {
        let keys = || (strings::key(random), json!(1));
        let fields: serde_json::Map<_, _> = (0..5).map(|_| keys()).collect();
        Value::Object(fields).to_string()
    });
}

#[test]
fn nested_values_are_printed_as_kustomize_prints_them() {
    compare(|random| {
        let fields = (0..2).map(|index| (format!("k{index}"), strings::value(random, 4)));
        Value::Object(fields.collect()).to_string()
    });
}

#[test]
fn plain_scalars_are_resolved_as_kustomize_resolves_them() {
    compare(|random| format!("key: {}\n", strings::plain(random)));
}

#[test]
fn all_spellings_are_read_as_kustomize_reads_them() {
    compare(spelling::document);
}

#[test]
fn damaged_texts_are_read_as_kustomize_reads_them() {
    compare(|random| {
        let text = spelling::damage(random, &spelling::document(random));
        // It might have an alias in its own anchor behind the error.
        let is_risky = text.contains('*') && reprint(&text).is_err();
        // Kustomize moves comments: one behind a block with a `+` adds a line to the block.
        let moves = text.contains('+') && text.contains('#');
        if is_risky || moves {
            String::new()
        } else {
            text
        }
    });
}
