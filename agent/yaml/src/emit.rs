//! JSON values to text, byte for byte as kustomize prints them: go-yaml v2 in its default settings.

mod analysis;
mod fold;
mod form;
mod order;
mod printer;
mod scalar;
mod styled;

use serde_json::Value;

pub(crate) use analysis::is_printable;
use analysis::{Analysis, Style};
use fold::Folds;
use form::{Form, Printed};
pub use styled::StyledDocument;

use crate::{Node, YamlError};

/// Prints one value as a document.
///
/// Keys come in go-yaml's natural order (`a2` before `a10`), sequences are not indented under their
/// key, texts that a YAML 1.1 reader would take for something else are quoted.
///
/// ```
/// let value = serde_json::json!({"a10": "yes", "a2": ["x", "two\nlines\n"], "b": 1.0});
/// assert_eq!(tidegate_yaml::emit(&value), "a2:\n- x\n- |\n  two\n  lines\na10: \"yes\"\nb: 1\n");
/// ```
pub fn emit(value: &Value) -> String {
    emit_all([value])
}

/// Prints values as the documents of one text, with `---` between them and none before the first.
///
/// ```
/// let values = [serde_json::json!({"a": 1}), serde_json::json!({"b": null})];
/// assert_eq!(tidegate_yaml::emit_all(&values), "a: 1\n---\nb: null\n");
/// ```
pub fn emit_all<'a>(values: impl IntoIterator<Item = &'a Value>) -> String {
    let mut text = String::new();
    for (index, value) in values.into_iter().enumerate() {
        if index > 0 {
            text.push_str("---\n");
        }
        let Ok(()) = Emitter::new(&mut text).document(value);
    }
    text
}

/// Prints what a node is in JSON behind a text: [`emit`] of [`Node::to_json`], without the way through it.
///
/// # Errors
/// As [`Node::to_json`]; a part of the node may then have been printed.
///
/// ```
/// use tidegate_yaml::{Limits, emit_node, parse_documents};
///
/// let documents = parse_documents("b: 0644\na: [on]\n", &Limits::default())?;
/// let mut text = "---\n".to_owned();
/// emit_node(&documents[0].root, &mut text)?;
/// assert_eq!(text, "---\na:\n- \"on\"\nb: 420\n");
/// # Ok::<(), tidegate_yaml::YamlError>(())
/// ```
pub fn emit_node(node: &Node, text: &mut String) -> Result<(), YamlError> {
    Emitter::new(text).document(node)
}

/// What was written last, which decides where a node may start.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    /// Nothing.
    Root,
    /// `key:`.
    Value,
    /// `-` of a sequence, or `?` or `:` of an explicit key.
    Indicator,
}

/// Longer keys get an explicit `?`; libyaml's limit, in bytes.
const LONGEST_SIMPLE_KEY: usize = 128;

const SPACES: &str = "                                                                ";

struct Emitter<'a> {
    text: &'a mut String,
    /// Where the current line starts.
    line_start: usize,
    /// Whether nothing stands on the current line.
    at_line_start: bool,
}

impl<'a> Emitter<'a> {
    fn new(text: &'a mut String) -> Self {
        Self {
            line_start: text.len(),
            text,
            at_line_start: true,
        }
    }

    fn document<T: Printed>(&mut self, value: &T) -> Result<(), T::Error> {
        self.node(value, 0, Place::Root)?;
        self.end_line();
        Ok(())
    }

    fn node<T: Printed>(&mut self, value: &T, indent: usize, place: Place) -> Result<(), T::Error> {
        match value.form()? {
            Form::Word(word) => self.word(&word, place),
            Form::Text(text) => {
                if place != Place::Root {
                    self.push(" ");
                }
                self.scalar(&text, indent + 2, Folds::Allowed);
            }
            Form::Items([]) => self.word("[]", place),
            Form::Items(items) => return self.sequence(items, indent, place),
            Form::Fields(fields) if fields.is_empty() => self.word("{}", place),
            Form::Fields(fields) => return self.mapping(fields, indent, place),
        }
        Ok(())
    }

    fn sequence<T: Printed>(
        &mut self,
        items: &[T],
        indent: usize,
        place: Place,
    ) -> Result<(), T::Error> {
        let indent = indent + if place == Place::Indicator { 2 } else { 0 };
        for (index, item) in items.iter().enumerate() {
            self.start(index, indent, place);
            self.push("-");
            self.node(item, indent, Place::Indicator)?;
        }
        Ok(())
    }

    fn mapping<T: Printed>(
        &mut self,
        fields: Vec<(&str, &T)>,
        indent: usize,
        place: Place,
    ) -> Result<(), T::Error> {
        let indent = indent + if place == Place::Root { 0 } else { 2 };
        for (index, (key, value)) in order::sorted(fields).into_iter().enumerate() {
            self.start(index, indent, place);
            let place = self.key(key, indent);
            self.node(value, indent, place)?;
        }
        Ok(())
    }

    fn key(&mut self, key: &str, indent: usize) -> Place {
        let is_simple = key.len() <= LONGEST_SIMPLE_KEY && !analysis::has_break(key);
        if is_simple {
            self.scalar(key, indent + 2, Folds::Forbidden);
            self.push(":");
            return Place::Value;
        }
        self.push("? ");
        self.scalar(key, indent + 2, Folds::Allowed);
        self.start_line(indent);
        self.push(":");
        Place::Indicator
    }

    fn scalar(&mut self, value: &str, indent: usize, folds: Folds) {
        let analysis = Analysis::of(value);
        match analysis.style(value, folds) {
            Style::Plain => self.plain(value, indent, folds),
            Style::SingleQuoted => self.single_quoted(value, indent, folds),
            Style::DoubleQuoted => self.double_quoted(value, indent, folds),
            Style::Literal => self.literal(value, indent),
        }
    }

    /// Starts an entry of a collection; the first one may share the line with what holds it.
    fn start(&mut self, index: usize, indent: usize, place: Place) {
        match (index, place) {
            (0, Place::Root) => {}
            (0, Place::Indicator) => self.push(" "),
            _ => self.start_line(indent),
        }
    }

    fn start_line(&mut self, indent: usize) {
        self.end_line();
        self.indent(indent);
    }

    fn end_line(&mut self) {
        if !self.at_line_start {
            self.text.push('\n');
            self.broke();
        }
    }

    fn indent(&mut self, indent: usize) {
        let mut missing = indent;
        while missing > 0 {
            let spaces = SPACES.get(..missing).unwrap_or(SPACES);
            self.text.push_str(spaces);
            missing -= spaces.len();
        }
    }

    fn word(&mut self, word: &str, place: Place) {
        if place != Place::Root {
            self.push(" ");
        }
        self.push(word);
    }

    fn push(&mut self, text: &str) {
        self.text.push_str(text);
        self.at_line_start = false;
    }

    /// Notes that a line break was written.
    fn broke(&mut self) {
        self.line_start = self.text.len();
        self.at_line_start = true;
    }

    /// Characters on the current line.
    fn column(&self) -> usize {
        let line = self.text.get(self.line_start..).unwrap_or_default();
        if line.is_ascii() {
            line.len()
        } else {
            line.chars().count()
        }
    }
}
