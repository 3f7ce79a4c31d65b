//! Tokens with the comments that have been found up to them: go-yaml v3 looks two tokens ahead for that.

use super::comments::{At, Before, Comments};
use crate::scanner::Scanner;
use crate::token::{Kind, Token};
use crate::{Mark, YamlError};

/// Comments that wait for a node.
#[derive(Debug, Clone, Default)]
pub(super) struct Pending {
    pub(super) head: String,
    pub(super) line: String,
    pub(super) foot: String,
}

/// The tokens of a text.
pub(super) struct Tokens<'a> {
    scanner: Scanner<'a>,
    text: &'a str,
    /// Where each line starts, in bytes.
    lines: Vec<usize>,
    comments: Comments<'a>,
    /// The comments that are taken.
    unfolded: usize,
    /// Where the ends of blocks count as standing, in their order.
    ends: Vec<usize>,
    passed_ends: usize,
    /// The number of the next token.
    head: usize,
    pub(super) pending: Pending,
}

impl<'a> Tokens<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            scanner: Scanner::new(text),
            text,
            lines: line_starts(text),
            comments: Comments::new(text),
            unfolded: 0,
            ends: Vec::new(),
            passed_ends: 0,
            head: 0,
            pending: Pending::default(),
        }
    }

    /// The next token, which stays the next one; comments up to it become pending.
    pub(super) fn peek(&mut self) -> Result<Token<'a>, YamlError> {
        while !self.scanner.is_known(self.head, LOOKAHEAD)? {
            self.fetch()?;
        }
        let Some(token) = self.scanner.token(self.head).cloned() else {
            return Ok(Token {
                kind: Kind::StreamEnd,
                mark: Mark::default(),
            });
        };
        let is_end = token.kind == Kind::BlockEnd;
        let end = self.ends.get(self.passed_ends);
        let start = match end.filter(|_| is_end) {
            Some(start) => *start,
            None => self.index(token.mark),
        };
        self.unfold(start, &token.kind);
        Ok(token)
    }

    pub(super) fn skip(&mut self) {
        let token = self.scanner.token(self.head);
        self.passed_ends += usize::from(token.is_some_and(|token| token.kind == Kind::BlockEnd));
        self.head += 1;
    }

    fn unfold(&mut self, start: usize, kind: &Kind<'_>) {
        while let Some(comment) = self.comments.found.get_mut(self.unfolded) {
            // An end has nothing above it.
            if start < comment.token || *kind == Kind::BlockEnd && !comment.head.is_empty() {
                return;
            }
            let pairs = [
                (&mut self.pending.head, &mut comment.head),
                (&mut self.pending.foot, &mut comment.foot),
                (&mut self.pending.line, &mut comment.line),
            ];
            for (pending, found) in pairs {
                if !found.is_empty() {
                    if !pending.is_empty() {
                        pending.push('\n');
                    }
                    pending.push_str(&std::mem::take(found));
                }
            }
            self.unfolded += 1;
        }
    }

    /// Fetches a token, and reads the comments around it.
    fn fetch(&mut self) -> Result<(), YamlError> {
        let before = self.before();
        let scan = self.comments.at.index;
        self.comments.skip_to_token(&before);
        let At {
            index: start,
            column,
            ..
        } = self.comments.at;
        let last = self.scanner.last(0).map(|token| self.index(token.mark));
        let indents = self.scanner.indents();
        let count = self.scanner.count();
        self.scanner.fetch()?;
        let ended = self.scanner.ends_from(count);
        // Each end searches from where the one before it was put.
        let mut end = scan.saturating_sub(1);
        let mut by_document = false;
        for indent in indents.iter().take(ended) {
            // What the indentation does not end is ended by the document.
            if !by_document && *indent <= column {
                by_document = true;
                end = start.saturating_sub(1);
            }
            end = self.comments.end_of_block(end, *indent);
            self.ends.push(end);
        }
        let last = if ended > 0 { Some(end) } else { last };
        let belongs_to_last = self.byte(start) == if before.in_flow { b',' } else { b':' };
        let token = last.filter(|_| belongs_to_last).unwrap_or(start);
        self.line_comments(start, token);
        Ok(())
    }

    /// Reads the comment behind the token that was fetched, and the one in a block scalar's first line.
    fn line_comments(&mut self, start: usize, token: usize) {
        let end = self.scanner.position();
        let end = self.at(end);
        let kind = self.scanner.last(0).map(|last| &last.kind);
        let has_none = matches!(
            kind,
            None | Some(
                Kind::StreamEnd
                    | Kind::Version
                    | Kind::TagDirective { .. }
                    | Kind::DocumentStart
                    | Kind::DocumentEnd
                    | Kind::BlockEntry
            )
        );
        if matches!(self.byte(start), b'|' | b'>') && !has_none {
            let header = self.text.get(start..).unwrap_or_default();
            let length = header.trim_start_matches(['|', '>', '+', '-']);
            let length = length.trim_start_matches(|digit: char| digit.is_ascii_digit());
            let length = length.trim_start_matches(['+', '-']);
            self.comments
                .go_to(self.at(start + header.len() - length.len()));
            self.comments.line_comment(start);
        }
        self.comments.go_to(end);
        if !has_none {
            self.comments.line_comment(token);
        }
    }

    fn before(&self) -> Before {
        let last = |ahead| self.scanner.last(ahead);
        let is = |ahead, kind: &Kind<'_>| last(ahead).is_some_and(|token| token.kind == *kind);
        let is_comma = is(0, &Kind::FlowEntry) && last(1).is_some();
        let token = last(usize::from(is_comma));
        let is_value = token.is_some_and(|token| token.kind == Kind::Value);
        let is_end = token.is_some_and(|token| token.kind == Kind::BlockEnd);
        let start = match self.ends.last().filter(|_| is_end) {
            Some(end) => *end,
            None => token.map_or(0, |token| self.index(token.mark)),
        };
        let indents = self.scanner.indents();
        Before {
            token: start,
            is_value,
            opens_sequence: is(1, &Kind::BlockSequenceStart) && is(0, &Kind::BlockEntry),
            indent: indents.first().copied().unwrap_or(0),
            in_flow: self.scanner.is_in_flow(),
        }
    }

    fn byte(&self, index: usize) -> u8 {
        self.text.as_bytes().get(index).copied().unwrap_or(0)
    }

    fn index(&self, mark: Mark) -> usize {
        let line = usize::try_from(mark.line).unwrap_or(1).saturating_sub(1);
        let column = usize::try_from(mark.column).unwrap_or(1).saturating_sub(1);
        let start = self.lines.get(line).copied().unwrap_or(self.text.len());
        let rest = self.text.get(start..).unwrap_or_default();
        let offset = rest.char_indices().nth(column);
        start + offset.map_or(rest.len(), |(offset, _)| offset)
    }

    fn at(&self, index: usize) -> At {
        let line = self
            .lines
            .partition_point(|start| *start <= index)
            .saturating_sub(1);
        let start = self.lines.get(line).copied().unwrap_or(0);
        let before = self.text.get(start..index).unwrap_or_default();
        At {
            index,
            line,
            column: before.chars().count(),
        }
    }
}

/// How many tokens are known behind the next one.
const LOOKAHEAD: usize = 2;

fn line_starts(text: &str) -> Vec<usize> {
    let first = if text.starts_with('\u{feff}') { 3 } else { 0 };
    let mut starts = vec![first];
    for (index, char) in text.char_indices() {
        let end = index + char.len_utf8();
        let is_break = match char {
            '\r' => !text.get(end..).unwrap_or_default().starts_with('\n'),
            '\n' | '\u{85}' | '\u{2028}' | '\u{2029}' => true,
            _ => false,
        };
        if is_break {
            starts.push(end);
        }
    }
    starts
}
