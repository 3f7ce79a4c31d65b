//! How each forge proves that a call is its own.

use std::str::FromStr;

use axum::http::{HeaderMap, header};

use super::secret::Secret;
use crate::problem::{Kind, Problem};

/// Who calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Forge {
    /// GitHub: a signature.
    GitHub,
    /// GitLab: the secret itself, in a header.
    GitLab,
    /// Gitea and Forgejo: a signature.
    Gitea,
    /// Anything else: a signature, or the secret as bearer token.
    Generic,
}

/// Headers with `sha256=<hexadecimal digits>`.
const PREFIXED: [&str; 2] = ["x-hub-signature-256", "x-hub-signature"];
/// Headers with hexadecimal digits.
const BARE: [&str; 2] = ["x-gitea-signature", "x-forgejo-signature"];

impl Forge {
    /// Tells whether a call proves that it knows the secret.
    pub(crate) fn accepts(self, secret: &Secret, headers: &HeaderMap, body: &[u8]) -> bool {
        let value = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let prefixed = |name: &&str| {
            let signature = value(name).and_then(|value| value.strip_prefix("sha256="));
            signature.is_some_and(|signature| secret.has_signed(body, signature))
        };
        let bare =
            |name: &&str| value(name).is_some_and(|signature| secret.has_signed(body, signature));
        match self {
            Self::GitHub => prefixed(&PREFIXED[0]),
            Self::GitLab => value("x-gitlab-token").is_some_and(|token| secret.is(token)),
            Self::Gitea => BARE.iter().any(bare) || prefixed(&PREFIXED[0]),
            Self::Generic => {
                let bearer = value(header::AUTHORIZATION.as_str())
                    .and_then(|value| value.split_once(' '))
                    .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
                PREFIXED.iter().any(prefixed)
                    || bearer.is_some_and(|(_, token)| secret.is(token.trim()))
            }
        }
    }

    /// Says what a call must carry.
    pub(crate) fn expects(self) -> &'static str {
        match self {
            Self::GitHub => "the header X-Hub-Signature-256 must hold the body's HMAC-SHA-256",
            Self::GitLab => "the header X-Gitlab-Token must hold the secret token",
            Self::Gitea => "the header X-Gitea-Signature must hold the body's HMAC-SHA-256",
            Self::Generic => {
                "the header X-Hub-Signature-256 must hold `sha256=` and the body's HMAC-SHA-256, or the header Authorization `Bearer` and the secret"
            }
        }
    }
}

impl FromStr for Forge {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        match text {
            "github" => Ok(Self::GitHub),
            "gitlab" => Ok(Self::GitLab),
            "gitea" => Ok(Self::Gitea),
            "generic" => Ok(Self::Generic),
            _ => {
                let detail =
                    format!("{text} is none of github, gitlab, gitea (also for Forgejo), generic");
                Err(Problem::new(Kind::NotFound, detail))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "It's a Secret to Everybody";
    const BODY: &[u8] = b"Hello, World!";
    /// The example of GitHub's documentation.
    const SIGNATURE: &str = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

    #[test]
    fn each_forge_has_its_own_proof() {
        let signed = format!("sha256={SIGNATURE}");
        let bearer = format!("Bearer {SECRET}");
        // A header, and who accepts it.
        let cases: [(&str, &str, &[Forge]); 9] = [
            (
                "x-hub-signature-256",
                &signed,
                &[Forge::GitHub, Forge::Gitea, Forge::Generic],
            ),
            ("x-hub-signature", &signed, &[Forge::Generic]),
            ("x-gitea-signature", SIGNATURE, &[Forge::Gitea]),
            ("x-forgejo-signature", SIGNATURE, &[Forge::Gitea]),
            ("x-gitlab-token", SECRET, &[Forge::GitLab]),
            ("authorization", &bearer, &[Forge::Generic]),
            ("x-hub-signature-256", SIGNATURE, &[]),
            ("x-gitlab-token", SIGNATURE, &[]),
            ("x-hub-signature-256", "sha256=", &[]),
        ];
        let secret = Secret::new(SECRET.as_bytes()).unwrap();
        for (name, value, expected) in cases {
            let mut headers = HeaderMap::new();
            headers.insert(name, value.parse().unwrap());
            for forge in [Forge::GitHub, Forge::GitLab, Forge::Gitea, Forge::Generic] {
                let accepts = forge.accepts(&secret, &headers, BODY);
                assert_eq!(
                    accepts,
                    expected.contains(&forge),
                    "{name}: {value} for {forge:?}"
                );
                assert!(!forge.accepts(&secret, &HeaderMap::new(), BODY));
            }
        }
    }
}
