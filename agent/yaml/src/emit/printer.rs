//! Nodes to text with their own order, styles and comments: go-yaml v3's emitter.
//!
//! Comments wait in four slots until the emitter comes to a place for them, so that those of nodes whose
//! place never comes move on to the next one. That is kept, since texts are to be the same.

use super::Emitter;
use super::scalar::{self, Context};
use crate::layout::{Layout, Look};
use crate::{Node, NodeValue, ScalarStyle};

/// The comments that wait.
#[derive(Default)]
struct Pending {
    head: String,
    line: String,
    foot: String,
    /// Those below the entry before.
    tail: String,
    /// That behind a key whose value is not written yet.
    key_line: String,
}

pub(super) struct Printer<'a, 'b> {
    emitter: Emitter<'a>,
    layout: &'b Layout,
    pending: Pending,
    indent: Option<usize>,
    /// The column at which a comment below something ended just now.
    foot_indent: Option<usize>,
    flow_level: usize,
    after_whitespace: bool,
    /// Whether the line has nothing but indentation so far, indicators of blocks included.
    is_indentation: bool,
}

/// How an indicator takes part in spacing.
#[derive(Debug, Clone, Copy)]
struct Indicator {
    needs_space: bool,
    /// Whether no space is needed behind it.
    is_space: bool,
    /// Whether the line still counts as indentation.
    indents: bool,
}

const INLINE: Indicator = Indicator {
    needs_space: false,
    is_space: false,
    indents: false,
};
const SPACED: Indicator = Indicator {
    needs_space: true,
    ..INLINE
};
const BRACKET: Indicator = Indicator {
    is_space: true,
    ..SPACED
};
const BLOCK: Indicator = Indicator {
    indents: true,
    ..SPACED
};

/// Where a node stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Root,
    Item,
    /// A value, or a key behind `?`.
    Entry,
    SimpleKey,
}

impl<'a, 'b> Printer<'a, 'b> {
    pub(super) fn new(emitter: Emitter<'a>, layout: &'b Layout) -> Self {
        Self {
            emitter,
            layout,
            pending: Pending::default(),
            indent: None,
            foot_indent: None,
            flow_level: 0,
            after_whitespace: true,
            is_indentation: true,
        }
    }

    pub(super) fn document(&mut self, root: &Node) {
        self.pending.head.clone_from(&self.layout.head);
        if !self.pending.head.is_empty() {
            self.write_head();
            self.break_line();
        }
        self.announce(root, "");
        self.write_head();
        self.element(root, Place::Root);
        self.foot_indent = Some(0);
        set(&mut self.pending.foot, &self.layout.foot);
        self.write_foot();
        self.foot_indent = None;
        self.start_line();
    }

