//! https and http: who is let in, what is asked, and how refusals read.

use tidegate_source::{Credentials, Reference};
use tidegate_testbed::{Commit, GitServer, Route};

use super::rig::{Rig, main_of, secret, spec, text};

fn server() -> GitServer {
    let server = GitServer::start().unwrap();
    let repository = server.create("platform").unwrap();
    let commit = Commit::on("main").file("a/b.yaml", "kind: X\n");
    repository.push(&commit).unwrap();
    server
}

#[test]
fn each_route_lets_in_who_has_its_credentials() {
    let server = server();
    let rig = Rig::new();
    let ca = ("ca.crt", server.authority());
    let client = server.client_certificate();
    let basic = [
        ca,
        ("username", GitServer::USERNAME),
        ("password", GitServer::PASSWORD),
    ];
    for (route, keys) in [
        (Route::Open, vec![ca]),
        (Route::Basic, basic.to_vec()),
        (Route::Token, vec![ca, ("bearerToken", GitServer::TOKEN)]),
        (
            Route::Certificate,
            vec![
                ca,
                ("tls.crt", &client.certificate),
                ("tls.key", &client.key),
            ],
        ),
        (Route::Redirect, basic.to_vec()),
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
    assert_eq!(
        rig.resolve(&open, &Credentials::default()).unwrap().name,
        "HEAD"
    );
}
