//! `tidegate.lock`: which content each remote file must have.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};
use tidegate_yaml::{Limits, Node, parse_documents};

use crate::RenderError;
use crate::error::Place;
use crate::read::malformed;

/// The name of a lock, beside the kustomization that it serves.
pub(crate) const FILE_NAME: &str = "tidegate.lock";
const DIGEST_LENGTH: usize = 64;

/// The pinned digests, by address.
#[derive(Debug, Default)]
pub(crate) struct Lock {
    pins: BTreeMap<String, String>,
}

impl Lock {
    /// Reads a lock: a mapping of addresses, each to a mapping with its `sha256`.
    pub(crate) fn read(file: &str, text: &str) -> Result<Self, RenderError> {
        let documents = parse_documents(text, &Limits::default())
            .map_err(|error| malformed(&error, Place::file(file)))?;
        let mut pins = BTreeMap::new();
        for document in documents.iter().filter(|document| !document.is_empty()) {
            let shape = "must be a mapping of addresses, each with its `sha256`";
            let pairs = document.root.pairs();
            for (key, value) in pairs.ok_or_else(|| Place::file(file).invalid(shape))? {
                let (url, digest) = (key.text().unwrap_or_default(), digest_of(value));
                let digest = digest.ok_or_else(|| {
                    let place = Place {
                        line: key.mark.line as usize,
                        field: url.to_owned(),
                        ..Place::file(file)
                    };
                    place.invalid("`sha256` must be 64 hexadecimal digits in lower case")
                })?;
                pins.insert(url.to_owned(), digest.to_owned());
            }
        }
        Ok(Self { pins })
    }

    /// The digest that an address is pinned to.
    pub(crate) fn pin(&self, url: &str) -> Option<&str> {
        self.pins.get(url).map(String::as_str)
    }
}

fn digest_of(value: &Node) -> Option<&str> {
    let digest = value.get("sha256")?.text()?;
    let is_digit = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    (digest.len() == DIGEST_LENGTH && digest.bytes().all(is_digit)).then_some(digest)
}

/// The digest of a content, in lower-case hexadecimal digits.
pub(crate) fn digest(content: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(DIGEST_LENGTH);
    for byte in Sha256::digest(content) {
        let _ = write!(text, "{byte:02x}");
    }
    text
}
