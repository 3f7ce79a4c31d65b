//! How large an object may become: copies of copies grow without end.

use serde_json::Value;
use tidegate_yaml::{Node, NodeValue};

use crate::fault::Step;

/// Bytes of texts, and values, of one object; API servers take a fifth of it.
const LARGEST: usize = 8 << 20;

/// Fails if an object has become too large.
pub(crate) fn check(object: &Node) -> Step {
    check_size(of_node(object))
}

/// As [`check`], for an object in JSON.
pub(crate) fn check_json(object: &Value) -> Step {
    check_size(of_json(object))
}

/// Fails if a text has become too large.
pub(crate) fn check_size(size: usize) -> Step {
    if size > LARGEST {
        return Err(format!("the object would have more than {LARGEST} bytes; copy less").into());
    }
    Ok(())
}

/// Bytes of texts, and values.
pub(crate) fn of_node(node: &Node) -> usize {
    1 + match &node.value {
        NodeValue::Scalar(text, _) => text.len(),
        NodeValue::Sequence(items) => items.iter().map(of_node).sum(),
        NodeValue::Mapping(pairs) => pairs
            .iter()
            .map(|(key, value)| of_node(key) + of_node(value))
            .sum(),
    }
}

fn of_json(value: &Value) -> usize {
    1 + match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(of_json).sum(),
        Value::Object(fields) => fields
            .iter()
            .map(|(key, value)| key.len() + of_json(value))
            .sum(),
        _ => 0,
    }
}
