//! Following a path of fields, list positions and `[name=value]` selectors into a node.

use tidegate_yaml::{Node, NodeValue};

use super::{Kind, empty, expect, is_null, items_mut, pairs_mut, position, raw, scalar};
use crate::fault::Step;

/// Follows a path; with `create`, makes what is missing, the last part of that kind (`PathGetter`).
///
/// # Errors
/// If a part does not fit what is there.
pub(crate) fn lookup<'a, S: AsRef<str>>(
    mut node: &'a mut Node,
    path: &[S],
    create: Option<Kind>,
) -> Step<Option<&'a mut Node>> {
    let parts = path.iter().map(|part| part.as_ref().trim());
    let mut parts = parts.filter(|part| !part.is_empty()).peekable();
    while let Some(part) = parts.next() {
        let next = parts.peek().copied().unwrap_or_default();
        let made = create.map(|last| part_kind(next, last));
        match step(node, part, made)? {
            Some(found) => node = found,
            None => return Ok(None),
        }
    }
    Ok(Some(node))
}

/// The kind of node that holds a path's next part (`getPathPartKind`).
pub(crate) fn part_kind(next: &str, last: Kind) -> Kind {
    if is_list_index(next) || next.parse::<u64>().is_ok() {
        Kind::Sequence
    } else if next.is_empty() {
        last
    } else {
        Kind::Mapping
    }
}

pub(crate) fn is_list_index(part: &str) -> bool {
    part.len() > 1 && part.starts_with('[') && part.ends_with(']')
}

fn step<'a>(node: &'a mut Node, part: &str, create: Option<Kind>) -> Step<Option<&'a mut Node>> {
    if part.starts_with(|first: char| first.is_ascii_alphabetic()) {
        return step_into_field(node, part, create);
    }
    if let Ok(index) = part.parse::<i64>() {
        let index = usize::try_from(index)
            .map_err(|_| format!("array index {index} cannot be negative"))?;
        return Ok(items_mut(node)?.and_then(|items| items.get_mut(index)));
    }
    match part {
        "-" => match items_mut(node)? {
            Some(items) if items.is_empty() => Err("the list has no last item".into()),
            items => Ok(items.and_then(|items| items.last_mut())),
        },
        "*" => Err("wildcard is not supported here".into()),
        _ if is_list_index(part) => step_into_element(node, part, create),
        _ => step_into_field(node, part, create),
    }
}

fn step_into_field<'a>(
    node: &'a mut Node,
    name: &str,
    create: Option<Kind>,
) -> Step<Option<&'a mut Node>> {
    if is_null(node) {
        return Ok(None);
    }
    let pairs = pairs_mut(node)?;
    let index = match (position(pairs, name), create) {
        (Some(index), _) => index,
        (None, None) => return Ok(None),
        (None, Some(kind)) => {
            pairs.push((scalar(name), empty(kind)));
            pairs.len() - 1
        }
    };
    Ok(pairs.get_mut(index).map(|(_, value)| value))
}

/// Splits `[name=value]`; an empty name stands for the item itself.
///
/// # Errors
/// If there is no `=`.
pub(crate) fn element_selector(part: &str) -> Step<(&str, &str)> {
    let inner = part.strip_suffix(']').unwrap_or(part);
    let inner = inner.strip_prefix('[').unwrap_or(inner);
    let missing = || format!("`{part}` must be [field=value] to select a list item").into();
    inner.split_once('=').ok_or_else(missing)
}

fn step_into_element<'a>(
    node: &'a mut Node,
    part: &str,
    create: Option<Kind>,
) -> Step<Option<&'a mut Node>> {
    let (name, value) = element_selector(part)?;
    let Some(items) = items_mut(node)? else {
        return Ok(None);
    };
    let found = items.iter().position(|item| element_is(item, name, value));
    let index = match found {
        Some(index) => index,
        None if create.is_none() => return Ok(None),
        None => {
            items.push(made_element(name, value));
            items.len() - 1
        }
    };
    Ok(items.get_mut(index))
}

pub(crate) fn made_element(name: &str, value: &str) -> Node {
    if name.is_empty() {
        return scalar(value);
    }
    Node::from(NodeValue::Mapping(vec![(scalar(name), scalar(value))]))
}

fn element_is(item: &Node, name: &str, value: &str) -> bool {
    if name.is_empty() {
        return raw(item) == value;
    }
    item.get(name).is_some_and(|field| raw(field) == value)
}

/// Follows a path without changing anything.
///
/// # Errors
/// As [`lookup`].
pub(crate) fn find<'a, S: AsRef<str>>(node: &'a Node, path: &[S]) -> Step<Option<&'a Node>> {
    let mut node = node;
    for part in path {
        let part = part.as_ref().trim();
        if part.is_empty() {
            continue;
        }
        match find_part(node, part)? {
            Some(found) => node = found,
            None => return Ok(None),
        }
    }
    Ok(Some(node))
}

fn find_part<'a>(node: &'a Node, part: &str) -> Step<Option<&'a Node>> {
    if let Ok(index) = part.parse::<i64>() {
        let index = usize::try_from(index)
            .map_err(|_| format!("array index {index} cannot be negative"))?;
        expect(node, Kind::Sequence)?;
        return Ok(node.items().and_then(|items| items.get(index)));
    }
    if part == "*" {
        return Err("wildcard is not supported here".into());
    }
    if part == "-" || is_list_index(part) {
        expect(node, Kind::Sequence)?;
        let Some(items) = node.items() else {
            return Ok(None);
        };
        if part == "-" {
            return items
                .last()
                .map(Some)
                .ok_or_else(|| "the list has no last item".into());
        }
        let (name, value) = element_selector(part)?;
        return Ok(items.iter().find(|item| element_is(item, name, value)));
    }
    expect(node, Kind::Mapping)?;
    Ok(node.get(part))
}