    fn look(&self, node: &Node) -> Option<&'b Look> {
        self.layout.look(node)
    }

    /// Lets the comments of a node wait that come before its content, or with it.
    fn announce(&mut self, node: &Node, tail: &str) {
        set(&mut self.pending.tail, tail);
        let Some(look) = self.look(node) else {
            return;
        };
        set(&mut self.pending.head, &look.head);
        if matches!(node.value, NodeValue::Scalar(..)) {
            set(&mut self.pending.line, &look.line);
            set(&mut self.pending.foot, &look.foot);
        }
    }

    /// Lets the comments of a collection wait that come behind its content.
    fn announce_end(&mut self, node: &Node, tail: &str) {
        set(&mut self.pending.tail, tail);
        if let Some(look) = self.look(node) {
            set(&mut self.pending.line, &look.line);
            set(&mut self.pending.foot, &look.foot);
        }
    }

    /// A node with the comments behind and below it; answers whether it has put a comma itself.
    fn element(&mut self, node: &Node, place: Place) -> bool {
        let is_in_flow = self.flow_level > 0;
        let has_comments = self.has_comments_behind();
        self.open(node, place);
        if is_in_flow && self.has_comments_behind() {
            self.indicator(",", INLINE);
        }
        self.write_line();
        self.write_foot();
        self.content(node, place);
        has_comments
    }

    fn has_comments_behind(&self) -> bool {
        let Pending {
            line, foot, tail, ..
        } = &self.pending;
        !(line.is_empty() && foot.is_empty() && tail.is_empty())
    }

    /// Anchor and tag of a node, and all of a scalar.
    fn open(&mut self, node: &Node, place: Place) {
        let look = self.look(node);
        if let Some(name) = look.and_then(|look| look.anchor.as_deref()) {
            self.indicator("&", SPACED);
            self.emitter.push(name);
        }
        let NodeValue::Scalar(text, _) = &node.value else {
            if let Some(tag) = look.and_then(|look| look.tag.as_deref()) {
                self.indicator(&scalar::written_tag(tag), SPACED);
            }
            return;
        };
        if look.is_some_and(|look| look.is_alias) {
            self.indicator("*", SPACED);
            self.emitter.push(text);
            return;
        }
        if let Some(tag) = scalar::tag(node, look) {
            self.indicator(&scalar::written_tag(tag), SPACED);
        }
        self.scalar(node, place);
    }

    fn scalar(&mut self, node: &Node, place: Place) {
        let text = node.text().unwrap_or_default();
        let context = match place {
            _ if self.flow_level > 0 => Context::Flow,
            Place::SimpleKey => Context::Key,
            _ => Context::Block,
        };
        let outer = self.indent;
        let indent = outer.map_or(2, |indent| indent + 2);
        let style = scalar::style(node, self.look(node), context);
        if style != ScalarStyle::Plain || !text.is_empty() {
            self.space();
        }
        let is_block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
        if is_block {
            let mark = if style == ScalarStyle::Literal {
                "|"
            } else {
                ">"
            };
            self.emitter.push(mark);
            self.emitter.block_hints(text);
            if self.pending.line.is_empty() {
                self.emitter.break_line();
            } else {
                self.indent = Some(indent);
                self.write_line();
                self.indent = outer;
            }
        }
        self.emitter.styled(text, style, indent);
        self.after_whitespace =
            is_block || style == ScalarStyle::Plain && text.is_empty() && self.after_whitespace;
        self.is_indentation = self.emitter.at_line_start;
    }

    /// What a collection holds.
    fn content(&mut self, node: &Node, place: Place) {
        let is_flow = self.flow_level > 0 || self.look(node).is_some_and(|look| look.in_brackets);
        match &node.value {
            NodeValue::Scalar(..) => {}
            NodeValue::Sequence(items) if is_flow || items.is_empty() => {
                self.flow_sequence(node, items);
            }
            NodeValue::Mapping(pairs) if is_flow || pairs.is_empty() => {
                self.flow_mapping(node, pairs);
            }
            NodeValue::Sequence(items) => self.block_sequence(node, items, place),
            NodeValue::Mapping(pairs) => self.block_mapping(node, pairs),
        }
    }

    fn block_sequence(&mut self, node: &Node, items: &[Node], place: Place) {
        let outer = self.indent;
        let starts_line = self.emitter.column() == 0 || !self.is_indentation;
        let is_compact = place == Place::Entry && starts_line;
        self.indent = Some(outer.map_or(0, |indent| if is_compact { indent } else { indent + 2 }));
        for item in items {
            self.announce(item, "");
            self.write_head();
            self.start_line();
            self.indicator("-", BLOCK);
            self.element(item, Place::Item);
        }
        self.announce_end(node, "");
        self.indent = outer;
    }

    fn block_mapping(&mut self, node: &Node, pairs: &[(Node, Node)]) {
        let outer = self.indent;
        self.indent = Some(outer.map_or(0, |indent| indent + 2));
        let mut tail = "";
        for (key, value) in pairs {
            let foot = self.key_comments(key, tail);
            self.write_head();
            self.start_line();
            if !self.pending.line.is_empty() {
                self.pending.key_line = std::mem::take(&mut self.pending.line);
            }
            if self.is_simple(key) {
                self.open(key, Place::SimpleKey);
                self.content(key, Place::SimpleKey);
                self.announce(value, "");
                self.indicator(":", INLINE);
            } else {
                self.indicator("?", BLOCK);
                self.open(key, Place::Entry);
                self.content(key, Place::Entry);
                self.announce(value, "");
                self.start_line();
                self.indicator(":", BLOCK);
            }
            self.place_key_comment(value);
            self.element(value, Place::Entry);
            tail = foot;
        }
        self.announce_end(node, tail);
        self.write_head();
        self.indent = outer;
    }

    /// Announces a key, all but the comment below it, which waits for the end of its value.
    fn key_comments(&mut self, key: &Node, tail: &str) -> &'b str {
        let before = std::mem::take(&mut self.pending.foot);
        self.announce(key, tail);
        self.pending.foot = before;
        self.look(key).map_or("", |look| &look.foot)
    }

    /// A comment behind a key goes behind a scalar value, or above what a block holds.
    fn place_key_comment(&mut self, value: &Node) {
        if self.pending.key_line.is_empty() {
            return;
        }
        let in_brackets = self.look(value).is_some_and(|look| look.in_brackets);
        let Pending { line, key_line, .. } = &mut self.pending;
        let is_alias = self.layout.look(value).is_some_and(|look| look.is_alias);
        match value.value {
            NodeValue::Scalar(..) if is_alias => {}
            NodeValue::Scalar(..) if line.is_empty() => *line = std::mem::take(key_line),
            NodeValue::Sequence(_) | NodeValue::Mapping(_) if !in_brackets => {
                std::mem::swap(line, key_line);
                self.write_line();
                std::mem::swap(&mut self.pending.line, &mut self.pending.key_line);
            }
            _ => {}
        }
    }

    fn flow_sequence(&mut self, node: &Node, items: &[Node]) {
        let outer = self.open_flow("[");
        let mut needs_comma = false;
        for item in items {
            self.announce(item, "");
            if needs_comma {
                self.indicator(",", INLINE);
            }
            self.flow_entry();
            needs_comma = !self.element(item, Place::Item);
        }
        self.announce_end(node, "");
        self.flow_level -= 1;
        self.indent = outer;
        if self.emitter.column() == 0 {
            self.start_line();
        }
        self.close_flow("]");
    }

    fn flow_mapping(&mut self, node: &Node, pairs: &[(Node, Node)]) {
        let outer = self.open_flow("{");
        let mut needs_comma = false;
        let mut tail = "";
        for (key, value) in pairs {
            let foot = self.key_comments(key, tail);
            if needs_comma {
                self.indicator(",", INLINE);
            }
            self.flow_entry();
            let is_simple = self.is_simple(key);
            if is_simple {
                self.open(key, Place::SimpleKey);
                self.content(key, Place::SimpleKey);
            } else {
                self.indicator("?", SPACED);
                self.open(key, Place::Entry);
                self.content(key, Place::Entry);
            }
            self.announce(value, "");
            self.indicator(":", if is_simple { INLINE } else { SPACED });
            needs_comma = !self.element(value, Place::Entry);
            tail = foot;
        }
        self.announce_end(node, tail);
        let Pending {
            head, foot, tail, ..
        } = &self.pending;
        let has_comments = !(head.is_empty() && foot.is_empty() && tail.is_empty());
        if has_comments && needs_comma {
            self.indicator(",", INLINE);
        }
        self.write_head();
        self.flow_level -= 1;
        self.indent = outer;
        self.close_flow("}");
    }

    fn open_flow(&mut self, bracket: &str) -> Option<usize> {
        self.indicator(bracket, BRACKET);
        let outer = self.indent;
        self.indent = Some(outer.map_or(2, |indent| indent + 2));
        self.flow_level += 1;
        outer
    }

    fn close_flow(&mut self, bracket: &str) {
        self.indicator(bracket, INLINE);
        self.write_line();
        self.write_foot();
    }

    fn flow_entry(&mut self) {
        self.write_head();
        if self.emitter.column() == 0 {
            self.start_line();
        }
    }

    fn is_simple(&self, key: &Node) -> bool {
        let look = self.look(key);
        let anchor = look.and_then(|look| look.anchor.as_deref());
        let tag = look.and_then(|look| look.tag.as_deref());
        scalar::is_simple_key(key)
            && anchor.map_or(0, str::len) + tag.map_or(0, str::len) + key.text().map_or(0, str::len)
                <= super::LONGEST_SIMPLE_KEY
    }
}

