//! The agent: cluster, Lease, sources, engine, controller and server, wired together.

mod log;
mod reach;
mod telemetry;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tidegate_cluster::{Cluster, ConnectOptions, Lease, LeaseOptions, Tenure};
use tidegate_server::{Backend, Readiness, Server};
use tidegate_source::{Directory, Limits, Repositories};
use tidegate_sync::{Controller, ControllerOptions, Engine, Fleet, Lookup, Metrics, Mirror};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::command::Agent;
use telemetry::AgentTelemetry;

/// How long the Lease lasts without renewal.
const LEASE: Duration = Duration::from_secs(15);

/// Runs the agent until it is told to stop.
pub(crate) async fn run(options: &Agent) -> anyhow::Result<()> {
    log::init(options.log_format);
    tracing::info!(version = env!("CARGO_PKG_VERSION"), "the agent starts");
    let metrics = Metrics::new().context("the metrics cannot be made")?;
    let cluster = Cluster::connect(&ConnectOptions {
        observer: Some(metrics.clone()),
        ..options.to.options()
    })
    .await?;
    let repositories = repositories(options).await?;
    let mirror = options.mirror.as_deref().map(mirror).transpose()?;
    let (fleet, requests) = Fleet::new();
    let holder = holder(options);
    let lease_options = LeaseOptions {
        namespace: options.namespace.clone(),
        name: "tidegate".into(),
        holder: holder.clone(),
        duration: LEASE,
    };
    let lease = Lease::new(cluster.client(), lease_options.clone());
    let readiness = Readiness::default();
    let backend = Backend {
        fleet: fleet.clone(),
        cluster: cluster.clone(),
        lead: lease.lead(),
        lookup: Arc::new(Lookup {
            cluster: cluster.clone(),
            repositories: Arc::clone(&repositories),
            mirror: mirror.clone(),
        }),
        readiness: readiness.clone(),
        telemetry: Arc::new(AgentTelemetry(metrics.clone())),
    };
    let server = Server::bind(&server_options(options), backend).await?;
    tracing::info!(api = %server.api_address()?, metrics = %server.metrics_address()?, "listening");
    let lease = lease.announcing(server.announcement(options.pod_ip)?);
    let stopped = CancellationToken::new();
    let server = AbortOnDropHandle::new(tokio::spawn(server.serve(stopped.clone())));
    let tenure = Tenure::new(cluster.client(), lease_options);
    let controller = Controller::new(
        &cluster,
        (fleet, requests),
        ControllerOptions {
            engine: Engine::leading(cluster.clone(), &options.namespace, tenure),
            repositories,
            mirror,
            metrics,
            instance: holder,
            concurrency: options.concurrency(),
        },
    );
    tokio::select! {
        () = reach::cluster(&cluster) => {
            readiness.cluster_reached();
            work(controller, lease, readiness).await?;
        }
        stop = reach::told_to_stop() => stop?,
    }
    tracing::info!("the agent stops");
    stopped.cancel();
    // A server that broke off has nothing more to answer.
    let _ = server.await;
    Ok(())
}

/// Runs the layers until somebody says to stop; runs end before the Lease is let go.
async fn work(controller: Controller, lease: Lease, readiness: Readiness) -> anyhow::Result<()> {
    let (tell, leads) = watch::channel(false);
    let (stop_work, stop_lease) = (CancellationToken::new(), CancellationToken::new());
    let lease = AbortOnDropHandle::new(tokio::spawn(lease.keep(tell, stop_lease.clone())));
    let listed = move || readiness.layers_listed();
    let work = controller.run(leads, &listed, stop_work.clone());
    let stop = async {
        let told = reach::told_to_stop().await;
        stop_work.cancel();
        told
    };
    let ((), told) = tokio::join!(work, stop);
    stop_lease.cancel();
    lease.await.context("the Lease was not let go")?;
    told
}

async fn repositories(options: &Agent) -> anyhow::Result<Arc<Repositories>> {
    let wanted = tidegate_source::Options {
        folder: options.cache.clone(),
        local: options.local(),
        limits: Limits::default(),
    };
    let opened = tokio::task::spawn_blocking(|| Repositories::open(wanted)).await?;
    let opened = opened.context("choose another folder by --cache")?;
    Ok(Arc::new(opened))
}

fn mirror(folder: &Path) -> anyhow::Result<Mirror> {
    let opened = Directory::open(folder);
    let opened = opened.with_context(|| format!("--mirror {} cannot be read", folder.display()))?;
    Ok(Arc::new(opened))
}

fn server_options(options: &Agent) -> tidegate_server::Options {
    let service = format!("tidegate.{}.svc", options.namespace);
    tidegate_server::Options {
        api: options.api_address,
        metrics: options.metrics_address,
        access: options.access(),
        tls: options.tls(),
        names: vec![format!("{service}.cluster.local"), service],
        hooks: options.hooks(),
    }
}

/// The name of this process: a Pod that restarts in place is another holder of the Lease.
fn holder(options: &Agent) -> String {
    let pod = options
        .pod
        .clone()
        .or_else(|| std::env::var("HOSTNAME").ok());
    format!(
        "{}_{}",
        pod.as_deref().unwrap_or("agent"),
        uuid::Uuid::new_v4()
    )
}
