//! From tokens to nodes: YAML's grammar as libyaml has it, with anchors, tags and limits.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::anchor::{Anchors, Target};
use crate::merge::{expand, is_merge};
use crate::scanner::{Scanner, syntax};
use crate::token::{Kind, Token};
use crate::{Document, Limits, Mark, Node, NodeValue, ScalarStyle, YamlError};

/// Reads the documents of one text.
pub(crate) struct Parser<'a> {
    scanner: Scanner<'a>,
    limits: &'a Limits,
    anchors: Anchors<'a>,
    /// The handles that `%TAG` lines declare, with their prefixes.
    tags: HashMap<&'a str, Cow<'a, str>>,
    /// Nodes made so far, copies included.
    nodes: usize,
    copies: usize,
    /// Whether the value of a block's merge key is being read.
    merges_into_block: bool,
    depth: usize,
}

/// Where a node stands.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Place {
    Block,
    /// As key or value of a block mapping, where a sequence need not be indented.
    BlockEntry,
    Flow,
}

/// What may stand before a node.
#[derive(Default)]
struct Properties<'a> {
    anchor: Option<&'a str>,
    tag: Option<Box<str>>,
    mark: Option<Mark>,
}

type Pair = (Node, Node);

impl<'a> Parser<'a> {
    pub(crate) fn new(text: &'a str, limits: &'a Limits) -> Self {
        Self {
            scanner: Scanner::new(text),
            limits,
            anchors: Anchors::default(),
            tags: HashMap::new(),
            nodes: 0,
            copies: 0,
            merges_into_block: false,
            depth: 0,
        }
    }

    pub(crate) fn documents(mut self) -> Result<Vec<Document>, YamlError> {
        let mut documents = Vec::new();
        loop {
            while !documents.is_empty() && self.next_is(&Kind::DocumentEnd)? {
                self.scanner.take()?;
            }
            if self.next_is(&Kind::StreamEnd)? {
                return Ok(documents);
            }
            let root = self.document(documents.len())?;
            documents.push(Document { root });
            self.anchors.clear();
            self.tags.clear();
        }
    }

    /// The first document; what is behind it may be anything.
    pub(crate) fn first(mut self) -> Result<Option<Document>, YamlError> {
        if self.next_is(&Kind::StreamEnd)? {
            return Ok(None);
        }
        let root = self.document(0)?;
        Ok(Some(Document { root }))
    }

    /// A document that others stand before; only the first may come without `---`.
    fn document(&mut self, before: usize) -> Result<Node, YamlError> {
        let has_directives = self.directives()?;
        let next = self.scanner.peek()?;
        if next.kind != Kind::DocumentStart {
            if before == 0 && !has_directives {
                return self.node(Place::Block);
            }
            return Err(syntax(
                next.mark,
                "a new document needs '---' before it; add that, or correct the indentation",
            ));
        }
        let start = self.scanner.take()?;
        let next = self.scanner.peek()?;
        match next.kind {
            Kind::Version
            | Kind::TagDirective { .. }
            | Kind::DocumentStart
            | Kind::DocumentEnd
            | Kind::StreamEnd => self.empty(start.mark, ScalarStyle::Plain),
            _ => self.node(Place::Block),
        }
    }

    fn directives(&mut self) -> Result<bool, YamlError> {
        let mut found = false;
        while matches!(
            self.scanner.peek()?.kind,
            Kind::Version | Kind::TagDirective { .. }
        ) {
            if let Kind::TagDirective { handle, prefix } = self.scanner.take()?.kind {
                self.tags.insert(handle, prefix);
            }
            found = true;
        }
        Ok(found)
    }

    fn node(&mut self, place: Place) -> Result<Node, YamlError> {
        if let Kind::Alias(name) = self.scanner.peek()?.kind {
            let mark = self.scanner.take()?.mark;
            let node = self.alias(name, mark)?;
            let stays_in_flow = place == Place::Flow && !self.merges_into_block;
            return Ok(if stays_in_flow { in_flow(node) } else { node });
        }
        let properties = self.properties()?;
        let next = self.scanner.peek()?;
        let mark = properties.mark.unwrap_or(next.mark);
        self.count(1, mark)?;
        if let Some(name) = properties.anchor {
            self.anchors.open(name);
        }
        let value = self.value(place, &properties, mark)?;
        let node = Node {
            value,
            tag: properties.tag,
            mark,
        };
        if let Some(name) = properties.anchor {
            let target = Target::new(&node);
            self.count_copies(target.nodes, mark)?;
            self.anchors.close(name, target);
        }
        Ok(node)
    }

