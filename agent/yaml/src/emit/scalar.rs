//! The style and the tag that go-yaml v3 gives a scalar.

use super::Emitter;
use super::analysis::{Analysis, is_break, is_printable};
use super::fold::Folds;
use crate::layout::Look;
use crate::resolve::Resolved;
use crate::{Node, NodeValue, ScalarStyle};

/// Where a scalar stands, which decides how it may be written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Context {
    Block,
    /// A key without `?`.
    Key,
    Flow,
}

/// The tag to be written: one that was written, or that the text does not tell.
pub(super) fn tag<'a>(node: &'a Node, look: Option<&'a Look>) -> Option<&'a str> {
    let text = node.text().unwrap_or_default();
    let differs = |tag: &&str| *tag != "!!str" && *tag != "!" && Resolved::of(text).tag() != *tag;
    let written = look.and_then(|look| look.tag.as_deref());
    written.or_else(|| node.tag.as_deref().filter(differs))
}

/// A tag as it is written: those of other schemes in full.
pub(super) fn written_tag(tag: &str) -> String {
    if tag.starts_with('!') {
        tag.to_owned()
    } else {
        format!("!<{tag}>")
    }
}

/// Whether a key can go without `?`.
pub(super) fn is_simple_key(key: &Node) -> bool {
    match &key.value {
        NodeValue::Scalar(text, _) => !text.contains(is_break),
        NodeValue::Sequence(items) => items.is_empty(),
        NodeValue::Mapping(pairs) => pairs.is_empty(),
    }
}

/// The style that a scalar is written in: its own, as far as its text and its place allow that.
pub(super) fn style(node: &Node, look: Option<&Look>, context: Context) -> ScalarStyle {
    let NodeValue::Scalar(text, own) = &node.value else {
        return ScalarStyle::Plain;
    };
    let is_text =
        node.tag.as_deref() == Some("!!str") && look.is_none_or(|look| look.tag.is_none());
    let is_forced = is_text && Resolved::of(text).tag() != "!!str";
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

impl Emitter<'_> {
    /// A scalar in a style; of a block, the lines behind its first one.
    pub(super) fn styled(&mut self, text: &str, style: ScalarStyle, indent: usize) {
        match style {
            ScalarStyle::Plain | ScalarStyle::Omitted => {
                if !text.is_empty() {
                    self.plain(text, indent, Folds::Forbidden);
                }
            }
            ScalarStyle::SingleQuoted if text.contains('\n') => {
                self.single_quoted_lines(text, indent);
            }
            ScalarStyle::SingleQuoted => self.single_quoted(text, indent, Folds::Forbidden),
            ScalarStyle::DoubleQuoted => self.double_quoted(text, indent, Folds::Forbidden),
            ScalarStyle::Literal => self.literal_lines(text, indent),
            ScalarStyle::Folded => self.folded_lines(text, indent),
        }
    }

    fn single_quoted_lines(&mut self, text: &str, indent: usize) {
        self.push("'");
        let mut is_broken = false;
        for char in text.chars() {
            if is_break(char) {
                if !is_broken && char == '\n' {
                    self.push("\n");
                }
                self.text.push(char);
                is_broken = true;
                continue;
            }
            if std::mem::take(&mut is_broken) {
                self.broke();
                self.indent(indent);
            }
            if char == '\'' {
                self.push("'");
            }
            self.text.push(char);
        }
        self.push("'");
    }
}
