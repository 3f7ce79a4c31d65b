//! Scalars in single and double quotes.

use std::borrow::Cow;

use super::cursor::{Cursor, break_length};
use super::plain::{Breaks, push_fold};
use super::syntax;
use crate::token::Kind;
use crate::{Mark, ScalarStyle, YamlError};

pub(super) fn single<'a>(cursor: &mut Cursor<'a>) -> Result<Kind<'a>, YamlError> {
    let value = scan(cursor, b'\'')?;
    Ok(Kind::Scalar(value, ScalarStyle::SingleQuoted))
}

pub(super) fn double<'a>(cursor: &mut Cursor<'a>) -> Result<Kind<'a>, YamlError> {
    let value = scan(cursor, b'"')?;
    Ok(Kind::Scalar(value, ScalarStyle::DoubleQuoted))
}

fn scan<'a>(cursor: &mut Cursor<'a>, quote: u8) -> Result<Cow<'a, str>, YamlError> {
    let start = cursor.mark();
    cursor.skip(1);
    let mut value = String::new();
    loop {
        let content = skip_content(cursor, quote);
        let is_closing = cursor.byte() == quote && (quote == b'"' || cursor.byte_at(1) != quote);
        if is_closing {
            cursor.skip(1);
            if value.is_empty() {
                return Ok(Cow::Borrowed(content));
            }
            value.push_str(content);
            return Ok(Cow::Owned(value));
        }
        if cursor.is_end() {
            let quote = char::from(quote);
            return Err(syntax(
                start,
                format!("no {quote} closes this text; add it"),
            ));
        }
        if cursor.is_break() {
            value.push_str(content.trim_end_matches([' ', '\t']));
            fold(cursor, &mut value, start)?;
            continue;
        }
        value.push_str(content);
        if quote == b'\'' {
            value.push('\'');
            cursor.skip(2);
        } else if break_length(cursor.rest().as_bytes().get(1..).unwrap_or_default()) > 0 {
            cursor.skip(1);
            cursor.skip_break();
            continue_line(cursor, &mut value, start)?;
        } else {
            value.push(escape(cursor)?);
        }
    }
}

/// Moves to what is more than a character of the text.
fn skip_content<'a>(cursor: &mut Cursor<'a>, quote: u8) -> &'a str {
    let rest = cursor.rest().as_bytes();
    let mut length = 0;
    while let Some(byte) = rest.get(length) {
        let is_special = match *byte {
            b'\\' => quote == b'"',
            b'\n' | b'\r' => true,
            0xc2 | 0xe2 => break_length(rest.get(length..).unwrap_or_default()) > 0,
            byte => byte == quote,
        };
        if is_special {
            break;
        }
        length += 1;
    }
    cursor.skip_to(cursor.position + length)
}

fn fold(cursor: &mut Cursor<'_>, value: &mut String, start: Mark) -> Result<(), YamlError> {
    let mut breaks = Breaks::default();
    loop {
        cursor.skip_blanks();
        if !cursor.is_break() {
            break;
        }
        breaks.push(cursor.skip_break());
        refuse_document_indicator(cursor, start)?;
    }
    push_fold(value, &breaks);
    Ok(())
}

/// After an escaped line break, the first break counts like any further one.
fn continue_line(
    cursor: &mut Cursor<'_>,
    value: &mut String,
    start: Mark,
) -> Result<(), YamlError> {
    loop {
        refuse_document_indicator(cursor, start)?;
        cursor.skip_blanks();
        if !cursor.is_break() {
            return Ok(());
        }
        value.push_str(cursor.skip_break());
    }
}

fn refuse_document_indicator(cursor: &Cursor<'_>, start: Mark) -> Result<(), YamlError> {
    if cursor.is_document_indicator() {
        return Err(syntax(
            start,
            "the document ends inside of these quotes; close them",
        ));
    }
    Ok(())
}

fn escape(cursor: &mut Cursor<'_>) -> Result<char, YamlError> {
    let char = match cursor.byte_at(1) {
        b'0' => '\0',
        b'a' => '\u{7}',
        b'b' => '\u{8}',
        b't' | b'\t' => '\t',
        b'n' => '\n',
        b'v' => '\u{b}',
        b'f' => '\u{c}',
        b'r' => '\r',
        b'e' => '\u{1b}',
        byte @ (b' ' | b'"' | b'\'' | b'\\' | b'/') => char::from(byte),
        b'N' => '\u{85}',
        b'_' => '\u{a0}',
        b'L' => '\u{2028}',
        b'P' => '\u{2029}',
        b'x' => return code(cursor, 2),
        b'u' => return code(cursor, 4),
        b'U' => return code(cursor, 8),
        _ => {
            return Err(syntax(
                cursor.mark(),
                "unknown escape; write \\\\ for a backslash",
            ));
        }
    };
    cursor.skip(2);
    Ok(char)
}

fn code(cursor: &mut Cursor<'_>, digits: usize) -> Result<char, YamlError> {
    let text = cursor.rest().get(2..2 + digits).unwrap_or_default();
    let is_hex = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let code = if is_hex {
        u32::from_str_radix(text, 16).ok()
    } else {
        None
    };
    let char = code.and_then(char::from_u32).ok_or_else(|| {
        let problem =
            format!("the escape must have {digits} hexadecimal digits and name a character");
        syntax(cursor.mark(), problem)
    })?;
    cursor.skip(2 + digits);
    Ok(char)
}
