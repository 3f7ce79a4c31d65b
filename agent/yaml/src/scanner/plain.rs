//! Scalars without quotes.

use std::borrow::Cow;

use super::cursor::{Cursor, break_length};
use super::syntax;
use crate::token::Kind;
use crate::{ScalarStyle, YamlError};

pub(super) struct Context {
    /// Continuation lines start at this column or right of it.
    pub(super) indent: u32,
    pub(super) in_flow: bool,
}

/// Scans a plain scalar, and tells whether it ended with its line.
pub(super) fn scan<'a>(
    cursor: &mut Cursor<'a>,
    context: &Context,
) -> Result<(Kind<'a>, bool), YamlError> {
    let mut folded = String::new();
    let mut segment = "";
    let mut breaks = None;
    let mut start = cursor.position;
    while !cursor.is_document_indicator() && cursor.byte() != b'#' {
        let end = word_end(cursor, context);
        if end > cursor.position {
            if let Some(breaks) = breaks.take() {
                folded.push_str(segment);
                push_fold(&mut folded, &breaks);
                start = cursor.position;
            }
            cursor.skip_to(end);
            segment = cursor.since(start);
        }
        if !cursor.is_blank() && !cursor.is_break() {
            break;
        }
        skip_space(cursor, &mut breaks, context.indent)?;
        if !context.in_flow && cursor.column < context.indent {
            break;
        }
    }
    let value = if folded.is_empty() {
        Cow::Borrowed(segment)
    } else {
        folded.push_str(segment);
        Cow::Owned(folded)
    };
    Ok((Kind::Scalar(value, ScalarStyle::Plain), breaks.is_some()))
}

/// The line breaks between two lines of a scalar.
#[derive(Debug, Default)]
pub(super) struct Breaks {
    first: String,
    more: String,
}

impl Breaks {
    pub(super) fn push(&mut self, text: &str) {
        if self.first.is_empty() {
            self.first.push_str(text);
        } else {
            self.more.push_str(text);
        }
    }
}

/// One line break is a space, each further one is itself.
pub(super) fn push_fold(value: &mut String, breaks: &Breaks) {
    if breaks.first != "\n" {
        value.push_str(&breaks.first);
    } else if breaks.more.is_empty() {
        value.push(' ');
    }
    value.push_str(&breaks.more);
}

fn skip_space(
    cursor: &mut Cursor<'_>,
    breaks: &mut Option<Breaks>,
    indent: u32,
) -> Result<(), YamlError> {
    loop {
        if cursor.is_blank() {
            if breaks.is_some() && cursor.byte() == b'\t' && cursor.column < indent {
                return Err(syntax(
                    cursor.mark(),
                    "tabs are not allowed as indentation; use spaces",
                ));
            }
            cursor.skip(1);
        } else if cursor.is_break() {
            breaks.get_or_insert_default().push(cursor.skip_break());
        } else {
            return Ok(());
        }
    }
}

fn word_end(cursor: &Cursor<'_>, context: &Context) -> usize {
    let rest = cursor.rest().as_bytes();
    let mut length = 0;
    loop {
        let ahead = rest.get(length..).unwrap_or_default();
        let usual = ahead.iter().position(|byte| may_end(*byte));
        length += usual.unwrap_or(ahead.len());
        let ends = match rest.get(length) {
            None | Some(b' ' | b'\t' | b'\n' | b'\r') => true,
            Some(0xc2 | 0xe2) => break_length(rest.get(length..).unwrap_or_default()) > 0,
            Some(b':') => cursor.is_blank_or_end(length + 1),
            Some(_) => context.in_flow,
        };
        if ends {
            return cursor.position + length;
        }
        length += 1;
    }
}

/// Whether a word may end before a byte.
fn may_end(byte: u8) -> bool {
    matches!(
        byte,
        b' ' | b'\t' | b'\n' | b'\r' | b':' | b',' | b'?' | b'[' | b']' | b'{' | b'}' | 0xc2 | 0xe2
    )
}
