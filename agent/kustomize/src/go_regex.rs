//! Expressions of Go's syntax (RE2), written as the regex crate reads them.
//!
//! Both run in linear time and share most of their syntax. What only one of them knows, or means in another
//! way, is rewritten or refused here.

use std::iter::Peekable;
use std::str::Chars;

use regex::{Regex, RegexBuilder};

use crate::fault::{Fault, Step};

/// Bytes that one compiled expression may take.
const EXPRESSION_SIZE: usize = 1 << 20;
/// Go's limit for `{n}`.
const REPETITIONS: u32 = 1000;
/// Bytes of an expression's text.
const LENGTH: usize = 64 << 10;

/// Compiles an expression of Go's syntax.
///
/// # Errors
/// If Go refuses it, or if it would take too much memory.
pub(crate) fn compile(pattern: &str) -> Step<Regex> {
    if pattern.len() > LENGTH {
        return Err(format!("a regular expression may have {LENGTH} bytes").into());
    }
    RegexBuilder::new(&translated(pattern)?)
        .size_limit(EXPRESSION_SIZE)
        .build()
        .map_err(|error| Fault::Here(error.to_string()))
}

fn translated(pattern: &str) -> Step<String> {
    let mut translator = Translator {
        rest: pattern.chars().peekable(),
        written: String::with_capacity(pattern.len() + 8),
        last: Last::Other,
    };
    while let Some(char) = translator.rest.next() {
        translator.take(char)?;
    }
    Ok(translator.written)
}

/// What was written last, since Go does not repeat repetitions.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Last {
    Other,
    Repetition,
    LazyRepetition,
}

struct Translator<'a> {
    rest: Peekable<Chars<'a>>,
    written: String,
    last: Last,
}

