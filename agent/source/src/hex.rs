//! Digests as text.

use std::fmt::Write as _;

/// Returns the first sixteen bytes of a digest in hexadecimal digits: enough to tell names apart.
pub(crate) fn half(digest: &[u8]) -> String {
    let bytes = digest.iter().take(16);
    bytes.fold(String::new(), |mut text, byte| {
        // A String takes everything.
        let _written = write!(text, "{byte:02x}");
        text
    })
}
