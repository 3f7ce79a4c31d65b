//! Anchors, aliases and tags.

use std::borrow::Cow;

use super::cursor::Cursor;
use super::syntax;
use crate::YamlError;
use crate::token::Kind;

pub(super) fn alias<'a>(cursor: &mut Cursor<'a>) -> Result<Kind<'a>, YamlError> {
    name(cursor).map(Kind::Alias)
}

pub(super) fn anchor<'a>(cursor: &mut Cursor<'a>) -> Result<Kind<'a>, YamlError> {
    name(cursor).map(Kind::Anchor)
}

/// `!suffix`, `!handle!suffix`, `!<uri>` or `!`.
pub(super) fn tag<'a>(cursor: &mut Cursor<'a>) -> Result<Kind<'a>, YamlError> {
    let start = cursor.mark();
    let tag = if cursor.byte_at(1) == b'<' {
        cursor.skip(2);
        let suffix = uri(cursor)?;
        if cursor.byte() != b'>' {
            return Err(syntax(start, "no '>' closes this tag; add it"));
        }
        cursor.skip(1);
        Kind::Tag { handle: "", suffix }
    } else {
        let begin = cursor.position;
        let handle = handle(cursor);
        if handle.len() > 1 && handle.ends_with('!') {
            let suffix = uri(cursor)?;
            if suffix.is_empty() {
                return Err(syntax(start, "a tag must have a name after its handle"));
            }
            Kind::Tag { handle, suffix }
        } else {
            // What looked like a handle is the start of the suffix.
            cursor.skip_back_to(begin + 1);
            match uri(cursor)? {
                suffix if suffix.is_empty() => Kind::Tag {
                    handle: "",
                    suffix: "!".into(),
                },
                suffix => Kind::Tag {
                    handle: "!",
                    suffix,
                },
            }
        }
    };
    if !cursor.is_blank_or_end(0) {
        return Err(syntax(
            cursor.mark(),
            "a space must follow the tag; quote a text that starts with '!'",
        ));
    }
    Ok(tag)
}

/// `!`, `!!` or `!name!`; `!name` if it is none.
pub(super) fn handle<'a>(cursor: &mut Cursor<'a>) -> &'a str {
    let start = cursor.position;
    cursor.skip(1);
    while is_word(cursor.byte()) {
        cursor.skip(1);
    }
    if cursor.byte() == b'!' {
        cursor.skip(1);
    }
    cursor.since(start)
}

pub(super) fn uri<'a>(cursor: &mut Cursor<'a>) -> Result<Cow<'a, str>, YamlError> {
    let start = cursor.position;
    while is_word(cursor.byte())
        || b";/?:@&=+$,.!~*'()[]%".contains(&cursor.byte()) && !cursor.is_end()
    {
        cursor.skip(1);
    }
    let text = cursor.since(start);
    if !text.contains('%') {
        return Ok(Cow::Borrowed(text));
    }
    let decoded = decode(text).and_then(|bytes| String::from_utf8(bytes).ok());
    let problem =
        "in a tag, '%' must be followed by two hexadecimal digits, and all of them must be UTF-8";
    decoded
        .map(Cow::Owned)
        .ok_or_else(|| syntax(cursor.mark(), problem))
}

fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || char::from(rest.next()?).to_digit(16);
        let octet = digit()? * 16 + digit()?;
        bytes.push(u8::try_from(octet).ok()?);
    }
    Some(bytes)
}

fn name<'a>(cursor: &mut Cursor<'a>) -> Result<&'a str, YamlError> {
    let mark = cursor.mark();
    cursor.skip(1);
    let start = cursor.position;
    while is_word(cursor.byte()) {
        cursor.skip(1);
    }
    let name = cursor.since(start);
    let ends = cursor.is_blank_or_end(0) || b"?:,]}%@`".contains(&cursor.byte());
    if name.is_empty() || !ends {
        let problem = "an anchor's name has letters, digits, '-' and '_' only; quote a text that starts with '&' or '*'";
        return Err(syntax(mark, problem));
    }
    Ok(name)
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}
