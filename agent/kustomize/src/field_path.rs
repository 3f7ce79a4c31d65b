//! Replacements' paths: every field that a path means, made where asked for (`yaml.PathMatcher`).

use tidegate_yaml::{Limits, Node, NodeValue, ScalarStyle, StyledDocument};

use crate::fault::Step;
use crate::node::{self, Kind};
use crate::{go_regex, selector};

/// What is made where a path leads to nothing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Create {
    kind: Kind,
    /// In brackets, a text without content is not null.
    in_brackets: bool,
}

impl Create {
    pub(crate) fn new(kind: Kind) -> Self {
        Self {
            kind,
            in_brackets: false,
        }
    }

    fn inside(self, parent: &Node) -> Self {
        Self {
            in_brackets: self.in_brackets || parent.stands_in_brackets(),
            ..self
        }
    }

    /// A node for the next part of the path.
    fn make(self, rest: &[String]) -> Node {
        let next = rest.first().map_or("", String::as_str);
        match node::part_kind(next, self.kind) {
            Kind::Scalar if self.in_brackets => Node::scalar("", ScalarStyle::Omitted),
            kind => node::empty(kind),
        }
    }
}

/// Calls `set` on every field that a path means; answers how many those are.
pub(crate) fn visit(
    found: &mut Node,
    path: &[String],
    create: Option<Create>,
    set: &mut dyn FnMut(&mut Node) -> Step,
) -> Step<usize> {
    let Some((part, rest)) = path.split_first() else {
        set(found)?;
        return Ok(1);
    };
    let create = create.map(|create| create.inside(found));
    if let Ok(index) = part.parse::<usize>() {
        return visit_index(found, (index, rest), create, set);
    }
    if node::is_list_index(part) {
        return visit_selected(found, (part, rest), create, set);
    }
    if part == "*" {
        let Some(items) = node::items_mut(found)? else {
            return Ok(0);
        };
        let mut count = 0;
        for item in items {
            count += visit(item, rest, create, set)?;
        }
        return Ok(count);
    }
    visit_field(found, (part, rest), create, set)
}

fn visit_field(
    found: &mut Node,
    (name, rest): (&str, &[String]),
    create: Option<Create>,
    set: &mut dyn FnMut(&mut Node) -> Step,
) -> Step<usize> {
    node::expect(found, Kind::Mapping)?;
    if found.get(name).is_none() {
        let Some(create) = create else {
            return Ok(0);
        };
        let made = create.make(rest);
        // Under a null, a field can be made, and is lost.
        if node::put(found, name, made)?.is_none() {
            return Ok(1);
        }
    }
    let Some(field) = found.get_mut(name) else {
        return Ok(0);
    };
    if node::kind(field) == Kind::Scalar && !rest.is_empty() {
        return visit_copy(node::raw(field), rest, create, set)
            .map_err(|fault| fault.within(|| format!("inside of the text of `{name}`")));
    }
    visit(field, rest, create, set)
}

/// Visits what a text holds; kustomize changes a copy of that here, and drops it.
fn visit_copy(
    text: &str,
    rest: &[String],
    create: Option<Create>,
    set: &mut dyn FnMut(&mut Node) -> Step,
) -> Step<usize> {
    let document = StyledDocument::parse(text, &Limits::default())
        .map_err(|error| format!("is no YAML: {error}"))?;
    let mut copy = document.ok_or("is empty")?.root;
    visit(&mut copy, rest, create, set)
}

fn visit_index(
    found: &mut Node,
    (index, rest): (usize, &[String]),
    create: Option<Create>,
    set: &mut dyn FnMut(&mut Node) -> Step,
) -> Step<usize> {
    // What is added to a null is lost.
    let mut lost = Vec::new();
    let items = node::items_mut(found)?.unwrap_or(&mut lost);
    let count = items.len();
    let outside = || format!("index {index} is outside of the list of {count}");
    if let Some(create) = create.filter(|_| index == count) {
        items.push(create.make(rest));
    }
    let item = items.get_mut(index).ok_or_else(outside)?;
    visit(item, rest, create, set)
}

/// `[name=value]`: the value is a regular expression.
fn visit_selected(
    found: &mut Node,
    (part, rest): (&str, &[String]),
    create: Option<Create>,
    set: &mut dyn FnMut(&mut Node) -> Step,
) -> Step<usize> {
    let (name, value) = node::element_selector(part)?;
    let is_match = matcher(value).map_err(|fault| fault.within(|| format!("`{part}`")))?;
    let mut is_made = false;
    // What is added to a null is lost.
    let mut lost = Vec::new();
    let items = node::items_mut(found)?.unwrap_or(&mut lost);
    loop {
        let mut count = 0;
        for item in items.iter_mut() {
            let text = if name.is_empty() {
                Some(written(item))
            } else {
                item.get(name).map(written)
            };
            if !text.is_some_and(|text| is_match(text.trim())) {
                continue;
            }
            // What is selected by itself has no fields.
            let rest = if name.is_empty() { &[] } else { rest };
            count += visit(item, rest, create, set)?;
        }
        if count > 0 || create.is_none() {
            return Ok(count);
        }
        if is_made {
            return Err(format!("an item made for `{part}` does not match it").into());
        }
        items.push(node::made_element(name, value));
        is_made = true;
    }
}

type IsMatch<'a> = Box<dyn Fn(&str) -> bool + 'a>;

/// Whether a text has what an expression means, anywhere; most expressions mean their own text.
fn matcher(expression: &str) -> Step<IsMatch<'_>> {
    if selector::is_text(expression) {
        return Ok(Box::new(move |text| text.contains(expression)));
    }
    let pattern = go_regex::compile(expression)?;
    Ok(Box::new(move |text| pattern.is_match(text)))
}

/// A value as it would be written, quotes included: that is what patterns are matched with.
fn written(value: &Node) -> String {
    let NodeValue::Scalar(text, style) = &value.value else {
        return value
            .to_json()
            .map(|json| tidegate_yaml::emit(&json))
            .unwrap_or_default();
    };
    match style {
        ScalarStyle::DoubleQuoted => format!("\"{text}\""),
        ScalarStyle::SingleQuoted => format!("'{}'", text.replace('\'', "''")),
        ScalarStyle::Literal => format!("|-\n  {text}"),
        ScalarStyle::Folded => format!(">-\n  {text}"),
        ScalarStyle::Plain | ScalarStyle::Omitted => text.to_string(),
    }
}
