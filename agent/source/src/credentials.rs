//! What opens a repository, read from a Secret's keys; its values are never shown.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use hmac::{Hmac, Mac as _};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

/// What opens a repository. Cheap to clone; neither shows nor compares its values.
#[derive(Clone, Default)]
pub struct Credentials(Arc<Parts>);

#[derive(Default)]
pub(crate) struct Parts {
    pub(crate) username: Option<String>,
    pub(crate) password: Option<String>,
    pub(crate) bearer_token: Option<String>,
    pub(crate) identity: Option<String>,
    pub(crate) known_hosts: Option<String>,
    /// Certificate and key of a TLS client, as PEM text.
    pub(crate) client: Option<Vec<u8>>,
    /// The only authorities that are trusted, as PEM text.
    pub(crate) authorities: Option<Vec<u8>>,
}

/// A Secret does not hold credentials that can be used. Its values are not repeated.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CredentialsError {
    /// Nothing in it is known.
    #[error(
        "the Secret has none of the keys username and password, bearerToken, identity and known_hosts, \
         tls.crt and tls.key, ca.crt; it has {}", if .0.is_empty() { "no keys".to_owned() } else { .0.join(", ") }
    )]
    Unknown(Vec<String>),
    /// A key without the one that belongs to it.
    #[error("the Secret has {has} but not {lacks}: {hint}")]
    Lacks {
        /// The key that is there.
        has: &'static str,
        /// The key that is not.
        lacks: &'static str,
        /// What to do.
        hint: &'static str,
    },
    /// Two keys of which one must go.
    #[error("the Secret has both {0} and {1}: keep one of them")]
    Both(&'static str, &'static str),
    /// A value that cannot be what its key says.
    #[error("the Secret's {key} {problem}")]
    Malformed {
        /// The key.
        key: &'static str,
        /// What is wrong with its value.
        problem: &'static str,
    },
}

const KEYS: [&str; 8] = [
    "username",
    "password",
    "bearerToken",
    "identity",
    "known_hosts",
    "tls.crt",
    "tls.key",
    "ca.crt",
];

impl Credentials {
    /// Reads the keys of a Secret; keys that are not credentials are left alone.
    ///
    /// # Errors
    /// If no key is known, one lacks its partner, or a value cannot be what its key says.
    pub fn from_secret(data: &BTreeMap<String, Vec<u8>>) -> Result<Self, CredentialsError> {
        if !KEYS.iter().any(|key| data.contains_key(*key)) {
            return Err(CredentialsError::Unknown(data.keys().cloned().collect()));
        }
        let parts = Parts {
            username: line(data, "username")?,
            password: line(data, "password")?,
            bearer_token: line(data, "bearerToken")?,
            identity: identity(data)?,
            known_hosts: text(data, "known_hosts")?,
            client: client(data)?,
            authorities: authorities(data)?,
        };
        parts.check()?;
        Ok(Self(Arc::new(parts)))
    }

    pub(crate) fn parts(&self) -> &Parts {
        &self.0
    }

    /// Tells whether there is something that must not reach another host.
    pub(crate) fn are_secret(&self) -> bool {
        let parts = self.parts();
        let texts = [&parts.password, &parts.bearer_token, &parts.identity];
        parts.client.is_some() || texts.iter().any(|text| text.is_some())
    }

    /// Returns a digest that tells nothing of weak passwords to whom does not have the key.
    pub(crate) fn digest(&self, key: &[u8; 32]) -> [u8; 32] {
        let parts = self.parts();
        let texts = [
            &parts.username,
            &parts.password,
            &parts.bearer_token,
            &parts.identity,
            &parts.known_hosts,
        ];
        let texts = texts
            .into_iter()
            .map(|text| text.as_deref().map(str::as_bytes));
        let bytes = [&parts.client, &parts.authorities].map(|bytes| bytes.as_deref());
        keyed_digest(key, texts.chain(bytes))
    }
}

/// Returns HMAC-SHA-256 over parts, each told from its absence and from its neighbours.
pub(crate) fn keyed_digest<'a>(
    key: &[u8; 32],
    parts: impl Iterator<Item = Option<&'a [u8]>>,
) -> [u8; 32] {
    // One block or less is used as it is (RFC 2104), so that the key fits by its type.
    let mut block = [0; 64];
    block.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
    let mut mac = Hmac::<Sha256>::new(&block.into());
    for part in parts {
        let digest = part.map(Sha256::digest).unwrap_or_default();
        mac.update(&[u8::from(part.is_some())]);
        mac.update(&digest);
    }
    mac.finalize().into_bytes().into()
}

impl Parts {
    fn check(&self) -> Result<(), CredentialsError> {
        let lacks = |has, lacks, hint| Err(CredentialsError::Lacks { has, lacks, hint });
        if self.bearer_token.is_some() && self.password.is_some() {
            return Err(CredentialsError::Both("bearerToken", "password"));
        }
        if self.identity.is_some() && self.known_hosts.is_none() {
            let hint = "add the output of `ssh-keyscan HOST`, after you compared it with what the host's owner says";
            return lacks("identity", "known_hosts", hint);
        }
        if self.username.is_some() && self.password.is_none() && self.identity.is_none() {
            let hint = "add the password, or the token that stands for it";
            return lacks("username", "password", hint);
        }
        Ok(())
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(***)")
    }
}

