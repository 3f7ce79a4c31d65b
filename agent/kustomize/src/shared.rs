//! Nodes that are one to kustomize: an entry that it adds in several places of an object.

use tidegate_yaml::{Mark, Node, NodeValue};

use crate::node;
use crate::resource::Resource;

/// What a group of nodes has in common.
#[derive(Debug, Clone)]
pub(crate) struct Shared {
    group: u32,
    value: Node,
}

impl Resource {
    /// A mark for nodes that are to share their content.
    pub(crate) fn next_group(&mut self) -> Mark {
        self.groups += 1;
        Mark {
            line: 0,
            column: self.groups,
        }
    }

    /// Remembers the content of a group of nodes.
    pub(crate) fn share(&mut self, value: Node) {
        self.shared.push(Shared {
            group: value.mark.column,
            value,
        });
    }

    /// To be called after fields were set: nodes that share their content come to have the same.
    pub(crate) fn settle(&mut self) {
        if self.may_differ {
            let body = &mut **self;
            body.may_differ = false;
            synchronise(&mut body.node, &mut body.shared);
        }
    }
}

/// Brings all nodes of a group to the content that one of them was given.
fn synchronise(node: &mut Node, groups: &mut [Shared]) {
    for shared in groups {
        if !has_changed(node, shared) {
            continue;
        }
        let mut changed = None;
        find_changed(node, shared, &mut changed);
        if let Some(new) = changed {
            shared.value = new;
            set_all(node, &shared.value);
        }
    }
}

/// Whether any node of a group differs from the others: mostly none does.
fn has_changed(found: &Node, shared: &Shared) -> bool {
    match &found.value {
        NodeValue::Scalar(..) => is_of(found, shared.group) && *found != shared.value,
        NodeValue::Sequence(items) => items.iter().any(|item| has_changed(item, shared)),
        NodeValue::Mapping(pairs) => pairs.iter().any(|(_, value)| has_changed(value, shared)),
    }
}

/// The last change, in the order in which patches go through an object.
fn find_changed(found: &Node, shared: &Shared, changed: &mut Option<Node>) {
    match &found.value {
        NodeValue::Scalar(..) => {
            if is_of(found, shared.group) && *found != shared.value {
                *changed = Some(found.clone());
            }
        }
        NodeValue::Sequence(items) => {
            for item in items {
                find_changed(item, shared, changed);
            }
        }
        NodeValue::Mapping(pairs) => {
            // By their sorted keys.
            let mut pairs: Vec<_> = pairs.iter().collect();
            pairs.sort_by_key(|(key, _)| node::raw(key));
            for (_, value) in pairs {
                find_changed(value, shared, changed);
            }
        }
    }
}

fn set_all(found: &mut Node, value: &Node) {
    match &mut found.value {
        NodeValue::Scalar(..) => {
            if is_of(found, value.mark.column) {
                found.clone_from(value);
            }
        }
        NodeValue::Sequence(items) => {
            for item in items {
                set_all(item, value);
            }
        }
        NodeValue::Mapping(pairs) => {
            for (_, found) in pairs {
                set_all(found, value);
            }
        }
    }
}

fn is_of(found: &Node, group: u32) -> bool {
    node::is_shared(found.mark) && found.mark.column == group
}
