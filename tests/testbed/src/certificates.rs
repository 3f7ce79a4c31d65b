//! A certificate authority of one rig, and what it signs.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose,
};

use crate::{Error, Result};

/// A certificate and its private key, as PEM text.
#[derive(Clone)]
pub struct Identity {
    /// The certificate.
    pub certificate: String,
    /// The private key (PKCS #8).
    pub key: String,
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Identity")
    }
}

impl Identity {
    /// Writes `<name>.crt` and `<name>.key` into the folder, and answers their paths.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn write(&self, folder: &Path, name: &str) -> Result<(PathBuf, PathBuf)> {
        let certificate = folder.join(format!("{name}.crt"));
        let key = folder.join(format!("{name}.key"));
        fs::write(&certificate, &self.certificate).map_err(Error::file(&certificate))?;
        write_private(&key, &self.key)?;
        Ok((certificate, key))
    }
}

/// Whom a client certificate names: the user and the group of a Kubernetes request.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The common name, which is the user.
    pub user: &'a str,
    /// The organization, which is the group.
    pub group: Option<&'a str>,
}

/// A certificate authority.
pub struct Authority {
    certificate: String,
    key: String,
    issuer: Issuer<'static, KeyPair>,
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Authority")
    }
}

impl Authority {
    /// Makes a new authority with this common name.
    ///
    /// # Errors
    /// [`Error::Certificate`].
    pub fn new(name: &str) -> Result<Self> {
        make_authority(name).map_err(failed(name))
    }

    /// The authority's certificate as PEM text.
    pub fn certificate(&self) -> &str {
        &self.certificate
    }

    /// The authority's private key, for a server that signs certificates itself.
    pub fn identity(&self) -> Identity {
        Identity {
            certificate: self.certificate.clone(),
            key: self.key.clone(),
        }
    }

    /// Signs a server's certificate for host names and IP addresses.
    ///
    /// # Errors
    /// [`Error::Certificate`].
    pub fn server(&self, hosts: &[&str]) -> Result<Identity> {
        let name = hosts.first().copied().unwrap_or("server");
        let subject = Subject {
            user: name,
            group: None,
        };
        let hosts = hosts
            .iter()
            .map(|host| (*host).to_owned())
            .collect::<Vec<_>>();
        CertificateParams::new(hosts)
            .and_then(|parameters| {
                self.sign(parameters, subject, ExtendedKeyUsagePurpose::ServerAuth)
            })
            .map_err(failed(name))
    }

    /// Signs a client's certificate.
    ///
    /// # Errors
    /// [`Error::Certificate`].
    pub fn client(&self, subject: Subject<'_>) -> Result<Identity> {
        let parameters = CertificateParams::default();
        self.sign(parameters, subject, ExtendedKeyUsagePurpose::ClientAuth)
            .map_err(failed(subject.user))
    }

    fn sign(
        &self,
        mut parameters: CertificateParams,
        subject: Subject<'_>,
        usage: ExtendedKeyUsagePurpose,
    ) -> Result<Identity, rcgen::Error> {
        name(&mut parameters, subject);
        parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        parameters.extended_key_usages = vec![usage];
        parameters.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate()?;
        let certificate = parameters.signed_by(&key, &self.issuer)?;
        Ok(Identity {
            certificate: certificate.pem(),
            key: key.serialize_pem(),
        })
    }
}

/// A private key without a certificate, and its public key, as PEM text.
///
/// # Errors
/// [`Error::Certificate`].
pub fn private_key(name: &str) -> Result<(String, String)> {
    let key = KeyPair::generate().map_err(failed(name))?;
    Ok((key.serialize_pem(), key.public_key_pem()))
}

/// Writes a file that only its owner may read.
///
/// # Errors
/// [`Error::File`].
pub fn write_private(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).map_err(Error::file(path))?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).map_err(Error::file(path))
}

fn make_authority(common_name: &str) -> Result<Authority, rcgen::Error> {
    let mut parameters = CertificateParams::default();
    name(
        &mut parameters,
        Subject {
            user: common_name,
            group: None,
        },
    );
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let key = KeyPair::generate()?;
    let certificate: Certificate = parameters.self_signed(&key)?;
    let key_text = key.serialize_pem();
    Ok(Authority {
        certificate: certificate.pem(),
        key: key_text,
        issuer: Issuer::new(parameters, key),
    })
}

fn name(parameters: &mut CertificateParams, subject: Subject<'_>) {
    parameters.distinguished_name = rcgen::DistinguishedName::new();
    parameters
        .distinguished_name
        .push(DnType::CommonName, subject.user);
    if let Some(group) = subject.group {
        parameters
            .distinguished_name
            .push(DnType::OrganizationName, group);
    }
}

fn failed(name: &str) -> impl FnOnce(rcgen::Error) -> Error {
    let name = name.to_owned();
    |source| Error::Certificate { name, source }
}
