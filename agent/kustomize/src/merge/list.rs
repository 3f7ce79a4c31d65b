//! Lists that merge by key (`walkAssociativeSequence`), oddities included.
//!
//! Items are addressed by their place in an arena, as one item can stand in several lists while
//! it is merged.

use tidegate_yaml::{Node, NodeValue};

use super::directive::Directive;
use super::{Outcome, Patch, Walk};
use crate::fault::Step;
use crate::node::{self, Kind};
use crate::schema::{Shape, TypeId};

/// The lists of one merge.
struct Lists {
    arena: Vec<Node>,
    /// The object's list.
    own: Vec<usize>,
    /// The patch's; `None` if the two are one.
    other: Option<Vec<usize>>,
    /// What comes first in the result.
    added: Vec<usize>,
}

type Keys<'a> = (&'a [String], &'a [String]);

impl Walk<'_> {
    pub(super) fn merging_list(
        &self,
        own: Option<Node>,
        patch: Patch,
        (of, keys): (TypeId, &[Box<str>]),
    ) -> Step<Outcome> {
        let (template, mut lists) = match visit(own, patch)? {
            Ok(visited) => visited,
            Err(outcome) => return Ok(outcome),
        };
        let keys: Vec<String> = match keys {
            [] => vec![String::new()],
            keys => keys.iter().map(ToString::to_string).collect(),
        };
        let mut values = lists.values(&keys);
        if keys.len() > 1 {
            unify(&mut values);
        }
        let mut last_keys = Vec::new();
        for one in &values {
            let (keys, one) = valid(&values, one, &keys);
            self.element(&mut lists, (&keys, &one), of)?;
            last_keys = keys;
        }
        if !values.is_empty() {
            lists.append_own(&last_keys)?;
            lists.own = std::mem::take(&mut lists.added);
        }
        Ok(Outcome::Patched(lists.finish(template)))
    }

    /// Merges the items that have these values under these keys.
    fn element(&self, lists: &mut Lists, (keys, values): Keys<'_>, of: TypeId) -> Step {
        let single = [values.to_vec()];
        let (found_by, found_values) = valid(&single, values, keys);
        let own = lists.find(&lists.own, (&found_by, &found_values));
        let other = match &lists.other {
            None => None,
            Some(other) => lists.find(other, (&found_by, &found_values)),
        };
        let patch = match (&lists.other, other) {
            (None, _) if own.is_some() => Patch::Same,
            (_, Some(index)) => lists.copy(index).map_or(Patch::Nothing, Patch::Node),
            _ => Patch::Nothing,
        };
        let node = own.and_then(|index| lists.take(index));
        let outcome = self.node(node, patch, Some(Shape::Plain(of)))?;
        let is_own = matches!(outcome, Outcome::Own(_)) || lists.other.is_none();
        let is_nothing = |node: &Node| node::is_null(node) || node::is_empty_map(node);
        let Some(mut merged) = outcome.into_node().filter(|node| !is_nothing(node)) else {
            lists.set(Target::Own, None, (keys, values))?;
            return Ok(());
        };
        for (key, value) in keys.iter().zip(values) {
            if merged.get(key).is_none() && !value.is_empty() {
                set_key(&mut merged, key, value)?;
            }
        }
        let index = match own.filter(|_| is_own) {
            Some(index) => lists.restore(index, merged),
            None => lists.add(merged),
        };
        lists.set(Target::Added, Some(index), (keys, values))
    }
}

fn set_key(node: &mut Node, key: &str, value: &str) -> Step {
    if key.is_empty() {
        return node::set_scalar(node, node::scalar(value));
    }
    node::set_field(node, key, node::scalar(value)).map(drop)
}

/// What becomes of a list before its items are looked at (`Merger.VisitList`).
fn visit(own: Option<Node>, patch: Patch) -> Step<Result<(Node, Lists), Outcome>> {
    let own = own.filter(|own| !node::is_null(own));
    Ok(match (own, patch) {
        (None, Patch::Node(patch)) => Ok(Lists::same(patch)),
        (None, _) => Err(Outcome::Gone),
        (Some(own), Patch::Nothing) => Ok(Lists::two(own, Vec::new())),
        (Some(mut own), Patch::Same) => match directive(&mut own)? {
            Directive::Delete => Err(Outcome::Gone),
            _ => Ok(Lists::same(own)),
        },
        (Some(_), Patch::Node(patch)) if node::is_null(&patch) => Err(Outcome::Gone),
        (Some(own), Patch::Node(mut patch)) => match directive(&mut patch)? {
            Directive::Delete => Err(Outcome::Gone),
            Directive::Replace => Ok(Lists::same(patch)),
            Directive::Merge => match patch.value {
                NodeValue::Sequence(items) => Ok(Lists::two(own, items)),
                _ => Ok(Lists::two(own, Vec::new())),
            },
        },
    })
}

