//! Digests of objects, keyed, so that the value of a Secret cannot be guessed from one.

use std::fmt::Write as _;

use hmac::{Hmac, Mac as _};
use serde_json::Value;
use sha2::Sha256;

/// The bytes of a digest that are kept.
const LENGTH: usize = 16;

/// The key of an install's digests. It cannot be printed.
#[derive(Clone)]
pub(crate) struct DigestKey(Vec<u8>);

impl DigestKey {
    /// Makes a random key.
    pub(crate) fn random() -> Self {
        let halves = [uuid::Uuid::new_v4(), uuid::Uuid::new_v4()];
        Self(halves.iter().flat_map(|half| *half.as_bytes()).collect())
    }

    /// Takes the bytes of a key that is kept.
    pub(crate) fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// Returns the bytes, to be kept.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Returns half of the HMAC-SHA-256 of a value, whatever the order of its fields: inventories hold thousands.
    pub(crate) fn digest(&self, value: &Value) -> String {
        let mut digest = String::with_capacity(2 * LENGTH);
        for byte in self.mac(value).iter().take(LENGTH) {
            let _ = write!(digest, "{byte:02x}");
        }
        digest
    }

    /// Returns the first eight bytes of the HMAC-SHA-256: enough to tell that an object has changed.
    pub(crate) fn fingerprint(&self, value: &Value) -> Option<u64> {
        let mac = self.mac(value);
        mac.first_chunk().map(|bytes| u64::from_be_bytes(*bytes))
    }

    fn mac(&self, value: &Value) -> Vec<u8> {
        let mut text = String::new();
        canonical(value, &mut text);
        // HMAC takes a key of any length.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else {
            return Vec::new();
        };
        mac.update(text.as_bytes());
        mac.finalize().into_bytes().to_vec()
    }
}

/// Writes a value with the fields of each mapping in the order of their names.
fn canonical(value: &Value, out: &mut String) {
    match value {
        Value::Object(fields) => {
            let mut sorted: Vec<_> = fields.iter().collect();
            sorted.sort_by_key(|(name, _)| *name);
            out.push('{');
            for (name, value) in sorted {
                let _ = write!(out, "{}:", Value::String(name.clone()));
                canonical(value, out);
                out.push(',');
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for item in items {
                canonical(item, out);
                out.push(',');
            }
            out.push(']');
        }
        scalar => {
            let _ = write!(out, "{scalar}");
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_digest_depends_on_key_and_value_alone() {
        let key = DigestKey::from_bytes(vec![1; 32]);
        let one: Value = serde_json::from_str(r#"{"a":1,"b":[{"c":2,"d":3}]}"#).unwrap();
        let same: Value = serde_json::from_str(r#"{"b":[{"d":3,"c":2}],"a":1}"#).unwrap();
        assert_eq!(key.digest(&one), key.digest(&same));
        assert_ne!(key.digest(&one), key.digest(&json!({"a": 1})));
        assert_ne!(key.digest(&one), DigestKey::random().digest(&one));
    }
}
