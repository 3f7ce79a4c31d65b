//! Nodes to text with their own order and styles, as go-yaml v3 prints what it has read.

use std::collections::HashSet;

use super::analysis::{Analysis, is_break, is_printable};
use super::fold::Folds;
use super::{Emitter, LONGEST_SIMPLE_KEY, Place};
use crate::resolve::Resolved;
use crate::scanner::Scanner;
use crate::token::Kind;
use crate::{Limits, Mark, Node, NodeValue, ScalarStyle, YamlError, parse_first_document};

/// A document that can be changed and printed again: key order, quotes, blocks and brackets stay.
///
/// ```
/// use tidegate_yaml::{Limits, Node, StyledDocument};
///
/// let text = "b: {x: 'one', y: [1]}\na:\n    - \"two\"\n";
/// let mut document = StyledDocument::parse(text, &Limits::default())?.unwrap();
/// *document.root.get_mut("b").unwrap().get_mut("y").unwrap() = Node::string("new");
/// assert_eq!(document.print().unwrap(), "b: {x: 'one', y: new}\na:\n- \"two\"\n");
/// # Ok::<(), tidegate_yaml::YamlError>(())
/// ```
#[derive(Debug, Clone)]
pub struct StyledDocument {
    /// The value, which may be changed.
    pub root: Node,
    /// Where collections in brackets start.
    brackets: HashSet<Mark>,
    lost: Option<&'static str>,
    adopted: u32,
}

impl StyledDocument {
    /// Reads the first document of a text; `None` if there is none.
    ///
    /// # Errors
    /// As [`parse_first_document`].
    pub fn parse(text: &str, limits: &Limits) -> Result<Option<Self>, YamlError> {
        let Some(document) = parse_first_document(text, limits)? else {
            return Ok(None);
        };
        let mut styled = Self {
            root: document.root,
            brackets: HashSet::new(),
            lost: None,
            adopted: 0,
        };
        styled.scan(text)?;
        Ok(Some(styled))
    }

    /// Prints the document.
    ///
    /// # Errors
    /// What the text has that a [`Node`] does not keep: comments, anchors, tags or merge keys.
    pub fn print(&self) -> Result<String, &'static str> {
        if let Some(lost) = self.lost {
            return Err(lost);
        }
        let mut text = String::new();
        let mut printer = Printer {
            emitter: Emitter::new(&mut text),
            brackets: &self.brackets,
        };
        printer.node(&self.root, 0, Place::Root);
        printer.emitter.end_line();
        Ok(text)
    }

    /// A copy of a node of another text, to be put into this one in its style.
    ///
    /// Whether a collection stood in brackets is told by where its first item stands.
    pub fn adopt(&mut self, node: &Node) -> Node {
        let mut copy = node.clone();
        self.mark(&mut copy);
        copy
    }

    fn mark(&mut self, node: &mut Node) {
        let mark = Mark {
            line: u32::MAX,
            column: self.adopted,
        };
        self.adopted += 1;
        if node.stands_in_brackets() {
            self.brackets.insert(mark);
        }
        match &mut node.value {
            NodeValue::Scalar(..) => return,
            NodeValue::Sequence(items) => {
                for item in items {
                    self.mark(item);
                }
            }
            NodeValue::Mapping(pairs) => {
                for (_, value) in pairs {
                    self.mark(value);
                }
            }
        }
        node.mark = mark;
    }

    fn scan(&mut self, text: &str) -> Result<(), YamlError> {
        let mut scanner = Scanner::new(text);
        let mut is_inside = false;
        loop {
            let token = scanner.take()?;
            match token.kind {
                Kind::StreamEnd | Kind::DocumentEnd => break,
                Kind::DocumentStart if is_inside => break,
                Kind::FlowSequenceStart | Kind::FlowMappingStart => {
                    self.brackets.insert(token.mark);
                }
                Kind::Anchor(_) | Kind::Alias(_) => self.lost = Some("anchors"),
                Kind::Tag { .. } => self.lost = Some("tags"),
                Kind::Scalar(text, ScalarStyle::Plain) if text == "<<" => {
                    self.lost = Some("merge keys");
                }
                _ => {}
            }
            is_inside = true;
        }
        if scanner.has_comments() {
            self.lost = Some("comments");
        }
        Ok(())
    }
}

