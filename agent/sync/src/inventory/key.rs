//! The Secret that holds the key of digests.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use tidegate_object::Object;

use super::secret::{MANAGED_BY, MANAGER, field};
use super::{InventoryError, Store};
use crate::digest::DigestKey;

/// The Secret that holds the key of digests.
const KEY_SECRET: &str = "tidegate-digest-key";

const KEY_FIELD: &str = "key";

impl Store {
    /// Reads the key of digests; the first who asks makes it.
    pub(crate) async fn key(&self) -> Result<DigestKey, InventoryError> {
        let id = self.id(KEY_SECRET);
        loop {
            let found = self.cluster.get(&id).await.map_err(InventoryError::Api)?;
            if let Some(secret) = found {
                let bytes = field(&secret, KEY_FIELD).filter(|bytes| bytes.len() >= 32);
                let problem = format!(
                    "its field `{KEY_FIELD}` is no key: delete it to have a new one made; every object is then compared anew"
                );
                return bytes
                    .map(DigestKey::from_bytes)
                    .ok_or_else(|| self.malformed(KEY_SECRET, &problem));
            }
            let key = DigestKey::random();
            let secret = self.key_secret(&key)?;
            match self.cluster.create(&secret).await {
                Ok(_) => return Ok(key),
                // Another one made it first: theirs counts.
                Err(error) if error.code == 409 => {}
                Err(error) => return Err(self.missing_namespace(error)),
            }
        }
    }

    fn key_secret(&self, key: &DigestKey) -> Result<Object, InventoryError> {
        let rest = json!({
            "type": "tidegate.dev/digest-key",
            "metadata": {"labels": {MANAGED_BY: MANAGER}},
            "data": {KEY_FIELD: STANDARD.encode(key.bytes())},
        });
        self.secret(KEY_SECRET, rest)
    }
}
