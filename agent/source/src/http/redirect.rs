//! Which redirects are followed.

use reqwest::Url;
use reqwest::blocking::Response;
use reqwest::header::LOCATION;

use crate::Problem;
use crate::session::Session;

/// How many redirects are followed.
pub(super) const MOST: usize = 5;
const LISTING: &str = "/info/refs";

/// Returns the address of the refs of a repository.
pub(super) fn listing(base: &Url) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}{LISTING}", base.path().trim_end_matches('/')));
    url.query_pairs_mut()
        .append_pair("service", "git-upload-pack");
    url
}

/// Returns the repository's address that a redirect leads to, if it may be followed.
pub(super) fn follow(base: &Url, response: &Response, session: &Session) -> Result<Url, Problem> {
    let location = response.headers().get(LOCATION);
    let location = location.and_then(|location| location.to_str().ok());
    let location = location.ok_or_else(|| {
        Problem::Redirects(format!(
            "HTTP {} without a Location",
            response.status().as_u16()
        ))
    })?;
    let next = listing(base).join(location);
    let next = next.map_err(|_| Problem::Redirects("the Location cannot be read".into()))?;
    may_follow(base, &next, session.credentials.are_secret())?;
    let Some(path) = next.path().strip_suffix(LISTING) else {
        return Err(Problem::Redirects(format!(
            "{} names {}, which is no repository: perhaps a page to sign in",
            place(base),
            place(&next)
        )));
    };
    let mut repository = next.clone();
    repository.set_path(path);
    // Credentials come from the Secret, never from a server. Both fail only without a host.
    let _without = (repository.set_username(""), repository.set_password(None));
    repository.set_query(base.query());
    Ok(repository)
}

fn may_follow(base: &Url, next: &Url, has_secrets: SecretsAreSent) -> Result<(), Problem> {
    let (from, to) = (place(base), place(next));
    match (base.scheme(), next.scheme()) {
        ("https", "http") => Err(Problem::RedirectToHttp { from, to }),
        (_, "http" | "https") if from == to || !has_secrets => Ok(()),
        (_, "http" | "https") => Err(Problem::RedirectElsewhere { from, to }),
        _ => Err(Problem::Redirects("neither http nor https".into())),
    }
}

/// Whether the requests of a session carry credentials.
type SecretsAreSent = bool;

fn place(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(from: &str, to: &str) -> [bool; 2] {
        let (from, to) = (Url::parse(from).unwrap(), Url::parse(to).unwrap());
        [false, true].map(|has_secrets| may_follow(&from, &to, has_secrets).is_ok())
    }

    #[test]
    fn credentials_stay_on_their_host_and_port() {
        assert_eq!(check("https://a/x", "https://a/y"), [true, true]);
        assert_eq!(check("https://a/x", "https://b/x"), [true, false]);
        assert_eq!(check("https://a/x", "https://a:8443/x"), [true, false]);
        assert_eq!(check("https://a/x", "http://a/x"), [false, false]);
        assert_eq!(check("http://a/x", "https://a/x"), [true, true]);
        assert_eq!(check("https://a/x", "ftp://a/x"), [false, false]);
    }

    #[test]
    fn the_listing_keeps_a_query_of_the_url() {
        let url = listing(&Url::parse("https://a/x.git?key=1").unwrap());
        assert_eq!(
            url.as_str(),
            "https://a/x.git/info/refs?key=1&service=git-upload-pack"
        );
    }
}
