//! Certificates: mounted, rotated, broken, of the server's own making.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::{Arc, Mutex};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, SignatureScheme};
use tempfile::TempDir;
use tidegate_server::{Access, Server};
use tidegate_testbed::certificates::{Authority, Identity};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::rig::{Rig, Setup, client, options, until};

#[tokio::test(flavor = "multi_thread")]
async fn a_rotated_secret_is_taken() {
    let (before, after) = (
        Authority::new("before").unwrap(),
        Authority::new("after").unwrap(),
    );
    let folder = TempDir::new().unwrap();
    mount(
        folder.path(),
        "..1",
        &before.server(&["127.0.0.1"]).unwrap(),
    );
    let rig = start(folder.path()).await;
    assert!(trusts(&rig, &before).await);
    assert!(!trusts(&rig, &after).await);

    mount(folder.path(), "..2", &after.server(&["127.0.0.1"]).unwrap());
    until("the new certificate is shown", async || {
        trusts(&rig, &after).await
    })
    .await;
    assert!(!trusts(&rig, &before).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_secret_changes_nothing() {
    let authority = Authority::new("authority").unwrap();
    let folder = TempDir::new().unwrap();
    let good = authority.server(&["127.0.0.1"]).unwrap();
    mount(folder.path(), "..1", &good);
    let rig = start(folder.path()).await;
    assert!(trusts(&rig, &authority).await);

    let mut mixed = authority.server(&["127.0.0.1"]).unwrap();
    mixed.key.clone_from(&good.key);
    mount(folder.path(), "..2", &mixed);
    mount(
        folder.path(),
        "..3",
        &Identity {
            certificate: "no certificate".into(),
            key: good.key.clone(),
        },
    );
    assert!(trusts(&rig, &authority).await);

    let next = Authority::new("next").unwrap();
    mount(folder.path(), "..4", &next.server(&["127.0.0.1"]).unwrap());
    until("the repaired certificate is shown", async || {
        trusts(&rig, &next).await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_files_the_server_makes_a_certificate_until_there_are_some() {
    let folder = TempDir::new().unwrap();
    let rig = start(folder.path()).await;
    let own = shown(&rig).await;
    for name in ["localhost", "127.0.0.1", "tidegate.tidegate-system.svc"] {
        assert!(fits(&own, name), "{name}");
    }
    assert!(!fits(&own, "other.example"));

    let authority = Authority::new("authority").unwrap();
    mount(
        folder.path(),
        "..1",
        &authority.server(&["127.0.0.1"]).unwrap(),
    );
    until("the mounted certificate is shown", async || {
        trusts(&rig, &authority).await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_folder_is_named() {
    let rig = Rig::start(Setup::default()).await;
    let options = options(Access::Cluster, Some("/nowhere/tls".into()), None);
    let error = Server::bind(&options, rig.backend().await)
        .await
        .unwrap_err();
    let text = error.to_string();
    assert!(
        text.starts_with("the folder /nowhere/tls cannot be watched: "),
        "{text}"
    );
}

async fn start(folder: &Path) -> Rig {
    let setup = Setup {
        access: Access::AnonymousRead,
        tls: Some(folder.to_owned()),
        ..Setup::default()
    };
    Rig::start(setup).await
}

/// Tells whether a client that trusts an authority is answered.
async fn trusts(rig: &Rig, authority: &Authority) -> bool {
    let client = client(Some(authority.certificate()));
    let answer = client
        .get(format!("{}/api/v1/layers", rig.url))
        .send()
        .await;
    answer.is_ok_and(|answer| answer.status() == 200)
}

/// Swaps a folder's content as the kubelet does with a Secret volume.
fn mount(folder: &Path, version: &str, identity: &Identity) {
    let content = folder.join(version);
    fs::create_dir(&content).unwrap();
    for (name, text) in [
        ("tls.crt", &identity.certificate),
        ("tls.key", &identity.key),
    ] {
        fs::write(content.join(name), text).unwrap();
    }
    symlink(version, folder.join("..data_tmp")).unwrap();
    fs::rename(folder.join("..data_tmp"), folder.join("..data")).unwrap();
    for name in ["tls.crt", "tls.key"] {
        let link = folder.join(name);
        if link.symlink_metadata().is_err() {
            symlink(Path::new("..data").join(name), link).unwrap();
        }
    }
}

/// Returns the certificate that the server shows.
async fn shown(rig: &Rig) -> CertificateDer<'static> {
    let seen = Arc::new(Seen::default());
    let config = rustls::ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(seen.clone())
        .with_no_client_auth();
    let stream = TcpStream::connect(rig.api).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
        .unwrap();
    let certificate = seen.0.lock().unwrap().take();
    certificate.unwrap()
}

/// Tells whether a certificate is one for a name.
fn fits(certificate: &CertificateDer<'static>, name: &str) -> bool {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(certificate.clone()).unwrap();
    let builder =
        rustls::client::WebPkiServerVerifier::builder_with_provider(roots.into(), provider());
    let verifier = builder.build().unwrap();
    let name = ServerName::try_from(name).unwrap();
    verifier
        .verify_server_cert(certificate, &[], &name, &[], UnixTime::now())
        .is_ok()
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

/// Takes every certificate, and remembers it.
#[derive(Debug, Default)]
struct Seen(Mutex<Option<CertificateDer<'static>>>);

impl ServerCertVerifier for Seen {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        *self.0.lock().unwrap() = Some(certificate.clone().into_owned());
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        provider()
            .signature_verification_algorithms
            .supported_schemes()
    }
}
