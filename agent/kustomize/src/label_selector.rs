//! Kubernetes' label selectors: `a=b,c in (d,e),!f`.

/// A parsed selector; all its requirements must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct LabelSelector {
    requirements: Vec<Requirement>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Requirement {
    key: String,
    test: Test,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Test {
    Exists,
    Missing,
    In(Vec<String>),
    NotIn(Vec<String>),
    Greater(i64),
    Less(i64),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Word(String),
    Symbol(&'static str),
    End,
}

/// The longest first, so that `!=` is not read as `!`.
const SYMBOLS: [&str; 9] = ["==", "!=", "=", "!", "(", ")", ",", ">", "<"];

impl LabelSelector {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut parser = Parser {
            tokens: tokens(text),
            at: 0,
        };
        let requirements = parser
            .selector()
            .map_err(|reason| format!("`{text}` is no label selector: {reason}"))?;
        Ok(Self { requirements })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.requirements.is_empty()
    }

    pub(crate) fn fits(&self, labels: &[(String, String)]) -> bool {
        self.requirements.iter().all(|requirement| {
            let found = labels.iter().find(|(key, _)| *key == requirement.key);
            requirement
                .test
                .holds(found.map(|(_, value)| value.as_str()))
        })
    }
}

impl Test {
    fn holds(&self, value: Option<&str>) -> bool {
        let number = || value.and_then(|value| value.parse::<i64>().ok());
        match self {
            Self::Exists => value.is_some(),
            Self::Missing => value.is_none(),
            Self::In(values) => value.is_some_and(|value| values.iter().any(|one| one == value)),
            Self::NotIn(values) => value.is_none_or(|value| values.iter().all(|one| one != value)),
            Self::Greater(bound) => number().is_some_and(|number| number > *bound),
            Self::Less(bound) => number().is_some_and(|number| number < *bound),
        }
    }
}

fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start_matches([' ', '\t', '\r', '\n']);
    while !rest.is_empty() {
        let symbol = SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol));
        let length = if let Some(symbol) = symbol {
            tokens.push(Token::Symbol(symbol));
            symbol.len()
        } else {
            let ends = |letter: char| " \t\r\n=!(),><".contains(letter);
            let length = rest.find(ends).unwrap_or(rest.len());
            let word = rest.get(..length).unwrap_or_default();
            tokens.push(Token::Word(word.to_owned()));
            length
        };
        rest = rest.get(length..).unwrap_or_default();
        rest = rest.trim_start_matches([' ', '\t', '\r', '\n']);
    }
    tokens.push(Token::End);
    tokens
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
}

impl Parser {
    fn peek(&self) -> &Token {
        self.tokens.get(self.at).unwrap_or(&Token::End)
    }

    fn next(&mut self) -> Token {
        let token = self.peek().clone();
        self.at += 1;
        token
    }

    fn selector(&mut self) -> Result<Vec<Requirement>, String> {
        let mut requirements = Vec::new();
        if *self.peek() == Token::End {
            return Ok(requirements);
        }
        loop {
            requirements.push(self.requirement()?);
            match self.next() {
                Token::End => return Ok(requirements),
                Token::Symbol(",") => {}
                other => return Err(expected("`,` or the end", &other)),
            }
        }
    }

    fn requirement(&mut self) -> Result<Requirement, String> {
        let is_negated = *self.peek() == Token::Symbol("!");
        if is_negated {
            self.next();
        }
        let key = match self.next() {
            Token::Word(word) => word,
            other => return Err(expected("a key", &other)),
        };
        if !is_qualified(&key) {
            return Err(format!("`{key}` is no label key"));
        }
        if is_negated {
            let test = Test::Missing;
            return Ok(Requirement { key, test });
        }
        if matches!(self.peek(), Token::End | Token::Symbol(",")) {
            let test = Test::Exists;
            return Ok(Requirement { key, test });
        }
        let test = self.test()?;
        Ok(Requirement { key, test })
    }

