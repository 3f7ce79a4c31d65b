//! A receiver's secret. It cannot be printed.

use hmac::{Hmac, Mac as _};
use sha2::Sha256;

/// A receiver's secret. It cannot be printed.
pub(crate) struct Secret(Vec<u8>);

impl Secret {
    /// Takes a file's content, without the line end that editors leave; `None` if nothing is left.
    pub(crate) fn new(content: &[u8]) -> Option<Self> {
        let content = content.trim_ascii_end();
        (!content.is_empty()).then(|| Self(content.to_owned()))
    }

    /// Tells, in constant time, whether a text is the HMAC-SHA-256 of a body in hexadecimal digits.
    pub(crate) fn has_signed(&self, body: &[u8], signature: &str) -> bool {
        hex(signature).is_some_and(|signature| self.mac(body).verify_slice(&signature).is_ok())
    }

    /// Tells whether a text is this secret. What is compared, in constant time, are digests of one length.
    pub(crate) fn is(&self, text: &str) -> bool {
        let own = self.mac(&self.0).finalize().into_bytes();
        self.mac(text.as_bytes()).verify(&own).is_ok()
    }

    fn mac(&self, data: &[u8]) -> Hmac<Sha256> {
        // HMAC takes keys of every length; one that it refused would verify nothing.
        let mac = Hmac::<Sha256>::new_from_slice(&self.0);
        mac.unwrap_or_else(|_| Hmac::new(&hmac::digest::Key::<Hmac<Sha256>>::default()))
            .chain_update(data)
    }
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    let digit = |byte: u8| {
        char::from(byte)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
    };
    let pairs = digits.chunks_exact(2);
    pairs
        .map(|pair| match pair {
            [high, low] => Some(digit(*high)? * 16 + digit(*low)?),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231, test case 2.
    #[test]
    fn signatures_are_those_of_the_rfc() {
        let secret = Secret::new(b"Jefe\n").unwrap();
        let body = b"what do ya want for nothing?";
        let signature = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert!(secret.has_signed(body, signature));
        assert!(secret.has_signed(body, &signature.to_uppercase()));
        assert!(!secret.has_signed(b"what do ya want for nothing", signature));
        for wrong in ["", "5b", &signature[1..], &signature.replace('5', "g")] {
            assert!(!secret.has_signed(body, wrong), "{wrong}");
        }
    }

    #[test]
    fn tokens_must_be_equal() {
        let secret = Secret::new(b"s3cret\n").unwrap();
        assert!(secret.is("s3cret"));
        for wrong in ["", "s3cre", "s3crets", "s3cret\n"] {
            assert!(!secret.is(wrong), "{wrong}");
        }
    }

    #[test]
    fn an_empty_file_is_no_secret() {
        assert!(Secret::new(b" \n").is_none());
    }
}
