//! The tree of a YAML document, with what its text looked like.

use std::fmt;

use crate::resolve::{self, Resolved};

/// A place in a text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mark {
    /// The line, from 1; 0 for what stands in no text.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
}

/// A node: its value, an explicit tag, and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// The value.
    pub value: NodeValue,
    /// The tag, if the text wrote one or a transformation set one, in short form (`!!str`).
    pub tag: Option<Box<str>>,
    /// Where it starts.
    pub mark: Mark,
}

/// A scalar, a sequence or a mapping; aliases and merge keys are already expanded.
#[derive(Debug, Clone, PartialEq)]
pub enum NodeValue {
    /// A scalar: its text after unescaping and folding, and how it was written.
    Scalar(Box<str>, ScalarStyle),
    /// A sequence.
    Sequence(Vec<Node>),
    /// A mapping, in the order of the text; duplicate keys are kept.
    Mapping(Vec<(Node, Node)>),
}

/// How a scalar was written: a plain one is resolved by its text, any other is a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ScalarStyle {
    /// Without quotes.
    Plain,
    /// In single quotes.
    SingleQuoted,
    /// In double quotes.
    DoubleQuoted,
    /// A `|` block.
    Literal,
    /// A `>` block.
    Folded,
    /// Left out in a flow mapping (`{a: }`): null to patches, but kustomize prints it as an empty text.
    Omitted,
}

impl Node {
    /// A scalar that stands in no text.
    pub fn scalar(text: impl Into<Box<str>>, style: ScalarStyle) -> Self {
        Self::from(NodeValue::Scalar(text.into(), style))
    }

    /// A text that stands in no text: quoted if it would be read as anything else.
    pub fn string(text: impl Into<Box<str>>) -> Self {
        let text = text.into();
        let style = resolve::style_of(&text);
        Self::scalar(text, style)
    }

    /// The text of a scalar, whatever it resolves to.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            NodeValue::Scalar(text, _) => Some(text),
            _ => None,
        }
    }

    /// The items of a sequence.
    pub fn items(&self) -> Option<&[Self]> {
        match &self.value {
            NodeValue::Sequence(items) => Some(items),
            _ => None,
        }
    }

    /// The keys and values of a mapping.
    pub fn pairs(&self) -> Option<&[(Self, Self)]> {
        match &self.value {
            NodeValue::Mapping(pairs) => Some(pairs),
            _ => None,
        }
    }

    /// The value of the first key with this text.
    pub fn get(&self, key: &str) -> Option<&Self> {
        let mut pairs = self.pairs()?.iter();
        pairs
            .find(|(found, _)| found.text() == Some(key))
            .map(|(_, value)| value)
    }

    /// The value of the first key with this text, to be changed.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Self> {
        let NodeValue::Mapping(pairs) = &mut self.value else {
            return None;
        };
        let mut pairs = pairs.iter_mut();
        pairs
            .find(|(found, _)| found.text() == Some(key))
            .map(|(_, value)| value)
    }

    /// The short tag: the explicit one, or what the value resolves to (go-yaml's `ShortTag`).
    pub fn short_tag(&self) -> &str {
        match (&self.tag, &self.value) {
            (Some(tag), _) if **tag != *"!" => tag,
            (_, NodeValue::Sequence(_)) => "!!seq",
            (_, NodeValue::Mapping(_)) => "!!map",
            (_, NodeValue::Scalar(text, ScalarStyle::Plain | ScalarStyle::Omitted)) => {
                Resolved::of(text).tag()
            }
            _ => "!!str",
        }
    }

    /// Whether it is a collection that was written in brackets, told by where its first item stands.
    pub fn stands_in_brackets(&self) -> bool {
        let (first, indent) = match &self.value {
            NodeValue::Scalar(..) => return false,
            NodeValue::Sequence(items) => (items.first().map(|item| item.mark), 2),
            NodeValue::Mapping(pairs) => (pairs.first().map(|(key, _)| key.mark), 0),
        };
        let in_block = Mark {
            column: self.mark.column.saturating_add(indent),
            ..self.mark
        };
        self.mark.line > 0 && first.is_none_or(|first| first != in_block)
    }

    /// Whether it is null, as kustomize's patches see it.
    pub fn is_null(&self) -> bool {
        self.short_tag() == "!!null"
    }
}

impl From<NodeValue> for Node {
    fn from(value: NodeValue) -> Self {
        Self {
            value,
            tag: None,
            mark: Mark::default(),
        }
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}
