//! `tidegate ui`.

mod tunnel;

use std::net::Ipv4Addr;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use k8s_openapi::api::authentication::v1::{TokenRequest, TokenRequestSpec};
use k8s_openapi::api::core::v1::ServiceAccount;
use kube::Api;
use kube::api::PostParams;
use tidegate_cluster::{ApiError, Cluster};
use tokio::net::TcpListener;

use self::tunnel::Tunnel;
use super::layers::LayerName;
use crate::command::ClusterArgs;
use crate::exit::Exit;
use crate::output;

/// How long a token holds that is made here, in seconds.
const LIFETIME: i64 = 3600;

/// Show the dashboard: prints an address of this machine that leads to it, until Ctrl-C
///
/// It is reached through the API server (`create` on `pods/portforward`), at the replica that leads, with TLS up to the
/// certificate that the Lease names. Who you are there is told by a token, which stands behind `#` in the address, is kept
/// in the browser's tab, and goes to the agent alone: that of your kubeconfig, or with --account one of a ServiceAccount
/// that holds for an hour. What you may see and do is what the cluster lets that account.
#[derive(Debug, Args)]
pub(crate) struct Ui {
    /// Be a ServiceAccount (`create` on `serviceaccounts/token`), for a kubeconfig without a token.
    #[arg(long, value_name = "[NAMESPACE/]NAME")]
    account: Option<LayerName>,
    /// The port on this machine; a free one if it is not given.
    #[arg(
        long,
        default_value_t = 0,
        hide_default_value = true,
        value_name = "PORT"
    )]
    port: u16,
    /// The agent's namespace.
    #[arg(
        short,
        long,
        default_value = "tidegate-system",
        value_name = "NAMESPACE"
    )]
    namespace: String,
    #[command(flatten)]
    to: ClusterArgs,
}

impl Ui {
    pub(crate) async fn run(&self) -> Result<Exit> {
        let cluster = self.to.connect().await?;
        let token = match &self.account {
            Some(account) => account_token(&cluster, account).await?,
            None => own_token(&cluster).await?,
        };
        let tunnel = Arc::new(Tunnel::new(cluster.client(), self.namespace.clone()));
        // Before an address is printed, so that who may not do this learns it here.
        tunnel.try_out().await?;
        let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, self.port)).await;
        let listener = bound.with_context(|| {
            format!(
                "port {} of this machine cannot be used: choose another by --port",
                self.port
            )
        })?;
        let address = listener.local_addr()?;
        output::line(&format!("http://{address}/#token={token}"))?;
        output::message("open it in a browser; Ctrl-C ends it")?;
        loop {
            let (socket, _) = listener.accept().await?;
            let tunnel = Arc::clone(&tunnel);
            tokio::spawn(async move {
                if let Err(error) = tunnel.carry(socket).await {
                    // Who reads no messages any more has gone.
                    drop(output::message(&format!("a connection ended: {error:#}")));
                }
            });
        }
    }
}

async fn own_token(cluster: &Cluster) -> Result<String> {
    match cluster.token().await? {
        Some(token) => Ok(token),
        None => bail!(
            "the kubeconfig has no token, which is how a browser can say who you are: name a ServiceAccount by --account"
        ),
    }
}

async fn account_token(cluster: &Cluster, account: &LayerName) -> Result<String> {
    let namespace = account.namespace.as_deref();
    let namespace = namespace.unwrap_or_else(|| cluster.default_namespace());
    let accounts: Api<ServiceAccount> = Api::namespaced(cluster.client(), namespace);
    let request = TokenRequest {
        spec: Some(TokenRequestSpec {
            expiration_seconds: Some(LIFETIME),
            ..TokenRequestSpec::default()
        }),
        ..TokenRequest::default()
    };
    let (name, parameters) = (&account.name, PostParams::default());
    let answer = accounts.create_token_request(name, &parameters, &request);
    let answer = answer.await.map_err(|error| ApiError::of(&error));
    let answer = answer.with_context(|| format!("no token of {namespace}/{name} can be made"))?;
    let token = answer.status.and_then(|status| status.token);
    token.context("the API server made no token")
}
