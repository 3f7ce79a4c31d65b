//! How a cluster is reached: a kubeconfig as kubectl has it, or the Pod's own account.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use kube::Config;
use kube::config::{KubeConfigOptions, Kubeconfig};
use thiserror::Error;

use crate::counted::Observer;

/// How long a connection may be silent while something is expected of it. On a watch of which nothing else is to be
/// told, the API server sends a bookmark each minute (KEP-956).
const SILENCE: Duration = Duration::from_secs(90);

/// Where the cluster is, and who asks.
#[derive(Clone, Default)]
pub struct ConnectOptions {
    /// A kubeconfig file; none is `$KUBECONFIG`, `~/.kube/config`, or the Pod's own account.
    pub kubeconfig: Option<PathBuf>,
    /// A context of the kubeconfig; none is its current one.
    pub context: Option<String>,
    /// Who is told of each request.
    pub observer: Option<Arc<dyn Observer>>,
    /// How long a watch may be silent before it is opened again; none is 90 s.
    pub silence: Option<Duration>,
}

/// A cluster that cannot be reached for want of configuration.
#[derive(Debug, Error)]
pub enum ConnectError {
    /// The kubeconfig cannot be read.
    #[error("the kubeconfig cannot be used: {0}: check --kubeconfig and --context")]
    Kubeconfig(#[source] Box<kube::config::KubeconfigError>),
    /// There is neither a kubeconfig nor a Pod's account.
    #[error("no cluster is configured: {0}: pass --kubeconfig, or run in a Pod")]
    Unconfigured(#[source] Box<kube::config::InferConfigError>),
    /// The configuration does not make a client.
    #[error("the cluster's configuration makes no client: {0}")]
    Client(#[source] Box<kube::Error>),
}

impl ConnectOptions {
    /// Reads the configuration.
    pub(crate) async fn config(&self) -> Result<Config, ConnectError> {
        let boxed = |error| ConnectError::Kubeconfig(Box::new(error));
        let options = KubeConfigOptions {
            context: self.context.clone(),
            ..KubeConfigOptions::default()
        };
        let mut config = match (&self.kubeconfig, &self.context) {
            (Some(file), _) => {
                let kubeconfig = Kubeconfig::read_from(file).map_err(boxed)?;
                Config::from_custom_kubeconfig(kubeconfig, &options)
                    .await
                    .map_err(boxed)?
            }
            (None, Some(_)) => Config::from_kubeconfig(&options).await.map_err(boxed)?,
            (None, None) => Config::infer()
                .await
                .map_err(|error| ConnectError::Unconfigured(Box::new(error)))?,
        };
        // Its pauses grow to minutes, which is no use to a run: retries are ours.
        config.default_retry = false;
        config.connect_timeout = Some(Duration::from_secs(10));
        config.read_timeout = Some(self.silence.unwrap_or(SILENCE));
        config
            .headers
            .push((http::header::USER_AGENT, user_agent()));
        Ok(config)
    }
}

impl std::fmt::Debug for ConnectOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ConnectOptions")
            .field("kubeconfig", &self.kubeconfig)
            .field("context", &self.context)
            .finish_non_exhaustive()
    }
}

fn user_agent() -> http::HeaderValue {
    http::HeaderValue::from_static(concat!("tidegate/", env!("CARGO_PKG_VERSION")))
}