fn directive(list: &mut Node) -> Step<Directive> {
    match &mut list.value {
        NodeValue::Sequence(items) => Directive::of_list(items),
        _ => Ok(Directive::Merge),
    }
}

/// The list that is changed.
#[derive(Clone, Copy)]
enum Target {
    Own,
    Added,
}

impl Lists {
    fn same(node: Node) -> (Node, Self) {
        let (template, items) = split(node);
        (template, Self::new(items, None))
    }

    fn two(own: Node, other: Vec<Node>) -> (Node, Self) {
        let (template, items) = split(own);
        (template, Self::new(items, Some(other)))
    }

    fn new(own: Vec<Node>, other: Option<Vec<Node>>) -> Self {
        let mut arena = own;
        let count = arena.len();
        let other = other.map(|nodes| {
            let start = arena.len();
            arena.extend(nodes);
            (start..arena.len()).collect()
        });
        Self {
            own: (0..count).collect(),
            arena,
            other,
            added: Vec::new(),
        }
    }

    /// The distinct values of the items' keys: the patch's first.
    fn values(&self, keys: &[String]) -> Vec<Vec<String>> {
        let mut values: Vec<Vec<String>> = Vec::new();
        for index in self.other.iter().flatten().chain(&self.own) {
            let Some(item) = self.arena.get(*index) else {
                continue;
            };
            let one: Vec<String> = keys.iter().map(|key| key_value(item, key)).collect();
            if !values.contains(&one) {
                values.push(one);
            }
        }
        values
    }

    /// The first item with these values (`ElementMatcher`).
    fn find(&self, list: &[usize], (keys, values): Keys<'_>) -> Option<usize> {
        let fits = |item: &Node| match (keys, values) {
            ([key], [value]) if key.is_empty() => node::raw(item) == value,
            _ => keys.iter().zip(values).all(|(key, value)| {
                item.pairs().is_some_and(|pairs| {
                    let mut pairs = pairs.iter();
                    pairs
                        .find(|(name, _)| name.text() == Some(key))
                        .is_some_and(|(_, found)| node::raw(found) == value)
                })
            }),
        };
        let mut list = list.iter().copied();
        list.find(|index| self.arena.get(*index).is_some_and(fits))
    }

    fn copy(&self, index: usize) -> Option<Node> {
        self.arena.get(index).cloned()
    }

    fn take(&mut self, index: usize) -> Option<Node> {
        let slot = self.arena.get_mut(index)?;
        Some(slot.clone())
    }

    fn restore(&mut self, index: usize, node: Node) -> usize {
        if let Some(slot) = self.arena.get_mut(index) {
            *slot = node;
        }
        index
    }

    fn add(&mut self, node: Node) -> usize {
        self.arena.push(node);
        self.arena.len() - 1
    }

    /// Sets or removes the item with these values in a list (`ElementSetter`).
    fn set(&mut self, target: Target, item: Option<usize>, (keys, values): Keys<'_>) -> Step {
        let list = match target {
            Target::Own => std::mem::take(&mut self.own),
            Target::Added => std::mem::take(&mut self.added),
        };
        let by_key = keys.first().is_some_and(|key| !key.is_empty())
            && values.first().is_some_and(|value| !value.is_empty());
        let mut kept = Vec::with_capacity(list.len() + 1);
        let mut is_found = false;
        for index in list {
            let Some(node) = self.arena.get(index) else {
                continue;
            };
            if node::is_empty_map(node) {
                continue;
            }
            if node::kind(node) != Kind::Mapping && by_key {
                kept.push(index);
                continue;
            }
            if !is_match(node, (keys, values))? {
                if !values.is_empty() {
                    kept.push(index);
                }
                continue;
            }
            is_found = true;
            kept.extend(item);
        }
        if !is_found {
            let is_null = |index: &usize| self.arena.get(*index).is_none_or(node::is_null);
            kept.extend(item.filter(|index| !is_null(index)));
        }
        match target {
            Target::Own => self.own = kept,
            Target::Added => self.added = kept,
        }
        Ok(())
    }

