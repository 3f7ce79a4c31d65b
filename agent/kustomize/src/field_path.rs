//! Replacements' paths: every field that a path means, made where asked for (`yaml.PathMatcher`).

use tidegate_yaml::{Node, NodeValue, ScalarStyle};

use crate::fault::Step;
use crate::node::{self, Kind};
use crate::selector;

/// Calls `set` on every field that a path means; answers how many those are.
pub(crate) fn visit(
    found: &mut Node,
    path: &[String],
    create: Option<Kind>,
    set: &mut dyn FnMut(&mut Node) -> Step,
) -> Step<usize> {
    let Some((part, rest)) = path.split_first() else {
        set(found)?;
        return Ok(1);
    };
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

fn next_kind(rest: &[String], last: Kind) -> Kind {
    node::part_kind(rest.first().map_or("", String::as_str), last)
}

fn visit_field(
    found: &mut Node,
    (name, rest): (&str, &[String]),
    create: Option<Kind>,
    set: &mut dyn FnMut(&mut Node) -> Step,
) -> Step<usize> {
    node::expect(found, Kind::Mapping)?;
    if found.get(name).is_none() {
        let Some(kind) = create else {
            return Ok(0);
        };
        let made = node::empty(next_kind(rest, kind));
        // Under a null, a field can be made, and is lost.
        if node::put(found, name, made)?.is_none() {
            return Ok(1);
        }
    }
    let Some(field) = found.get_mut(name) else {
        return Ok(0);
    };
    if node::kind(field) == Kind::Scalar && !rest.is_empty() {
        return Err(format!("`{name}` is a scalar and has no fields").into());
    }
    visit(field, rest, create, set)
}

fn visit_index(
    found: &mut Node,
    (index, rest): (usize, &[String]),
    create: Option<Kind>,
    set: &mut dyn FnMut(&mut Node) -> Step,
) -> Step<usize> {
    let items = node::items_mut(found)?;
    let count = items.as_ref().map_or(0, |items| items.len());
    let outside = || format!("index {index} is outside of the list of {count}");
    let items = items.ok_or_else(outside)?;
    if let Some(kind) = create.filter(|_| index == count) {
        items.push(node::empty(next_kind(rest, kind)));
    }
    let item = items.get_mut(index).ok_or_else(outside)?;
    visit(item, rest, create, set)
}

/// `[name=value]`: the value is a regular expression.
fn visit_selected(
    found: &mut Node,
    (part, rest): (&str, &[String]),
    create: Option<Kind>,
    set: &mut dyn FnMut(&mut Node) -> Step,
) -> Step<usize> {
    let (name, value) = node::element_selector(part)?;
    let pattern = selector::compile(value).map_err(|fault| fault.within(|| format!("`{part}`")))?;
    let mut is_made = false;
    loop {
        let Some(items) = node::items_mut(found)? else {
            return Ok(0);
        };
        let mut count = 0;
        for item in items.iter_mut() {
            let text = if name.is_empty() {
                Some(written(item))
            } else {
                item.get(name).map(written)
            };
            if !text.is_some_and(|text| pattern.is_match(text.trim())) {
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
