//! Which styles a text can be written in: libyaml's analysis with go-yaml's choice.

use super::fold::Folds;
use crate::resolve::{self, Resolved};

/// How a text is written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Style {
    Plain,
    SingleQuoted,
    DoubleQuoted,
    Literal,
}

/// The styles that a text allows; double quotes always work.
#[derive(Debug)]
pub(super) struct Analysis {
    pub(super) plain: bool,
    pub(super) single_quoted: bool,
    block: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Previous {
    Space,
    Break,
    Other,
}

impl Analysis {
    pub(super) fn of(value: &str) -> Self {
        let (is_line, is_block) = (is_simple_line(value), is_simple_block(value));
        if is_line || is_block {
            return Self {
                plain: is_line,
                single_quoted: is_line,
                block: true,
            };
        }
        Self::by_characters(value)
    }

    pub(super) fn by_characters(value: &str) -> Self {
        let mut found = Self {
            plain: !value.starts_with("---") && !value.starts_with("..."),
            single_quoted: true,
            block: true,
        };
        let mut previous = Previous::Other;
        let mut preceded_by_whitespace = true;
        let mut rest = value.chars();
        let mut is_first = true;
        while let Some(char) = rest.next() {
            let next = rest.as_str();
            let is_last = next.is_empty();
            let followed_by_whitespace = is_last || next.starts_with([' ', '\t']);
            let is_indicator = match char {
                ':' => followed_by_whitespace,
                '#' => preceded_by_whitespace,
                _ if !is_first => false,
                '?' | '-' => followed_by_whitespace,
                _ => is_leading_indicator(char),
            };
            found.plain &= !is_indicator;
            if !is_printable(char) {
                found.allow_double_quotes_only();
            }
            if char == ' ' {
                found.plain &= !is_first && !is_last;
                found.block &= !is_last;
                found.single_quoted &= previous != Previous::Break;
                previous = Previous::Space;
            } else if is_break(char) {
                found.plain = false;
                if previous == Previous::Space {
                    found.allow_double_quotes_only();
                }
                previous = Previous::Break;
            } else {
                previous = Previous::Other;
            }
            preceded_by_whitespace = matches!(char, ' ' | '\t' | '\0') || is_break(char);
            is_first = false;
        }
        found
    }

    /// The style for a text; a simple key is one that must not fold.
    pub(super) fn style(&self, value: &str, folds: Folds) -> Style {
        if value.contains('\n') {
            let is_block = self.block && folds == Folds::Allowed;
            return if is_block {
                Style::Literal
            } else {
                Style::DoubleQuoted
            };
        }
        if !self.single_quoted || !is_text_everywhere(value) {
            return Style::DoubleQuoted;
        }
        if self.plain {
            Style::Plain
        } else {
            Style::SingleQuoted
        }
    }

    fn allow_double_quotes_only(&mut self) {
        self.plain = false;
        self.single_quoted = false;
        self.block = false;
    }
}

/// Plain for sure: one line of ASCII without anything special.
fn is_simple_line(value: &str) -> bool {
    let bytes = value.as_bytes();
    let is_start = |first: &u8| first.is_ascii_alphanumeric() || b"/_$(".contains(first);
    let is_end = |last: &u8| !matches!(last, b' ' | b':');
    bytes.first().is_some_and(is_start)
        && bytes.last().is_some_and(is_end)
        && bytes.iter().all(|byte| matches!(byte, b' '..=b'~'))
        && !value.contains(": ")
        && !value.contains(" #")
}

/// A block for sure: lines of ASCII that end in no space.
fn is_simple_block(value: &str) -> bool {
    let is_usual = |byte: &u8| matches!(byte, b' '..=b'~' | b'\n');
    value.contains('\n')
        && value.as_bytes().iter().all(is_usual)
        && !value.contains(" \n")
        && !value.ends_with(' ')
}

pub(super) fn is_break(char: char) -> bool {
    matches!(char, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// What go-yaml v2 writes without an escape: no tab, and nothing above U+FFFF.
pub(crate) fn is_printable(char: char) -> bool {
    matches!(char,
        '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}')
}

fn is_leading_indicator(char: char) -> bool {
    matches!(
        char,
        ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@' | '`'
    )
}

/// Whether go-yaml v2 reads it as a text when it is plain, and other YAML 1.1 readers do so too.
fn is_text_everywhere(value: &str) -> bool {
    // Octals with a sign after the prefix are new in go-yaml v3.
    let is_text = matches!(Resolved::of(value), Resolved::Text | Resolved::Merge)
        || value.starts_with("0o-")
        || value.starts_with("0o+");
    is_text && !resolve::is_old_bool(value) && !resolve::is_base_60(value)
}
