//! TLS servers that cannot be trusted, or that trust nobody.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;
use std::thread;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use tidegate_source::Credentials;
use tidegate_testbed::certificates::{Authority, Identity, Subject};

use super::rig::{Rig, main_of, secret};

/// Serves one connection under a certificate, to clients of an authority if one is given.
fn serve(identity: &Identity, clients: Option<&Authority>) -> String {
    let builder = match clients {
        None => ServerConfig::builder().with_no_client_auth(),
        Some(authority) => {
            let mut roots = RootCertStore::empty();
            let pem = authority.certificate().as_bytes();
            roots
                .add(CertificateDer::from_pem_slice(pem).unwrap())
                .unwrap();
            let verifier = WebPkiClientVerifier::builder(Arc::new(roots)).build();
            ServerConfig::builder().with_client_cert_verifier(verifier.unwrap())
        }
    };
    let chain = CertificateDer::pem_slice_iter(identity.certificate.as_bytes());
    let chain = chain.collect::<Result<Vec<_>, _>>().unwrap();
    let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes()).unwrap();
    let config = Arc::new(builder.with_single_cert(chain, key).unwrap());
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let connection = ServerConnection::new(config).unwrap();
        let mut stream = StreamOwned::new(connection, stream);
        // Whether the handshake succeeds is what the test asks.
        let _read = stream.read(&mut [0; 1000]);
        let answer = b"HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
        let _written = stream.write_all(answer).and_then(|()| stream.flush());
        let _rest = stream.read_to_end(&mut Vec::new());
    });
    format!("https://127.0.0.1:{port}/platform.git")
}

fn told(url: &str, credentials: &Credentials) -> String {
    let error = Rig::new().resolve(&main_of(url), credentials).unwrap_err();
    format!("{}: {error}", error.reason())
}

#[test]
fn a_certificate_for_another_host_is_not_trusted() {
    let _libgit2 = Rig::new();
    let authority = Authority::new("testbed").unwrap();
    let other = authority.server(&["other.example"]).unwrap();
    let trusted = secret(&[("ca.crt", authority.certificate())]);
    let told = told(&serve(&other, None), &trusted);
    assert!(told.starts_with("CertificateNotTrusted: "), "{told}");
    assert!(
        told.contains("for another host") && told.contains("other.example"),
        "{told}"
    );
}

#[test]
fn only_the_authorities_of_the_secret_are_trusted() {
    let _libgit2 = Rig::new();
    let authority = Authority::new("testbed").unwrap();
    let server = authority.server(&["127.0.0.1"]).unwrap();
    let told_system = told(&serve(&server, None), &Credentials::default());
    assert!(
        told_system.contains("no authority that is trusted signed it"),
        "{told_system}"
    );
    let trusted = secret(&[("ca.crt", authority.certificate())]);
    let told_trusted = told(&serve(&server, None), &trusted);
    assert!(
        told_trusted.starts_with("RepositoryNotFound: "),
        "{told_trusted}"
    );
}

#[test]
fn a_server_that_demands_a_client_certificate_is_given_one() {
    let _libgit2 = Rig::new();
    let authority = Authority::new("testbed").unwrap();
    let server = authority.server(&["127.0.0.1"]).unwrap();
    let subject = Subject {
        user: "agent",
        group: None,
    };
    let stranger = Authority::new("stranger").unwrap().client(subject).unwrap();
    let client = authority.client(subject).unwrap();
    let ca = ("ca.crt", authority.certificate());
    let keys = |identity: &Identity| {
        secret(&[
            ca,
            ("tls.crt", &identity.certificate),
            ("tls.key", &identity.key),
        ])
    };
    let told = |credentials| told(&serve(&server, Some(&authority)), &credentials);
    let missing = told(secret(&[ca]));
    assert!(
        missing.contains("demands a client certificate"),
        "{missing}"
    );
    let refused = told(keys(&stranger));
    assert!(refused.contains("refuses the credentials"), "{refused}");
    let taken = told(keys(&client));
    assert!(taken.starts_with("RepositoryNotFound: "), "{taken}");
}
