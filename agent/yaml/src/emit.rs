//! JSON values to text, byte for byte as kustomize prints them: go-yaml v2 in its default settings.

mod analysis;
mod fold;
mod order;
mod printer;
mod scalar;
mod styled;

use serde_json::{Map, Value};

pub(crate) use analysis::is_printable;
use analysis::{Analysis, Style};
use fold::Folds;
pub use styled::StyledDocument;

use crate::number;

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
        let mut emitter = Emitter::new(&mut text);
        emitter.node(value, 0, Place::Root);
        emitter.end_line();
    }
    text
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

    fn node(&mut self, value: &Value, indent: usize, place: Place) {
        match value {
            Value::Null => self.word("null", place),
            Value::Bool(true) => self.word("true", place),
            Value::Bool(false) => self.word("false", place),
            Value::Number(value) => self.word(&number::text(value), place),
            Value::String(value) => {
                if place != Place::Root {
                    self.push(" ");
                }
                self.scalar(value, indent + 2, Folds::Allowed);
            }
            Value::Array(items) if items.is_empty() => self.word("[]", place),
            Value::Object(fields) if fields.is_empty() => self.word("{}", place),
            Value::Array(items) => self.sequence(items, indent, place),
            Value::Object(fields) => self.mapping(fields, indent, place),
        }
    }

    fn sequence(&mut self, items: &[Value], indent: usize, place: Place) {
        let indent = indent + if place == Place::Indicator { 2 } else { 0 };
        for (index, item) in items.iter().enumerate() {
            self.start(index, indent, place);
            self.push("-");
            self.node(item, indent, Place::Indicator);
        }
    }

    fn mapping(&mut self, fields: &Map<String, Value>, indent: usize, place: Place) {
        let indent = indent + if place == Place::Root { 0 } else { 2 };
        for (index, (key, value)) in order::sorted(fields).into_iter().enumerate() {
            self.start(index, indent, place);
            let place = self.key(key, indent);
            self.node(value, indent, place);
        }
    }

    fn key(&mut self, key: &str, indent: usize) -> Place {
        let is_simple = key.len() <= LONGEST_SIMPLE_KEY && !key.contains(analysis::is_break);
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
        self.text.extend(std::iter::repeat_n(' ', indent));
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