struct Printer<'a, 'b> {
    emitter: Emitter<'a>,
    brackets: &'b HashSet<Mark>,
}

/// Where a scalar stands, which decides how it may be written.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Context {
    Block,
    BlockKey,
    Flow,
}

impl Printer<'_, '_> {
    fn node(&mut self, node: &Node, indent: usize, place: Place) {
        let is_flow = self.is_flow(node);
        match &node.value {
            NodeValue::Sequence(items) if !is_flow => self.sequence(items, indent, place),
            NodeValue::Mapping(pairs) if !is_flow => self.mapping(pairs, indent, place),
            NodeValue::Scalar(text, _) => {
                let is_nothing =
                    written(node, Context::Block) == ScalarStyle::Plain && text.is_empty();
                if place != Place::Root && !is_nothing {
                    self.emitter.push(" ");
                }
                self.scalar(node, indent + 2, Context::Block);
            }
            _ => {
                if place != Place::Root {
                    self.emitter.push(" ");
                }
                self.flow(node, indent + 2);
            }
        }
    }

    fn is_flow(&self, node: &Node) -> bool {
        let is_empty = match &node.value {
            NodeValue::Sequence(items) => items.is_empty(),
            NodeValue::Mapping(pairs) => pairs.is_empty(),
            NodeValue::Scalar(..) => false,
        };
        is_empty || (node.mark.line > 0 && self.brackets.contains(&node.mark))
    }

    fn sequence(&mut self, items: &[Node], indent: usize, place: Place) {
        let indent = indent + if place == Place::Indicator { 2 } else { 0 };
        for (index, item) in items.iter().enumerate() {
            self.emitter.start(index, indent, place);
            self.emitter.push("-");
            self.node(item, indent, Place::Indicator);
        }
    }

    fn mapping(&mut self, pairs: &[(Node, Node)], indent: usize, place: Place) {
        let indent = indent + if place == Place::Root { 0 } else { 2 };
        for (index, (key, value)) in pairs.iter().enumerate() {
            self.emitter.start(index, indent, place);
            let place = self.key(key, indent);
            self.node(value, indent, place);
        }
    }

    fn key(&mut self, key: &Node, indent: usize) -> Place {
        if is_simple_key(key) {
            self.inline(key, indent + 2, Context::BlockKey);
            self.emitter.push(":");
            return Place::Value;
        }
        self.emitter.push("?");
        self.node(key, indent, Place::Indicator);
        self.emitter.start_line(indent);
        self.emitter.push(":");
        Place::Indicator
    }

    fn inline(&mut self, node: &Node, indent: usize, context: Context) {
        match node.value {
            NodeValue::Scalar(..) => self.scalar(node, indent, context),
            _ => self.flow(node, indent),
        }
    }

    fn flow(&mut self, node: &Node, indent: usize) {
        match &node.value {
            NodeValue::Scalar(..) => self.scalar(node, indent, Context::Flow),
            NodeValue::Sequence(items) => {
                self.emitter.push("[");
                for (index, item) in items.iter().enumerate() {
                    self.comma(index);
                    self.flow(item, indent);
                }
                self.emitter.push("]");
            }
            NodeValue::Mapping(pairs) => {
                self.emitter.push("{");
                for (index, (key, value)) in pairs.iter().enumerate() {
                    self.comma(index);
                    if !is_simple_key(key) {
                        self.emitter.push("? ");
                    }
                    self.flow(key, indent);
                    self.emitter
                        .push(if is_simple_key(key) { ": " } else { " : " });
                    self.flow(value, indent);
                }
                self.emitter.push("}");
            }
        }
    }

    fn comma(&mut self, index: usize) {
        if index > 0 {
            self.emitter.push(", ");
        }
    }

