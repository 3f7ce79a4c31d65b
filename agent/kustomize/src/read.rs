//! Reading objects from a text, as kyaml's `ByteReader` and kustomize's `resource.Factory` do.

use std::borrow::Cow;
use std::collections::VecDeque;

use memchr::{memchr, memchr_iter, memmem};
use serde_json::Value;
use tidegate_object::Origin;
use tidegate_yaml::{Limits, Node, NodeValue, YamlError, parse_first_document};

use crate::RenderError;
use crate::error::Place;
use crate::files::{self, Content};
use crate::history;
use crate::node::{self, JsonStyle};
use crate::resource::Resource;

/// Reads the objects of a file.
pub(crate) fn resources(content: &Content) -> Result<Vec<Resource>, RenderError> {
    let text = files::text(content)?;
    let start = Start {
        file: &content.name,
        line: 0,
    };
    from_text(text, start)
}

/// Where a text stands: the file, and how many lines before it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Start<'a> {
    pub(crate) file: &'a std::sync::Arc<str>,
    pub(crate) line: usize,
}

impl Start<'_> {
    fn place(&self, line: usize) -> Place {
        Place {
            line: self.line + line,
            ..Place::file(self.file)
        }
    }
}

/// A document of a text, and how many lines are before it.
struct Piece {
    root: Node,
    number: usize,
    offset: usize,
}

/// Reads the objects of a text.
pub(crate) fn from_text(text: &str, start: Start<'_>) -> Result<Vec<Resource>, RenderError> {
    let pieces = pieces(text, start)?;
    let resource = |piece: Piece| {
        let origin = Origin {
            file: std::sync::Arc::clone(start.file),
            document: piece.number,
            line: start.line + piece.offset + piece.root.mark.line as usize,
        };
        Resource::new(piece.root, origin, start.line + piece.offset)
    };
    let mut resources = VecDeque::with_capacity(pieces.len());
    for resource in pieces.into_iter().map(resource) {
        if is_object(&resource)? {
            resources.push_back(resource);
        }
    }
    let mut resources = expand_lists(resources)?;
    for resource in resources
        .iter_mut()
        .filter(|resource| history::has_any(resource))
    {
        history::read(resource).map_err(crate::build::at(resource.place()))?;
    }
    Ok(resources)
}

/// Reads a text's documents: a mapping or a list each, the first only of what `...` separates.
fn pieces(text: &str, start: Start<'_>) -> Result<Vec<Piece>, RenderError> {
    let text = if memmem::find(text.as_bytes(), b"\r\n").is_some() {
        Cow::Owned(text.replace("\r\n", "\n"))
    } else {
        Cow::Borrowed(text)
    };
    let texts = split(&text).map_err(|(line, separator)| {
        start.place(line).invalid(format!(
            "`{separator}` is no document separator; write `---` alone on its line"
        ))
    })?;
    let is_alone = texts.len() == 1;
    let mut pieces = Vec::with_capacity(texts.len());
    for (number, (offset, text)) in texts.into_iter().enumerate() {
        let document = parse_first_document(text, &Limits::default())
            .map_err(|error| malformed(&error, start.place(offset)))?;
        let Some(document) = document.filter(|one| !one.is_empty()) else {
            continue;
        };
        let piece = |root| Piece {
            root,
            number,
            offset,
        };
        let wrapped = if is_alone {
            wrapped(document.root)
        } else {
            Err(document.root)
        };
        match wrapped {
            Ok(items) => pieces.extend(items.into_iter().map(piece)),
            Err(root) => pieces.push(piece(root)),
        }
    }
    Ok(pieces)
}

/// Splits at lines that start with `---`, whatever they are part of (`splitDocuments`).
///
/// Answers texts with the number of lines before them, or the line of a separator with more on it.
fn split(text: &str) -> Result<Vec<(usize, &str)>, (usize, &str)> {
    let mut texts = Vec::new();
    let (mut from, mut line) = (0, 0);
    while let Some((start, end)) = separator(text, from) {
        let part = text.get(from..=start).unwrap_or_default();
        let separator = text.get(start + 1..end).unwrap_or_default();
        let before = line;
        line += memchr_iter(b'\n', part.as_bytes()).count();
        let more = separator.get(3..).unwrap_or_default().trim();
        if !more.is_empty() && !more.starts_with('#') {
            return Err((line + 1, separator.trim()));
        }
        texts.push((before, part));
        line += 1;
        from = end;
    }
    if !text.is_empty() {
        texts.push((line, text.get(from..).unwrap_or_default()));
    }
    Ok(texts)
}

/// The next match of `\n---.*\n`.
fn separator(text: &str, from: usize) -> Option<(usize, usize)> {
    let start = from + memmem::find(text.as_bytes().get(from..)?, b"\n---")?;
    let line = text.get(start + 1..)?;
    let end = memchr(b'\n', line.as_bytes())?;
    Some((start, start + 1 + end + 1))
}

/// A YAML error at its place in the file.
pub(crate) fn malformed(error: &YamlError, start: Place) -> RenderError {
    let mark = error.mark();
    let text = error.to_string();
    let reason = text.strip_prefix(&format!("{mark}: ")).unwrap_or(&text);
    let place = Place {
        line: start.line + mark.line as usize,
        column: mark.column as usize,
        ..start
    };
    place.invalid(reason)
}

