//! What kustomize does to YAML nodes: finding, setting and clearing fields, and what becomes of tags.
//!
//! go-yaml keeps the tag that a scalar resolved to when it was read, while its text may change later.
//! Here the tag of a node that stands in a text (line > 0) is worked out when it is asked for, and
//! written down only when a change makes it differ from the text. A node without tag that stands in
//! no text has none, as nodes that kustomize makes.

mod path;

use tidegate_yaml::{Limits, Mark, Node, NodeValue, ScalarStyle, parse_first_document};

use crate::fault::Step;
pub(crate) use path::{element_selector, find, is_list_index, lookup, made_element, part_kind};

pub(crate) const STRING: &str = "!!str";
pub(crate) const NULL: &str = "!!null";

/// The kinds of nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Scalar,
    Sequence,
    Mapping,
}

pub(crate) fn kind(node: &Node) -> Kind {
    match node.value {
        NodeValue::Scalar(..) => Kind::Scalar,
        NodeValue::Sequence(_) => Kind::Sequence,
        NodeValue::Mapping(_) => Kind::Mapping,
    }
}

/// A node of a kind, with nothing in it.
pub(crate) fn empty(kind: Kind) -> Node {
    Node::from(match kind {
        Kind::Scalar => NodeValue::Scalar("".into(), ScalarStyle::Plain),
        Kind::Sequence => NodeValue::Sequence(Vec::new()),
        Kind::Mapping => NodeValue::Mapping(Vec::new()),
    })
}

/// A scalar without a tag, which is read by its text (`NewScalarRNode`).
pub(crate) fn scalar(text: &str) -> Node {
    Node::scalar(text, ScalarStyle::Plain)
}

/// A scalar that is a text whatever it looks like (`NewStringRNode`).
pub(crate) fn string(text: &str) -> Node {
    let style = if text.contains('\n') {
        ScalarStyle::Literal
    } else {
        ScalarStyle::Plain
    };
    with_tag(Node::scalar(text, style), STRING)
}

pub(crate) fn with_tag(mut node: Node, tag: &str) -> Node {
    node.tag = Some(tag.into());
    node
}

/// The tag as go-yaml has it; empty for what kustomize made without one.
pub(crate) fn tag(node: &Node) -> &str {
    match &node.tag {
        Some(tag) => tag,
        None if node.mark.line > 0 => node.short_tag(),
        None => "",
    }
}

pub(crate) fn is_null(node: &Node) -> bool {
    match &node.value {
        NodeValue::Scalar(..) => tag(node) == NULL,
        _ => false,
    }
}

/// Null, or a collection without content (`IsYNodeNilOrEmpty`).
pub(crate) fn is_nil_or_empty(node: &Node) -> bool {
    match &node.value {
        NodeValue::Scalar(..) => is_null(node),
        NodeValue::Sequence(items) => items.is_empty(),
        NodeValue::Mapping(pairs) => pairs.is_empty(),
    }
}

/// Null, or a mapping without content (`IsEmptyMap`).
pub(crate) fn is_empty_map(node: &Node) -> bool {
    is_null(node) || matches!(&node.value, NodeValue::Mapping(pairs) if pairs.is_empty())
}

/// Whether it is a scalar that is a text (`IsYNodeString`).
pub(crate) fn is_string(node: &Node) -> bool {
    kind(node) == Kind::Scalar && matches!(tag(node), STRING | "")
}

/// The text; empty for null (`GetValue`).
pub(crate) fn value(node: &Node) -> &str {
    if is_null(node) { "" } else { raw(node) }
}

/// The text of a scalar, null included; empty for collections.
pub(crate) fn raw(node: &Node) -> &str {
    node.text().unwrap_or_default()
}

/// How a scalar is written; what is left out counts as plain.
pub(crate) fn style(node: &Node) -> ScalarStyle {
    match node.value {
        NodeValue::Scalar(_, ScalarStyle::Omitted) => ScalarStyle::Plain,
        NodeValue::Scalar(_, style) => style,
        _ => ScalarStyle::Plain,
    }
}

