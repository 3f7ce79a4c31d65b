//! The tree of a YAML document, with what its text looked like.

/// A place in a text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mark {
    /// The line, from 1; 0 for what stands in no text.
    pub line: u32,
    /// The column, from 1.
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
}