impl Translator<'_> {
    fn take(&mut self, char: char) -> Step {
        match char {
            '*' => self.repetition("*")?,
            '+' => self.repetition("+")?,
            '?' if self.last == Last::Repetition => {
                self.written.push('?');
                self.last = Last::LazyRepetition;
            }
            '?' => self.repetition("?")?,
            '{' => match self.counted()? {
                Some(repetition) => self.repetition(&repetition)?,
                None => self.other("\\{"),
            },
            '\\' => self.escape()?,
            '[' => self.class()?,
            '(' => self.group()?,
            other => self.other(other.encode_utf8(&mut [0; 4])),
        }
        Ok(())
    }

    fn other(&mut self, text: &str) {
        self.written.push_str(text);
        self.last = Last::Other;
    }

    fn repetition(&mut self, operator: &str) -> Step {
        if self.last != Last::Other {
            return Err(format!("`{operator}` repeats a repetition; put that in brackets").into());
        }
        self.written.push_str(operator);
        self.last = Last::Repetition;
        Ok(())
    }

    /// `{2}`, `{2,}` or `{2,3}`; any other brace is a brace.
    fn counted(&mut self) -> Step<Option<String>> {
        let inner: String = self.rest.clone().take_while(|char| *char != '}').collect();
        let is_closed = self.rest.clone().nth(inner.chars().count()) == Some('}');
        let (from, to) = inner.split_once(',').unwrap_or((&inner, ""));
        let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if !is_closed || from.is_empty() || !is_number(from) || !is_number(to) {
            return Ok(None);
        }
        let is_too_much = |text: &str| {
            !text.is_empty()
                && text
                    .parse::<u32>()
                    .map_or(true, |count| count > REPETITIONS)
        };
        if is_too_much(from) || is_too_much(to) {
            return Err(format!("`{{{inner}}}` repeats more than {REPETITIONS} times").into());
        }
        self.rest.by_ref().find(|char| *char == '}');
        Ok(Some(format!("{{{inner}}}")))
    }

    fn escape(&mut self) -> Step {
        match self.rest.next() {
            Some('Q') => self.quoted(),
            Some('b') => self.other("(?-u:\\b)"),
            Some('B') => self.other("(?-u:\\B)"),
            Some(escaped) => {
                let text = self.escaped(escaped)?;
                let is_set = matches!(escaped, 'd' | 's' | 'w');
                self.other(&if is_set { format!("[{text}]") } else { text });
            }
            None => return Err("ends in a backslash".into()),
        }
        Ok(())
    }

    /// `\Q…\E`: nothing in between means anything.
    fn quoted(&mut self) {
        let mut quoted = String::new();
        while let Some(char) = self.rest.next() {
            if char == '\\' && self.rest.next_if_eq(&'E').is_some() {
                break;
            }
            quoted.push(char);
        }
        self.other(&regex::escape(&quoted));
    }

    /// An escape that may stand inside of a class; Go's classes know no letters but ASCII.
    fn escaped(&mut self, char: char) -> Step<String> {
        Ok(match char {
            'd' => "0-9".to_owned(),
            's' => "\\t\\n\\x0C\\r ".to_owned(),
            'w' => "0-9A-Za-z_".to_owned(),
            'D' => "[^0-9]".to_owned(),
            'S' => "[^\\t\\n\\x0C\\r ]".to_owned(),
            'W' => "[^0-9A-Za-z_]".to_owned(),
            'p' | 'P' | 'x' => self.in_braces(char),
            'a' | 'f' | 't' | 'n' | 'r' | 'v' | 'A' | 'z' => format!("\\{char}"),
            other if other.is_ascii() && !other.is_ascii_alphanumeric() => {
                format!("\\x{:02X}", u32::from(other))
            }
            other => return Err(format!("`\\{other}` is no escape").into()),
        })
    }

    /// An escape with braces after it, or without.
    fn in_braces(&mut self, char: char) -> String {
        let mut text = format!("\\{char}");
        if self.rest.peek() == Some(&'{') {
            for char in self.rest.by_ref() {
                text.push(char);
                if char == '}' {
                    break;
                }
            }
        } else if char == 'x' {
            text.extend(self.rest.by_ref().take(2));
        } else {
            text.extend(self.rest.next());
        }
        text
    }

    fn class(&mut self) -> Step {
        self.other("[");
        if self.rest.next_if_eq(&'^').is_some() {
            self.written.push('^');
        }
        let mut is_first = true;
        while let Some(char) = self.rest.next() {
            match char {
                ']' if !is_first => {
                    self.written.push(']');
                    return Ok(());
                }
                '[' if self.rest.peek() == Some(&':') => {
                    self.written.push('[');
                    for char in self.rest.by_ref() {
                        self.written.push(char);
                        if char == ']' {
                            break;
                        }
                    }
                }
                '[' | ']' | '&' | '~' => self.written.extend(['\\', char]),
                '\\' => {
                    let escaped = self.rest.next().ok_or("ends in a backslash")?;
                    let text = self.escaped(escaped)?;
                    self.written.push_str(&text);
                }
                other => self.written.push(other),
            }
            is_first = false;
        }
        Err("a `[` is not closed".into())
    }

    /// A group; its flags must be Go's.
    fn group(&mut self) -> Step {
        self.other("(");
        if self.rest.next_if_eq(&'?').is_none() {
            return Ok(());
        }
        self.written.push('?');
        if matches!(self.rest.peek(), Some('P' | '<')) {
            return Ok(());
        }
        for char in self.rest.by_ref() {
            self.written.push(char);
            match char {
                ':' | ')' => break,
                'i' | 'm' | 's' | 'U' | '-' => {}
                other => return Err(format!("`(?{other}` is not supported").into()),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_go_takes_means_the_same() {
        let check = |pattern: &str, text, expected| {
            let found = compile(pattern).unwrap().is_match(text);
            assert_eq!(found, expected, "{pattern} on {text}");
        };
        check("^a{b}$", "a{b}", true);
        check("^[a-z{}]+$", "a{}", true);
        check("a{b", "a{b", true);
        check("a{2}", "aa", true);
        check("^a{,2}$", "a{,2}", true);
        check(r"\Qa.b\E+", "a.bb", true);
        check(r"^\Qa.b", "axb", false);
        check(r"\w", "é", false);
        check(r"^[\w-]+$", "a-b_c", true);
        check(r"^[\W]$", "é", true);
        check(r"\d", "٣", false);
        check("[[a]", "[", true);
        check("[]a]", "]", true);
        check("[a&&b]", "&", true);
        check("[[:alpha:]]", "a", true);
        check(r"\<a\>", "<a>", true);
        check(r"a\/b\.c\_d", "a/b.c_d", true);
        check("(?i)A", "a", true);
        check("(?P<x>a)(?:b)", "ab", true);
        check("a*?b??", "ab", true);
        check(r"\x41\x{42}\pL", "ABc", true);
    }

    #[test]
    fn what_go_refuses_is_refused() {
        for pattern in [
            "a**", "a+*", "a*?*", "a{2}{3}", "a{1001}", "(?x)a", "(?=a)", "(?!a)", r"\u0041",
            r"\e", r"\1", "[", "[a", "(", ")", "*", r"a\", "[b-a]", "(?P<a", r"\pX",
        ] {
            assert!(compile(pattern).is_err(), "{pattern}");
        }
        let explosive = "((((((a{100}){100}){100}){100}){100}){100})";
        assert!(compile(explosive).is_err());
        assert!(compile(&"(".repeat(100_000)).is_err());
    }
}
