//! The address of a Git repository, and how it may be shown.

use std::fmt;
use std::str::FromStr;

use reqwest::Url;
use thiserror::Error;

/// The address of a repository. It is shown without userinfo and query, which may hold secrets.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct GitUrl {
    scheme: Scheme,
    user: Option<String>,
    host: String,
    port: Option<u16>,
    /// On this machine, or on an ssh server.
    path: String,
    /// What libgit2 is given, and what tells one repository from another.
    remote: String,
    shown: String,
}

/// How a repository is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// `https://`.
    Https,
    /// `http://`.
    Http,
    /// `ssh://`, or `user@host:path`.
    Ssh,
    /// `file://`, a repository on this machine.
    File,
}

/// A text that is no address of a repository. The text itself is not repeated: it may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ParseUrlError {
    /// No known form.
    #[error("the URL is not one: write https://host/path, ssh://user@host/path or user@host:path")]
    Malformed,
    /// A scheme that is not served.
    #[error("the URL's scheme is not supported: write https://, ssh:// or user@host:path")]
    Scheme,
    /// A password in a URL is seen by everybody who may read the object that holds it.
    #[error(
        "the URL holds a password: take it out, and put username and password into a Secret that secretRef names"
    )]
    Password,
    /// No host.
    #[error("the URL names no host")]
    Host,
    /// No path.
    #[error("the URL names no repository: its path is empty")]
    Path,
}

impl GitUrl {
    /// How the repository is reached.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The host's name or address; empty for `file://`.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The user that the URL names.
    pub(crate) fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// The port, given or the scheme's own.
    pub(crate) fn port(&self) -> u16 {
        self.port.unwrap_or(match self.scheme {
            Scheme::Https => 443,
            Scheme::Http => 80,
            Scheme::Ssh => 22,
            Scheme::File => 0,
        })
    }

    /// The path on this machine, or on an ssh server: there relative to the user's home, unless it
    /// begins with `/`.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// The normalised address, for libgit2 and for the cache's keys: never shown.
    pub(crate) fn remote(&self) -> &str {
        &self.remote
    }

    fn web(scheme: Scheme, mut url: Url) -> Result<Self, ParseUrlError> {
        let user = Some(url.username().to_owned()).filter(|user| !user.is_empty());
        let host = url.host_str().ok_or(ParseUrlError::Host)?.to_owned();
        if url.path().trim_matches('/').is_empty() {
            return Err(ParseUrlError::Path);
        }
        url.set_fragment(None);
        // Both fail only for URLs without a host.
        url.set_username("").map_err(|()| ParseUrlError::Host)?;
        let path = url.path().trim_end_matches('/').to_owned();
        url.set_path(&path);
        let port = url.port();
        let remote = url.to_string();
        url.set_query(None);
        Ok(Self {
            scheme,
            user,
            host,
            port,
            path: String::new(),
            remote,
            shown: url.to_string(),
        })
    }

    fn ssh(url: &Url) -> Result<Self, ParseUrlError> {
        let user = Some(url.username().to_owned()).filter(|user| !user.is_empty());
        let host = url.host_str().filter(|host| !host.is_empty());
        let host = host.ok_or(ParseUrlError::Host)?.to_lowercase();
        let path = url.path().trim_end_matches('/');
        if path.is_empty() {
            return Err(ParseUrlError::Path);
        }
        let decoded = decode(path).ok_or(ParseUrlError::Malformed)?;
        let port = url.port().filter(|port| *port != 22);
        let place = port.map_or_else(|| host.clone(), |port| format!("{host}:{port}"));
        let at = user
            .as_ref()
            .map_or_else(String::new, |user| format!("{user}@"));
        Ok(Self {
            scheme: Scheme::Ssh,
            user,
            host,
            port,
            // `/~user/path`, as git has it.
            path: if path.starts_with("/~") {
                decoded.trim_start_matches('/').to_owned()
            } else {
                decoded
            },
            remote: format!("ssh://{at}{place}{path}"),
            shown: format!("ssh://{place}{path}"),
        })
    }

    /// `user@host:path`, where the path is relative to the user's home, as scp writes it.
    fn scp(text: &str) -> Result<Self, ParseUrlError> {
        let (place, path) = text.split_once(':').ok_or(ParseUrlError::Malformed)?;
        let (user, host) = match place.split_once('@') {
            Some((user, host)) => (Some(user.to_owned()), host.to_lowercase()),
            None => return Err(ParseUrlError::Malformed),
        };
        let path = path.trim_end_matches('/');
        let is_plain =
            |text: &str| !text.is_empty() && !text.starts_with('-') && !text.contains(['/', '@']);
        if !is_plain(&host) || !user.as_deref().is_some_and(is_plain) {
            return Err(ParseUrlError::Malformed);
        }
        if path.is_empty() {
            return Err(ParseUrlError::Path);
        }
        Ok(Self {
            scheme: Scheme::Ssh,
            remote: format!("{}@{host}:{path}", user.as_deref().unwrap_or_default()),
            shown: format!("{host}:{path}"),
            user,
            host,
            port: None,
            path: path.to_owned(),
        })
    }

