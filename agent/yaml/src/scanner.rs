//! From text to tokens, by libyaml's rules as go-yaml v3 has them.
//!
//! Indentation becomes tokens for starts and ends of blocks. A key without `?` is known as such only at
//! its `:`, so what may be a key is remembered, and its tokens are put in front of it afterwards.

mod block;
mod cursor;
mod directive;
mod lookahead;
mod plain;
mod property;
mod quoted;

use std::borrow::Cow;
use std::collections::VecDeque;

use cursor::Cursor;

use crate::token::{Kind, Token};
use crate::{Mark, ScalarStyle, YamlError};

/// The tokens of one text.
pub(crate) struct Scanner<'a> {
    cursor: Cursor<'a>,
    tokens: VecDeque<Token<'a>>,
    /// Tokens already taken: the number of the first one in the queue.
    taken: usize,
    /// The column of the innermost block; `None` outside of any.
    indent: Option<u32>,
    indents: Vec<Option<u32>>,
    /// One for the block context, and one for each open flow collection.
    possible_keys: Vec<Option<PossibleKey>>,
    key_allowed: bool,
    ended: bool,
    /// The number of the token that is known to be the next one.
    decided: Option<usize>,
    /// Where texts are put together.
    scratch: String,
}

/// A token that becomes a key if `:` follows.
#[derive(Debug, Clone, Copy)]
struct PossibleKey {
    /// At this column of this block nothing but a key can stand.
    required: bool,
    token: usize,
    position: usize,
    mark: Mark,
}

/// YAML's limit for keys without `?`, in characters.
const LONGEST_KEY: usize = 1024;

