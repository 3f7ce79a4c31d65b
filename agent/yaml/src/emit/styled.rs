//! A document that is changed and printed again as go-yaml v3 does that.

use super::Emitter;
use super::printer::Printer;
use crate::layout::{self, Layout};
use crate::{Limits, Mark, Node, NodeValue, YamlError, parse_first_document};

/// A document that can be changed and printed again: key order, quotes, blocks, brackets, comments, anchors
/// and tags stay.
///
/// Aliases and merge keys are not expanded: see [`Self::is_alias`].
///
/// ```
/// use tidegate_yaml::{Limits, Node, StyledDocument};
///
/// let text = "b: {x: 'one', y: [1]} # note\na:\n    - \"two\"\n";
/// let mut document = StyledDocument::parse(text, &Limits::default())?.unwrap();
/// *document.root.get_mut("b").unwrap().get_mut("y").unwrap() = Node::string("new");
/// assert_eq!(document.print(), "b: {x: 'one', y: new} # note\na:\n- \"two\"\n");
/// # Ok::<(), tidegate_yaml::YamlError>(())
/// ```
#[derive(Debug, Clone)]
pub struct StyledDocument {
    /// The value, which may be changed.
    pub root: Node,
    layout: Layout,
    adopted: u32,
}

impl StyledDocument {
    /// Reads the first document of a text; `None` if there is none.
    ///
    /// # Errors
    /// As [`parse_first_document`].
    pub fn parse(text: &str, limits: &Limits) -> Result<Option<Self>, YamlError> {
        if parse_first_document(text, limits)?.is_none() {
            return Ok(None);
        }
        let (root, layout) = layout::read(text)?;
        Ok(Some(Self {
            root,
            layout,
            adopted: 0,
        }))
    }

    /// Prints the document.
    pub fn print(&self) -> String {
        let mut text = String::new();
        let mut printer = Printer::new(Emitter::new(&mut text), &self.layout);
        printer.document(&self.root);
        text
    }

    /// Whether a node is an alias: its text is the name of an anchor.
    pub fn is_alias(&self, node: &Node) -> bool {
        self.layout.look(node).is_some_and(|look| look.is_alias)
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
        let in_brackets = node.stands_in_brackets();
        node.mark = mark;
        if in_brackets {
            self.layout.look_mut(node).in_brackets = true;
        }
        match &mut node.value {
            NodeValue::Scalar(..) => {}
            NodeValue::Sequence(items) => items.iter_mut().for_each(|item| self.mark(item)),
            NodeValue::Mapping(pairs) => pairs.iter_mut().for_each(|(key, value)| {
                self.mark(key);
                self.mark(value);
            }),
        }
    }
}
