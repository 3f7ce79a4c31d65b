//! A cluster, and one account's access to it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::header::AUTHORIZATION;
use http::{Request, Response, StatusCode};
use kube::client::{Body, ClientBuilder, ConfigExt as _};
use kube::{Client, Config};
use serde_json::Value;
use tower::{Layer as _, ServiceExt as _};

use crate::counted::{Counted, Observer};
use crate::error::ApiError;
use crate::kinds::Kinds;
use crate::{ConnectError, ConnectOptions};

/// The deadline of every request that is no watch.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

/// A cluster, as one account sees it. Cheap to clone.
#[derive(Clone)]
pub struct Cluster {
    client: Client,
    shared: Arc<Shared>,
}

struct Shared {
    config: Config,
    observer: Option<Arc<dyn Observer>>,
    kinds: Kinds,
    accounts: Mutex<HashMap<(String, String), Client>>,
}

/// An answer: its status, its body, and the server's warnings.
pub(crate) struct Answer {
    pub status: StatusCode,
    pub body: Value,
    pub warnings: Vec<String>,
}

impl Cluster {
    /// Prepares access. Nothing is sent yet, so that a cluster that is away is no error here.
    ///
    /// # Errors
    /// If the configuration is missing or wrong.
    pub async fn connect(options: &ConnectOptions) -> Result<Self, ConnectError> {
        let config = options.config().await?;
        let client = client(&config, options.observer.clone())?;
        let kinds = Kinds::new(client.clone());
        let shared = Shared {
            config,
            observer: options.observer.clone(),
            kinds,
            accounts: Mutex::default(),
        };
        Ok(Self {
            client,
            shared: Arc::new(shared),
        })
    }

    /// Returns the same cluster as a service account sees it, by impersonation.
    ///
    /// # Errors
    /// If the configuration does not make a client.
    pub fn as_account(&self, namespace: &str, name: &str) -> Result<Self, ConnectError> {
        let key = (namespace.to_owned(), name.to_owned());
        let mut accounts = self
            .shared
            .accounts
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = accounts.get(&key) {
            return Ok(Self {
                client: client.clone(),
                shared: Arc::clone(&self.shared),
            });
        }
        let mut config = self.shared.config.clone();
        // Without groups the API server adds those of the account; to name them would take the right to.
        config.auth_info.impersonate = Some(format!("system:serviceaccount:{namespace}:{name}"));
        let client = client(&config, self.shared.observer.clone())?;
        accounts.insert(key, client.clone());
        Ok(Self {
            client,
            shared: Arc::clone(&self.shared),
        })
    }

    /// Returns what the API server serves.
    pub fn kinds(&self) -> &Kinds {
        &self.shared.kinds
    }

    /// Returns the client, for typed resources of the agent's own.
    pub fn client(&self) -> Client {
        self.client.clone()
    }

    /// Returns the namespace of the kubeconfig's context, or of the Pod.
    pub fn default_namespace(&self) -> &str {
        self.client.default_namespace()
    }

    /// Returns the token by which the API server knows who asks, new if it has to be: that of the configuration, its
    /// file or its plugin. `None` if it knows them by something else, such as a certificate.
    ///
    /// # Errors
    /// If the configuration is wrong, or its plugin fails.
    pub async fn token(&self) -> Result<Option<String>, ConnectError> {
        let failed = |error| ConnectError::Client(Box::new(error));
        let Some(layer) = self.shared.config.auth_layer().map_err(failed)? else {
            return Ok(None);
        };
        let signed = layer.layer(tower::service_fn(|request: Request<Body>| {
            let header = request.headers().get(AUTHORIZATION).cloned();
            std::future::ready(Ok::<_, tower::BoxError>(Response::new(header)))
        }));
        let signed = signed.oneshot(Request::new(Body::empty())).await;
        let header = signed.map_err(|error| failed(kube::Error::Service(error)))?;
        let text = header
            .body()
            .as_ref()
            .and_then(|header| header.to_str().ok());
        let token = text.and_then(|text| text.strip_prefix("Bearer "));
        Ok(token.map(ToOwned::to_owned))
    }

    /// Returns the API server's URL.
    pub fn url(&self) -> String {
        self.shared.config.cluster_url.to_string()
    }

    /// Sends a request, and reads its answer as JSON.
    pub(crate) async fn send(&self, request: Request<Vec<u8>>) -> Result<Answer, ApiError> {
        let sent = async {
            let answer = self.client.send(request.map(Body::from)).await;
            let (parts, body) = answer
                .map_err(|error| ApiError::unreachable(&error))?
                .into_parts();
            let bytes = body
                .collect_bytes()
                .await
                .map_err(|error| ApiError::unreachable(&error))?;
            let warnings = warnings(&parts.headers);
            if !parts.status.is_success() {
                return Err(ApiError::answered(parts.status, &parts.headers, &bytes));
            }
            let body = if bytes.is_empty() {
                Value::Null
            } else {
                serde_json::from_slice(&bytes)
                    .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&bytes).into()))
            };
            Ok(Answer {
                status: parts.status,
                body,
                warnings,
            })
        };
        match tokio::time::timeout(DEADLINE, sent).await {
            Ok(answer) => answer,
            Err(_) => Err(ApiError::late(DEADLINE)),
        }
    }
}

impl std::fmt::Debug for Cluster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cluster")
            .field("url", &self.url())
            .finish_non_exhaustive()
    }
}

fn client(config: &Config, observer: Option<Arc<dyn Observer>>) -> Result<Client, ConnectError> {
    let builder = ClientBuilder::try_from(config.clone())
        .map_err(|error| ConnectError::Client(Box::new(error)))?;
    let layer = tower::layer::layer_fn(move |inner| Counted {
        inner,
        observer: observer.clone(),
    });
    Ok(builder.with_layer(&layer).build())
}

fn warnings(headers: &http::HeaderMap) -> Vec<String> {
    headers
        .get_all(http::header::WARNING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .map(|text| text.split('"').nth(1).unwrap_or(text).to_owned())
        .collect()
}
