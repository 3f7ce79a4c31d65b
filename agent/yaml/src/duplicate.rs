//! Keys that stand twice in a mapping: kept when reading, refused when decoding.

use std::collections::HashMap;

use crate::{Mark, Node, NodeValue, YamlError};

/// A key that stands twice in one mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duplicate {
    /// The key's text.
    pub key: String,
    /// Where it stands first.
    pub first: Mark,
    /// Where it stands again.
    pub again: Mark,
}

/// Below this many keys, comparing all pairs is faster than hashing.
const FEW: usize = 16;

impl Node {
    /// Every duplicate key of this node and below, in the order of the text.
    ///
    /// As in go-yaml, keys are compared by their texts: `1` and `"1"` are the same key.
    pub fn duplicates(&self) -> Vec<Duplicate> {
        let mut found = Vec::new();
        self.collect_duplicates(&mut found);
        found
    }

    fn collect_duplicates(&self, found: &mut Vec<Duplicate>) {
        match &self.value {
            NodeValue::Scalar(..) => {}
            NodeValue::Sequence(items) => {
                for item in items {
                    item.collect_duplicates(found);
                }
            }
            NodeValue::Mapping(pairs) => {
                if first_duplicate(pairs).is_some() {
                    found.extend(all_duplicates(pairs));
                }
                for (_, value) in pairs {
                    value.collect_duplicates(found);
                }
            }
        }
    }
}

impl From<Duplicate> for YamlError {
    fn from(duplicate: Duplicate) -> Self {
        let Duplicate { key, first, again } = duplicate;
        Self::DuplicateKey {
            mark: again,
            key,
            first,
        }
    }
}

/// The first duplicate of one mapping.
pub(crate) fn first_duplicate(pairs: &[(Node, Node)]) -> Option<Duplicate> {
    if pairs.len() <= FEW {
        return (0..pairs.len()).find_map(|index| duplicate_at(pairs, index));
    }
    all_duplicates(pairs).next()
}

fn all_duplicates(pairs: &[(Node, Node)]) -> impl Iterator<Item = Duplicate> {
    let mut seen = HashMap::with_capacity(pairs.len());
    pairs.iter().filter_map(move |(key, _)| {
        let first = *seen.entry(identity(key)).or_insert(key);
        (!std::ptr::eq(first, key)).then(|| Duplicate::new(first, key))
    })
}

fn duplicate_at(pairs: &[(Node, Node)], index: usize) -> Option<Duplicate> {
    let (key, _) = pairs.get(index)?;
    let mut before = pairs.iter().take(index);
    let (first, _) = before.find(|(first, _)| identity(first) == identity(key))?;
    Some(Duplicate::new(first, key))
}

/// What go-yaml compares: the kind and the text, which collections have none of.
fn identity(key: &Node) -> (u8, &str) {
    match &key.value {
        NodeValue::Scalar(text, _) => (0, text),
        NodeValue::Sequence(_) => (1, ""),
        NodeValue::Mapping(_) => (2, ""),
    }
}

impl Duplicate {
    fn new(first: &Node, again: &Node) -> Self {
        Self {
            key: first.text().unwrap_or_default().to_owned(),
            first: first.mark,
            again: again.mark,
        }
    }
}