    fn value(
        &mut self,
        place: Place,
        properties: &Properties<'a>,
        mark: Mark,
    ) -> Result<NodeValue, YamlError> {
        let next = self.scanner.peek()?;
        match &next.kind {
            Kind::Scalar(..) => match self.scanner.take()?.kind {
                Kind::Scalar(text, style) => Ok(NodeValue::Scalar(text.into(), style)),
                _ => Ok(NodeValue::Scalar("".into(), ScalarStyle::Plain)),
            },
            Kind::BlockEntry if place == Place::BlockEntry => {
                self.nested(mark, Self::indentless_sequence)
            }
            Kind::FlowSequenceStart => self.nested(mark, Self::flow_sequence),
            Kind::FlowMappingStart => self.nested(mark, Self::flow_mapping),
            Kind::BlockSequenceStart if place != Place::Flow => {
                self.nested(mark, Self::block_sequence)
            }
            Kind::BlockMappingStart if place != Place::Flow => {
                self.nested(mark, Self::block_mapping)
            }
            _ if properties.mark.is_some() => {
                let omitted = place == Place::Flow && properties.tag.is_none();
                let style = if omitted {
                    ScalarStyle::Omitted
                } else {
                    ScalarStyle::Plain
                };
                Ok(NodeValue::Scalar("".into(), style))
            }
            kind => Err(unexpected(kind, next.mark)),
        }
    }

