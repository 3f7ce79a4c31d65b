//! Which characters a YAML text may hold at all.

use crate::scanner::syntax;
use crate::{Mark, YamlError};

/// Refuses control characters, which YAML allows as escapes only.
pub(crate) fn check(text: &str) -> Result<(), YamlError> {
    // In chunks without early exit, which processors do many bytes at a time.
    let is_strange = |byte: &u8| !matches!(byte, b' '..=b'~' | b'\n');
    let is_any_strange =
        |chunk: &[u8]| chunk.iter().fold(false, |any, byte| any | is_strange(byte));
    if !text.as_bytes().chunks(256).any(is_any_strange) {
        return Ok(());
    }
    let Some((position, char)) = text.char_indices().find(|(_, char)| !is_allowed(*char)) else {
        return Ok(());
    };
    let before = text.get(..position).unwrap_or_default();
    let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
    let column = before
        .rsplit('\n')
        .next()
        .unwrap_or_default()
        .chars()
        .count()
        + 1;
    let count = |number| u32::try_from(number).unwrap_or(u32::MAX);
    let mark = Mark {
        line: count(line),
        column: count(column),
    };
    let code = u32::from(char);
    Err(syntax(
        mark,
        format!("control character U+{code:04X}; write it as an escape in double quotes"),
    ))
}

fn is_allowed(char: char) -> bool {
    matches!(
        char,
        '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..
    )
}
