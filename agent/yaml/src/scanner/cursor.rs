//! A place in a text that moves forward, and what stands there.

use memchr::memchr2;

use crate::Mark;

/// A place in a text. Behind the end stands a NUL, which a text cannot contain.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor<'a> {
    pub(super) text: &'a str,
    /// In bytes.
    pub(super) position: usize,
    line: u32,
    /// In characters, from 0.
    pub(super) column: u32,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let position = if text.starts_with('\u{feff}') {
            '\u{feff}'.len_utf8()
        } else {
            0
        };
        Self {
            text,
            position,
            line: 0,
            column: 0,
        }
    }

    pub(super) fn mark(&self) -> Mark {
        Mark {
            line: self.line + 1,
            column: self.column + 1,
        }
    }

    pub(super) fn byte(&self) -> u8 {
        self.byte_at(0)
    }

    pub(super) fn byte_at(&self, ahead: usize) -> u8 {
        self.text
            .as_bytes()
            .get(self.position + ahead)
            .copied()
            .unwrap_or(0)
    }

    pub(super) fn rest(&self) -> &'a str {
        self.text.get(self.position..).unwrap_or_default()
    }

    /// The text from a place to here.
    pub(super) fn since(&self, start: usize) -> &'a str {
        self.text.get(start..self.position).unwrap_or_default()
    }

    pub(super) fn is_end(&self) -> bool {
        self.byte() == 0
    }

    pub(super) fn is_blank(&self) -> bool {
        matches!(self.byte(), b' ' | b'\t')
    }

    pub(super) fn is_break(&self) -> bool {
        break_length(self.rest().as_bytes()) > 0
    }

    /// Whether a blank, a line break or the end stands here.
    pub(super) fn is_blank_or_end(&self, ahead: usize) -> bool {
        let rest = self.rest().as_bytes().get(ahead..).unwrap_or_default();
        matches!(rest.first(), None | Some(b' ' | b'\t')) || break_length(rest) > 0
    }

    pub(super) fn is_break_or_end(&self) -> bool {
        self.is_end() || self.is_break()
    }

    /// Whether `---` or `...` stands here as a line of its own.
    pub(super) fn is_document_indicator(&self) -> bool {
        self.column == 0 && (self.starts_with_indicator("---") || self.starts_with_indicator("..."))
    }

    /// Whether `---` stands here with a comment right behind it, which kustomize takes.
    pub(super) fn is_commented_start(&self) -> bool {
        self.column == 0 && self.rest().starts_with("---#")
    }

    pub(super) fn starts_with_indicator(&self, indicator: &str) -> bool {
        self.rest().starts_with(indicator) && self.is_blank_or_end(indicator.len())
    }

    /// Moves over ASCII characters of one line.
    pub(super) fn skip(&mut self, count: usize) {
        self.position += count;
        self.column = self
            .column
            .saturating_add(u32::try_from(count).unwrap_or(u32::MAX));
    }

    /// Moves within the line, and returns what was passed.
    pub(super) fn skip_to(&mut self, position: usize) -> &'a str {
        let passed = self.text.get(self.position..position).unwrap_or_default();
        let characters = if passed.is_ascii() {
            passed.len()
        } else {
            passed.chars().count()
        };
        self.position = position;
        self.column = self
            .column
            .saturating_add(u32::try_from(characters).unwrap_or(u32::MAX));
        passed
    }

    /// Moves back over ASCII characters of the line.
    pub(super) fn skip_back_to(&mut self, position: usize) {
        let count = u32::try_from(self.position - position).unwrap_or(0);
        self.column = self.column.saturating_sub(count);
        self.position = position;
    }

    /// Moves to the end of the line, and returns what was passed.
    pub(super) fn skip_line_content(&mut self) -> &'a str {
        let rest = self.rest().as_bytes();
        let ascii = memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
        let line = rest.get(..ascii).unwrap_or_default();
        if line.is_ascii() {
            return self.skip_to(self.position + ascii);
        }
        let is_break = |index: &usize| break_length(rest.get(*index..).unwrap_or_default()) > 0;
        let length = (0..ascii).find(is_break).unwrap_or(ascii);
        self.skip_to(self.position + length)
    }

    /// Moves over a comment to the end of the line.
    pub(super) fn skip_comment(&mut self) {
        self.skip_line_content();
    }

    pub(super) fn skip_blanks(&mut self) {
        while self.is_blank() {
            self.skip(1);
        }
    }

    /// Moves over a line break, and returns what it means: all but two Unicode separators are `\n`.
    pub(super) fn skip_break(&mut self) -> &'a str {
        let rest = self.rest();
        let length = break_length(rest.as_bytes());
        if length == 0 {
            return "";
        }
        self.position += length;
        self.line = self.line.saturating_add(1);
        self.column = 0;
        if length == 3 {
            rest.get(..length).unwrap_or_default()
        } else {
            "\n"
        }
    }
}

/// The bytes of the line break that a text starts with; 0 if it starts with none.
pub(super) fn break_length(rest: &[u8]) -> usize {
    match rest {
        [b'\r', b'\n', ..] | [0xc2, 0x85, ..] => 2,
        [b'\n' | b'\r', ..] => 1,
        [0xe2, 0x80, 0xa8 | 0xa9, ..] => 3,
        _ => 0,
    }
}
