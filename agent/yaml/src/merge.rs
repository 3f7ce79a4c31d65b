//! Merge keys (`<<`), by kyaml's rules.

use std::collections::{HashMap, HashSet};

use crate::{Node, NodeValue, YamlError};

/// Puts the mappings that `<<` names into a mapping: a key of the mapping itself wins over theirs,
/// and an earlier mapping wins over a later one.
pub(crate) fn expand(mut pairs: Vec<(Node, Node)>) -> Result<Vec<(Node, Node)>, YamlError> {
    let Some(index) = pairs.iter().position(|(key, _)| is_merge(key)) else {
        return Ok(pairs);
    };
    let (_, value) = pairs.remove(index);
    if let Some((again, _)) = pairs.iter().find(|(key, _)| is_merge(key)) {
        return Err(YamlError::Merge {
            mark: again.mark,
            problem: "a mapping has two merge keys (<<); write one with a sequence of aliases",
        });
    }
    let own: HashSet<Option<&str>> = pairs.iter().map(|(key, _)| key.text()).collect();
    let mut merged: Vec<(Node, Node)> = Vec::new();
    let mut places = HashMap::new();
    for (key, value) in sources(value)?.into_iter().rev().flatten() {
        if own.contains(&key.text()) {
            continue;
        }
        let place = *places
            .entry(key.text().map(str::to_owned))
            .or_insert(merged.len());
        match merged.get_mut(place) {
            Some(known) => known.1 = value,
            None => merged.push((key, value)),
        }
    }
    pairs.extend(merged);
    Ok(pairs)
}

/// Whether a key is `<<` without quotes.
pub(crate) fn is_merge(key: &Node) -> bool {
    key.text() == Some("<<") && key.short_tag() == "!!merge"
}

fn sources(value: Node) -> Result<Vec<Vec<(Node, Node)>>, YamlError> {
    let mark = value.mark;
    let refused = |mark| YamlError::Merge {
        mark,
        problem: "a merge key (<<) takes a mapping or a sequence of mappings; name one by an alias",
    };
    match value.value {
        NodeValue::Mapping(pairs) => Ok(vec![pairs]),
        NodeValue::Sequence(items) => items
            .into_iter()
            .map(|item| match item.value {
                NodeValue::Mapping(pairs) => Ok(pairs),
                _ => Err(refused(item.mark)),
            })
            .collect(),
        NodeValue::Scalar(..) => Err(refused(mark)),
    }
}
