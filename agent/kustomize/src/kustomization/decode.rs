//! YAML to fields as `encoding/json` decodes them: names in any case, types exact, places kept.

use std::borrow::Cow;

use tidegate_yaml::{Node, NodeValue, ScalarStyle};

use super::{Item, Texts};
use crate::RenderError;
use crate::error::Place;
use crate::yaml_1_1::{self, NonText};

/// What becomes of unquoted numbers and booleans where a text is expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Numbers {
    /// They are refused, as in kustomizations.
    Refused,
    /// They become texts, as in files that a kustomization names.
    Texts,
}

/// What becomes of fields that are not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unknown {
    Refused,
    Ignored,
}

/// How a file is read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'a> {
    pub(crate) file: &'a str,
    pub(crate) numbers: Numbers,
    pub(crate) unknown: Unknown,
}

impl<'a> Reader<'a> {
    /// How kustomizations are read.
    pub(crate) fn strict(file: &'a str) -> Self {
        Self {
            file,
            numbers: Numbers::Refused,
            unknown: Unknown::Refused,
        }
    }

    /// How `configurations` are read.
    pub(crate) fn configuration(file: &'a str) -> Self {
        Self {
            file,
            numbers: Numbers::Texts,
            unknown: Unknown::Refused,
        }
    }

    /// How files are read that a kustomization names.
    pub(crate) fn lenient(file: &'a str) -> Self {
        Self {
            file,
            numbers: Numbers::Texts,
            unknown: Unknown::Ignored,
        }
    }
}

/// A node and the way to it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct At<'a> {
    pub(crate) node: &'a Node,
    reader: &'a Reader<'a>,
    parent: Option<&'a Self>,
    step: Step<'a>,
}

#[derive(Debug, Clone, Copy)]
enum Step<'a> {
    Root,
    Field(&'a str),
    Index(usize),
}

/// What a node is to a reader of YAML 1.1.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Scalar {
    /// A collection.
    None,
    Text,
    NonText(NonText),
}

pub(crate) type Decoded<T = ()> = Result<T, RenderError>;

/// What can be read from a node.
pub(crate) trait Read: Sized {
    /// Reads a value; null is the empty value.
    fn read(at: &At<'_>) -> Decoded<Self>;
}

impl Read for String {
    fn read(at: &At<'_>) -> Decoded<Self> {
        at.text()
    }
}

impl Read for Texts {
    fn read(at: &At<'_>) -> Decoded<Self> {
        at.texts()
    }
}

impl<T: Read> Read for Vec<T> {
    fn read(at: &At<'_>) -> Decoded<Self> {
        at.list()
    }
}

impl<T: Read> Read for Item<T> {
    fn read(at: &At<'_>) -> Decoded<Self> {
        let (line, value) = (at.line(), T::read(at)?);
        Ok(Self { line, value })
    }
}

impl<'a> At<'a> {
    pub(crate) fn root(node: &'a Node, reader: &'a Reader<'a>) -> Self {
        Self {
            node,
            reader,
            parent: None,
            step: Step::Root,
        }
    }

    /// The node's line.
    pub(crate) fn line(&self) -> usize {
        self.node.mark.line as usize
    }

    pub(crate) fn place(&self) -> Place {
        Place {
            line: self.line(),
            field: self.path(),
            ..Place::file(self.reader.file)
        }
    }

    fn path(&self) -> String {
        let before = self.parent.map(Self::path).unwrap_or_default();
        match self.step {
            Step::Root => before,
            Step::Field(name) if before.is_empty() => name.to_owned(),
            Step::Field(name) => format!("{before}.{name}"),
            Step::Index(index) => format!("{before}[{index}]"),
        }
    }

    pub(crate) fn invalid(&self, reason: impl Into<String>) -> RenderError {
        self.place().invalid(reason)
    }

    pub(crate) fn is_null(&self) -> bool {
        self.scalar() == Scalar::NonText(NonText::Null)
    }

    fn scalar(&self) -> Scalar {
        let NodeValue::Scalar(text, style) = &self.node.value else {
            return Scalar::None;
        };
        let is_read_by_text = match self.node.tag.as_deref() {
            None => *style == ScalarStyle::Plain,
            Some(tag) => matches!(tag, "!!null" | "!!bool" | "!!int" | "!!float"),
        };
        match yaml_1_1::resolve(text).filter(|_| is_read_by_text) {
            Some(found) => Scalar::NonText(found),
            None => Scalar::Text,
        }
    }

