//! A plan's hash, by which it is approved.

use std::collections::HashMap;
use std::fmt::Write as _;

use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tidegate_object::{Object, ObjectId};

use crate::{Change, Plan};

impl Plan {
    /// Returns the plan's hash, in hexadecimal digits: SHA-256 over the owner's uid, and each object's id, change and
    /// digest, which is an HMAC-SHA-256 under `key`, since a plain hash of a Secret could be guessed.
    ///
    /// It says nothing of the revision, nor of findings and edges. A plan whose changes are not all known has none.
    pub fn hash(&self, objects: &[Object], owner_uid: &str, key: &[u8]) -> Option<String> {
        let desired: HashMap<&ObjectId, &Object> =
            objects.iter().map(|object| (object.id(), object)).collect();
        let mut nodes: Vec<_> = self.nodes.iter().collect();
        nodes.sort_by(|a, b| a.id.cmp(&b.id));
        let lines = nodes.into_iter().map(|node| {
            let known = node.change != Change::Unknown;
            let object = desired.get(&node.id).filter(|_| known)?;
            let digest = digest(object.value(), key)?;
            Some(json!([node.id.to_string(), node.change.as_str(), digest]))
        });
        let lines: Vec<_> = lines.collect::<Option<_>>()?;
        let text = json!([owner_uid, lines]).to_string();
        Some(hexadecimal(&Sha256::digest(text)))
    }
}

fn digest(value: &Value, key: &[u8]) -> Option<String> {
    let mut text = String::new();
    write_canonical(value, &mut text);
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    mac.update(text.as_bytes());
    Some(hexadecimal(&mac.finalize().into_bytes()))
}

/// Writes JSON with the names of each mapping in order.
fn write_canonical(value: &Value, text: &mut String) {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by_key(|(name, _)| *name);
            text.push('{');
            for (name, field) in fields {
                let _ = write!(text, "{}:", Value::String(name.clone()));
                write_canonical(field, text);
                text.push(',');
            }
            text.push('}');
        }
        Value::Array(items) => {
            text.push('[');
            for item in items {
                write_canonical(item, text);
                text.push(',');
            }
            text.push(']');
        }
        other => {
            let _ = write!(text, "{other}");
        }
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}