    fn file(url: &Url) -> Result<Self, ParseUrlError> {
        let path = url.path().trim_end_matches('/');
        if path.is_empty() {
            return Err(ParseUrlError::Path);
        }
        if url.host_str().is_some_and(|host| host != "localhost") {
            return Err(ParseUrlError::Malformed);
        }
        let decoded = decode(path).ok_or(ParseUrlError::Malformed)?;
        let remote = format!("file://{path}");
        Ok(Self {
            scheme: Scheme::File,
            user: None,
            host: String::new(),
            port: None,
            path: decoded,
            shown: remote.clone(),
            remote,
        })
    }
}

impl FromStr for GitUrl {
    type Err = ParseUrlError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(ParseUrlError::Malformed);
        }
        if !text.contains("://") {
            return Self::scp(text);
        }
        let url = Url::parse(text).map_err(|_| ParseUrlError::Malformed)?;
        if url.password().is_some() {
            return Err(ParseUrlError::Password);
        }
        match url.scheme() {
            "https" => Self::web(Scheme::Https, url),
            "http" => Self::web(Scheme::Http, url),
            "ssh" => Self::ssh(&url),
            "file" => Self::file(&url),
            _ => Err(ParseUrlError::Scheme),
        }
    }
}

impl fmt::Display for GitUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for GitUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GitUrl({self})")
    }
}

/// Reads `%20` and the like (RFC 3986, section 2.1).
fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut parts = text.split('%');
    bytes.extend_from_slice(parts.next()?.as_bytes());
    for part in parts {
        let (digits, rest) = part.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    let is_text = |text: &String| !text.contains(char::is_control);
    String::from_utf8(bytes).ok().filter(is_text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_normalised_and_shown_without_user_and_query() {
        for (text, remote, shown) in [
            (
                "HTTPS://Git.Example.com:443/a/b.git/",
                "https://git.example.com/a/b.git",
                "https://git.example.com/a/b.git",
            ),
            (
                "https://me@git.example.com/a?token=x#y",
                "https://git.example.com/a?token=x",
                "https://git.example.com/a",
            ),
            (
                "ssh://git@Example.com:22/a/b",
                "ssh://git@example.com/a/b",
                "ssh://example.com/a/b",
            ),
            (
                "ssh://git@example.com:2222/a",
                "ssh://git@example.com:2222/a",
                "ssh://example.com:2222/a",
            ),
            (
                "git@example.com:a/b.git",
                "git@example.com:a/b.git",
                "example.com:a/b.git",
            ),
            (
                "file:///srv/a.git",
                "file:///srv/a.git",
                "file:///srv/a.git",
            ),
        ] {
            let url: GitUrl = text.parse().unwrap();
            assert_eq!((url.remote(), url.to_string().as_str()), (remote, shown));
        }
    }

    #[test]
    fn ssh_servers_get_the_path_that_git_would_send() {
        for (text, path) in [
            ("ssh://git@example.com/a%20b/c.git", "/a b/c.git"),
            ("ssh://git@example.com/~me/a", "~me/a"),
            ("git@example.com:a/b.git", "a/b.git"),
        ] {
            assert_eq!(text.parse::<GitUrl>().unwrap().path(), path);
        }
        assert!("ssh://git@example.com/a%0ab".parse::<GitUrl>().is_err());
    }

    #[test]
    fn what_is_no_url_of_a_repository_is_refused() {
        for (text, error) in [
            ("/srv/a.git", ParseUrlError::Malformed),
            ("a b@c:d", ParseUrlError::Malformed),
            ("git@-oProxyCommand=x:a", ParseUrlError::Malformed),
            ("a@b@c:d", ParseUrlError::Malformed),
            ("git://example.com/a", ParseUrlError::Scheme),
            ("https://me:canary@example.com/a", ParseUrlError::Password),
            ("ssh://git:canary@example.com/a", ParseUrlError::Password),
            ("https://example.com/", ParseUrlError::Path),
            ("git@example.com:", ParseUrlError::Path),
            ("file://other/srv/a", ParseUrlError::Malformed),
        ] {
            assert_eq!(text.parse::<GitUrl>(), Err(error), "{text}");
        }
    }
}