/// A text without a line break at its end, which editors and shells like to add.
fn line(
    data: &BTreeMap<String, Vec<u8>>,
    key: &'static str,
) -> Result<Option<String>, CredentialsError> {
    let Some(text) = text(data, key)? else {
        return Ok(None);
    };
    let text = text.trim_end_matches(['\r', '\n']);
    let problem = match text {
        "" => "is empty",
        _ if text.contains(char::is_control) => "holds a line break or another control character",
        _ => return Ok(Some(text.to_owned())),
    };
    Err(CredentialsError::Malformed { key, problem })
}

fn text(
    data: &BTreeMap<String, Vec<u8>>,
    key: &'static str,
) -> Result<Option<String>, CredentialsError> {
    let Some(bytes) = data.get(key) else {
        return Ok(None);
    };
    let problem = match std::str::from_utf8(bytes) {
        Ok(text) if text.trim().is_empty() => "is empty",
        Ok(text) => return Ok(Some(text.to_owned())),
        Err(_) => "is not text (UTF-8)",
    };
    Err(CredentialsError::Malformed { key, problem })
}

fn identity(data: &BTreeMap<String, Vec<u8>>) -> Result<Option<String>, CredentialsError> {
    let key = "identity";
    let Some(text) = text(data, key)? else {
        return Ok(None);
    };
    let is_private =
        text.trim_start().starts_with("-----BEGIN ") && text.contains("PRIVATE KEY-----");
    let problem = "is not a private key: it must begin with `-----BEGIN … PRIVATE KEY-----`";
    is_private
        .then(|| Some(text.trim_start().to_owned()))
        .ok_or(CredentialsError::Malformed { key, problem })
}

fn authorities(data: &BTreeMap<String, Vec<u8>>) -> Result<Option<Vec<u8>>, CredentialsError> {
    data.get("ca.crt")
        .map(|bytes| certificates("ca.crt", bytes).map(|()| bytes.clone()))
        .transpose()
}

fn client(data: &BTreeMap<String, Vec<u8>>) -> Result<Option<Vec<u8>>, CredentialsError> {
    let hint = "a client certificate needs both";
    let lacks = |has, lacks| Err(CredentialsError::Lacks { has, lacks, hint });
    match (data.get("tls.crt"), data.get("tls.key")) {
        (None, None) => Ok(None),
        (Some(_), None) => lacks("tls.crt", "tls.key"),
        (None, Some(_)) => lacks("tls.key", "tls.crt"),
        (Some(certificate), Some(key)) => {
            certificates("tls.crt", certificate)?;
            PrivateKeyDer::from_pem_slice(key).map_err(|_| CredentialsError::Malformed {
                key: "tls.key",
                problem: "is not a private key without passphrase in PEM format",
            })?;
            Ok(Some([certificate.as_slice(), b"\n", key].concat()))
        }
    }
}

fn certificates(key: &'static str, bytes: &[u8]) -> Result<(), CredentialsError> {
    let found = CertificateDer::pem_slice_iter(bytes).collect::<Result<Vec<_>, _>>();
    let problem = "holds no certificate in PEM format";
    found
        .is_ok_and(|found| !found.is_empty())
        .then_some(())
        .ok_or(CredentialsError::Malformed { key, problem })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Credentials, CredentialsError> {
        let pairs = pairs.iter();
        Credentials::from_secret(
            &pairs
                .map(|(key, value)| ((*key).to_owned(), value.as_bytes().to_vec()))
                .collect(),
        )
    }

    #[test]
    fn secrets_that_cannot_be_used_are_refused_without_their_values() {
        let key = "-----BEGIN OPENSSH PRIVATE KEY-----\ncanary\n";
        for (pairs, expected) in [
            (vec![], "it has no keys"),
            (vec![("token", "canary")], "it has token"),
            (vec![("username", "canary")], "username but not password"),
            (
                vec![("password", "a"), ("bearerToken", "canary")],
                "both bearerToken and password",
            ),
            (vec![("bearerToken", "a\ncanary")], "line break"),
            (
                vec![("username", "\n"), ("password", "canary")],
                "username is empty",
            ),
            (vec![("identity", key)], "ssh-keyscan"),
            (
                vec![("identity", "canary"), ("known_hosts", "a")],
                "not a private key",
            ),
            (vec![("tls.crt", "canary")], "tls.crt but not tls.key"),
            (vec![("ca.crt", "canary")], "ca.crt holds no certificate"),
        ] {
            let error = read(&pairs).unwrap_err();
            let shown = format!("{error} {error:?}");
            assert!(shown.contains(expected), "{shown}");
            assert!(!shown.contains("canary"), "{shown}");
        }
    }

    #[test]
    fn values_are_never_shown() {
        let credentials = read(&[("username", "me"), ("password", "canary\n")]).unwrap();
        assert_eq!(credentials.parts().password.as_deref(), Some("canary"));
        assert_eq!(format!("{credentials:?}"), "Credentials(***)");
    }

    #[test]
    fn digests_depend_on_every_value_and_on_the_key() {
        let digest = |pairs: &[(&str, &str)], key| read(pairs).unwrap().digest(&[key; 32]);
        let pairs = [("username", "a"), ("password", "b")];
        let same = digest(&pairs, 1);
        assert_eq!(digest(&pairs, 1), same);
        assert_ne!(digest(&pairs, 2), same);
        assert_ne!(digest(&[("username", "b"), ("password", "a")], 1), same);
        assert_ne!(digest(&[("bearerToken", "b")], 1), same);
    }
}