/// What a plain scalar with this text resolves to.
fn resolved(text: &str) -> &'static str {
    match Node::scalar(text, ScalarStyle::Plain).short_tag() {
        STRING => STRING,
        NULL => NULL,
        "!!bool" => "!!bool",
        "!!int" => "!!int",
        "!!float" => "!!float",
        "!!timestamp" => "!!timestamp",
        _ => "!!merge",
    }
}

/// Whether YAML 1.1 reads this text, written without quotes, as anything but a text (`IsValueNonString`).
pub(crate) fn is_old_non_string(text: &str) -> bool {
    if text.is_empty() || text.contains('\n') {
        return false;
    }
    crate::yaml_1_1::resolve(text).is_some() || is_collection(text)
}

/// Whether a text reads as a list or a mapping; few texts need to be parsed to know.
fn is_collection(text: &str) -> bool {
    let may_be = text.starts_with(['[', '{', '-', '?'])
        || text.ends_with(':')
        || text.contains(": ")
        || text.contains(":\t");
    let read = || {
        parse_first_document(text, &Limits::default())
            .ok()
            .flatten()
    };
    may_be && read().is_some_and(|document| kind(&document.root) != Kind::Scalar)
}

/// Gives a scalar another style and keeps its meaning, as far as go-yaml keeps it.
pub(crate) fn restyle(node: &mut Node, new: ScalarStyle) {
    let kept = tag(node).to_owned();
    if let NodeValue::Scalar(_, style) = &mut node.value {
        *style = new;
        retag(node, kept);
    }
}

/// Changes a scalar's text alone: tag and style stay.
pub(crate) fn set_text(node: &mut Node, new: &str) {
    let kept = tag(node).to_owned();
    if let NodeValue::Scalar(text, style) = &mut node.value {
        *text = new.into();
        if *style == ScalarStyle::Omitted && !new.is_empty() {
            *style = ScalarStyle::Plain;
        }
        retag(node, kept);
    }
}

/// Writes a scalar's tag down unless text and style tell it.
fn retag(node: &mut Node, kept: String) {
    let NodeValue::Scalar(text, style) = &node.value else {
        return;
    };
    let is_plain = *style == ScalarStyle::Plain;
    let is_read = node.mark.line > 0;
    let is_told = match kept.as_str() {
        "" => true,
        STRING => is_read && (!is_plain || resolved(text) == STRING),
        // Quotes win over a tag that the text would have without them.
        _ => resolved(text) == kept,
    };
    node.tag = (!is_told).then(|| kept.into());
}

/// Replaces a node's content.
fn overwrite(old: &mut Node, new: Node) {
    *old = in_place(new, old.mark);
}

/// Makes a node the content of one with this mark: where that is shared, the others will follow.
pub(crate) fn in_place(mut new: Node, mark: Mark) -> Node {
    if is_shared(mark) && kind(&new) == Kind::Scalar {
        let kept = tag(&new).to_owned();
        new.mark = mark;
        retag(&mut new, kept);
    }
    new
}

/// Whether a node is one of several that kustomize has as one: what is set on one is set on all.
///
/// Nodes that were made have no line; their column tells which belong together.
pub(crate) fn is_shared(mark: Mark) -> bool {
    mark.line == 0 && mark.column > 0
}

/// Replaces a scalar by `new`, which takes over its style (`FieldSetter` without a name).
///
/// # Errors
/// If the node is no scalar.
pub(crate) fn set_scalar(node: &mut Node, mut new: Node) -> Step {
    if is_null(&new) {
        return Ok(());
    }
    expect(node, Kind::Scalar)?;
    restyle(&mut new, style(node));
    overwrite(node, new);
    Ok(())
}

/// Sets a field of a mapping; the value takes over the style of the one it replaces (`FieldSetter`).
///
/// # Errors
/// If the node is neither mapping nor null.
pub(crate) fn set_field<'a>(
    node: &'a mut Node,
    name: &str,
    new: Node,
) -> Step<Option<&'a mut Node>> {
    if is_null(&new) {
        clear(node, name)?;
        return Ok(None);
    }
    put(node, name, new)
}

