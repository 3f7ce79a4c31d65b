//! Whether a host's key is known: the lines of OpenSSH's `known_hosts` (sshd(8)).

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use hmac::{Hmac, Mac as _};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

use crate::Problem;

/// A server as `known_hosts` knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Host {
    /// `host`, or `[host]:port` for another port than 22.
    name: String,
}

/// One line that may be about a host.
struct Line<'a> {
    is_revoked: bool,
    hosts: &'a str,
    kind: &'a str,
    key: Vec<u8>,
}

impl Host {
    pub(crate) fn new(host: &str, port: u16) -> Self {
        // An IPv6 address has brackets only in a URL.
        let host = host.trim_matches(['[', ']']);
        let name = match port {
            22 => host.to_owned(),
            port => format!("[{host}]:{port}"),
        };
        Self { name }
    }

    /// Returns the kinds of keys that are known of the host.
    pub(crate) fn kinds<'a>(&self, known_hosts: &'a str) -> Vec<&'a str> {
        let lines = known_hosts.lines().filter_map(Line::parse);
        let known = lines.filter(|line| !line.is_revoked && line.is_of(self));
        known.map(|line| line.kind).collect()
    }

    /// Checks the key that the host has shown.
    pub(crate) fn check(&self, key: &[u8], known_hosts: &str) -> Result<(), Problem> {
        let (host, fingerprint) = (self.name.clone(), fingerprint(key));
        let kind = kind(key).unwrap_or("unknown");
        let mut is_known = false;
        let mut has_kind = false;
        let lines = known_hosts.lines().filter_map(Line::parse);
        for line in lines.filter(|line| line.is_of(self)) {
            if line.is_revoked && line.key == key {
                return Err(Problem::RevokedHostKey { host, fingerprint });
            }
            is_known |= !line.is_revoked && line.key == key;
            has_kind |= !line.is_revoked && line.kind == kind;
        }
        if is_known {
            return Ok(());
        }
        if has_kind {
            return Err(Problem::ChangedHostKey { host, fingerprint });
        }
        let line = format!("{host} {kind} {}", STANDARD.encode(key));
        Err(Problem::UnknownHostKey {
            host,
            fingerprint,
            line,
        })
    }
}

impl<'a> Line<'a> {
    /// Comments, authorities of certificates and what cannot be read are about no host.
    fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.split_whitespace();
        let first = parts.next().filter(|first| !first.starts_with('#'))?;
        let is_revoked = first == "@revoked";
        let hosts = match first {
            "@revoked" => parts.next()?,
            first if first.starts_with('@') => return None,
            first => first,
        };
        let (kind, key) = (parts.next()?, parts.next()?);
        let key = STANDARD.decode(key).ok()?;
        Some(Self {
            is_revoked,
            hosts,
            kind,
            key,
        })
    }

    fn is_of(&self, host: &Host) -> bool {
        if let Some(hashed) = self.hosts.strip_prefix("|1|") {
            return is_hash_of(hashed, &host.name);
        }
        let mut is_named = false;
        for pattern in self.hosts.split(',') {
            let (is_negated, pattern) = match pattern.strip_prefix('!') {
                Some(pattern) => (true, pattern),
                None => (false, pattern),
            };
            if matches(&pattern.to_lowercase(), &host.name) {
                if is_negated {
                    return false;
                }
                is_named = true;
            }
        }
        is_named
    }
}

/// `|1|salt|hash`, where the hash is HMAC-SHA-1 of the name.
fn is_hash_of(hashed: &str, name: &str) -> bool {
    let Some((salt, hash)) = hashed.split_once('|') else {
        return false;
    };
    let (Ok(salt), Ok(hash)) = (STANDARD.decode(salt), STANDARD.decode(hash)) else {
        return false;
    };
    Hmac::<Sha1>::new_from_slice(&salt).is_ok_and(|mut mac| {
        mac.update(name.as_bytes());
        mac.verify_slice(&hash).is_ok()
    })
}

/// `*` stands for any letters, `?` for one.
///
/// Only the last `*` is ever tried again, so that no pattern takes longer than its length times the
/// name's.
fn matches(pattern: &str, name: &str) -> bool {
    let (mut letters, mut rest) = (pattern.chars(), name.chars());
    let mut last_star = None;
    loop {
        let mut next = letters.clone();
        let mut after = rest.clone();
        match (next.next(), after.next()) {
            (None, None) => return true,
            (Some('*'), _) => {
                last_star = Some((next.clone(), rest.clone()));
                letters = next;
            }
            (Some('?'), Some(_)) => (letters, rest) = (next, after),
            (Some(letter), Some(found)) if letter == found => (letters, rest) = (next, after),
            _ => {
                // One more letter goes to the star.
                let Some((pattern, mut name)) = last_star.take() else {
                    return false;
                };
                if name.next().is_none() {
                    return false;
                }
                (letters, rest) = (pattern.clone(), name.clone());
                last_star = Some((pattern, name));
            }
        }
    }
}

