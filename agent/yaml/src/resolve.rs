//! What a plain scalar means: go-yaml v3's `resolve`, YAML 1.2 with what it keeps of 1.1.

use crate::{ScalarStyle, timestamp};

/// The meaning of a plain scalar's text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Resolved {
    Null,
    Bool(bool),
    Int(i64),
    /// Above `i64::MAX`.
    Uint(u64),
    /// Infinite and NaN included.
    Float(f64),
    /// As RFC 3339.
    Timestamp(String),
    /// The merge key `<<`.
    Merge,
    Text,
}

impl Resolved {
    /// Resolves a plain scalar.
    pub(crate) fn of(text: &str) -> Self {
        match text.bytes().next() {
            Some(b'+' | b'-' | b'.' | b'0'..=b'9') => {
                word(text).unwrap_or_else(|| number(text, Timestamps::Read))
            }
            None | Some(b'~' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'<') => {
                word(text).unwrap_or(Self::Text)
            }
            _ => Self::Text,
        }
    }

    /// Resolves a scalar with an explicit tag that forbids timestamps.
    pub(crate) fn without_timestamps(text: &str) -> Self {
        match text.bytes().next() {
            Some(b'0'..=b'9') => number(text, Timestamps::Ignore),
            _ => Self::of(text),
        }
    }

    /// The short tag.
    pub(crate) fn tag(&self) -> &'static str {
        match self {
            Self::Null => "!!null",
            Self::Bool(_) => "!!bool",
            Self::Int(_) | Self::Uint(_) => "!!int",
            Self::Float(_) => "!!float",
            Self::Timestamp(_) => "!!timestamp",
            Self::Merge => "!!merge",
            Self::Text => "!!str",
        }
    }
}

/// The style in which go-yaml v3 writes a text, so that it is read as a text again.
pub(crate) fn style_of(text: &str) -> ScalarStyle {
    if text.contains('\n') {
        return ScalarStyle::Literal;
    }
    let plain = Resolved::of(text) == Resolved::Text && !is_old_bool(text) && !is_base_60(text);
    if plain {
        ScalarStyle::Plain
    } else {
        ScalarStyle::DoubleQuoted
    }
}

/// The booleans that only YAML 1.1 knows.
pub(crate) fn is_old_bool(text: &str) -> bool {
    text.len() <= 3
        && matches!(
            text,
            "y" | "Y"
                | "yes"
                | "Yes"
                | "YES"
                | "on"
                | "On"
                | "ON"
                | "n"
                | "N"
                | "no"
                | "No"
                | "NO"
                | "off"
                | "Off"
                | "OFF"
        )
}

/// A number of YAML 1.1 in base 60, such as `1:20`: `[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?`.
pub(crate) fn is_base_60(text: &str) -> bool {
    if !text.starts_with(|first: char| first.is_ascii_digit() || matches!(first, '+' | '-')) {
        return false;
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let mut parts = whole.split(':');
    let first = parts.next().unwrap_or_default();
    let digits_or_lines = |text: &str| {
        text.bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'_')
    };
    let starts = first.starts_with(|first: char| first.is_ascii_digit());
    let sixtieth = |part: &str| match part.as_bytes() {
        [digit] => digit.is_ascii_digit(),
        [tens, digit] => (b'0'..=b'5').contains(tens) && digit.is_ascii_digit(),
        _ => false,
    };
    whole.contains(':')
        && starts
        && digits_or_lines(first)
        && digits_or_lines(fraction)
        && parts.all(sixtieth)
}

fn word(text: &str) -> Option<Resolved> {
    Some(match text {
        "true" | "True" | "TRUE" => Resolved::Bool(true),
        "false" | "False" | "FALSE" => Resolved::Bool(false),
        "" | "~" | "null" | "Null" | "NULL" => Resolved::Null,
        ".nan" | ".NaN" | ".NAN" => Resolved::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Resolved::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Resolved::Float(f64::NEG_INFINITY),
        "<<" => Resolved::Merge,
        _ => return None,
    })
}