/// Writing the small parts.
impl Printer<'_, '_> {
    fn indicator(&mut self, text: &str, kind: Indicator) {
        if kind.needs_space {
            self.space();
        }
        self.emitter.push(text);
        self.after_whitespace = kind.is_space;
        self.is_indentation &= kind.indents;
    }

    fn space(&mut self) {
        if !self.after_whitespace {
            self.emitter.push(" ");
        }
    }

    fn break_line(&mut self) {
        self.emitter.break_line();
        self.is_indentation = true;
    }

    /// Moves to the indentation, on a new line unless this one is still empty.
    fn start_line(&mut self) {
        let indent = self.indent.unwrap_or(0);
        let column = self.emitter.column();
        let is_used = column > indent || (column == indent && !self.after_whitespace);
        if !self.is_indentation || is_used {
            self.break_line();
        }
        if self.foot_indent == Some(indent) {
            self.break_line();
        }
        let missing = indent.saturating_sub(self.emitter.column());
        self.emitter.indent(missing);
        self.after_whitespace = true;
        self.foot_indent = None;
    }

    fn write_head(&mut self) {
        let tail = std::mem::take(&mut self.pending.tail);
        if !tail.is_empty() {
            self.start_line();
            self.comment(&tail);
            self.foot_indent = Some(self.indent.unwrap_or(0));
        }
        let head = std::mem::take(&mut self.pending.head);
        if !head.is_empty() {
            self.start_line();
            self.comment(&head);
        }
    }

    fn write_line(&mut self) {
        let line = std::mem::take(&mut self.pending.line);
        if !line.is_empty() {
            self.space();
            self.comment(&line);
        }
    }

    fn write_foot(&mut self) {
        let foot = std::mem::take(&mut self.pending.foot);
        if !foot.is_empty() {
            self.start_line();
            self.comment(&foot);
            self.foot_indent = Some(self.indent.unwrap_or(0));
        }
    }

    fn comment(&mut self, text: &str) {
        for (index, line) in text.split('\n').enumerate() {
            if index > 0 {
                self.break_line();
            }
            if line.is_empty() {
                continue;
            }
            if index > 0 {
                self.start_line();
            }
            if !line.starts_with('#') {
                self.emitter.push("# ");
            }
            self.emitter.push(line);
            self.is_indentation = false;
        }
        if !self.emitter.at_line_start {
            self.break_line();
        }
        self.after_whitespace = true;
    }
}

/// A comment takes the place of one that still waits; none leaves that as it is.
fn set(slot: &mut String, comment: &str) {
    if !comment.is_empty() {
        comment.clone_into(slot);
    }
}
