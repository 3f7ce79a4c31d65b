//! Connections: TLS, limits in size, number and time, a clean stop.
//!
//! HTTP/1.1 only: a handful of clients has no use for multiplexing, and what it costs to defend.

use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

/// Connections at the same time on a port; more wait in the system's queue.
const CONNECTIONS: usize = 512;
/// How long a TLS handshake, and the head of a request, may take; also how long a connection may idle.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// The size of a request's head, in bytes.
const HEAD_SIZE: usize = 32 * 1024;
/// The number of a request's headers.
const HEADERS: usize = 100;
/// How old a connection may get, so that no client holds one for ever.
const AGE: Duration = Duration::from_secs(900);
/// How long requests in flight may take to end.
const GRACE: Duration = Duration::from_secs(10);

/// Accepts connections on a port and serves each, until `stop`.
pub(crate) async fn accept(
    listener: TcpListener,
    router: Router,
    tls: Option<TlsAcceptor>,
    stop: CancellationToken,
) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept(), if connections.len() < CONNECTIONS => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connect(stream, router.clone(), tls.clone(), stop.clone()));
                }
                Err(error) => {
                    tracing::warn!(%error, "connection not accepted");
                    // Out of files, most likely: others must end first.
                    sleep(Duration::from_millis(100)).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

async fn connect(
    stream: TcpStream,
    router: Router,
    tls: Option<TlsAcceptor>,
    stop: CancellationToken,
) {
    let Some(tls) = tls else {
        return serve(stream, router, stop).await;
    };
    match timeout(HEAD_TIMEOUT, tls.accept(stream)).await {
        Ok(Ok(stream)) => serve(stream, router, stop).await,
        Ok(Err(error)) => tracing::debug!(%error, "TLS handshake failed"),
        Err(_) => tracing::debug!("TLS handshake took too long"),
    }
}

async fn serve<S>(stream: S, router: Router, stop: CancellationToken)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_headers(HEADERS)
        .max_buf_size(HEAD_SIZE);
    let service = TowerToHyperService::new(router);
    let mut connection = std::pin::pin!(builder.serve_connection(TokioIo::new(stream), service));
    tokio::select! {
        ended = connection.as_mut() => return log(ended),
        () = stop.cancelled() => {}
        () = sleep(AGE) => {}
    }
    connection.as_mut().graceful_shutdown();
    let ended = timeout(GRACE, connection).await;
    ended.map_or_else(
        |_| tracing::debug!("connection cut: its request took too long to end"),
        log,
    );
}

fn log(ended: hyper::Result<()>) {
    if let Err(error) = ended {
        tracing::debug!(%error, "connection broke off");
    }
}
