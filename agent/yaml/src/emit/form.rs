//! What is printed of a value, whether it is JSON already or a node that would become JSON.

use std::borrow::Cow;
use std::convert::Infallible;

use serde_json::{Number, Value};

use crate::json::{Meaning, fields_of};
use crate::{Node, NodeValue, YamlError, number};

/// A value that can be printed.
pub(super) trait Printed: Sized {
    /// Why it may have no form.
    type Error;

    /// What it is.
    fn form(&self) -> Result<Form<'_, Self>, Self::Error>;
}

/// What a value is.
pub(super) enum Form<'a, T> {
    /// Null, a boolean or a number, as it is written.
    Word(Cow<'a, str>),
    Text(Cow<'a, str>),
    Items(&'a [T]),
    /// In the order of the bytes of their keys.
    Fields(Vec<(&'a str, &'a T)>),
}

impl Printed for Value {
    type Error = Infallible;

    fn form(&self) -> Result<Form<'_, Self>, Infallible> {
        Ok(match self {
            Self::Null => word("null"),
            Self::Bool(true) => word("true"),
            Self::Bool(false) => word("false"),
            Self::Number(value) => number(value),
            Self::String(value) => Form::Text(value.as_str().into()),
            Self::Array(items) => Form::Items(items),
            Self::Object(fields) => {
                let fields = fields.iter();
                Form::Fields(fields.map(|(key, value)| (key.as_str(), value)).collect())
            }
        })
    }
}

impl Printed for Node {
    type Error = YamlError;

    fn form(&self) -> Result<Form<'_, Self>, YamlError> {
        Ok(match &self.value {
            NodeValue::Scalar(..) => match Meaning::of(self)? {
                Meaning::Null => word("null"),
                Meaning::Bool(true) => word("true"),
                Meaning::Bool(false) => word("false"),
                Meaning::Number(value) => number(&value),
                Meaning::Text(text) => Form::Text(text),
            },
            NodeValue::Sequence(items) => Form::Items(items),
            NodeValue::Mapping(pairs) => {
                let mut fields = fields_of(pairs)?;
                if !fields.is_sorted_by_key(|(key, _)| *key) {
                    fields.sort_unstable_by_key(|(key, _)| *key);
                }
                Form::Fields(fields)
            }
        })
    }
}

fn word<T>(word: &'static str) -> Form<'static, T> {
    Form::Word(word.into())
}

fn number<T>(value: &Number) -> Form<'static, T> {
    Form::Word(number::text(value))
}