impl<'a> Scanner<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self {
            cursor: Cursor::new(text),
            tokens: VecDeque::new(),
            taken: 0,
            indent: None,
            indents: Vec::new(),
            possible_keys: vec![None],
            key_allowed: true,
            ended: false,
            decided: None,
            scratch: String::new(),
        }
    }

    /// The next token, which stays the next one.
    pub(crate) fn peek(&mut self) -> Result<&Token<'a>, YamlError> {
        if self.decided != Some(self.taken) {
            while self.needs_more()? {
                self.fetch()?;
            }
            self.decided = Some(self.taken);
        }
        let end = || syntax(Mark::default(), "the text ended before");
        self.tokens.front().ok_or_else(end)
    }

    /// Takes the next token; the last one stays.
    pub(crate) fn take(&mut self) -> Result<Token<'a>, YamlError> {
        let next = self.peek()?;
        if next.kind == Kind::StreamEnd {
            return Ok(next.clone());
        }
        self.taken += 1;
        let end = || syntax(Mark::default(), "the text ended before");
        self.tokens.pop_front().ok_or_else(end)
    }

    fn needs_more(&mut self) -> Result<bool, YamlError> {
        if self.ended {
            return Ok(false);
        }
        if self.tokens.is_empty() {
            return Ok(true);
        }
        let mut is_undecided = false;
        for level in 0..self.possible_keys.len() {
            let is_next = self
                .possible_keys
                .get(level)
                .is_some_and(|key| key.is_some_and(|key| key.token == self.taken));
            is_undecided |= is_next && self.valid_key(level)?.is_some();
        }
        Ok(is_undecided)
    }

    /// Scans at least one token more.
    pub(crate) fn fetch(&mut self) -> Result<(), YamlError> {
        self.skip_to_token();
        self.unroll_indent(Some(self.cursor.column));
        let first = self.cursor.byte();
        let stands_alone = self.cursor.is_blank_or_end(1);
        let in_flow = self.in_flow();
        match first {
            0 => self.fetch_stream_end(),
            b'%' if self.cursor.column == 0 => self.fetch_directive(),
            _ if self.cursor.is_document_indicator() || self.cursor.is_commented_start() => {
                self.fetch_document_indicator()
            }
            b'[' => self.fetch_flow_start(Kind::FlowSequenceStart),
            b'{' => self.fetch_flow_start(Kind::FlowMappingStart),
            b']' => self.fetch_flow_end(Kind::FlowSequenceEnd),
            b'}' => self.fetch_flow_end(Kind::FlowMappingEnd),
            b',' => self.fetch_flow_entry(),
            b'-' if stands_alone => self.fetch_block_entry(),
            b'?' if in_flow || stands_alone => self.fetch_key(),
            b':' if in_flow || stands_alone => self.fetch_value(),
            b'*' => self.fetch_with_key(property::alias),
            b'&' => self.fetch_with_key(property::anchor),
            b'!' => self.fetch_with_key(property::tag),
            b'|' if !in_flow => self.fetch_block_scalar(ScalarStyle::Literal),
            b'>' if !in_flow => self.fetch_block_scalar(ScalarStyle::Folded),
            b'\'' => self.fetch_with_key(quoted::single),
            b'"' => self.fetch_with_key(quoted::double),
            b'#' | b'|' | b'>' | b'%' | b'@' | b'`' | b'\t' => Err(self.no_token(first)),
            _ => self.fetch_plain(),
        }
    }

    fn no_token(&self, first: u8) -> YamlError {
        let problem = match first {
            b'\t' => "tabs are not allowed as indentation; use spaces".to_owned(),
            _ => format!(
                "a text without quotes cannot start with {:?}; put it in quotes",
                char::from(first)
            ),
        };
        syntax(self.cursor.mark(), problem)
    }

    fn skip_to_token(&mut self) {
        loop {
            self.skip_blanks();
            if self.cursor.byte() == b'#' {
                self.cursor.skip_comment();
            }
            if !self.cursor.is_break() {
                return;
            }
            self.cursor.skip_break();
            if !self.in_flow() {
                self.key_allowed = true;
            }
        }
    }

    /// Skips spaces, and tabs where they cannot be taken for indentation.
    fn skip_blanks(&mut self) {
        let mut ahead = self.cursor;
        ahead.skip_blanks();
        if self.in_flow() || !self.key_allowed || ahead.byte() == b'#' {
            self.cursor = ahead;
        }
        while self.cursor.byte() == b' ' {
            self.cursor.skip(1);
        }
    }

    fn in_flow(&self) -> bool {
        self.possible_keys.len() > 1
    }

    fn push(&mut self, kind: Kind<'a>, mark: Mark) {
        self.tokens.push_back(Token { kind, mark });
    }

    /// Takes an indicator as a token.
    fn push_indicator(&mut self, kind: Kind<'a>, length: usize) {
        self.push(kind, self.cursor.mark());
        self.cursor.skip(length);
    }

    fn save_key(&mut self) -> Result<(), YamlError> {
        if !self.key_allowed {
            return Ok(());
        }
        let key = PossibleKey {
            required: !self.in_flow() && self.indent == Some(self.cursor.column),
            token: self.taken + self.tokens.len(),
            position: self.cursor.position,
            mark: self.cursor.mark(),
        };
        self.remove_key()?;
        if let Some(last) = self.possible_keys.last_mut() {
            *last = Some(key);
        }
        Ok(())
    }

    fn remove_key(&mut self) -> Result<(), YamlError> {
        match self.possible_keys.last_mut().and_then(Option::take) {
            Some(key) if key.required => Err(no_colon(key.mark)),
            _ => Ok(()),
        }
    }

    /// The possible key of a level, if it may still become one.
    fn valid_key(&mut self, level: usize) -> Result<Option<PossibleKey>, YamlError> {
        let Some(slot) = self.possible_keys.get_mut(level) else {
            return Ok(None);
        };
        let Some(key) = *slot else {
            return Ok(None);
        };
        let is_near = key.mark.line == self.cursor.mark().line && {
            let passed = self.cursor.since(key.position);
            passed.len() <= LONGEST_KEY || passed.chars().count() <= LONGEST_KEY
        };
        if is_near {
            return Ok(Some(key));
        }
        *slot = None;
        if key.required {
            Err(no_colon(key.mark))
        } else {
            Ok(None)
        }
    }

    /// Opens a block if the column is right of the innermost one; its token goes before a number.
    fn roll_indent(&mut self, column: u32, before: Option<usize>, token: Token<'a>) {
        if self.in_flow() || self.indent.is_some_and(|indent| indent >= column) {
            return;
        }
        self.indents.push(self.indent);
        self.indent = Some(column);
        self.insert(before, token);
    }

    fn insert(&mut self, before: Option<usize>, token: Token<'a>) {
        let index = before.map_or(self.tokens.len(), |number| {
            number.saturating_sub(self.taken)
        });
        self.tokens.insert(index.min(self.tokens.len()), token);
    }

    /// Closes the blocks right of a column; all of them for `None`.
    fn unroll_indent(&mut self, column: Option<u32>) {
        if self.in_flow() {
            return;
        }
        while self.indent > column {
            self.push(Kind::BlockEnd, self.cursor.mark());
            self.indent = self.indents.pop().flatten();
        }
    }

    fn end_blocks(&mut self) -> Result<(), YamlError> {
        self.unroll_indent(None);
        self.remove_key()?;
        self.key_allowed = false;
        Ok(())
    }

    fn fetch_stream_end(&mut self) -> Result<(), YamlError> {
        self.end_blocks()?;
        self.push(Kind::StreamEnd, self.cursor.mark());
        self.ended = true;
        Ok(())
    }

    fn fetch_directive(&mut self) -> Result<(), YamlError> {
        self.end_blocks()?;
        let token = directive::scan(&mut self.cursor)?;
        self.tokens.push_back(token);
        Ok(())
    }

    fn fetch_document_indicator(&mut self) -> Result<(), YamlError> {
        self.end_blocks()?;
        let kind = if self.cursor.byte() == b'-' {
            Kind::DocumentStart
        } else {
            Kind::DocumentEnd
        };
        self.push_indicator(kind, 3);
        Ok(())
    }

    fn fetch_flow_start(&mut self, kind: Kind<'a>) -> Result<(), YamlError> {
        self.save_key()?;
        self.possible_keys.push(None);
        self.key_allowed = true;
        self.push_indicator(kind, 1);
        Ok(())
    }

    fn fetch_flow_end(&mut self, kind: Kind<'a>) -> Result<(), YamlError> {
        self.remove_key()?;
        if self.in_flow() {
            self.possible_keys.pop();
        }
        self.key_allowed = false;
        self.push_indicator(kind, 1);
        Ok(())
    }

    fn fetch_flow_entry(&mut self) -> Result<(), YamlError> {
        self.remove_key()?;
        self.key_allowed = true;
        self.push_indicator(Kind::FlowEntry, 1);
        Ok(())
    }

    fn fetch_block_entry(&mut self) -> Result<(), YamlError> {
        let mark = self.cursor.mark();
        if !self.in_flow() {
            if !self.key_allowed {
                let problem =
                    "a sequence cannot start here; put '-' on a line of its own, or quote the text";
                return Err(syntax(mark, problem));
            }
            let kind = Kind::BlockSequenceStart;
            self.roll_indent(self.cursor.column, None, Token { kind, mark });
        }
        self.remove_key()?;
        self.key_allowed = true;
        self.push_indicator(Kind::BlockEntry, 1);
        Ok(())
    }

    fn fetch_key(&mut self) -> Result<(), YamlError> {
        let mark = self.cursor.mark();
        if !self.in_flow() {
            if !self.key_allowed {
                return Err(syntax(
                    mark,
                    "a key cannot start here; quote the text, or correct the indentation",
                ));
            }
            let kind = Kind::BlockMappingStart;
            self.roll_indent(self.cursor.column, None, Token { kind, mark });
        }
        self.remove_key()?;
        self.key_allowed = !self.in_flow();
        self.push_indicator(Kind::Key, 1);
        Ok(())
    }

    fn fetch_value(&mut self) -> Result<(), YamlError> {
        let level = self.possible_keys.len() - 1;
        if let Some(key) = self.valid_key(level)? {
            let token = |kind| Token {
                kind,
                mark: key.mark,
            };
            self.insert(Some(key.token), token(Kind::Key));
            self.roll_indent(
                key.mark.column - 1,
                Some(key.token),
                token(Kind::BlockMappingStart),
            );
            if let Some(slot) = self.possible_keys.last_mut() {
                *slot = None;
            }
            self.key_allowed = false;
        } else {
            let mark = self.cursor.mark();
            if !self.in_flow() {
                if !self.key_allowed {
                    let problem = "a value is not allowed here; put a text that holds ': ' in quotes, or correct the indentation";
                    return Err(syntax(mark, problem));
                }
                let kind = Kind::BlockMappingStart;
                self.roll_indent(self.cursor.column, None, Token { kind, mark });
            }
            self.key_allowed = !self.in_flow();
        }
        self.push_indicator(Kind::Value, 1);
        Ok(())
    }

    /// Scans what may be a key or stand before one.
    fn fetch_with_key(
        &mut self,
        scan: impl FnOnce(&mut Cursor<'a>) -> Result<Kind<'a>, YamlError>,
    ) -> Result<(), YamlError> {
        self.save_key()?;
        self.key_allowed = false;
        let mark = self.cursor.mark();
        let kind = scan(&mut self.cursor)?;
        self.push(kind, mark);
        Ok(())
    }

    fn fetch_plain(&mut self) -> Result<(), YamlError> {
        let context = plain::Context {
            indent: self.indent.map_or(0, |indent| indent + 1),
            in_flow: self.in_flow(),
        };
        let mut ends_line = false;
        self.fetch_with_key(|cursor| {
            let (kind, broke) = plain::scan(cursor, &context)?;
            ends_line = broke;
            Ok(kind)
        })?;
        self.key_allowed |= ends_line;
        Ok(())
    }

    fn fetch_block_scalar(&mut self, style: ScalarStyle) -> Result<(), YamlError> {
        self.remove_key()?;
        self.key_allowed = true;
        let mark = self.cursor.mark();
        self.scratch.clear();
        block::scan(&mut self.cursor, style, self.indent, &mut self.scratch)?;
        let text = Cow::Owned(self.scratch.as_str().to_owned());
        self.push(Kind::Scalar(text, style), mark);
        Ok(())
    }
}

pub(crate) fn syntax(mark: Mark, problem: impl Into<String>) -> YamlError {
    YamlError::Syntax {
        mark,
        problem: problem.into(),
    }
}

fn no_colon(mark: Mark) -> YamlError {
    syntax(
        mark,
        "this key has no ':' after it on its line; add it, or indent the text",
    )
}