#[derive(Clone, Copy, PartialEq)]
enum Timestamps {
    Read,
    Ignore,
}

fn number(text: &str, timestamps: Timestamps) -> Resolved {
    if text.starts_with('.') {
        let separated = separates_digits(text).then(|| text.replace('_', ""));
        return separated
            .and_then(|plain| float(&plain))
            .map_or(Resolved::Text, Resolved::Float);
    }
    if timestamps == Timestamps::Read
        && let Some(timestamp) = timestamp::rfc3339(text)
    {
        return Resolved::Timestamp(timestamp);
    }
    if !could_be_number(text) {
        return Resolved::Text;
    }
    let stripped;
    let plain = if text.contains('_') {
        stripped = text.replace('_', "");
        &stripped
    } else {
        text
    };
    integer(plain)
        .or_else(|| float(plain).map(Resolved::Float))
        .or_else(|| prefixed(plain))
        .unwrap_or(Resolved::Text)
}

/// Sorts out the many texts that start with a digit: addresses, versions, quantities.
fn could_be_number(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_hexdigit() || b"+-._oOxX".contains(&byte))
}

/// Whether each `_` stands between two digits, where Go's `ParseFloat` takes it.
fn separates_digits(text: &str) -> bool {
    let parts = text.split('_').collect::<Vec<_>>();
    let is_digit = |char: char| char.is_ascii_digit();
    let between =
        |pair: &[&str]| matches!(pair, [a, b] if a.ends_with(is_digit) && b.starts_with(is_digit));
    parts.windows(2).all(between)
}

/// Go's `ParseInt` and `ParseUint` with base 0: `0b`, `0o`, `0x`, and octals with a leading zero.
fn integer(plain: &str) -> Option<Resolved> {
    let unsigned = plain.strip_prefix(['+', '-']).unwrap_or(plain);
    let (radix, digits) = match unsigned.as_bytes() {
        [b'0', b'b' | b'B', _, ..] => (2, unsigned.get(2..)?),
        [b'0', b'o' | b'O', _, ..] => (8, unsigned.get(2..)?),
        [b'0', b'x' | b'X', _, ..] => (16, unsigned.get(2..)?),
        [b'0', _, ..] => (8, unsigned.get(1..)?),
        _ => (10, unsigned),
    };
    let value = magnitude(digits, radix)?;
    match plain.bytes().next()? {
        b'-' => 0i64.checked_sub_unsigned(value).map(Resolved::Int),
        b'+' => i64::try_from(value).ok().map(Resolved::Int),
        _ => Some(unsigned_integer(value)),
    }
}

/// What `ParseInt` refuses, and go-yaml reads: a sign after the prefix.
fn prefixed(plain: &str) -> Option<Resolved> {
    let (radix, signed) = match plain.get(..2)? {
        "0b" => (2, plain.get(2..)?),
        "0o" => (8, plain.get(2..)?),
        _ => return None,
    };
    let value = i64::from_str_radix(signed, radix).ok()?;
    Some(Resolved::Int(value))
}

fn unsigned_integer(value: u64) -> Resolved {
    i64::try_from(value).map_or(Resolved::Uint(value), Resolved::Int)
}

fn magnitude(digits: &str, radix: u32) -> Option<u64> {
    if digits.starts_with(['+', '-']) {
        return None;
    }
    u64::from_str_radix(digits, radix).ok()
}

/// A decimal float; `1e400` is none, as in Go.
fn float(plain: &str) -> Option<f64> {
    let is_decimal = |byte: u8| byte.is_ascii_digit() || b"+-.eE".contains(&byte);
    if !plain.bytes().all(is_decimal) {
        return None;
    }
    plain.parse().ok().filter(|float: &f64| float.is_finite())
}
