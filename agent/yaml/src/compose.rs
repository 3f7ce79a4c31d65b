//! From the parser's events to nodes: anchors, aliases and limits.

use std::collections::HashMap;

use libyaml_safer::{Event, EventData, Parser};

use crate::merge::expand;
use crate::{Document, Limits, Mark, Node, NodeValue, ScalarStyle, YamlError};

/// Reads documents from one text.
pub(crate) struct Composer<'a> {
    parser: Parser<&'a [u8]>,
    limits: &'a Limits,
    anchors: HashMap<String, Anchor>,
    /// Nodes made so far, copies included.
    nodes: usize,
    depth: usize,
}

/// What a name stands for.
enum Anchor {
    /// The node is being read: an alias to it would have no end.
    Open,
    Closed {
        node: Node,
        nodes: usize,
        height: usize,
    },
}

impl<'a> Composer<'a> {
    pub(crate) fn new(text: &'a str, limits: &'a Limits) -> Self {
        let mut parser = Parser::new();
        parser.set_input(text.as_bytes());
        Self {
            parser,
            limits,
            anchors: HashMap::new(),
            nodes: 0,
            depth: 0,
        }
    }

    pub(crate) fn documents(mut self) -> Result<Vec<Document>, YamlError> {
        let mut documents = Vec::new();
        loop {
            match self.next()?.data {
                EventData::StreamEnd => return Ok(documents),
                EventData::DocumentStart { .. } => {
                    self.anchors.clear();
                    let event = self.next()?;
                    let root = self.node(event)?;
                    documents.push(Document { root });
                }
                _ => {}
            }
        }
    }

    fn next(&mut self) -> Result<Event, YamlError> {
        self.parser.parse().map_err(|error| {
            let mark = error.problem_mark().unwrap_or_default();
            YamlError::Syntax {
                mark: at(mark),
                problem: error.problem().to_owned(),
            }
        })
    }

    fn node(&mut self, event: Event) -> Result<Node, YamlError> {
        let mark = at(event.start_mark);
        self.count(mark, 1)?;
        let before = self.nodes;
        let (anchor, tag, node) = match event.data {
            EventData::Alias { anchor } => {
                self.nodes -= 1;
                return self.alias(anchor, mark);
            }
            EventData::Scalar {
                anchor,
                tag,
                value,
                style,
                ..
            } => (
                anchor,
                tag,
                NodeValue::Scalar(value.into(), style_of(style)),
            ),
            EventData::SequenceStart { anchor, tag, .. } => {
                self.open(anchor.as_deref());
                let items = self.nested(mark, Self::sequence)?;
                (anchor, tag, NodeValue::Sequence(items))
            }
            EventData::MappingStart { anchor, tag, .. } => {
                self.open(anchor.as_deref());
                let pairs = self.nested(mark, Self::mapping)?;
                (anchor, tag, NodeValue::Mapping(pairs))
            }
            _ => (None, None, NodeValue::Scalar("".into(), ScalarStyle::Plain)),
        };
        let node = Node {
            value: node,
            tag: tag.as_deref().and_then(short_tag),
            mark,
        };
        if let Some(name) = anchor {
            let nodes = self.nodes + 1 - before;
            let height = height(&node);
            self.anchors.insert(
                name,
                Anchor::Closed {
                    node: node.clone(),
                    nodes,
                    height,
                },
            );
        }
        Ok(node)
    }

    fn sequence(&mut self) -> Result<Vec<Node>, YamlError> {
        let mut items = Vec::new();
        loop {
            let event = self.next()?;
            if matches!(event.data, EventData::SequenceEnd) {
                return Ok(items);
            }
            items.push(self.node(event)?);
        }
    }

    fn mapping(&mut self) -> Result<Vec<(Node, Node)>, YamlError> {
        let mut pairs = Vec::new();
        loop {
            let event = self.next()?;
            if matches!(event.data, EventData::MappingEnd) {
                return expand(pairs);
            }
            let key = self.node(event)?;
            let event = self.next()?;
            pairs.push((key, self.node(event)?));
        }
    }

    fn alias(&mut self, name: String, mark: Mark) -> Result<Node, YamlError> {
        let (node, nodes, height) = match self.anchors.get(&name) {
            None => return Err(YamlError::UnknownAnchor { mark, name }),
            Some(Anchor::Open) => return Err(YamlError::Recursive { mark, name }),
            Some(Anchor::Closed {
                node,
                nodes,
                height,
            }) => (node, *nodes, *height),
        };
        if self.depth + height > self.limits.depth {
            return Err(too_deep(mark, self.limits));
        }
        if self.nodes + nodes > self.limits.nodes {
            return Err(too_many(mark, self.limits));
        }
        self.nodes += nodes;
        Ok(node.clone())
    }

    fn nested<T>(
        &mut self,
        mark: Mark,
        read: impl FnOnce(&mut Self) -> Result<T, YamlError>,
    ) -> Result<T, YamlError> {
        if self.depth == self.limits.depth {
            return Err(too_deep(mark, self.limits));
        }
        self.depth += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }

    fn open(&mut self, anchor: Option<&str>) {
        if let Some(name) = anchor {
            self.anchors.insert(name.to_owned(), Anchor::Open);
        }
    }

    fn count(&mut self, mark: Mark, nodes: usize) -> Result<(), YamlError> {
        self.nodes += nodes;
        if self.nodes > self.limits.nodes {
            return Err(too_many(mark, self.limits));
        }
        Ok(())
    }
}

fn too_deep(mark: Mark, limits: &Limits) -> YamlError {
    YamlError::Limit {
        mark,
        limit: limits.depth,
        unit: "nested collections",
    }
}

fn too_many(mark: Mark, limits: &Limits) -> YamlError {
    YamlError::Limit {
        mark,
        limit: limits.nodes,
        unit: "nodes, aliases expanded",
    }
}

fn height(node: &Node) -> usize {
    let below = match &node.value {
        NodeValue::Scalar(..) => return 0,
        NodeValue::Sequence(items) => items.iter().map(height).max(),
        NodeValue::Mapping(pairs) => pairs
            .iter()
            .map(|(key, value)| height(key).max(height(value)))
            .max(),
    };
    1 + below.unwrap_or(0)
}

/// Go-yaml's short form; a lone `!` says nothing to it.
fn short_tag(tag: &str) -> Option<Box<str>> {
    match tag.strip_prefix("tag:yaml.org,2002:") {
        Some(name) => Some(format!("!!{name}").into()),
        None => (tag != "!").then(|| tag.into()),
    }
}

fn style_of(style: libyaml_safer::ScalarStyle) -> ScalarStyle {
    match style {
        libyaml_safer::ScalarStyle::SingleQuoted => ScalarStyle::SingleQuoted,
        libyaml_safer::ScalarStyle::DoubleQuoted => ScalarStyle::DoubleQuoted,
        libyaml_safer::ScalarStyle::Literal => ScalarStyle::Literal,
        libyaml_safer::ScalarStyle::Folded => ScalarStyle::Folded,
        _ => ScalarStyle::Plain,
    }
}

fn at(mark: libyaml_safer::Mark) -> Mark {
    let count = |from_zero: u64| u32::try_from(from_zero + 1).unwrap_or(u32::MAX);
    Mark {
        line: count(mark.line),
        column: count(mark.column),
    }
}
