//! https and http: who is let in, and how refusals read.

use std::time::Duration;

use tidegate_source::{Credentials, GitSpec, Reference};
use tidegate_testbed::certificates::Authority;
use tidegate_testbed::{Commit, GitServer, Route};

use super::rig::{Rig, main_of, secret, spec, text};
use super::wire::Wire;

const CANARY: &str = "canary-7f3a";

fn server() -> GitServer {
    let server = GitServer::start().unwrap();
    let repository = server.create("platform").unwrap();
    let commit = Commit::on("main").file("a/b.yaml", "kind: X\n");
    repository.push(&commit).unwrap();
    server
}

fn basic(server: &GitServer) -> [(&str, &str); 3] {
    [
        ("ca.crt", server.authority()),
        ("username", GitServer::USERNAME),
        ("password", GitServer::PASSWORD),
    ]
}

/// What a user is told: reason and text. Credentials are never in it.
fn told(rig: &Rig, spec: &GitSpec, credentials: &Credentials) -> String {
    let error = rig.get(spec, credentials).unwrap_err();
    let all = format!("{error} {error:?} {spec:?} {credentials:?}");
    assert!(!all.contains(CANARY), "{all}");
    format!("{}: {error}", error.reason())
}

#[test]
fn each_route_lets_in_who_has_its_credentials() {
    let server = server();
    let rig = Rig::new();
    let ca = ("ca.crt", server.authority());
    let client = server.client_certificate();
    for (route, keys) in [
        (Route::Open, vec![ca]),
        (Route::Basic, basic(&server).to_vec()),
        (Route::Token, vec![ca, ("bearerToken", GitServer::TOKEN)]),
        (
            Route::Certificate,
            vec![
                ca,
                ("tls.crt", &client.certificate),
                ("tls.key", &client.key),
            ],
        ),
        (Route::Redirect, basic(&server).to_vec()),
    ] {
        let spec = main_of(&server.https_url(route, "platform"));
        let tree = rig.get(&spec, &secret(&keys)).unwrap();
        assert_eq!(
            text(&tree, "a/b.yaml").as_deref(),
            Some("kind: X\n"),
            "{route:?}"
        );
    }
    let open = spec(&server.http_url(Route::Open, "platform"), Reference::Head);
    let head = rig.resolve(&open, &Credentials::default()).unwrap();
    assert_eq!(head.name, "HEAD");
}

#[test]
fn refusals_say_what_to_do() {
    let server = server();
    let rig = Rig::new();
    let ca = ("ca.crt", server.authority());
    let wrong = [ca, ("username", "agent"), ("password", CANARY)];
    let other = Authority::new("another").unwrap();
    for (route, keys, expected) in [
        (
            Route::Open,
            vec![("ca.crt", other.certificate())],
            "CertificateNotTrusted",
        ),
        (
            Route::Open,
            vec![("ca.crt", other.certificate())],
            "ca.crt of the Secret",
        ),
        (
            Route::Basic,
            vec![ca],
            "there are none: name a Secret in secretRef (HTTP 401)",
        ),
        (Route::Basic, wrong.to_vec(), "refuses the credentials"),
        (
            Route::Token,
            vec![ca, ("bearerToken", CANARY)],
            "AuthenticationFailed",
        ),
        (Route::Certificate, vec![ca], "AccessForbidden"),
        (Route::Unavailable, vec![ca], "cannot answer now (HTTP 503)"),
        (Route::WebPage, vec![ca], "its content type is `text/html`"),
        (
            Route::RedirectToHttp,
            basic(&server).to_vec(),
            "redirects from https to http",
        ),
    ] {
        let spec = main_of(&server.https_url(route, "platform"));
        let told = told(&rig, &spec, &secret(&keys));
        assert!(told.contains(expected), "{route:?}: {told}");
        let shown = server.https_url(route, "platform");
        assert!(told.contains(&shown), "{told}");
    }
    let plain = server.http_url(Route::Open, "platform");
    let plain = main_of(&plain.replace("http:", "https:"));
    let told_plain = told(&rig, &plain, &secret(&[ca]));
    assert!(
        told_plain.contains("does not speak TLS there"),
        "{told_plain}"
    );
    let missing = main_of(&server.https_url(Route::Open, "nothing"));
    let told = told(&rig, &missing, &secret(&[ca]));
    assert!(told.starts_with("RepositoryNotFound: "), "{told}");
}