    /// Puts the object's items behind those that the patch has named (`appendListNode`).
    fn append_own(&mut self, keys: &[String]) -> Step {
        for index in std::mem::take(&mut self.own) {
            let Some(item) = self.arena.get(index) else {
                continue;
            };
            if keys.first().is_none_or(String::is_empty) {
                let value = [node::raw(item).to_owned()];
                self.set(Target::Added, Some(index), (keys, &value))?;
                continue;
            }
            let mut values = Vec::with_capacity(keys.len());
            let mut missing = 0;
            for key in keys {
                node::expect(item, Kind::Mapping)?;
                match item.get(key) {
                    Some(value) => values.push(node::raw(value).to_owned()),
                    None => missing += 1,
                }
            }
            self.added.extend(std::iter::repeat_n(index, missing));
            if keys.len() > 1 {
                self.set(Target::Added, None, (keys, &values))?;
            }
            self.set(Target::Added, Some(index), (keys, &values))?;
        }
        Ok(())
    }

    fn finish(mut self, mut template: Node) -> Node {
        let list = self.own;
        let items = list.iter().enumerate().map(|(place, index)| {
            let again = list.iter().skip(place + 1).any(|later| later == index);
            let slot = self.arena.get_mut(*index);
            let nothing = || node::empty(Kind::Scalar);
            slot.map_or_else(nothing, |slot| {
                if again {
                    slot.clone()
                } else {
                    std::mem::replace(slot, nothing())
                }
            })
        });
        template.value = NodeValue::Sequence(items.collect());
        template
    }
}

fn split(mut node: Node) -> (Node, Vec<Node>) {
    let items = match &mut node.value {
        NodeValue::Sequence(items) => std::mem::take(items),
        _ => Vec::new(),
    };
    (node, items)
}

/// The text under a key; an empty key stands for the item itself.
fn key_value(item: &Node, key: &str) -> String {
    if key.is_empty() {
        return node::raw(item).to_owned();
    }
    let value = item.get(key).filter(|value| !node::is_nil_or_empty(value));
    value.map(node::raw).unwrap_or_default().to_owned()
}

/// Whether an item has these values; a key without a value stands for any.
fn is_match(item: &Node, (keys, values): Keys<'_>) -> Step<bool> {
    let mut is_found = false;
    for (index, key) in keys.iter().enumerate() {
        if let Some(value) = values.get(index) {
            is_found = if key.is_empty() {
                node::expect(item, Kind::Scalar)?;
                node::value(item) == value
            } else {
                node::expect(item, Kind::Mapping)?;
                item.get(key)
                    .is_some_and(|found| value.is_empty() || node::raw(found) == value)
            };
        }
        if !is_found {
            return Ok(false);
        }
    }
    Ok(is_found)
}

/// The keys that any of the items has, with this item's values (`validateKeys`).
fn valid(all: &[Vec<String>], values: &[String], keys: &[String]) -> (Vec<String>, Vec<String>) {
    let used: Vec<bool> = (0..keys.len())
        .map(|index| {
            let has = |values: &Vec<String>| values.get(index).is_some_and(|one| !one.is_empty());
            all.iter().any(has)
        })
        .collect();
    if !used.contains(&true) {
        return (keys.to_vec(), values.to_vec());
    }
    let picked = |list: &[String]| {
        let pairs = list.iter().zip(&used);
        pairs
            .filter(|(_, used)| **used)
            .map(|(one, _)| one.clone())
            .collect()
    };
    (picked(keys), picked(values))
}

/// Takes values with gaps for the ones that fit them (`mergeValues`).
fn unify(values: &mut [Vec<String>]) {
    for first in 0..values.len() {
        // The outer item is the one from before the inner loop, as in Go's range.
        let Some(outer) = values.get(first).cloned() else {
            continue;
        };
        for second in 0..values.len() {
            let Some(common) = values.get(second).and_then(|inner| common(&outer, inner)) else {
                continue;
            };
            for index in [first, second] {
                if let Some(slot) = values.get_mut(index) {
                    slot.clone_from(&common);
                }
            }
        }
    }
}

fn common(one: &[String], other: &[String]) -> Option<Vec<String>> {
    let mut has_equal = false;
    let mut merged = Vec::with_capacity(one.len());
    for (a, b) in one.iter().zip(other) {
        has_equal |= a == b;
        match (a.is_empty(), b.is_empty()) {
            _ if a == b => merged.push(a.clone()),
            (false, false) => return None,
            (false, true) => merged.push(a.clone()),
            _ => merged.push(b.clone()),
        }
    }
    has_equal.then_some(merged)
}
