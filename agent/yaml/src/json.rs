//! Nodes to JSON values, as go-yaml v3 decodes and Go's `encoding/json` writes them, and back.

use std::borrow::Cow;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Number, Value};

use crate::duplicate::first_duplicate;
use crate::number::integral;
use crate::refold::refolded;
use crate::resolve::Resolved;
use crate::{Mark, Node, NodeValue, ScalarStyle, YamlError};

impl Node {
    /// The JSON value that kustomize decodes.
    ///
    /// Numbers are what Go would put into JSON: `0644` is 420, `1.0` and `1e0` are 1. Unquoted dates
    /// become RFC 3339 texts, `yes` and `on` are texts, `!!binary` is decoded.
    ///
    /// # Errors
    /// [`YamlError`] at a duplicate key, a key that is no text, a value that its explicit tag does not
    /// fit, and at `.inf` and `.nan`, which JSON cannot hold.
    pub fn to_json(&self) -> Result<Value, YamlError> {
        Ok(match &self.value {
            NodeValue::Scalar(..) => match Meaning::of(self)? {
                Meaning::Null => Value::Null,
                Meaning::Bool(value) => Value::Bool(value),
                Meaning::Number(value) => Value::Number(value),
                Meaning::Text(text) => Value::String(text.into_owned()),
            },
            NodeValue::Sequence(items) => {
                Value::Array(items.iter().map(Self::to_json).collect::<Result<_, _>>()?)
            }
            NodeValue::Mapping(pairs) => {
                let fields = fields_of(pairs)?.into_iter();
                let field = |(key, value): (&str, &Self)| Ok((key.to_owned(), value.to_json()?));
                Value::Object(fields.map(field).collect::<Result<_, YamlError>>()?)
            }
        })
    }
}

/// What a scalar is in JSON.
pub(crate) enum Meaning<'a> {
    Null,
    Bool(bool),
    Number(Number),
    Text(Cow<'a, str>),
}

impl<'a> Meaning<'a> {
    /// The meaning of a scalar; a collection counts as a text without content.
    pub(crate) fn of(node: &'a Node) -> Result<Self, YamlError> {
        let NodeValue::Scalar(text, style) = &node.value else {
            return Ok(Self::Text("".into()));
        };
        let (style, tag, mark) = (*style, node.tag.as_deref(), node.mark);
        let resolved = match tag {
            None | Some("!") => match style {
                ScalarStyle::Plain => Resolved::of(text),
                ScalarStyle::Omitted if !text.is_empty() => Resolved::of(text),
                _ => Resolved::Text,
            },
            Some(tag) => tagged(tag, text, mark)?,
        };
        Ok(match resolved {
            Resolved::Null => Self::Null,
            Resolved::Bool(value) => Self::Bool(value),
            Resolved::Int(value) => Self::Number(value.into()),
            Resolved::Uint(value) => Self::Number(value.into()),
            Resolved::Float(value) => Self::Number(number(value, text, mark)?),
            Resolved::Timestamp(value) => Self::Text(value.into()),
            Resolved::Text | Resolved::Merge if tag == Some("!!binary") => {
                Self::Text(binary(text, mark)?.into())
            }
            Resolved::Text | Resolved::Merge if style == ScalarStyle::Folded => {
                Self::Text(refolded(text))
            }
            Resolved::Text | Resolved::Merge => Self::Text((&**text).into()),
        })
    }
}

impl From<&Value> for Node {
    fn from(value: &Value) -> Self {
        let plain = |text: String| Self::scalar(text, ScalarStyle::Plain);
        match value {
            Value::Null => plain("null".to_owned()),
            Value::Bool(value) => plain(value.to_string()),
            Value::Number(value) => plain(value.to_string()),
            Value::String(value) => Self::string(value.as_str()),
            Value::Array(items) => {
                Self::from(NodeValue::Sequence(items.iter().map(Self::from).collect()))
            }
            Value::Object(fields) => {
                let pairs = fields.iter();
                let pairs =
                    pairs.map(|(key, value)| (Self::string(key.as_str()), Self::from(value)));
                Self::from(NodeValue::Mapping(pairs.collect()))
            }
        }
    }
}

/// The fields of a mapping, in its order.
pub(crate) fn fields_of(pairs: &[(Node, Node)]) -> Result<Vec<(&str, &Node)>, YamlError> {
    if let Some(duplicate) = first_duplicate(pairs) {
        return Err(duplicate.into());
    }
    let mut fields = Vec::with_capacity(pairs.len());
    for (key, value) in pairs {
        fields.push((key_text(key)?, value));
    }
    Ok(fields)
}

fn key_text(key: &Node) -> Result<&str, YamlError> {
    if let Some(text) = key.text()
        && matches!(key.short_tag(), "!!str" | "!!merge")
    {
        return Ok(text);
    }
    Err(YamlError::Key {
        mark: key.mark,
        key: key.text().unwrap_or("{…}").to_owned(),
        tag: key.short_tag().to_owned(),
    })
}

/// A scalar with an explicit tag: the tags that go-yaml resolves must fit the text, others make texts.
fn tagged(tag: &str, text: &str, mark: Mark) -> Result<Resolved, YamlError> {
    let resolved = match tag {
        "!!bool" | "!!int" | "!!float" | "!!null" => Resolved::without_timestamps(text),
        "!!timestamp" => Resolved::of(text),
        _ => return Ok(Resolved::Text),
    };
    match (tag, resolved) {
        #[expect(clippy::cast_precision_loss, reason = "that is what the tag asks for")]
        ("!!float", Resolved::Int(value)) => Ok(Resolved::Float(value as f64)),
        (_, resolved) if resolved.tag() == tag => Ok(resolved),
        (_, resolved) => Err(YamlError::Value {
            mark,
            text: text.to_owned(),
            problem: format!(
                "is read as {}, not as {tag}; correct the text or remove the tag",
                resolved.tag()
            ),
        }),
    }
}

/// The number that Go's `encoding/json` writes, and that every JSON reader gets from it.
fn number(value: f64, text: &str, mark: Mark) -> Result<Number, YamlError> {
    integral(value)
        .or_else(|| Number::from_f64(value))
        .ok_or_else(|| YamlError::Value {
            mark,
            text: text.to_owned(),
            problem: "is not a number that JSON can hold; put it in quotes".to_owned(),
        })
}

fn binary(text: &str, mark: Mark) -> Result<String, YamlError> {
    let encoded: String = text
        .chars()
        .filter(|char| !matches!(char, '\n' | '\r'))
        .collect();
    let bytes = BASE64_STANDARD
        .decode(encoded)
        .map_err(|error| YamlError::Value {
            mark,
            text: text.to_owned(),
            problem: format!("is not base64 ({error}); correct it or remove the tag !!binary"),
        })?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
