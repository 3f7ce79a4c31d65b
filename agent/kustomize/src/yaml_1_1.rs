//! What YAML 1.1 reads in a plain scalar: kustomizations are read by go-yaml v2, objects by v3.

/// What a plain scalar is, if it is no text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum NonText {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
}

impl std::fmt::Display for NonText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Int(value) => write!(f, "{value}"),
            Self::Float(value) => f.write_str(&crate::number::shortest(*value)),
        }
    }
}

/// Resolves a plain scalar; `None` for a text. Dates are texts, as go-yaml v2 decodes them.
pub(crate) fn resolve(text: &str) -> Option<NonText> {
    Some(match text {
        "" | "~" | "null" | "Null" | "NULL" => NonText::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" | "true" | "True" | "TRUE" => {
            NonText::Bool(true)
        }
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" | "false" | "False" | "FALSE" => {
            NonText::Bool(false)
        }
        ".nan" | ".NaN" | ".NAN" => NonText::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => NonText::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => NonText::Float(f64::NEG_INFINITY),
        _ => return number(text),
    })
}

fn number(text: &str) -> Option<NonText> {
    let first = text.bytes().next()?;
    if !(first.is_ascii_digit() || b"+-.".contains(&first)) {
        return None;
    }
    let plain = text.replace('_', "");
    integer(&plain)
        .map(NonText::Int)
        .or_else(|| float(&plain).map(NonText::Float))
}

fn integer(plain: &str) -> Option<i64> {
    let (sign, digits) = match plain.as_bytes().first()? {
        b'-' => ("-", plain.get(1..)?),
        b'+' => ("", plain.get(1..)?),
        _ => ("", plain),
    };
    if digits.starts_with(['+', '-']) {
        return None;
    }
    let (radix, digits) = match digits.as_bytes() {
        [b'0', b'b' | b'B', _, ..] => (2, digits.get(2..)?),
        [b'0', b'o' | b'O', _, ..] => (8, digits.get(2..)?),
        [b'0', b'x' | b'X', _, ..] => (16, digits.get(2..)?),
        [b'0', _, ..] => (8, digits.get(1..)?),
        _ => (10, digits),
    };
    i64::from_str_radix(&format!("{sign}{digits}"), radix).ok()
}

fn float(plain: &str) -> Option<f64> {
    let is_decimal = |byte: u8| byte.is_ascii_digit() || b"+-.eE".contains(&byte);
    plain
        .bytes()
        .all(is_decimal)
        .then(|| plain.parse().ok())
        .flatten()
        .filter(|float: &f64| float.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_numbers_of_yaml_1_1_are_no_texts() {
        let check = |text, expected| assert_eq!(resolve(text), expected, "{text}");
        check("yes", Some(NonText::Bool(true)));
        check("1.20", Some(NonText::Float(1.2)));
        check("012", Some(NonText::Int(10)));
        check("1_000", Some(NonText::Int(1000)));
        check("0x1F", Some(NonText::Int(31)));
        check("-3", Some(NonText::Int(-3)));
        for text in ["v1", "1.2.3", "2020-01-01", "1:20", "-", "0x", "e1", "--3"] {
            check(text, None);
        }
    }
}