    fn scalar(&mut self, node: &Node, indent: usize, context: Context) {
        let text = node.text().unwrap_or_default();
        if let Some(tag) = node.tag.as_deref().filter(|tag| is_kept(tag, node)) {
            self.emitter.push(tag);
            self.emitter.push(" ");
        }
        match written(node, context) {
            ScalarStyle::Plain | ScalarStyle::Omitted => {
                self.emitter.plain(text, indent, Folds::Forbidden);
            }
            ScalarStyle::SingleQuoted => self.single_quoted(text, indent),
            ScalarStyle::DoubleQuoted => {
                self.emitter.double_quoted(text, indent, Folds::Forbidden);
            }
            ScalarStyle::Literal => self.emitter.literal(text, indent),
            ScalarStyle::Folded => self.emitter.folded(text, indent),
        }
    }

    fn single_quoted(&mut self, text: &str, indent: usize) {
        if !text.contains('\n') {
            return self.emitter.single_quoted(text, indent, Folds::Forbidden);
        }
        self.emitter.push("'");
        let mut is_broken = false;
        for char in text.chars() {
            if is_break(char) {
                if !is_broken && char == '\n' {
                    self.emitter.push("\n");
                }
                self.emitter.text.push(char);
                is_broken = true;
                continue;
            }
            if std::mem::take(&mut is_broken) {
                self.emitter.indent(indent);
            }
            if char == '\'' {
                self.emitter.push("'");
            }
            self.emitter.text.push(char);
        }
        self.emitter.push("'");
    }
}

/// Whether a tag is printed: the text does not tell it.
fn is_kept(tag: &str, node: &Node) -> bool {
    let text = node.text().unwrap_or_default();
    tag != "!!str" && Resolved::of(text).tag() != tag
}

fn is_simple_key(key: &Node) -> bool {
    match &key.value {
        NodeValue::Scalar(text, _) => text.len() <= LONGEST_SIMPLE_KEY && !text.contains(is_break),
        NodeValue::Sequence(items) => items.is_empty(),
        NodeValue::Mapping(pairs) => pairs.is_empty(),
    }
}

/// The style that a scalar is written in: its own, as far as its text and its place allow that.
fn written(node: &Node, context: Context) -> ScalarStyle {
    let NodeValue::Scalar(text, own) = &node.value else {
        return ScalarStyle::Plain;
    };
    let is_forced = node.tag.as_deref() == Some("!!str") && Resolved::of(text).tag() != "!!str";
    let wanted = match own {
        ScalarStyle::Plain | ScalarStyle::Omitted if text.contains('\n') => ScalarStyle::Literal,
        ScalarStyle::Plain | ScalarStyle::Omitted if is_forced => ScalarStyle::DoubleQuoted,
        ScalarStyle::Omitted => ScalarStyle::Plain,
        own => *own,
    };
    allowed(text, wanted, context)
}

fn allowed(text: &str, wanted: ScalarStyle, context: Context) -> ScalarStyle {
    let analysis = Analysis::by_characters(text);
    match wanted {
        ScalarStyle::Plain | ScalarStyle::Omitted => {
            let is_plain = if text.is_empty() {
                context == Context::Block
            } else {
                analysis.plain && (context != Context::Flow || is_plain_in_flow(text))
            };
            if is_plain {
                ScalarStyle::Plain
            } else {
                allowed(text, ScalarStyle::SingleQuoted, context)
            }
        }
        ScalarStyle::SingleQuoted if analysis.single_quoted => wanted,
        ScalarStyle::Literal | ScalarStyle::Folded
            if context == Context::Block && is_block(text) =>
        {
            wanted
        }
        _ => ScalarStyle::DoubleQuoted,
    }
}

fn is_plain_in_flow(text: &str) -> bool {
    !text.contains([',', '?', '[', ']', '{', '}', ':'])
}

/// Unlike v2, go-yaml v3 writes tabs in blocks.
fn is_block(text: &str) -> bool {
    let is_plain = |char: char| is_printable(char) || char == '\t';
    !text.is_empty() && text.chars().all(is_plain) && !text.ends_with(' ') && !text.contains(" \n")
}