/// As [`set_field`], for values that may be null.
pub(crate) fn put<'a>(node: &'a mut Node, name: &str, mut new: Node) -> Step<Option<&'a mut Node>> {
    if is_string(&new) && style(&new) == ScalarStyle::Plain && is_old_non_string(raw(&new)) {
        restyle(&mut new, ScalarStyle::DoubleQuoted);
    }
    if is_null(node) {
        return Ok(None);
    }
    let pairs = pairs_mut(node)?;
    let index = if let Some(index) = position(pairs, name) {
        if let Some((_, old)) = pairs.get_mut(index) {
            if kind(&new) == Kind::Scalar {
                restyle(&mut new, style(old));
            }
            overwrite(old, new);
        }
        index
    } else {
        pairs.push((scalar(name), new));
        pairs.len() - 1
    };
    Ok(pairs.get_mut(index).map(|(_, value)| value))
}

/// Removes a field (`FieldClearer`).
///
/// # Errors
/// If the node is neither mapping nor null.
pub(crate) fn clear(node: &mut Node, name: &str) -> Step<Option<Node>> {
    if is_null(node) {
        return Ok(None);
    }
    let pairs = pairs_mut(node)?;
    Ok(position(pairs, name).map(|index| pairs.remove(index).1))
}

pub(crate) fn position(pairs: &[(Node, Node)], name: &str) -> Option<usize> {
    pairs.iter().position(|(key, _)| key.text() == Some(name))
}

fn pairs_mut(node: &mut Node) -> Step<&mut Vec<(Node, Node)>> {
    match &mut node.value {
        NodeValue::Mapping(pairs) => Ok(pairs),
        NodeValue::Sequence(_) => Err(wrong_kind(Kind::Mapping, Kind::Sequence)),
        NodeValue::Scalar(..) => Err(wrong_kind(Kind::Mapping, Kind::Scalar)),
    }
}

/// Fails unless the node is of a kind, or null (`ErrorIfInvalid`).
pub(crate) fn expect(node: &Node, expected: Kind) -> Step {
    let found = kind(node);
    if found == expected || is_null(node) {
        return Ok(());
    }
    Err(wrong_kind(expected, found))
}

fn wrong_kind(expected: Kind, found: Kind) -> crate::fault::Fault {
    let name = |kind| match kind {
        Kind::Scalar => "a scalar",
        Kind::Sequence => "a list",
        Kind::Mapping => "a mapping",
    };
    format!("expected {}, found {}", name(expected), name(found)).into()
}

/// The first values of some keys, found in one go.
pub(crate) fn fields<'a, const N: usize>(
    node: &'a Node,
    names: [&str; N],
) -> [Option<&'a Node>; N] {
    let mut found = [None; N];
    for (key, value) in node.pairs().unwrap_or_default() {
        let key = key.text();
        for (name, slot) in names.iter().zip(&mut found) {
            if slot.is_none() && key == Some(name) {
                *slot = Some(value);
            }
        }
    }
    found
}

/// The text of `metadata.<name>`; empty if there is none.
pub(crate) fn metadata_text<'a>(node: &'a Node, name: &str) -> &'a str {
    let metadata = node.get("metadata").filter(|node| !is_nil_or_empty(node));
    let found = metadata.and_then(|metadata| metadata.get(name));
    found.filter(|node| !is_nil_or_empty(node)).map_or("", raw)
}

/// A mapping under `metadata`, its values as they are written (`getMapFromMeta`).
pub(crate) fn metadata_map(node: &Node, name: &str) -> Vec<(String, String)> {
    let metadata = node.get("metadata").filter(|node| !is_nil_or_empty(node));
    let pairs = metadata.and_then(|metadata| metadata.get(name)?.pairs());
    let text = |node: &Node| raw(node).to_owned();
    let mut map: Vec<(String, String)> = Vec::new();
    for (key, value) in pairs.unwrap_or_default() {
        match map.iter_mut().find(|(known, _)| *known == raw(key)) {
            Some((_, known)) => *known = text(value),
            None => map.push((text(key), text(value))),
        }
    }
    map
}

