//! What goes into a generated object: environment files, literals and files, in this order.

use std::sync::Arc;

use super::{Context, encode};
use crate::RenderError;
use crate::error::Place;
use crate::files::Content;
use crate::kustomization::GeneratorArgs;
use crate::path;

/// A longer line ends an environment file: the buffer of Go's scanner.
const LONGEST_LINE: usize = 64 * 1024;

/// A value: text or bytes.
#[derive(Debug, Clone)]
pub(super) struct Value(Arc<[u8]>);

impl Value {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    pub(super) fn is_text(&self) -> bool {
        std::str::from_utf8(&self.0).is_ok()
    }

    /// The text; bytes that are none are encoded.
    pub(super) fn into_text(self) -> String {
        match std::str::from_utf8(&self.0) {
            Ok(text) => text.to_owned(),
            Err(_) => encode(&self.0),
        }
    }
}

/// The pairs of all sources, sorted by key.
pub(super) fn pairs(
    args: &GeneratorArgs,
    context: &Context<'_>,
) -> Result<Vec<(String, Value)>, RenderError> {
    let mut pairs = Vec::new();
    for (index, file) in args.envs.iter().enumerate() {
        let context = context.at("envs", index);
        environment(&context.load(file)?, &context, &mut pairs)?;
    }
    for (index, literal) in args.literals.iter().enumerate() {
        pairs.push(self::literal(literal, &context.at("literals", index))?);
    }
    for (index, source) in args.files.iter().enumerate() {
        let context = context.at("files", index);
        let (key, file) = file_source(source, &context)?;
        pairs.push((key.to_owned(), Value(context.load(file)?.bytes)));
    }
    pairs.sort_by(|(a, _), (b, _)| a.cmp(b));
    for two in pairs.windows(2) {
        if let [(a, _), (b, _)] = two
            && a == b
        {
            let reason = format!("the key `{a}` is given twice; remove one");
            return Err(context.place.clone().invalid(reason));
        }
    }
    Ok(pairs)
}

impl Context<'_> {
    fn at(&self, field: &str, index: usize) -> Self {
        let mut place = self.place.clone();
        place.field = format!("{}.{field}[{index}]", place.field);
        Self {
            files: self.files,
            find: self.find,
            folder: self.folder,
            place,
        }
    }

    fn load(&self, file: &str) -> Result<Content, RenderError> {
        self.files.load(self.folder, file, &self.place)
    }
}

fn literal(source: &str, context: &Context<'_>) -> Result<(String, Value), RenderError> {
    let pair = source.split_once('=').filter(|(key, _)| !key.is_empty());
    let (key, value) = pair.ok_or_else(|| {
        let reason = format!("`{source}` must be key=value");
        context.place.clone().invalid(reason)
    })?;
    let value = unquoted(value);
    Ok((key.to_owned(), Value(value.as_bytes().into())))
}

/// Takes away one pair of quotes.
fn unquoted(value: &str) -> &str {
    let inner = |quote| {
        value
            .strip_prefix(quote)
            .and_then(|value| value.strip_suffix(quote))
    };
    inner('"').or_else(|| inner('\'')).unwrap_or(value)
}

/// `[key=]path`.
fn file_source<'a>(
    source: &'a str,
    context: &Context<'_>,
) -> Result<(&'a str, &'a str), RenderError> {
    let invalid = |reason: String| Err(context.place.clone().invalid(reason));
    match source.split('=').collect::<Vec<_>>().as_slice() {
        [file] => Ok((path::base(file), file)),
        ["", _] => invalid(format!("`{source}` has no key before `=`")),
        [_, ""] => invalid(format!("`{source}` has no path behind `=`")),
        [key, file] => Ok((key, file)),
        _ => invalid(format!("`{source}` has more than one `=`")),
    }
}

/// The lines of an environment file: `KEY=value`, `KEY`, comments and blank lines.
fn environment(
    file: &Content,
    context: &Context<'_>,
    pairs: &mut Vec<(String, Value)>,
) -> Result<(), RenderError> {
    for (number, line) in file.bytes.split(|byte| *byte == b'\n').enumerate() {
        if line.len() >= LONGEST_LINE {
            let place = Place {
                line: number + 1,
                field: context.place.field.clone(),
                ..Place::file(&file.name)
            };
            let message = format!(
                "has {} bytes, and kustomize drops a line of {LONGEST_LINE} or more with all that \
                 follow; give the value as a file of its own, under `files`",
                line.len()
            );
            (context.find)(place, message);
            return Ok(());
        }
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let Ok(text) = std::str::from_utf8(line) else {
            let reason = format!("{}:{}: is not UTF-8", file.name, number + 1);
            return Err(context.place.clone().invalid(reason));
        };
        let text = match number {
            0 => text.strip_prefix('\u{feff}').unwrap_or(text),
            _ => text,
        };
        let text = text.trim_start();
        if text.starts_with('#') {
            continue;
        }
        let (key, value) = text.split_once('=').unwrap_or((text, ""));
        if !key.is_empty() {
            pairs.push((key.to_owned(), Value(value.as_bytes().into())));
        }
    }
    Ok(())
}
