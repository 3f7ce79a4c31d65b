//! A way from this machine to the replica that leads, through the API server.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use k8s_openapi::api::core::v1::Pod;
use kube::{Api, Client};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tidegate_cluster::{ApiError, Holder};
use tidegate_server::Address;
use tokio::io::{AsyncRead, AsyncWrite, copy_bidirectional};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// The agent's Lease.
const LEASE: &str = "tidegate";
/// Its certificate is known by its digest, whatever name it has.
const NAME: &str = "tidegate";

/// A way to the replica that leads, found anew for each connection.
pub(super) struct Tunnel {
    client: Client,
    namespace: String,
}

/// The replica that leads.
struct Leader {
    pod: String,
    port: u16,
    tls: Option<Arc<ClientConfig>>,
}

impl Tunnel {
    /// A way to the agent in a namespace.
    pub(super) fn new(client: Client, namespace: String) -> Self {
        Self { client, namespace }
    }

    /// Opens the way once.
    ///
    /// # Errors
    /// If nobody leads, a right is missing, or the replica cannot be reached.
    pub(super) async fn try_out(&self) -> Result<()> {
        self.open().await.map(drop)
    }

    /// Carries one connection, until either side ends it.
    ///
    /// # Errors
    /// If the replica cannot be reached.
    pub(super) async fn carry(&self, mut socket: TcpStream) -> Result<()> {
        let mut stream = self.open().await?;
        // A browser that leaves in the middle of an answer is no trouble.
        drop(copy_bidirectional(&mut socket, &mut stream).await);
        Ok(())
    }

    async fn open(&self) -> Result<Box<dyn Stream>> {
        let Leader { pod, port, tls } = self.leader().await?;
        let pods: Api<Pod> = Api::namespaced(self.client.clone(), &self.namespace);
        let forwarded = pods.portforward(&pod, &[port]).await;
        let forwarded = forwarded.map_err(|error| ApiError::of(&error));
        let mut forwarded = forwarded
            .with_context(|| format!("port {port} of the Pod {pod} cannot be forwarded"))?;
        let stream = forwarded.take_stream(port);
        let stream = stream.context("the API server forwards no stream")?;
        let Some(tls) = tls else {
            return Ok(Box::new(stream));
        };
        let connected = TlsConnector::from(tls).connect(ServerName::try_from(NAME)?, stream);
        let connected = connected.await.with_context(|| {
            format!("the Pod {pod} does not answer at port {port} as the Lease says")
        })?;
        Ok(Box::new(connected))
    }

    async fn leader(&self) -> Result<Leader> {
        let namespace = &self.namespace;
        let found = Holder::of(self.client.clone(), (namespace, LEASE)).await;
        let found =
            found.with_context(|| format!("the Lease {namespace}/{LEASE} cannot be read"))?;
        let holder = found.with_context(|| {
            format!("no agent leads in the namespace {namespace}: name another one by -n, or see `tidegate check`")
        })?;
        let address = holder.address.unwrap_or_default();
        let address: Address = address.parse()?;
        let pod = holder.identity.rsplit_once('_').map(|(pod, _)| pod);
        Ok(Leader {
            pod: pod.unwrap_or(&holder.identity).to_owned(),
            port: address.port(),
            tls: address.tls()?.map(Arc::new),
        })
    }
}

/// What is read and written.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}