/// A key's fingerprint as OpenSSH shows it.
fn fingerprint(key: &[u8]) -> String {
    format!("SHA256:{}", STANDARD_NO_PAD.encode(Sha256::digest(key)))
}

/// The kind that a key begins with (RFC 4253, section 6.6).
fn kind(key: &[u8]) -> Option<&str> {
    let (length, rest) = key.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    std::str::from_utf8(rest.get(..length)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(kind: &str, text: &str) -> Vec<u8> {
        let length = u32::try_from(kind.len()).unwrap().to_be_bytes();
        [&length, kind.as_bytes(), text.as_bytes()].concat()
    }

    fn line(hosts: &str, key: &[u8]) -> String {
        format!(
            "{hosts} {} {} comment\n",
            kind(key).unwrap(),
            STANDARD.encode(key)
        )
    }

    fn check(hosts: &str, host: &Host) -> bool {
        let key = key("ssh-ed25519", "a");
        host.check(&key, &line(hosts, &key)).is_ok()
    }

    #[test]
    fn hosts_are_named_as_openssh_names_them() {
        let (plain, other) = (
            Host::new("git.example.com", 22),
            Host::new("git.example.com", 2222),
        );
        for (hosts, expected) in [
            ("git.example.com", [true, false]),
            ("a,GIT.example.com,b", [true, false]),
            ("[git.example.com]:2222", [false, true]),
            ("*.example.com", [true, false]),
            ("git.example.co?", [true, false]),
            ("*.example.com,!git.example.com", [false, false]),
            ("*", [true, true]),
            ("git*", [true, false]),
            ("*.*.com", [true, false]),
            ("g*t.*e?com", [true, false]),
            ("*.example.org", [false, false]),
            ("?", [false, false]),
            ("*git.example.com?", [false, false]),
            ("@cert-authority git.example.com", [false, false]),
            ("# git.example.com", [false, false]),
        ] {
            assert_eq!(
                [check(hosts, &plain), check(hosts, &other)],
                expected,
                "{hosts}"
            );
        }
    }

    #[test]
    fn no_pattern_takes_for_ever() {
        let pattern = "*a".repeat(100) + "b";
        assert!(!matches(&pattern, &"a".repeat(250)));
        assert!(matches(&pattern, &("a".repeat(250) + "b")));
    }

    #[test]
    fn hashed_names_are_known() {
        let salt = [7; 20];
        let mut mac = Hmac::<Sha1>::new_from_slice(&salt).unwrap();
        mac.update(b"git.example.com");
        let hash = STANDARD.encode(mac.finalize().into_bytes());
        let hosts = format!("|1|{}|{hash}", STANDARD.encode(salt));
        assert!(check(&hosts, &Host::new("git.example.com", 22)));
        assert!(!check(&hosts, &Host::new("example.com", 22)));
    }

    #[test]
    fn another_key_of_the_same_kind_is_a_changed_one() {
        let host = Host::new("a", 22);
        let known = line("a", &key("ssh-ed25519", "x"));
        let problem = |key: &[u8], known: &str| host.check(key, known).unwrap_err();
        let (changed, new) = (key("ssh-ed25519", "y"), key("ssh-rsa", "y"));
        assert!(matches!(
            problem(&changed, &known),
            Problem::ChangedHostKey { .. }
        ));
        assert!(matches!(
            problem(&new, &known),
            Problem::UnknownHostKey { .. }
        ));
        let revoked = format!("{}{}", line("a", &changed), line("@revoked *", &changed));
        assert!(matches!(
            problem(&changed, &revoked),
            Problem::RevokedHostKey { .. }
        ));
    }

    #[test]
    fn the_line_of_an_unknown_key_makes_it_known() {
        let (host, key) = (Host::new("a", 2222), key("ssh-ed25519", "x"));
        let Problem::UnknownHostKey { line, .. } = host.check(&key, "").unwrap_err() else {
            panic!("it must be unknown");
        };
        assert_eq!(host.check(&key, &line), Ok(()));
    }
}
