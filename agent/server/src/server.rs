//! The two ports, from bind to stop.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use axum::Router;

use thiserror::Error;
use tidegate_cluster::Announcement;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use crate::access::Guard;
use crate::api::{self, Api};
use crate::certificate::{CertificateError, Certificates};
use crate::folder::{FolderError, Following, Reload};
use crate::hooks::{self, Hooks, Poller, Receivers};
use crate::leader::{Address, Leader};
use crate::{Access, Backend, Options, connection, dashboard, guardrail, probes};

/// The server: two bound ports that do not answer yet.
pub struct Server {
    api: TcpListener,
    metrics: TcpListener,
    certificates: Option<Following<Certificates>>,
    acceptor: Option<TlsAcceptor>,
    receivers: Option<Following<Receivers>>,
    access: Access,
    backend: Backend,
}

/// A server that cannot start.
#[derive(Debug, Error)]
pub enum ServeError {
    /// An address is taken, or not this machine's.
    #[error("cannot listen on {address} for {what}: {source}: choose another address or port")]
    Bind {
        /// What was to be served there.
        what: &'static str,
        /// The address.
        address: SocketAddr,
        /// The system's words.
        source: std::io::Error,
    },
    /// Everything would be open to other machines.
    #[error(
        "an API without authentication may listen on a loopback address only, not on {0}: use 127.0.0.1, or leave authentication on"
    )]
    OpenToOthers(SocketAddr),
    /// A folder cannot be watched.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// No certificate can be made.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
}

impl Server {
    /// Binds both ports, and reads certificates and webhook receivers.
    ///
    /// # Errors
    /// If an address cannot be bound, a folder cannot be watched, or [`Access::Open`] would be open to other machines.
    /// Files that cannot be used are no error: they are logged, and read again when they change.
    pub async fn bind(options: &Options, backend: Backend) -> Result<Self, ServeError> {
        if options.access == Access::Open && !options.api.ip().is_loopback() {
            return Err(ServeError::OpenToOthers(options.api));
        }
        let certificates = match options.access {
            Access::Open => None,
            Access::Cluster | Access::AnonymousRead => Some(certificates(options)?),
        };
        let acceptor = certificates.as_ref().map(|following| {
            let config = following.value.config()?;
            Ok::<_, CertificateError>(TlsAcceptor::from(Arc::new(config)))
        });
        Ok(Self {
            api: listen("the API", options.api).await?,
            metrics: listen("metrics", options.metrics).await?,
            acceptor: acceptor.transpose()?,
            certificates,
            receivers: options.hooks.as_deref().map(receivers).transpose()?,
            access: options.access,
            backend,
        })
    }

    /// Returns the API's address.
    ///
    /// # Errors
    /// If the system does not tell.
    pub fn api_address(&self) -> std::io::Result<SocketAddr> {
        self.api.local_addr()
    }

    /// Returns the address of probes and metrics.
    ///
    /// # Errors
    /// If the system does not tell.
    pub fn metrics_address(&self) -> std::io::Result<SocketAddr> {
        self.metrics.local_addr()
    }

    /// Returns what tells other replicas where the API is: at an address of this machine, or where it is served if that
    /// is one.
    ///
    /// # Errors
    /// If the system does not tell its port.
    pub fn announcement(&self, own: Option<IpAddr>) -> std::io::Result<Announcement> {
        let bound = self.api_address()?;
        let served = Some(bound.ip()).filter(|ip| !ip.is_unspecified());
        let address = served.or(own).map(|ip| SocketAddr::new(ip, bound.port()));
        let certificates = self.certificates.as_ref();
        let certificates = certificates.map(|following| Arc::clone(&following.value));
        Ok(Arc::new(move || {
            let scheme = if certificates.is_some() {
                "https"
            } else {
                "http"
            };
            let address = Address {
                url: format!("{scheme}://{}", address?),
                certificate: match &certificates {
                    Some(certificates) => Some(certificates.digest()?),
                    None => None,
                },
            };
            Some(address.to_string())
        }))
    }

    /// Serves until `stop`, then lets requests in flight end, for at most 10 s.
    pub async fn serve(self, stop: CancellationToken) {
        let poller = Poller::default();
        let routes = guardrail::around(self.routes(&poller, &stop), self.access);
        let fleet = self.backend.fleet.clone();
        let probes = probes::router(self.backend);
        tokio::join!(
            connection::accept(self.api, routes, self.acceptor, stop.clone()),
            connection::accept(self.metrics, probes, None, stop.clone()),
            follow(self.certificates, &stop),
            follow(self.receivers, &stop),
            poller.run(&fleet, &stop),
        );
    }

    fn routes(&self, poller: &Poller, stop: &CancellationToken) -> Router {
        let guard = Guard::new(self.access, self.backend.cluster.client());
        let leader = Leader::new(self.backend.lead.clone());
        let api = Api::new(&self.backend, (guard, leader), stop.clone());
        let routes = api::router(api).merge(dashboard::router());
        let Some(receivers) = &self.receivers else {
            return routes;
        };
        routes.merge(hooks::router(Hooks {
            receivers: Arc::clone(&receivers.value),
            poller: poller.clone(),
            telemetry: Arc::clone(&self.backend.telemetry),
        }))
    }
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server")
            .field("access", &self.access)
            .finish_non_exhaustive()
    }
}

fn certificates(options: &Options) -> Result<Following<Certificates>, ServeError> {
    Following::new(options.tls.as_deref(), || {
        Ok(Certificates::new(options.tls.clone(), &options.names)?)
    })
}

fn receivers(folder: &Path) -> Result<Following<Receivers>, ServeError> {
    Following::new(Some(folder), || Ok(Receivers::new(folder.to_owned())))
}

async fn follow<T: Reload>(following: Option<Following<T>>, stop: &CancellationToken) {
    if let Some(following) = following {
        following.follow(stop).await;
    }
}

async fn listen(what: &'static str, address: SocketAddr) -> Result<TcpListener, ServeError> {
    let bound = TcpListener::bind(address).await;
    bound.map_err(|source| ServeError::Bind {
        what,
        address,
        source,
    })
}