    /// Visits the fields of a mapping by their names; null has none.
    ///
    /// A name is taken as it is, else in any case; `visit` answers whether it knows it.
    pub(crate) fn fields(
        &self,
        names: &[&'static str],
        mut visit: impl FnMut(&'static str, At<'_>) -> Decoded,
    ) -> Decoded {
        for (written, value) in self.pairs()? {
            let written = written.as_ref();
            let exact = names.iter().find(|name| **name == written);
            let any = || names.iter().find(|name| name.eq_ignore_ascii_case(written));
            let at = self.child(value, Step::Field(written));
            match exact.or_else(any) {
                Some(name) => visit(name, at)?,
                None if self.reader.unknown == Unknown::Ignored => {}
                None => return Err(at.invalid(unknown(written, names))),
            }
        }
        Ok(())
    }

    /// The pairs in the order of their names, the last of equal names only.
    fn pairs(&self) -> Decoded<Vec<(Cow<'a, str>, &'a Node)>> {
        if self.is_null() {
            return Ok(Vec::new());
        }
        let NodeValue::Mapping(pairs) = &self.node.value else {
            return Err(self.invalid("must be a mapping"));
        };
        let mut found: Vec<(Cow<'_, str>, &Node)> = Vec::with_capacity(pairs.len());
        for (key, value) in pairs {
            let Some(name) = key_text(key) else {
                return Err(self.invalid("has a key that is no text"));
            };
            match found.iter_mut().find(|(known, _)| *known == name) {
                Some(known) => known.1 = value,
                None => found.push((name, value)),
            }
        }
        found.sort_by(|(a, _), (b, _)| a.cmp(b));
        Ok(found)
    }

    fn child<'b>(&'b self, node: &'b Node, step: Step<'b>) -> At<'b> {
        At {
            node,
            reader: self.reader,
            parent: Some(self),
            step,
        }
    }

    pub(crate) fn text(&self) -> Decoded<String> {
        let text = || self.node.text().unwrap_or_default().to_owned();
        match self.scalar() {
            Scalar::None => Err(self.invalid("must be a text")),
            Scalar::Text => Ok(text()),
            Scalar::NonText(NonText::Null) => Ok(String::new()),
            Scalar::NonText(found) if self.reader.numbers == Numbers::Texts => {
                Ok(found.to_string())
            }
            Scalar::NonText(found) => {
                let kind = match found {
                    NonText::Bool(_) => "a boolean",
                    _ => "a number",
                };
                let text = text();
                Err(self.invalid(format!(
                    "must be a text, and `{text}` is read as {kind}; write \"{text}\""
                )))
            }
        }
    }

    pub(crate) fn bool(&self) -> Decoded<bool> {
        match self.scalar() {
            Scalar::NonText(NonText::Bool(value)) => Ok(value),
            Scalar::NonText(NonText::Null) => Ok(false),
            _ => Err(self.invalid("must be true or false")),
        }
    }

    pub(crate) fn integer(&self) -> Decoded<i64> {
        match self.scalar() {
            Scalar::NonText(NonText::Int(value)) => Ok(value),
            Scalar::NonText(NonText::Null) => Ok(0),
            #[expect(clippy::cast_possible_truncation, reason = "it is whole and small")]
            Scalar::NonText(NonText::Float(value))
                if value.fract() == 0.0 && value.abs() < 1e15 =>
            {
                Ok(value as i64)
            }
            _ => Err(self.invalid("must be a whole number")),
        }
    }

    /// The items of a list; null has none.
    pub(crate) fn list<T: Read>(&self) -> Decoded<Vec<T>> {
        if self.is_null() {
            return Ok(Vec::new());
        }
        let NodeValue::Sequence(items) = &self.node.value else {
            return Err(self.invalid("must be a list"));
        };
        let items = items.iter().enumerate();
        items
            .map(|(index, node)| T::read(&self.child(node, Step::Index(index))))
            .collect()
    }

    /// The items of a list, with their lines.
    pub(crate) fn items<T: Read>(&self) -> Decoded<Vec<Item<T>>> {
        self.list()
    }

    pub(crate) fn item<T: Read>(&self) -> Decoded<Item<T>> {
        Item::read(self)
    }

    /// A field that is either there or not; null is not.
    pub(crate) fn optional<T: Read>(&self) -> Decoded<Option<T>> {
        if self.is_null() {
            return Ok(None);
        }
        T::read(self).map(Some)
    }

    pub(crate) fn texts(&self) -> Decoded<Texts> {
        let pairs = self.pairs()?.into_iter();
        pairs
            .map(|(name, node)| {
                let at = self.child(node, Step::Field(&name));
                let text = at.text()?;
                Ok((name.into_owned(), text))
            })
            .collect()
    }
}

/// The text of a key, whatever go-yaml v2 reads it as; `None` for null and collections.
pub(crate) fn key_text(key: &Node) -> Option<Cow<'_, str>> {
    let NodeValue::Scalar(text, style) = &key.value else {
        return None;
    };
    if *style != ScalarStyle::Plain || key.tag.is_some() {
        return Some(Cow::Borrowed(text));
    }
    match yaml_1_1::resolve(text) {
        None => Some(Cow::Borrowed(text)),
        Some(NonText::Null) => None,
        Some(other) => Some(Cow::Owned(other.to_string())),
    }
}

fn unknown(written: &str, names: &[&str]) -> String {
    let near = names
        .iter()
        .map(|name| {
            (
                distance(&written.to_lowercase(), &name.to_lowercase()),
                name,
            )
        })
        .min();
    match near {
        Some((distance, name)) if distance <= 3 => {
            format!("unknown field; did you mean `{name}`?")
        }
        _ => format!("unknown field; known are: {}", names.join(", ")),
    }
}

/// The number of letters to insert, remove or change.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, letter) in a.chars().enumerate() {
        let mut next = vec![i + 1];
        for (j, other) in b.iter().enumerate() {
            let cell =
                |row: &[usize], index: usize| row.get(index).copied().unwrap_or(usize::MAX - 1);
            let changed = cell(&row, j) + usize::from(letter != *other);
            next.push(changed.min(cell(&row, j + 1) + 1).min(cell(&next, j) + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}