    fn properties(&mut self) -> Result<Properties<'a>, YamlError> {
        let mut found = Properties::default();
        loop {
            let is_new = match &self.scanner.peek()?.kind {
                Kind::Anchor(_) => found.anchor.is_none(),
                Kind::Tag { .. } => found.tag.is_none(),
                _ => false,
            };
            if !is_new {
                return Ok(found);
            }
            let token = self.scanner.take()?;
            found.mark.get_or_insert(token.mark);
            match token.kind {
                Kind::Anchor(name) => found.anchor = Some(name),
                Kind::Tag { handle, suffix } => {
                    found.tag = Some(short_tag(&self.tags, (handle, &suffix), token.mark)?);
                }
                _ => {}
            }
        }
    }

    fn alias(&mut self, name: &str, mark: Mark) -> Result<Node, YamlError> {
        let target = self.anchors.find(name, mark)?;
        let (nodes, height) = (target.nodes, target.height);
        if self.depth + height > self.limits.depth {
            return Err(too_deep(mark, self.limits));
        }
        self.count(nodes, mark)?;
        self.count_copies(nodes, mark)?;
        self.anchors.find(name, mark).map(Target::copy)
    }

    fn block_sequence(&mut self) -> Result<NodeValue, YamlError> {
        let start = self.scanner.take()?.mark;
        let mut items = Vec::new();
        loop {
            let token = self.scanner.take()?;
            match token.kind {
                Kind::BlockEntry => {}
                Kind::BlockEnd => return Ok(NodeValue::Sequence(items)),
                _ => {
                    let problem = format!(
                        "this does not belong to the sequence that begins at {start}; correct the indentation"
                    );
                    return Err(syntax(token.mark, problem));
                }
            }
            let ends = |next: &Kind<'_>| matches!(next, Kind::BlockEntry | Kind::BlockEnd);
            items.push(self.node_unless(ends, Place::Block, &token)?);
        }
    }

    fn indentless_sequence(&mut self) -> Result<NodeValue, YamlError> {
        let mut items = Vec::new();
        while self.next_is(&Kind::BlockEntry)? {
            let token = self.scanner.take()?;
            let ends = |next: &Kind<'_>| {
                matches!(
                    next,
                    Kind::BlockEntry | Kind::Key | Kind::Value | Kind::BlockEnd
                )
            };
            items.push(self.node_unless(ends, Place::Block, &token)?);
        }
        Ok(NodeValue::Sequence(items))
    }

    fn block_mapping(&mut self) -> Result<NodeValue, YamlError> {
        let start = self.scanner.take()?.mark;
        let mut pairs = Vec::new();
        loop {
            let token = self.scanner.take()?;
            match token.kind {
                Kind::Key => {}
                Kind::BlockEnd => return expand(pairs).map(NodeValue::Mapping),
                _ => {
                    let problem = format!(
                        "this does not belong to the mapping that begins at {start}; correct the indentation"
                    );
                    return Err(syntax(token.mark, problem));
                }
            }
            let key = self.block_entry(&token)?;
            let value = if self.next_is(&Kind::Value)? {
                let token = self.scanner.take()?;
                self.merges_into_block = is_merge(&key);
                let value = self.block_entry(&token)?;
                self.merges_into_block = false;
                value
            } else {
                let mark = self.scanner.peek()?.mark;
                self.empty(mark, ScalarStyle::Plain)?
            };
            pairs.push((key, value));
        }
    }

    /// A key or a value of a block mapping.
    fn block_entry(&mut self, indicator: &Token<'a>) -> Result<Node, YamlError> {
        let ends = |next: &Kind<'_>| matches!(next, Kind::Key | Kind::Value | Kind::BlockEnd);
        self.node_unless(ends, Place::BlockEntry, indicator)
    }

    fn flow_sequence(&mut self) -> Result<NodeValue, YamlError> {
        self.scanner.take()?;
        let mut items = Vec::new();
        while !self.next_is(&Kind::FlowSequenceEnd)? {
            if !items.is_empty() {
                self.comma("']'")?;
            }
            match self.scanner.peek()?.kind {
                Kind::FlowSequenceEnd => break,
                Kind::Key => {
                    let mark = self.scanner.peek()?.mark;
                    self.count(1, mark)?;
                    let value = self.nested(mark, Self::single_pair)?;
                    items.push(Node {
                        value,
                        tag: None,
                        mark,
                    });
                }
                _ => items.push(self.node(Place::Flow)?),
            }
        }
        self.scanner.take()?;
        Ok(NodeValue::Sequence(items))
    }

    /// `key: value` in a flow sequence is a mapping.
    fn single_pair(&mut self) -> Result<NodeValue, YamlError> {
        let pair = self.flow_pair()?;
        expand(vec![pair]).map(NodeValue::Mapping)
    }

    fn flow_mapping(&mut self) -> Result<NodeValue, YamlError> {
        self.scanner.take()?;
        let mut pairs = Vec::new();
        while !self.next_is(&Kind::FlowMappingEnd)? {
            if !pairs.is_empty() {
                self.comma("'}'")?;
            }
            match self.scanner.peek()?.kind {
                Kind::FlowMappingEnd => break,
                Kind::Key => pairs.push(self.flow_pair()?),
                _ => {
                    let key = self.node(Place::Flow)?;
                    let mark = self.scanner.peek()?.mark;
                    pairs.push((key, self.empty(mark, ScalarStyle::Omitted)?));
                }
            }
        }
        self.scanner.take()?;
        expand(pairs).map(NodeValue::Mapping)
    }

    fn flow_pair(&mut self) -> Result<Pair, YamlError> {
        self.scanner.take()?;
        let key = self.flow_entry()?;
        if !self.next_is(&Kind::Value)? {
            let mark = self.scanner.peek()?.mark;
            return Ok((key, self.empty(mark, ScalarStyle::Omitted)?));
        }
        self.scanner.take()?;
        Ok((key, self.flow_entry()?))
    }

    /// A key or a value of a flow mapping.
    fn flow_entry(&mut self) -> Result<Node, YamlError> {
        let next = self.scanner.peek()?;
        match next.kind {
            Kind::Value | Kind::FlowEntry | Kind::FlowSequenceEnd | Kind::FlowMappingEnd => {
                let mark = next.mark;
                self.empty(mark, ScalarStyle::Omitted)
            }
            _ => self.node(Place::Flow),
        }
    }

    fn comma(&mut self, or: &str) -> Result<(), YamlError> {
        let token = self.scanner.take()?;
        if token.kind == Kind::FlowEntry {
            return Ok(());
        }
        Err(syntax(
            token.mark,
            format!("expected ',' or {or} here; add it, or quote the text"),
        ))
    }

    /// A node after an indicator, or nothing if the next token ends it.
    fn node_unless(
        &mut self,
        ends: impl Fn(&Kind<'_>) -> bool,
        place: Place,
        indicator: &Token<'a>,
    ) -> Result<Node, YamlError> {
        if ends(&self.scanner.peek()?.kind) {
            return self.empty(indicator.after(), ScalarStyle::Plain);
        }
        self.node(place)
    }

    fn empty(&mut self, mark: Mark, style: ScalarStyle) -> Result<Node, YamlError> {
        self.count(1, mark)?;
        let value = NodeValue::Scalar("".into(), style);
        Ok(Node {
            value,
            tag: None,
            mark,
        })
    }

    fn nested(
        &mut self,
        mark: Mark,
        read: impl FnOnce(&mut Self) -> Result<NodeValue, YamlError>,
    ) -> Result<NodeValue, YamlError> {
        if self.depth >= self.limits.depth {
            return Err(too_deep(mark, self.limits));
        }
        self.depth += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }

    fn next_is(&mut self, kind: &Kind<'_>) -> Result<bool, YamlError> {
        Ok(self.scanner.peek()?.kind == *kind)
    }

    fn count(&mut self, nodes: usize, mark: Mark) -> Result<(), YamlError> {
        self.nodes += nodes;
        let limit = self.limits.nodes;
        if self.nodes <= limit {
            return Ok(());
        }
        let unit = "nodes, aliases expanded";
        Err(YamlError::Limit { mark, limit, unit })
    }

    fn count_copies(&mut self, nodes: usize, mark: Mark) -> Result<(), YamlError> {
        self.copies += nodes;
        let limit = self.limits.copies;
        if self.copies <= limit {
            return Ok(());
        }
        let unit = "nodes copied for anchors and aliases";
        Err(YamlError::Limit { mark, limit, unit })
    }
}

