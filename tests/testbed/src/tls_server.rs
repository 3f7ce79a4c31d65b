//! TLS for servers whose clients choose the name: a certificate for each.

use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use crate::certificates::Authority;
use crate::{Error, Result};

/// A configuration that signs a certificate for whatever name a client asks for.
pub(crate) fn configuration(authority: Arc<Authority>) -> Result<ServerConfig> {
    ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .map(|builder| {
            builder
                .with_no_client_auth()
                .with_cert_resolver(Arc::new(Names(authority)))
        })
        .map_err(|error| Error::malformed("the server's TLS settings", &error))
}

#[derive(Debug)]
struct Names(Arc<Authority>);

impl ResolvesServerCert for Names {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        // A client that asks by address sends no name.
        let name = hello.server_name().unwrap_or("127.0.0.1");
        let identity = self.0.server(&[name]).ok()?;
        let chain = CertificateDer::pem_slice_iter(identity.certificate.as_bytes());
        let chain = chain.collect::<std::result::Result<Vec<_>, _>>().ok()?;
        let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes()).ok()?;
        CertifiedKey::from_der(chain, key, &default_provider())
            .ok()
            .map(Arc::new)
    }
}
