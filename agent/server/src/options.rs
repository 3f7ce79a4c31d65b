//! Where the server listens, and whom it lets in.

use std::net::SocketAddr;
use std::path::PathBuf;

/// Where the server listens, and whom it lets in.
#[derive(Debug, Clone)]
pub struct Options {
    /// The address of the API and the webhooks; port 0 takes a free one.
    pub api: SocketAddr,
    /// The address of probes and metrics; port 0 takes a free one.
    pub metrics: SocketAddr,
    /// Who may read and act.
    pub access: Access,
    /// The folder with `tls.crt` and `tls.key`, read again when they change. Without the folder, or while the files
    /// are not there, the server shows a certificate that it made for itself.
    pub tls: Option<PathBuf>,
    /// Host names for that certificate, besides those of loopback.
    pub names: Vec<String>,
    /// The folder of webhook receivers: a file for each, named as the receiver, with its secret.
    /// Without the folder there are no webhooks.
    pub hooks: Option<PathBuf>,
}

/// Who may read and act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Whom the cluster knows and lets: a bearer token, then rights on `layers`. Over TLS.
    Cluster,
    /// As `Cluster`, but a request without a token may read. Over TLS.
    AnonymousRead,
    /// Everybody on this machine. Over plain HTTP, on a loopback address only.
    Open,
}
