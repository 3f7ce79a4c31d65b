//! Scalars in `|` and `>` blocks.

use super::cursor::Cursor;
use super::syntax;
use crate::{Mark, ScalarStyle, YamlError};

/// What becomes of the line breaks at the end.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Chomping {
    /// `-`
    Strip,
    /// One is kept.
    Clip,
    /// `+`
    Keep,
}

/// Scans a block scalar in a block at a column, and writes its text behind `value`.
pub(super) fn scan(
    cursor: &mut Cursor<'_>,
    style: ScalarStyle,
    parent: Option<u32>,
    value: &mut String,
) -> Result<(), YamlError> {
    let start = cursor.mark();
    cursor.skip(1);
    let (chomping, increment) = header(cursor, start)?;
    let mut indent = increment.map(|increment| parent.unwrap_or(0) + increment);
    let mut line_break = "";
    let mut more_breaks = String::new();
    let mut after_blank = false;
    let least = parent.map_or(1, |parent| parent + 1);
    let column = breaks(cursor, &mut indent, least, &mut more_breaks)?;
    while cursor.column == column && !cursor.is_end() {
        let is_blank = cursor.is_blank();
        let folds = style == ScalarStyle::Folded && !after_blank && !is_blank && line_break == "\n";
        if !folds {
            value.push_str(line_break);
        } else if more_breaks.is_empty() {
            value.push(' ');
        }
        value.push_str(&more_breaks);
        more_breaks.clear();
        after_blank = is_blank;
        value.push_str(cursor.skip_line_content());
        line_break = cursor.skip_break();
        breaks(cursor, &mut indent, least, &mut more_breaks)?;
    }
    if chomping != Chomping::Strip {
        value.push_str(line_break);
    }
    if chomping == Chomping::Keep {
        value.push_str(&more_breaks);
    }
    Ok(())
}

fn header(cursor: &mut Cursor<'_>, start: Mark) -> Result<(Chomping, Option<u32>), YamlError> {
    let mut chomping = None;
    let mut increment = None;
    for _ in 0..2 {
        match cursor.byte() {
            b'+' if chomping.is_none() => chomping = Some(Chomping::Keep),
            b'-' if chomping.is_none() => chomping = Some(Chomping::Strip),
            byte @ b'1'..=b'9' if increment.is_none() => increment = Some(u32::from(byte - b'0')),
            _ => break,
        }
        cursor.skip(1);
    }
    cursor.skip_blanks();
    if cursor.byte() == b'#' {
        cursor.skip_comment();
    }
    if !cursor.is_break_or_end() {
        let problem = "only '+', '-', a digit from 1 to 9 and a comment are allowed after '|' or '>'; move the text to the next line";
        return Err(syntax(start, problem));
    }
    cursor.skip_break();
    Ok((chomping.unwrap_or(Chomping::Clip), increment))
}

/// Skips empty lines and the indentation of the next one; the first such run settles the indentation.
fn breaks(
    cursor: &mut Cursor<'_>,
    indent: &mut Option<u32>,
    least: u32,
    found: &mut String,
) -> Result<u32, YamlError> {
    let mut widest = 0;
    loop {
        while cursor.byte() == b' ' && indent.is_none_or(|indent| cursor.column < indent) {
            cursor.skip(1);
        }
        widest = widest.max(cursor.column);
        if cursor.byte() == b'\t' && indent.is_none_or(|indent| cursor.column < indent) {
            return Err(syntax(
                cursor.mark(),
                "tabs are not allowed as indentation; use spaces",
            ));
        }
        if !cursor.is_break() {
            break;
        }
        found.push_str(cursor.skip_break());
    }
    Ok(*indent.get_or_insert(widest.max(least)))
}