#[test]
fn credentials_never_follow_a_redirect_to_another_host() {
    let server = server();
    let rig = Rig::new();
    let elsewhere = main_of(&server.https_url(Route::RedirectElsewhere, "platform"));
    let told_elsewhere = told(&rig, &elsewhere, &secret(&basic(&server)));
    assert!(
        told_elsewhere.starts_with("RedirectRefused: "),
        "{told_elsewhere}"
    );
    assert!(told_elsewhere.contains("127.0.0.1:") && told_elsewhere.contains("localhost:"));

    let other =
        Wire::answering("HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    let location = format!("{}/info/refs?service=git-upload-pack", other.url());
    let first = Wire::answering(format!(
        "HTTP/1.1 302 Found\r\nLocation: {location}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
    ));
    let keys = [("username", CANARY), ("password", CANARY)];
    let told_other = told(&rig, &main_of(&first.url()), &secret(&keys));
    assert!(
        told_other.contains(&format!("127.0.0.1:{}", other.port())),
        "{told_other}"
    );
    assert_eq!(
        other.heads(),
        Vec::<String>::new(),
        "nothing reaches the other host"
    );
    assert!(
        first.heads()[0]
            .to_lowercase()
            .contains("authorization: basic")
    );

    let told_open = told(&rig, &main_of(&first.url()), &Credentials::default());
    assert!(told_open.starts_with("RepositoryNotFound: "), "{told_open}");
    let heads = other.heads();
    assert_eq!(
        heads.len(),
        1,
        "without credentials the redirect is followed"
    );
    assert!(
        !heads[0].to_lowercase().contains("authorization"),
        "{heads:?}"
    );
}

#[test]
fn redirects_that_lead_nowhere_end() {
    let rig = Rig::new();
    let redirect = |location: &str| {
        let answer = "HTTP/1.1 302 Found\r\nConnection: close\r\nContent-Length: 0\r\nLocation: ";
        Wire::answering(format!("{answer}{location}\r\n\r\n"))
    };
    for (location, expected) in [
        (
            "/platform.git/info/refs?service=git-upload-pack",
            "more than 5",
        ),
        ("/users/sign_in", "perhaps a page to sign in"),
        ("ftp://a/info/refs", "neither http nor https"),
    ] {
        let wire = redirect(location);
        let told = told(&rig, &main_of(&wire.url()), &Credentials::default());
        assert!(told.contains(expected), "{told}");
    }
}

#[test]
fn a_server_that_is_away_is_told_from_one_that_is_slow() {
    let mut server = server();
    let rig = Rig::new();
    let open = Credentials::default();
    let none = main_of("https://nothing.invalid/platform.git");
    let told_none = told(&rig, &none, &open);
    assert!(
        told_none.starts_with("Unreachable: https://nothing.invalid/platform.git: "),
        "{told_none}"
    );

    let silent = Wire::silent();
    let mut spec = main_of(&silent.url());
    spec.timeout = Duration::from_millis(300);
    assert!(told(&rig, &spec, &open).starts_with("Timeout: "));
    let mut slow = main_of(&server.http_url(Route::Slow, "platform"));
    slow.timeout = Duration::from_millis(1);
    assert!(told(&rig, &slow, &open).contains("no answer within 0.001 s"));

    server.stop();
    let spec = main_of(&server.http_url(Route::Open, "platform"));
    let error = rig.resolve(&spec, &open).unwrap_err();
    assert!(
        error.is_transient() && error.to_string().contains("refused"),
        "{error}"
    );
    server.restart().unwrap();
    rig.get(&spec, &open).unwrap();
}

#[test]
fn a_server_that_asks_for_patience_says_for_how_long() {
    let answer = "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 7\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    let wire = Wire::answering(answer);
    let error = Rig::new().get(&main_of(&wire.url()), &Credentials::default());
    let error = error.unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
    assert!(error.is_transient());
}

#[test]
fn half_a_pack_is_a_broken_connection_and_is_fetched_again() {
    let server = GitServer::start().unwrap();
    let repository = server.create("platform").unwrap();
    let noise: Vec<u8> = super::rig::noise(200_000);
    repository
        .push(&Commit::on("main").file("noise", &noise))
        .unwrap();
    let url = server.http_url(Route::Open, "platform");
    let port: u16 = url.split([':', '/']).nth(4).unwrap().parse().unwrap();
    let wire = Wire::cutting(port, 50_000);
    let cut = url.replace(&port.to_string(), &wire.port().to_string());
    let rig = Rig::new();
    let open = Credentials::default();
    let error = rig.get(&main_of(&cut), &open).unwrap_err();
    assert!(
        error.is_transient() && error.reason() == "Unreachable",
        "{error}"
    );
    assert!(rig.get(&main_of(&url), &open).is_ok());
}

#[test]
fn a_connection_that_is_cut_after_any_number_of_bytes_harms_nobody() {
    let server = server();
    let url = server.http_url(Route::Open, "platform");
    let port: u16 = url.split([':', '/']).nth(4).unwrap().parse().unwrap();
    let (rig, open) = (Rig::new(), Credentials::default());
    let mut cuts = 0;
    for after in (0..).step_by(29) {
        let wire = Wire::cutting(port, after);
        let cut = url.replace(&port.to_string(), &wire.port().to_string());
        // Each has a cache entry of its own, so that each fetches all there is.
        match rig.get(&main_of(&cut), &open) {
            Ok(tree) => {
                assert_eq!(text(&tree, "a/b.yaml").as_deref(), Some("kind: X\n"));
                break;
            }
            Err(error) => {
                assert!(error.is_transient(), "after {after} bytes: {error}");
                assert_eq!(
                    error.reason(),
                    "Unreachable",
                    "after {after} bytes: {error}"
                );
                assert!(
                    error.to_string().contains(&cut),
                    "after {after} bytes: {error}"
                );
                cuts += 1;
            }
        }
    }
    assert!(cuts > 10, "{cuts}");
    assert!(rig.get(&main_of(&url), &open).is_ok());
}

#[test]
fn credentials_that_the_url_has_no_use_for_are_named() {
    let rig = Rig::new();
    let spec = main_of("https://nothing.invalid/platform.git");
    let identity = format!("-----BEGIN OPENSSH PRIVATE KEY-----\n{CANARY}\n");
    let keys = [("identity", identity.as_str()), ("known_hosts", CANARY)];
    let told_ssh = told(&rig, &spec, &secret(&keys));
    assert!(
        told_ssh.contains("an ssh identity, and the URL is not ssh://"),
        "{told_ssh}"
    );
    let told_name = told(&rig, &spec, &secret(&[("password", CANARY)]));
    assert!(told_name.contains("no username"), "{told_name}");
}

/// A listing as a server writes it, line by line.
fn listing(lines: &[&[u8]]) -> Wire {
    let mut answer = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\
        Content-Type: application/x-git-upload-pack-advertisement\r\n\r\n"
        .to_vec();
    answer.extend_from_slice(b"001e# service=git-upload-pack\n0000");
    for line in lines {
        answer.extend_from_slice(format!("{:04x}", line.len() + 4).as_bytes());
        answer.extend_from_slice(line);
    }
    answer.extend_from_slice(b"0000");
    Wire::answering(answer)
}

#[test]
fn names_that_are_no_text_hide_no_other() {
    let id = "1".repeat(40);
    let odd = [id.as_bytes(), b" refs/heads/\xff\xfe\0side-band-64k\n"].concat();
    let main = format!("{id} refs/heads/main\n");
    let wire = listing(&[&odd, main.as_bytes()]);
    let found = Rig::new().resolve(&main_of(&wire.url()), &Credentials::default());
    assert_eq!(found.unwrap().commit, id);
}

#[test]
fn answers_that_are_not_gits_are_errors_and_nothing_worse() {
    let rig = Rig::new();
    let long = "x".repeat(60_000);
    for lines in [
        vec![b"garbage".as_slice()],
        vec![b"\0\0\0\0"],
        vec![b"1111 refs/heads/main\n"],
        vec![long.as_bytes()],
        vec![b"ERR no\x1b[31m entry\nfor you\n"],
    ] {
        let wire = listing(&lines);
        let told = told(&rig, &main_of(&wire.url()), &Credentials::default());
        assert!(
            told.starts_with("GitFailed: ") || told.starts_with("ReferenceNotFound: "),
            "{told}"
        );
        assert!(!told.contains(char::is_control), "{told:?}");
    }
}
