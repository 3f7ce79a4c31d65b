//! What the scanner makes of a text, and the parser of the scanner's findings.

use std::borrow::Cow;

use crate::{Mark, ScalarStyle};

/// A token and where it starts.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Token<'a> {
    pub(crate) kind: Kind<'a>,
    pub(crate) mark: Mark,
}

/// The tokens of libyaml.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind<'a> {
    StreamEnd,
    /// `%YAML 1.1`
    Version,
    /// `%TAG ! prefix`
    TagDirective {
        handle: &'a str,
        prefix: Cow<'a, str>,
    },
    DocumentStart,
    DocumentEnd,
    BlockSequenceStart,
    BlockMappingStart,
    BlockEnd,
    FlowSequenceStart,
    FlowSequenceEnd,
    FlowMappingStart,
    FlowMappingEnd,
    BlockEntry,
    FlowEntry,
    Key,
    Value,
    Alias(&'a str),
    Anchor(&'a str),
    Tag {
        handle: &'a str,
        suffix: Cow<'a, str>,
    },
    Scalar(Cow<'a, str>, ScalarStyle),
}

impl Token<'_> {
    /// Where a value begins that is left out after an indicator of one character.
    pub(crate) fn after(&self) -> Mark {
        Mark {
            line: self.mark.line,
            column: self.mark.column + 1,
        }
    }
}