/// The items of a `List` that is alone in its text; anything else is given back.
fn wrapped(mut root: Node) -> Result<Vec<Node>, Node> {
    let is_list = root
        .get("kind")
        .is_some_and(|kind| matches!(node::value(kind), "List" | "ResourceList"));
    let has_items = root.get("items").is_some() || root.get("functionConfig").is_some();
    if !is_list || !has_items {
        return Err(root);
    }
    match root.get_mut("items").map(|items| &mut items.value) {
        Some(NodeValue::Sequence(items)) => Ok(std::mem::take(items)),
        // Where a list is expected, kustomize takes a mapping's keys and values for its items.
        Some(NodeValue::Mapping(pairs)) => {
            let pairs = std::mem::take(pairs).into_iter();
            Ok(pairs.flat_map(|(key, value)| [key, value]).collect())
        }
        _ => Ok(Vec::new()),
    }
}

/// Whether a document is an object; empty ones are none.
fn is_object(resource: &Resource) -> Result<bool, RenderError> {
    let root = &resource.node;
    if node::is_nil_or_empty(root) {
        return Ok(false);
    }
    check_metadata(root).map_err(|reason| {
        let place = Place {
            line: resource.origin.line,
            ..Place::file(&resource.origin.file)
        };
        place.invalid(reason)
    })?;
    Ok(true)
}

/// Checks that an object has kind and name (`GetValidatedMetadata`).
pub(crate) fn check_metadata(root: &Node) -> Result<(), String> {
    if root.pairs().is_none() {
        return Err("is no Kubernetes object: must be a mapping".to_owned());
    }
    let kind = root.get("kind").map(node::value).unwrap_or_default();
    if kind.is_empty() {
        return Err("is no Kubernetes object: `kind` is missing".to_owned());
    }
    if node::metadata_text(root, "name").is_empty() && !kind.ends_with("List") {
        return Err(format!("{kind} has no `metadata.name`"));
    }
    Ok(())
}

/// Replaces lists of objects by their objects, which come last (`inlineAnyEmbeddedLists`).
fn expand_lists(mut queue: VecDeque<Resource>) -> Result<Vec<Resource>, RenderError> {
    let mut expanded = Vec::with_capacity(queue.len());
    while let Some(resource) = queue.pop_front() {
        let has_items = resource.node.get("items").is_some();
        if !resource.gvk().kind.ends_with("List") || !has_items {
            expanded.push(resource);
            continue;
        }
        for item in items(&resource)? {
            if is_object(&item)? {
                queue.push_back(item);
            }
        }
    }
    Ok(expanded)
}

fn items(list: &Resource) -> Result<Vec<Resource>, RenderError> {
    let place = Place {
        line: list.line_offset,
        ..Place::file(&list.origin.file)
    };
    let json = list
        .node
        .to_json()
        .map_err(|error| malformed(&error, place.clone()))?;
    let values = match json.get("items") {
        Some(Value::Array(values)) => values.as_slice(),
        Some(Value::Null) | None => &[],
        Some(_) => return Err(place.invalid("`items` must be a list")),
    };
    let nodes = list
        .node
        .get("items")
        .and_then(Node::items)
        .unwrap_or_default();
    let mut found = Vec::with_capacity(values.len());
    for (value, written) in values.iter().zip(nodes) {
        let root = node::from_json(value, written.mark, JsonStyle::Quoted);
        let roots = wrapped(root).unwrap_or_else(|root| vec![root]);
        for root in roots {
            let origin = Origin {
                line: list.line_offset + root.mark.line as usize,
                ..list.origin.clone()
            };
            found.push(Resource::new(root, origin, list.line_offset));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<Resource>, RenderError> {
        from_text(
            text,
            Start {
                file: &"a.yaml".into(),
                line: 0,
            },
        )
    }

    #[test]
    fn every_object_knows_its_document_and_line() {
        let text = "# first\nkind: A\nmetadata: {name: a}\n---\n---\n\nkind: B\nmetadata:\n  name: b\n--- # more\nkind: C\nmetadata:\n  name: c\n";
        let places: Vec<_> = read(text)
            .unwrap()
            .iter()
            .map(|resource| (resource.origin.document, resource.origin.line))
            .collect();
        assert_eq!(places, [(0, 2), (1, 7), (2, 11)]);
    }

    #[test]
    fn what_is_wrong_is_found_on_its_line() {
        let check = |text, expected| {
            let error = read(text).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{error}");
        };
        check("kind: A\nmetadata: {name: a}\n--- b\n", "a.yaml:3: `--- b`");
        check(
            "kind: A\nmetadata: {name: a}\n---\nkind: B\n",
            "a.yaml:4: B has no `metadata.name`",
        );
        check(
            "kind: A\nmetadata: {name: a}\n---\na: b: c\n",
            "a.yaml:4:5: a value is not allowed here",
        );
        check("- a\n", "a.yaml:1: is no Kubernetes object");
    }
}
