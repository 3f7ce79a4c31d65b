//! The server's certificate: mounted files, or one of its own making.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use thiserror::Error;

use crate::folder::Reload;
use crate::leader;

/// Names that every certificate of our own making has.
const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// The certificate that is shown now, and where the next one comes from.
#[derive(Debug)]
pub(crate) struct Certificates {
    folder: Option<PathBuf>,
    provider: Arc<CryptoProvider>,
    current: RwLock<Arc<CertifiedKey>>,
}

/// A certificate that cannot be used.
#[derive(Debug, Error)]
pub enum CertificateError {
    /// A file cannot be read.
    #[error("{} cannot be read: {source}", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        source: rustls::pki_types::pem::Error,
    },
    /// Key and certificate do not fit, or are of a kind that is not known.
    #[error("tls.crt and tls.key in {} cannot be used together: {source}", folder.display())]
    Pair {
        /// Their folder.
        folder: PathBuf,
        /// What is wrong with them.
        source: rustls::Error,
    },
    /// No certificate can be made for these names.
    #[error("a certificate for {names:?} cannot be made: {source}")]
    Make {
        /// The names.
        names: Vec<String>,
        /// What is wrong with them.
        source: rcgen::Error,
    },
    /// The certificate of our own making cannot be used.
    #[error("the certificate that was made cannot be used: {0}")]
    Own(#[source] rustls::Error),
}

impl Certificates {
    /// Makes a certificate, and takes the one of the folder instead if it is there and can be used.
    pub(crate) fn new(folder: Option<PathBuf>, names: &[String]) -> Result<Self, CertificateError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let own = make(names, &provider)?;
        let certificates = Self {
            folder,
            provider,
            current: RwLock::new(Arc::new(own)),
        };
        certificates.reload();
        Ok(certificates)
    }

    /// The digest of the certificate that is shown now.
    pub(crate) fn digest(&self) -> Option<String> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        current.end_entity_cert().ok().map(leader::digest)
    }

    fn show(&self, key: CertifiedKey, folder: &Path) {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        if current.cert != key.cert {
            tracing::info!(folder = %folder.display(), "certificate loaded");
        }
        *current = Arc::new(key);
    }

    /// Returns a TLS configuration that shows whatever certificate is current.
    ///
    /// # Errors
    /// If the provider has no usable protocol version.
    pub(crate) fn config(self: &Arc<Self>) -> Result<ServerConfig, CertificateError> {
        let builder = ServerConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_safe_default_protocol_versions()
            .map_err(CertificateError::Own)?;
        let mut config = builder
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(self) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(config)
    }
}

impl Reload for Certificates {
    /// Reads the folder again. What cannot be used is logged, and the certificate stays as it is.
    fn reload(&self) {
        let Some(folder) = &self.folder else { return };
        match read(folder, &self.provider) {
            Ok(Some(key)) => self.show(key, folder),
            Ok(None) => {
                tracing::info!(folder = %folder.display(), "no tls.crt and tls.key: the certificate stays as it is");
            }
            Err(error) => tracing::error!(%error, "certificate not loaded: the one before stays"),
        }
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let current = self.current.read();
        Some(Arc::clone(&current.unwrap_or_else(PoisonError::into_inner)))
    }
}

fn read(
    folder: &Path,
    provider: &CryptoProvider,
) -> Result<Option<CertifiedKey>, CertificateError> {
    let (certificate, key) = (folder.join("tls.crt"), folder.join("tls.key"));
    if [&certificate, &key].iter().all(|file| !file.exists()) {
        return Ok(None);
    }
    let unread = |file: &Path| {
        let file = file.to_owned();
        |source| CertificateError::Read { file, source }
    };
    let chain = CertificateDer::pem_file_iter(&certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(unread(&certificate))?;
    let key = PrivateKeyDer::from_pem_file(&key).map_err(unread(&key))?;
    let pair = CertifiedKey::from_der(chain, key, provider);
    pair.map(Some).map_err(|source| CertificateError::Pair {
        folder: folder.to_owned(),
        source,
    })
}

fn make(names: &[String], provider: &CryptoProvider) -> Result<CertifiedKey, CertificateError> {
    let mut all: Vec<String> = LOOPBACK.iter().map(|name| (*name).to_owned()).collect();
    all.extend_from_slice(names);
    let made = rcgen::generate_simple_self_signed(all.clone());
    let made = made.map_err(|source| CertificateError::Make { names: all, source })?;
    let key = PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
    CertifiedKey::from_der(vec![made.cert.der().clone()], key, provider)
        .map_err(CertificateError::Own)
}
