//! The Git servers as a git client sees them.
#![cfg(test)]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output};

use tidegate_testbed::{ClientKey, Commit, GitServer, Route, SshServer, Webhook};

#[expect(clippy::disallowed_methods, reason = "a real git client is the oracle")]
fn git(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    Command::new("git")
        .args(["-c", "http.followRedirects=initial"])
        .args(arguments)
        .envs(environment.iter().copied())
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("NO_PROXY", "*")
        .env_remove("GIT_SSL_CAINFO")
        .output()
        .unwrap()
}

fn lists(url: &str, options: &[&str]) -> bool {
    let arguments = [options, &["ls-remote", url]].concat();
    let output = git(&arguments, &[]);
    output.status.success() && String::from_utf8_lossy(&output.stdout).contains("refs/heads/main")
}

fn server() -> GitServer {
    let server = GitServer::start().unwrap();
    let repository = server.create("platform").unwrap();
    repository
        .push(&Commit::on("main").file("a/b.yaml", "kind: X\n"))
        .unwrap();
    server
}

fn with_credentials(url: &str) -> String {
    url.replacen("://", "://agent:correct%20horse@", 1)
}

#[test]
fn each_route_lets_in_who_has_its_credentials() {
    let server = server();
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_string_lossy().into_owned()
    };
    let authority = format!("http.sslCAInfo={}", write("ca.crt", server.authority()));
    let client = server.client_certificate();
    let certificate = format!("http.sslCert={}", write("client.crt", &client.certificate));
    let key = format!("http.sslKey={}", write("client.key", &client.key));
    let https = |route| server.https_url(route, "platform");
    let tls = ["-c", &authority];
    let token = [
        "-c",
        &authority,
        "-c",
        "http.extraHeader=Authorization: Bearer testbed-token",
    ];
    let identity = ["-c", &authority, "-c", &certificate, "-c", &key];

    assert!(lists(&server.http_url(Route::Open, "platform"), &[]));
    assert!(
        !lists(&https(Route::Open), &[]),
        "an unknown authority must be refused"
    );
    assert!(lists(&https(Route::Open), &tls));
    assert!(!lists(&https(Route::Basic), &tls));
    assert!(lists(&with_credentials(&https(Route::Basic)), &tls));
    assert!(!lists(&https(Route::Token), &tls));
    assert!(lists(&https(Route::Token), &token));
    assert!(!lists(&https(Route::Certificate), &tls));
    assert!(lists(&https(Route::Certificate), &identity));
    assert!(lists(&with_credentials(&https(Route::Redirect)), &tls));
    let elsewhere = with_credentials(&https(Route::RedirectElsewhere));
    assert!(
        !lists(&elsewhere, &tls),
        "git repeats no credentials to another host"
    );
    assert!(lists(&https(Route::Slow), &tls));
    assert!(!lists(&https(Route::Unavailable), &tls));
    assert!(!lists(&https(Route::WebPage), &tls));
    assert!(
        server
            .requests()
            .unwrap()
            .iter()
            .any(|request| request.status == 503)
    );
}

#[test]
fn history_can_grow_be_rewritten_and_be_tagged() {
    let server = GitServer::start().unwrap();
    let repository = server.create("platform").unwrap();
    let first = repository
        .push(&Commit::on("main").file("a", "1").symlink("l", "a"))
        .unwrap();
    let second = repository
        .push(&Commit::on("main").file("b c", "2").remove("a"))
        .unwrap();
    assert_eq!(
        repository.git(&["rev-parse", "main~1"]).unwrap().trim(),
        first
    );
    assert_eq!(
        repository.git(&["ls-tree", "--name-only", "main"]).unwrap(),
        "b c\nl\n"
    );
    repository.tag("v1.0.0", "main").unwrap();
    let third = repository
        .push(&Commit::on("main").file("z", "3").rewriting_history())
        .unwrap();
    assert_eq!(
        repository
            .git(&["rev-list", "--count", "main"])
            .unwrap()
            .trim(),
        "1"
    );

    let url = server.http_url(Route::Open, "platform");
    let listed = git(&["ls-remote", &url], &[]);
    let listed = String::from_utf8(listed.stdout).unwrap();
    assert!(
        listed.contains(&format!("{third}\trefs/heads/main")),
        "{listed}"
    );
    assert!(
        listed.contains(&format!("{second}\trefs/tags/v1.0.0^{{}}")),
        "{listed}"
    );
}