/// The short form of a tag.
pub(crate) fn short_tag(
    declared: &HashMap<&str, Cow<'_, str>>,
    (handle, suffix): (&str, &str),
    mark: Mark,
) -> Result<Box<str>, YamlError> {
    let long = match (declared.get(handle), handle) {
        (Some(prefix), _) => format!("{prefix}{suffix}"),
        (None, "") => suffix.to_owned(),
        (None, "!") => format!("!{suffix}"),
        (None, "!!") => return Ok(format!("!!{suffix}").into()),
        (None, _) => {
            let problem =
                format!("the tag handle {handle} is not declared; add a %TAG line for it");
            return Err(syntax(mark, problem));
        }
    };
    Ok(match long.strip_prefix("tag:yaml.org,2002:") {
        Some(name) => format!("!!{name}").into(),
        None => long.into(),
    })
}

/// In a flow collection, kustomize prints what was left out as an empty text, and blocks in quotes.
fn in_flow(mut node: Node) -> Node {
    match &mut node.value {
        NodeValue::Scalar(text, style) => {
            *style = match *style {
                ScalarStyle::Plain if text.is_empty() && node.tag.is_none() => ScalarStyle::Omitted,
                ScalarStyle::Folded | ScalarStyle::Literal => ScalarStyle::DoubleQuoted,
                style => style,
            };
        }
        NodeValue::Sequence(items) => {
            *items = std::mem::take(items).into_iter().map(in_flow).collect();
        }
        NodeValue::Mapping(pairs) => {
            let both = |(key, value)| (in_flow(key), in_flow(value));
            *pairs = std::mem::take(pairs).into_iter().map(both).collect();
        }
    }
    node
}

fn unexpected(kind: &Kind<'_>, mark: Mark) -> YamlError {
    let problem = match kind {
        Kind::StreamEnd => "the text ends where a value is expected; close all brackets",
        Kind::DocumentStart | Kind::DocumentEnd => {
            "the document ends where a value is expected; add one, or close all brackets"
        }
        Kind::BlockEntry | Kind::BlockSequenceStart => {
            "a sequence is not allowed here; indent it, or quote the text"
        }
        Kind::FlowEntry => "a value is missing before the comma; add it, or remove the comma",
        Kind::FlowSequenceEnd | Kind::FlowMappingEnd => {
            "this closes no bracket that is open here; correct it, or quote the text"
        }
        _ => "a value is expected here; add one, or quote the text",
    };
    syntax(mark, problem)
}

fn too_deep(mark: Mark, limits: &Limits) -> YamlError {
    YamlError::Limit {
        mark,
        limit: limits.depth,
        unit: "nested collections",
    }
}
