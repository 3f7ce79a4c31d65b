//! Which styles a text can be written in: libyaml's analysis with go-yaml's choice.

use memchr::{memchr, memchr_iter, memchr2, memchr2_iter};

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
        Self::of_usual(value).unwrap_or_else(|| Self::by_characters(value))
    }

    /// What most texts allow: lines of ASCII, with nothing special where it would count.
    fn of_usual(value: &str) -> Option<Self> {
        let bytes = value.as_bytes();
        let is_usual = |byte: &u8| matches!(byte, b' '..=b'~' | b'\n');
        // Without early exit, so that many bytes are looked at at a time.
        let is_all_usual = bytes.iter().fold(true, |all, byte| all & is_usual(byte));
        if !is_all_usual || bytes.last().is_none_or(|last| *last == b' ') {
            return None;
        }
        if memchr(b'\n', bytes).is_none() {
            return is_usual_line(bytes).then_some(Self {
                plain: true,
                single_quoted: true,
                block: true,
            });
        }
        let after_space = |index: usize| index > 0 && bytes.get(index - 1) == Some(&b' ');
        let ends_in_space = memchr_iter(b'\n', bytes).any(after_space);
        (!ends_in_space).then_some(Self {
            plain: false,
            single_quoted: false,
            block: true,
        })
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
        if memchr(b'\n', value.as_bytes()).is_some() {
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

/// Whether a line of ASCII that ends in no space is plain for sure.
fn is_usual_line(bytes: &[u8]) -> bool {
    let is_start = |first: &u8| first.is_ascii_alphanumeric() || b"/_$(".contains(first);
    let is_indicator = |index: usize| match bytes.get(index) {
        Some(b':') => matches!(bytes.get(index + 1), None | Some(b' ')),
        _ => index > 0 && bytes.get(index - 1) == Some(&b' '),
    };
    bytes.first().is_some_and(is_start) && !memchr2_iter(b':', b'#', bytes).any(is_indicator)
}

/// Whether a text has a line break.
pub(super) fn has_break(text: &str) -> bool {
    memchr2(b'\n', b'\r', text.as_bytes()).is_some()
        || (!text.is_ascii() && text.contains(is_break))
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
