//! Writing texts: folded behind column 80, escaped, or as a block.

use memchr::memchr;

use super::Emitter;
use super::analysis::{is_break, is_printable};

/// Whether a text may go on on another line; a simple key may not.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Folds {
    Allowed,
    Forbidden,
}

/// A space behind this column may become a line break.
const WIDTH: usize = 80;

impl Emitter<'_> {
    pub(super) fn plain(&mut self, value: &str, indent: usize, folds: Folds) {
        self.at_line_start = false;
        self.words(value, indent, folds);
    }

    pub(super) fn single_quoted(&mut self, value: &str, indent: usize, folds: Folds) {
        self.push("'");
        if value.contains(['\'', '\u{2028}', '\u{2029}']) {
            self.single_quoted_with_care(value, indent, folds);
        } else {
            self.words(value, indent, folds);
        }
        self.push("'");
    }

    pub(super) fn double_quoted(&mut self, value: &str, indent: usize, folds: Folds) {
        self.push("\"");
        // Go-yaml takes every character of a text for a byte order mark if the first one is.
        let escape_all = value.starts_with('\u{feff}');
        let mut column = self.column();
        let mut after_space = false;
        let mut rest = value.chars();
        while let Some(char) = rest.next() {
            let next = rest.as_str();
            let is_inside = next.len() + 1 < value.len() && !next.is_empty();
            if escape_all || !is_printable(char) || is_break(char) || matches!(char, '"' | '\\') {
                column += self.escape(char);
                after_space = false;
                continue;
            }
            let can_fold = char == ' ' && folds == Folds::Allowed && !after_space && is_inside;
            after_space = char == ' ';
            if can_fold && column > WIDTH {
                self.fold(indent);
                column = indent;
                if next.starts_with(' ') {
                    self.text.push('\\');
                    column += 1;
                }
            } else {
                self.text.push(char);
                column += 1;
            }
        }
        self.push("\"");
    }

    pub(super) fn literal(&mut self, value: &str, indent: usize) {
        self.push("|");
        self.block_hints(value);
        self.break_line();
        self.literal_lines(value, indent);
    }

    /// The lines of a `|` block.
    pub(super) fn literal_lines(&mut self, value: &str, indent: usize) {
        if value.is_ascii() {
            let mut rest = value;
            while !rest.is_empty() {
                let end = memchr(b'\n', rest.as_bytes()).map_or(rest.len(), |index| index + 1);
                let (line, after) = rest.split_at(end);
                self.line(line, indent);
                rest = after;
            }
        } else {
            value
                .split_inclusive(is_break)
                .for_each(|line| self.line(line, indent));
        }
    }

    /// The lines of a `>` block, their breaks doubled by the text's first character, as go-yaml v3 does.
    pub(super) fn folded_lines(&mut self, value: &str, indent: usize) {
        let first = value.trim_start_matches(is_break);
        let doubles = !first.is_empty() && !first.starts_with([' ', '\t']);
        for line in value.split_inclusive(is_break) {
            let content = line.strip_suffix(is_break).unwrap_or(line);
            let starts_run = !content.is_empty() && !content.starts_with([' ', '\t']);
            self.line(content, indent);
            if starts_run && doubles && line.ends_with('\n') {
                self.text.push('\n');
            }
            self.text
                .push_str(line.get(content.len()..).unwrap_or_default());
            if content.len() < line.len() {
                self.broke();
            }
        }
    }

    /// Indentation and chomping of a block.
    pub(super) fn block_hints(&mut self, value: &str) {
        if value.starts_with(|char| char == ' ' || is_break(char)) {
            self.push("2");
        }
        let mut ends = value.chars().rev().map(is_break);
        match (ends.next(), ends.next()) {
            (Some(true), Some(false)) => {}
            (Some(true), _) => self.push("+"),
            _ => self.push("-"),
        }
    }

    /// Ends the line.
    pub(super) fn break_line(&mut self) {
        self.text.push('\n');
        self.broke();
    }

    /// A line of a block with its end.
    fn line(&mut self, line: &str, indent: usize) {
        let content = line.strip_suffix(is_break).unwrap_or(line);
        if !content.is_empty() {
            self.indent(indent);
        }
        self.push(line);
        if content.len() < line.len() {
            self.broke();
        }
    }

    /// Writes a text as it is, with folds at single spaces behind the width.
    fn words(&mut self, value: &str, indent: usize, folds: Folds) {
        let start = self.column();
        // Bytes are at least characters: a text this short cannot reach the width.
        if folds == Folds::Forbidden || start + value.len() <= WIDTH {
            self.text.push_str(value);
            return;
        }
        let mut column = start;
        let mut after_space = false;
        let mut rest = value.chars();
        let mut is_first = true;
        while let Some(char) = rest.next() {
            let next = rest.as_str();
            let can_fold = char == ' ' && !after_space && !is_first && !next.is_empty();
            if can_fold && column > WIDTH && !next.starts_with(' ') {
                self.fold(indent);
                column = indent;
            } else {
                self.text.push(char);
                column += 1;
            }
            after_space = char == ' ';
            is_first = false;
        }
    }

    /// Single quotes with quotes in them, or with the two line separators that need no escape.
    fn single_quoted_with_care(&mut self, value: &str, indent: usize, folds: Folds) {
        let mut column = self.column();
        let mut after_space = false;
        let mut after_break = false;
        let mut rest = value.chars();
        let mut is_first = true;
        while let Some(char) = rest.next() {
            let next = rest.as_str();
            let can_fold = folds == Folds::Allowed && !after_space && !is_first && !next.is_empty();
            is_first = false;
            if char == ' ' && can_fold && column > WIDTH && !next.starts_with(' ') {
                self.fold(indent);
                column = indent;
                after_space = true;
                continue;
            }
            if is_break(char) {
                self.text.push(char);
                self.broke();
                column = 0;
                after_break = true;
                continue;
            }
            if after_break && char != ' ' {
                self.indent(indent);
                column = indent;
                after_break = false;
            }
            if char == '\'' {
                self.text.push('\'');
                column += 1;
            }
            self.text.push(char);
            column += 1;
            after_space = char == ' ';
        }
    }

    fn fold(&mut self, indent: usize) {
        self.text.push('\n');
        self.broke();
        self.indent(indent);
        self.at_line_start = false;
    }

    /// Writes a character as an escape, and returns how long that is.
    fn escape(&mut self, char: char) -> usize {
        let short = match char {
            '\0' => "\\0",
            '\u{7}' => "\\a",
            '\u{8}' => "\\b",
            '\t' => "\\t",
            '\n' => "\\n",
            '\u{b}' => "\\v",
            '\u{c}' => "\\f",
            '\r' => "\\r",
            '\u{1b}' => "\\e",
            '"' => "\\\"",
            '\\' => "\\\\",
            '\u{85}' => "\\N",
            '\u{a0}' => "\\_",
            '\u{2028}' => "\\L",
            '\u{2029}' => "\\P",
            _ => &escape_code(u32::from(char)),
        };
        self.text.push_str(short);
        short.len()
    }
}

fn escape_code(code: u32) -> String {
    match code {
        0..=0xff => format!("\\x{code:02X}"),
        0x100..=0xffff => format!("\\u{code:04X}"),
        _ => format!("\\U{code:08X}"),
    }
}