#[test]
fn a_stopped_server_refuses_and_comes_back_on_its_port() {
    let mut server = server();
    let url = server.http_url(Route::Open, "platform");
    server.stop();
    assert!(!lists(&url, &[]));
    server.restart().unwrap();
    assert!(lists(&url, &[]));
}

#[test]
fn a_push_calls_the_webhook_with_a_signature() {
    let server = GitServer::start().unwrap();
    let repository = server.create("platform").unwrap();
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!(
        "http://{}/hooks/github/main",
        listener.local_addr().unwrap()
    );
    repository
        .set_webhook(&Webhook {
            url,
            headers: vec![("X-Token".into(), "t \"1\"".into())],
            secret: Some("it's secret".into()),
            authority: None,
        })
        .unwrap();
    let receiver = std::thread::spawn(move || receive(&listener));
    let commit = repository.push(&Commit::on("main").file("a", "1")).unwrap();
    let (head, body) = receiver.join().unwrap();
    assert!(head.starts_with("POST /hooks/github/main "), "{head}");
    assert!(head.contains("X-Token: t \"1\"\r\n"), "{head}");
    assert!(head.contains("X-Hub-Signature-256: sha256="), "{head}");
    assert!(body.contains(&format!("\"after\":\"{commit}\"")), "{body}");
}

fn receive(listener: &TcpListener) -> (String, String) {
    let (mut stream, _) = listener.accept().unwrap();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert_ne!(reader.read_line(&mut head).unwrap(), 0);
    }
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("Content-Length: "))
        .map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    stream
        .write_all(b"HTTP/1.1 204 No Content\r\n\r\n")
        .unwrap();
    (head, String::from_utf8(body).unwrap())
}

#[test]
fn ssh_takes_known_keys_only_and_shows_new_host_keys() {
    let git_server = server();
    let repository = git_server.copy("copy", &served(&git_server)).unwrap();
    let mut server = SshServer::start().unwrap();
    let url = server.url(&repository);
    assert!(ssh_lists(&server, &url, ClientKey::Ed25519));
    assert!(ssh_lists(&server, &url, ClientKey::Rsa));
    assert!(!ssh_lists(&server, &url, ClientKey::Stranger));
    let before = server.known_hosts().unwrap();
    server.rotate_host_keys().unwrap();
    assert_ne!(server.known_hosts().unwrap(), before);
    assert!(ssh_lists(&server, &url, ClientKey::Ed25519));
}

fn served(server: &GitServer) -> std::path::PathBuf {
    server
        .create("other")
        .unwrap()
        .path()
        .with_file_name("platform.git")
}

fn ssh_lists(server: &SshServer, url: &str, key: ClientKey) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let identity = folder.path().join("key");
    private(&identity, &server.private_key(key).unwrap());
    let known = folder.path().join("known_hosts");
    std::fs::write(&known, server.known_hosts().unwrap()).unwrap();
    let ssh = format!(
        "ssh -F /dev/null -o BatchMode=yes -o IdentitiesOnly=yes -o StrictHostKeyChecking=yes \
         -o UserKnownHostsFile={} -i {}",
        known.display(),
        identity.display()
    );
    let output = git(&["ls-remote", url], &[("GIT_SSH_COMMAND", &ssh)]);
    String::from_utf8_lossy(&output.stdout).contains("refs/heads/main")
}

fn private(path: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}
