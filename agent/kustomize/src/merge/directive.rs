//! `$patch`: what a mapping or a list of a patch asks for.

use tidegate_yaml::Node;

use crate::fault::Step;
use crate::node;

const KEY: &str = "$patch";

/// What to do with the object's node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Directive {
    Merge,
    Replace,
    Delete,
}

impl Directive {
    /// Reads a mapping's directive and takes it out.
    pub(super) fn of_map(patch: &mut Node) -> Step<Self> {
        let Some(value) = patch.get(KEY) else {
            return Ok(Self::Merge);
        };
        let directive = Self::parse(node::raw(value))?;
        node::clear(patch, KEY)?;
        Ok(directive)
    }

    /// Reads a list's directive, an item of its own, and takes it out.
    pub(super) fn of_list(items: &mut Vec<Node>) -> Step<Self> {
        let Some(item) = items.iter().find(|item| item.get(KEY).is_some()) else {
            return Ok(Self::Merge);
        };
        let is_alone = item.pairs().is_some_and(|pairs| pairs.len() == 1);
        let Some(value) = item.get(KEY).filter(|_| is_alone) else {
            return Ok(Self::Merge);
        };
        let text = node::raw(value).to_owned();
        let directive = Self::parse(&text)?;
        items.retain(|item| {
            let is_directive = item.get(KEY).is_some_and(|value| node::raw(value) == text);
            !is_directive && !node::is_empty_map(item)
        });
        Ok(directive)
    }

    fn parse(text: &str) -> Step<Self> {
        match text {
            "merge" => Ok(Self::Merge),
            "replace" => Ok(Self::Replace),
            "delete" => Ok(Self::Delete),
            _ => Err(format!("`$patch: {text}` is unknown; write merge, replace or delete").into()),
        }
    }
}
