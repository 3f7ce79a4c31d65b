//! A document with its layout: aliases and merge keys stay as they are written.

use std::borrow::Cow;
use std::collections::HashMap;

use super::tokens::{Pending, Tokens};
use super::{Layout, Look};
use crate::parser;
use crate::token::Kind;
use crate::{Mark, Node, NodeValue, ScalarStyle, YamlError};

/// Reads the first document of a text that is known to be YAML.
///
/// # Errors
/// If it is none.
pub(crate) fn read(text: &str) -> Result<(Node, Layout), YamlError> {
    let mut reader = Reader {
        tokens: Tokens::new(text),
        tags: HashMap::new(),
        stem: String::new(),
        layout: Layout::default(),
    };
    let root = reader.document()?;
    Ok((root, reader.layout))
}

struct Reader<'a> {
    tokens: Tokens<'a>,
    tags: HashMap<&'a str, Cow<'a, str>>,
    /// The comment above an item that is a collection itself.
    stem: String,
    layout: Layout,
}

/// What may stand here.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Place {
    Block,
    /// A sequence may stand in the column of its key.
    BlockEntry,
    Flow,
}

/// What stands before a node.
#[derive(Default)]
struct Properties {
    look: Look,
    tag: Option<Box<str>>,
    mark: Option<Mark>,
}