/// The value of one label or annotation.
pub(crate) fn metadata_entry<'a>(node: &'a Node, map: &str, key: &str) -> Option<&'a str> {
    let metadata = node.get("metadata").filter(|node| !is_nil_or_empty(node))?;
    metadata.get(map)?.get(key).map(raw)
}

/// Replaces a mapping under `metadata` by texts (`setMapInMetadata`): none removes it.
///
/// # Errors
/// If `metadata` is no mapping.
pub(crate) fn set_metadata_map(
    node: &mut Node,
    name: &str,
    mut map: Vec<(String, String)>,
) -> Step {
    let Some(metadata) = lookup(node, &["metadata"], Some(Kind::Mapping))? else {
        return Ok(());
    };
    clear(metadata, name)?;
    if map.is_empty() || is_null(metadata) {
        return Ok(());
    }
    map.sort();
    // A field of that name that stood there twice is still there once.
    if metadata.get(name).is_some() {
        let Some(again) = lookup(metadata, &[name], Some(Kind::Mapping))? else {
            return Ok(());
        };
        if is_null(again) {
            *again = empty(Kind::Mapping);
        }
        let mut map = map.into_iter();
        return map.try_for_each(|(key, value)| {
            set_field(again, &key, string(&value))?;
            Ok(())
        });
    }
    let pairs = map
        .into_iter()
        .map(|(key, value)| (scalar(&key), string(&value)));
    let pairs = NodeValue::Mapping(pairs.collect());
    put(metadata, name, Node::from(pairs))?;
    Ok(())
}

/// The items of a list; `None` for null.
///
/// # Errors
/// If it is anything else.
pub(crate) fn items_mut(node: &mut Node) -> Step<Option<&mut Vec<Node>>> {
    expect(node, Kind::Sequence)?;
    match &mut node.value {
        NodeValue::Sequence(items) => Ok(Some(items)),
        _ => Ok(None),
    }
}

/// The style in which go-yaml writes a text.
fn written_style(text: &str) -> ScalarStyle {
    let is_usual = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte);
    let starts = text
        .bytes()
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic());
    if !starts || !text.bytes().all(is_usual) {
        return match tidegate_yaml::emit(&text.into()).bytes().next() {
            Some(b'"') => ScalarStyle::DoubleQuoted,
            Some(b'\'') => ScalarStyle::SingleQuoted,
            Some(b'|') => ScalarStyle::Literal,
            _ => ScalarStyle::Plain,
        };
    }
    style(&Node::string(text))
}

/// How the texts of a JSON value are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum JsonStyle {
    /// As in a JSON text.
    Quoted,
    /// As go-yaml writes them.
    Yaml,
}

/// A JSON value as a node that counts as read from a text at `mark`.
pub(crate) fn from_json(value: &serde_json::Value, mark: Mark, style: JsonStyle) -> Node {
    use serde_json::Value;
    // A node without a line would count as made, and so have no tag.
    let mark = Mark {
        line: mark.line.max(1),
        ..mark
    };
    let text = |text: &str| match style {
        JsonStyle::Quoted => Node::scalar(text, ScalarStyle::DoubleQuoted),
        JsonStyle::Yaml => Node::scalar(text, written_style(text)),
    };
    let mut node = match value {
        Value::Null => scalar("null"),
        Value::Bool(value) => scalar(if *value { "true" } else { "false" }),
        Value::Number(number) => match (style, number.as_f64()) {
            // Go decodes every number of a JSON text as a float.
            (JsonStyle::Yaml, Some(float)) => scalar(&crate::number::shortest(float)),
            _ => scalar(&number.to_string()),
        },
        Value::String(value) => text(value),
        Value::Array(items) => {
            let items = items.iter().map(|item| from_json(item, mark, style));
            Node::from(NodeValue::Sequence(items.collect()))
        }
        Value::Object(fields) => {
            let pair = |(key, value): (&String, &Value)| {
                let mut key = text(key);
                key.mark = mark;
                (key, from_json(value, mark, style))
            };
            Node::from(NodeValue::Mapping(fields.iter().map(pair).collect()))
        }
    };
    node.mark = mark;
    node
}