    fn test(&mut self) -> Result<Test, String> {
        let operator = self.next();
        Ok(match &operator {
            Token::Symbol("=" | "==") => Test::In(vec![self.value()?]),
            Token::Symbol("!=") => Test::NotIn(vec![self.value()?]),
            Token::Symbol(">") => Test::Greater(self.number()?),
            Token::Symbol("<") => Test::Less(self.number()?),
            Token::Word(word) if word == "in" => Test::In(self.values()?),
            Token::Word(word) if word == "notin" => Test::NotIn(self.values()?),
            other => return Err(expected("`=`, `!=`, `in` or `notin`", other)),
        })
    }

    fn value(&mut self) -> Result<String, String> {
        let value = match self.peek() {
            Token::End | Token::Symbol(",") => String::new(),
            _ => match self.next() {
                Token::Word(word) => word,
                other => return Err(expected("a value", &other)),
            },
        };
        checked(value)
    }

    fn number(&mut self) -> Result<i64, String> {
        let value = self.value()?;
        let wrong = || format!("`{value}` must be a whole number");
        value.parse().map_err(|_| wrong())
    }

    /// `(a, b)`; an empty place stands for the empty value.
    fn values(&mut self) -> Result<Vec<String>, String> {
        match self.next() {
            Token::Symbol("(") => {}
            other => return Err(expected("`(`", &other)),
        }
        let mut values = Vec::new();
        loop {
            let value = match self.peek() {
                Token::Symbol("," | ")") => String::new(),
                _ => match self.next() {
                    Token::Word(word) => word,
                    other => return Err(expected("a value", &other)),
                },
            };
            values.push(checked(value)?);
            match self.next() {
                Token::Symbol(",") => {}
                Token::Symbol(")") => return Ok(values),
                other => return Err(expected("`,` or `)`", &other)),
            }
        }
    }
}

fn expected(what: &str, found: &Token) -> String {
    let found = match found {
        Token::Word(word) => format!("`{word}`"),
        Token::Symbol(symbol) => format!("`{symbol}`"),
        Token::End => "the end".to_owned(),
    };
    format!("expected {what}, found {found}")
}

fn checked(value: String) -> Result<String, String> {
    if value.is_empty() || is_name(&value) {
        return Ok(value);
    }
    Err(format!("`{value}` is no label value"))
}

/// A name, or a DNS name, a slash and a name.
fn is_qualified(key: &str) -> bool {
    match key.split_once('/') {
        None => is_name(key),
        Some((domain, name)) => is_domain(domain) && is_name(name),
    }
}

fn is_name(text: &str) -> bool {
    let is_end = |letter: u8| letter.is_ascii_alphanumeric();
    let inner = |letter: u8| is_end(letter) || b"-_.".contains(&letter);
    let bytes = text.as_bytes();
    text.len() <= 63
        && bytes.iter().all(|letter| inner(*letter))
        && bytes.first().is_some_and(|letter| is_end(*letter))
        && bytes.last().is_some_and(|letter| is_end(*letter))
}

fn is_domain(text: &str) -> bool {
    let is_part = |part: &str| {
        let is_end = |letter: u8| letter.is_ascii_lowercase() || letter.is_ascii_digit();
        let bytes = part.as_bytes();
        bytes
            .iter()
            .all(|letter| is_end(*letter) || *letter == b'-')
            && bytes.first().is_some_and(|letter| is_end(*letter))
            && bytes.last().is_some_and(|letter| is_end(*letter))
    };
    text.len() <= 253 && text.split('.').all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(selector: &str, labels: &[(&str, &str)]) -> bool {
        let labels: Vec<_> = labels
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect();
        LabelSelector::parse(selector).unwrap().fits(&labels)
    }

    #[test]
    fn requirements_hold_together() {
        let labels = [("app", "web"), ("n", "3")];
        for selector in [
            "",
            "app",
            "app=web",
            "app == web , n",
            "app!=db",
            "!other",
            "app in (db, web)",
            "other notin (a)",
            "n > 2",
            "n<4,app",
        ] {
            assert!(fits(selector, &labels), "{selector}");
        }
        for selector in ["other", "app=", "!app", "app notin (web)", "n>3", "app>1"] {
            assert!(!fits(selector, &labels), "{selector}");
        }
    }

    #[test]
    fn what_is_no_selector_is_refused() {
        for selector in [
            "=a", "a=b=c", "a in b", "a,", "a b", "-a", "a=b c", "a/b/c", "a>b",
        ] {
            assert!(LabelSelector::parse(selector).is_err(), "{selector}");
        }
    }
}