impl Reader<'_> {
    fn document(&mut self) -> Result<Node, YamlError> {
        self.directives()?;
        let first = self.tokens.peek()?;
        let root = if first.kind == Kind::DocumentStart {
            self.tokens.skip();
            let next = self.tokens.peek()?;
            match next.kind {
                Kind::DocumentStart | Kind::DocumentEnd | Kind::StreamEnd => empty(next.mark),
                _ => self.node(Place::Block)?,
            }
        } else {
            self.split_document_head();
            self.node(Place::Block)?
        };
        self.tokens.peek()?;
        let rest = self.take();
        self.layout.foot = if rest.foot.is_empty() {
            rest.head
        } else {
            rest.foot
        };
        Ok(root)
    }

    fn directives(&mut self) -> Result<(), YamlError> {
        loop {
            match self.tokens.peek()?.kind {
                Kind::TagDirective { handle, prefix } => drop(self.tags.insert(handle, prefix)),
                Kind::Version => {}
                _ => return Ok(()),
            }
            self.tokens.skip();
        }
    }

    /// What stands above the last blank line is the document's, the rest is the first node's.
    fn split_document_head(&mut self) {
        let head = &mut self.tokens.pending.head;
        let cut = match head.strip_suffix('\n') {
            Some(before) => Some((before.len(), head.len())),
            None => head.rfind("\n\n").map(|end| (end, end + 2)),
        };
        if let Some((end, start)) = cut {
            let rest = head.split_off(start);
            head.truncate(end);
            self.layout.head = std::mem::replace(head, rest);
        }
    }

    /// Takes the comments that wait.
    fn take(&mut self) -> Pending {
        self.stem.clear();
        std::mem::take(&mut self.tokens.pending)
    }

    fn next_is(&mut self, kind: &Kind<'_>) -> Result<bool, YamlError> {
        Ok(self.tokens.peek()?.kind == *kind)
    }

    fn node(&mut self, place: Place) -> Result<Node, YamlError> {
        let next = self.tokens.peek()?;
        if let Kind::Alias(name) = next.kind {
            let node = scalar(name, ScalarStyle::Plain, next.mark);
            let look = Look {
                is_alias: true,
                ..Look::default()
            };
            return Ok(self.leaf(node, look));
        }
        let properties = self.properties()?;
        let next = self.tokens.peek()?;
        let mark = properties.mark.unwrap_or(next.mark);
        let mut node = empty(mark);
        node.tag = properties.tag;
        let mut look = properties.look;
        let in_block = place != Place::Flow;
        match next.kind {
            Kind::Scalar(text, style) => {
                if text == "<<" && style == ScalarStyle::Plain {
                    look.tag.get_or_insert_with(|| "!!merge".into());
                }
                node.value = NodeValue::Scalar(text.into(), style);
                Ok(self.leaf(node, look))
            }
            Kind::BlockEntry if place == Place::BlockEntry => {
                node.value = self.indentless_sequence()?;
                *self.layout.look_mut(&node) = look;
                Ok(node)
            }
            Kind::FlowSequenceStart => self.flow(node, look, Self::flow_sequence),
            Kind::FlowMappingStart => self.flow(node, look, Self::flow_mapping),
            Kind::BlockSequenceStart if in_block => self.block(node, look, Self::block_sequence),
            Kind::BlockMappingStart if in_block => self.block_mapping(node, look),
            _ => {
                if !in_block && node.tag.is_none() {
                    node.value = NodeValue::Scalar("".into(), ScalarStyle::Omitted);
                }
                *self.layout.look_mut(&node) = look;
                Ok(node)
            }
        }
    }

    fn properties(&mut self) -> Result<Properties, YamlError> {
        let mut found = Properties::default();
        loop {
            let token = self.tokens.peek()?;
            match token.kind {
                Kind::Anchor(name) if found.look.anchor.is_none() => {
                    found.look.anchor = Some(name.into());
                }
                Kind::Tag { handle, suffix } if found.tag.is_none() => {
                    let tag = parser::short_tag(&self.tags, (handle, &suffix), token.mark)?;
                    found.look.tag = Some(tag.clone()).filter(|tag| **tag != *"!");
                    found.tag = Some(tag);
                }
                _ => return Ok(found),
            }
            found.mark.get_or_insert(token.mark);
            self.tokens.skip();
        }
    }

    /// A scalar or an alias, with the comments around it.
    fn leaf(&mut self, node: Node, look: Look) -> Node {
        let Pending { head, line, foot } = self.take();
        self.tokens.skip();
        *self.layout.look_mut(&node) = Look {
            head,
            line,
            foot,
            ..look
        };
        node
    }

    fn block(
        &mut self,
        mut node: Node,
        mut look: Look,
        read: impl FnOnce(&mut Self) -> Result<NodeValue, YamlError>,
    ) -> Result<Node, YamlError> {
        look.head = std::mem::take(&mut self.stem);
        node.value = read(self)?;
        *self.layout.look_mut(&node) = look;
        Ok(node)
    }

    /// A collection in brackets: the comments around its end are its own.
    fn flow(
        &mut self,
        mut node: Node,
        mut look: Look,
        read: impl FnOnce(&mut Self) -> Result<NodeValue, YamlError>,
    ) -> Result<Node, YamlError> {
        look.head = self.take().head;
        look.in_brackets = true;
        self.tokens.skip();
        node.value = read(self)?;
        let Pending { line, foot, .. } = self.take();
        (look.line, look.foot) = (line, foot);
        self.tokens.skip();
        *self.layout.look_mut(&node) = look;
        Ok(node)
    }

    fn block_sequence(&mut self) -> Result<NodeValue, YamlError> {
        self.tokens.skip();
        let mut items = Vec::new();
        while self.next_is(&Kind::BlockEntry)? {
            items.push(self.block_item(&[Kind::BlockEntry, Kind::BlockEnd])?);
        }
        self.tokens.skip();
        Ok(NodeValue::Sequence(items))
    }

    fn indentless_sequence(&mut self) -> Result<NodeValue, YamlError> {
        const ENDS: [Kind<'static>; 4] = [Kind::BlockEntry, Kind::Key, Kind::Value, Kind::BlockEnd];
        let mut items = Vec::new();
        while self.next_is(&Kind::BlockEntry)? {
            items.push(self.block_item(&ENDS)?);
        }
        Ok(NodeValue::Sequence(items))
    }

    fn block_item(&mut self, ends: &[Kind<'_>]) -> Result<Node, YamlError> {
        let after = self.tokens.peek()?.after();
        let before = self.tokens.pending.head.len();
        self.tokens.skip();
        self.split_stem(before)?;
        let next = self.tokens.peek()?;
        if ends.contains(&next.kind) {
            return Ok(empty(after));
        }
        self.node(Place::Block)
    }

    /// What stands above an item is for the collection that it is, and not for that one's first entry.
    fn split_stem(&mut self, length: usize) -> Result<(), YamlError> {
        let starts =
            |kind: &Kind<'_>| matches!(kind, Kind::BlockSequenceStart | Kind::BlockMappingStart);
        if length > 0 && starts(&self.tokens.peek()?.kind) {
            let head = &mut self.tokens.pending.head;
            let rest = head.get(length + 1..).unwrap_or_default().to_owned();
            head.truncate(length);
            self.stem = std::mem::replace(head, rest);
        }
        Ok(())
    }

    fn block_mapping(&mut self, mut node: Node, mut look: Look) -> Result<Node, YamlError> {
        look.head = std::mem::take(&mut self.stem);
        self.tokens.skip();
        let mut pairs: Vec<(Node, Node)> = Vec::new();
        loop {
            let token = self.tokens.peek()?;
            if !matches!(token.kind, Kind::Key | Kind::Value) {
                break;
            }
            let key = if token.kind == Kind::Key {
                self.block_entry()?
            } else {
                empty(token.mark)
            };
            self.move_foot(&key, pairs.last().map(|(before, _)| before));
            let token = self.tokens.peek()?;
            let value = if token.kind == Kind::Value {
                self.block_entry()?
            } else {
                empty(token.mark)
            };
            self.raise_foot(&key, &value);
            pairs.push((key, value));
        }
        let foot = self.take();
        self.tokens.skip();
        look.line = foot.line;
        match pairs.last().filter(|_| !foot.foot.is_empty()) {
            Some((last, _)) => self.layout.look_mut(last).foot = foot.foot,
            None => look.foot = foot.foot,
        }
        node.value = NodeValue::Mapping(pairs);
        *self.layout.look_mut(&node) = look;
        Ok(node)
    }

    /// A comment below a key belongs to the entry before it.
    fn move_foot(&mut self, key: &Node, before: Option<&Node>) {
        if let Some(before) = before {
            let foot = std::mem::take(&mut self.layout.look_mut(key).foot);
            if !foot.is_empty() {
                self.layout.look_mut(before).foot = foot;
            }
        }
    }

    /// A comment below a value is one below its key.
    fn raise_foot(&mut self, key: &Node, value: &Node) {
        if self.layout.look_mut(key).foot.is_empty() {
            let foot = std::mem::take(&mut self.layout.look_mut(value).foot);
            self.layout.look_mut(key).foot = foot;
        }
    }

    /// A key or a value of a block mapping.
    fn block_entry(&mut self) -> Result<Node, YamlError> {
        let after = self.tokens.peek()?.after();
        self.tokens.skip();
        match self.tokens.peek()?.kind {
            Kind::Key | Kind::Value | Kind::BlockEnd => Ok(empty(after)),
            _ => self.node(Place::BlockEntry),
        }
    }

    fn flow_sequence(&mut self) -> Result<NodeValue, YamlError> {
        let mut items: Vec<Node> = Vec::new();
        while !self.next_is(&Kind::FlowSequenceEnd)? {
            if !items.is_empty() {
                self.tokens.skip();
            }
            let next = self.tokens.peek()?;
            match next.kind {
                Kind::FlowSequenceEnd => break,
                Kind::Key => {
                    let mut node = empty(next.mark);
                    let (key, value) = self.flow_pair()?;
                    self.raise_foot(&key, &value);
                    node.value = NodeValue::Mapping(vec![(key, value)]);
                    self.layout.look_mut(&node).in_brackets = true;
                    items.push(node);
                }
                _ => items.push(self.node(Place::Flow)?),
            }
        }
        Ok(NodeValue::Sequence(items))
    }

    fn flow_mapping(&mut self) -> Result<NodeValue, YamlError> {
        let mut pairs: Vec<(Node, Node)> = Vec::new();
        while !self.next_is(&Kind::FlowMappingEnd)? {
            if !pairs.is_empty() {
                self.tokens.skip();
            }
            let (key, value) = match self.tokens.peek()?.kind {
                Kind::FlowMappingEnd => break,
                Kind::Key => self.flow_pair()?,
                _ => {
                    let key = self.node(Place::Flow)?;
                    let mark = self.tokens.peek()?.mark;
                    (key, omitted(mark))
                }
            };
            self.raise_foot(&key, &value);
            pairs.push((key, value));
        }
        Ok(NodeValue::Mapping(pairs))
    }

    fn flow_pair(&mut self) -> Result<(Node, Node), YamlError> {
        self.tokens.skip();
        let key = self.flow_entry()?;
        let next = self.tokens.peek()?;
        if next.kind != Kind::Value {
            return Ok((key, omitted(next.mark)));
        }
        self.tokens.skip();
        Ok((key, self.flow_entry()?))
    }

    fn flow_entry(&mut self) -> Result<Node, YamlError> {
        let next = self.tokens.peek()?;
        match next.kind {
            Kind::Value | Kind::FlowEntry | Kind::FlowSequenceEnd | Kind::FlowMappingEnd => {
                Ok(omitted(next.mark))
            }
            _ => self.node(Place::Flow),
        }
    }
}

fn scalar(text: &str, style: ScalarStyle, mark: Mark) -> Node {
    let mut node = Node::scalar(text, style);
    node.mark = mark;
    node
}

fn empty(mark: Mark) -> Node {
    scalar("", ScalarStyle::Plain, mark)
}

fn omitted(mark: Mark) -> Node {
    scalar("", ScalarStyle::Omitted, mark)
}
