//! The Secret of a source's credentials: read when it is needed, and again when it changes.

use std::pin::pin;
use std::time::Duration;

use futures::StreamExt as _;
use k8s_openapi::api::core::v1::Secret;
use kube::Api;
use kube::api::PartialObjectMeta;
use kube::runtime::{WatchStreamExt as _, watcher};
use tidegate_cluster::{ApiError, Cluster};
use tidegate_source::Credentials;
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

use crate::controller::Backoff;
use crate::status::{Passing, Reason, Trouble};

/// The deadline of a read.
const DEADLINE: Duration = Duration::from_secs(30);

/// The Secret of a source's credentials.
pub(super) struct SourceSecret {
    api: Api<Secret>,
    namespace: String,
    name: String,
    changes: watch::Receiver<Option<String>>,
    known: Option<Known>,
    _watch: AbortOnDropHandle<()>,
}

/// What was read, and of which version; a Secret that is not there has none.
struct Known {
    version: Option<String>,
    credentials: Result<Credentials, Trouble>,
}

impl SourceSecret {
    /// Follows a Secret; only its metadata is watched.
    pub(super) fn new(cluster: &Cluster, namespace: &str, name: &str) -> Self {
        let api = Api::namespaced(cluster.client(), namespace);
        let (tell, changes) = watch::channel(None);
        let metadata = Api::namespaced(cluster.client(), namespace);
        let watch = follow(metadata, name.to_owned(), tell);
        Self {
            api,
            namespace: namespace.into(),
            name: name.into(),
            changes,
            known: None,
            _watch: AbortOnDropHandle::new(tokio::spawn(watch)),
        }
    }

    /// Waits until the Secret is another one than was read.
    pub(super) async fn changed(&mut self) {
        let known = self.known.as_ref().map(|known| known.version.clone());
        let differs =
            |version: &Option<String>| known.as_ref().is_some_and(|known| known != version);
        loop {
            if self.changes.changed().await.is_err() {
                return std::future::pending().await;
            }
            if differs(&self.changes.borrow_and_update()) {
                break;
            }
        }
        self.known = None;
    }

    /// Forgets what was read, since it was refused.
    pub(super) fn forget(&mut self) {
        self.known = None;
    }

    /// Returns the credentials.
    pub(super) async fn credentials(&mut self) -> Result<Credentials, Trouble> {
        if let Some(known) = &self.known {
            return known.credentials.clone();
        }
        let place = (self.namespace.as_str(), self.name.as_str());
        let secret = read(&self.api, place).await?;
        let version = secret
            .as_ref()
            .and_then(|secret| secret.metadata.resource_version.clone());
        let credentials = credentials_of(secret, place);
        self.known = Some(Known {
            version,
            credentials: credentials.clone(),
        });
        credentials
    }
}

/// Reads a Secret of credentials once: namespace and name.
pub(crate) async fn read_credentials(
    cluster: &Cluster,
    place: (&str, &str),
) -> Result<Credentials, Trouble> {
    let api = Api::namespaced(cluster.client(), place.0);
    credentials_of(read(&api, place).await?, place)
}

async fn read(
    api: &Api<Secret>,
    (namespace, name): (&str, &str),
) -> Result<Option<Secret>, Trouble> {
    let problem = match tokio::time::timeout(DEADLINE, api.get_opt(name)).await {
        Ok(Ok(secret)) => return Ok(secret),
        Ok(Err(error)) => ApiError::of(&error).message,
        Err(_) => "no answer in time".into(),
    };
    let message = format!(
        "the Secret {namespace}/{name} of spec.source.git.secretRef cannot be read: {problem}"
    );
    Err(Trouble::new(
        Reason::Source("CredentialsUnreadable", Passing::Yes),
        message,
    ))
}

fn credentials_of(
    secret: Option<Secret>,
    (namespace, name): (&str, &str),
) -> Result<Credentials, Trouble> {
    let trouble = |problem: &str| {
        let message = format!(
            "the Secret {namespace}/{name} of spec.source.git.secretRef cannot be used: {problem}"
        );
        Trouble::new(Reason::InvalidCredentials, message)
    };
    let secret = secret.ok_or_else(|| trouble("it does not exist: create it"))?;
    let data = secret.data.unwrap_or_default();
    let data = data.into_iter().map(|(key, value)| (key, value.0));
    let credentials = Credentials::from_secret(&data.collect());
    credentials.map_err(|error| trouble(&error.to_string()))
}

/// Tells of each version of a Secret.
async fn follow(
    api: Api<PartialObjectMeta<Secret>>,
    name: String,
    tell: watch::Sender<Option<String>>,
) {
    let config = watcher::Config::default().fields(&format!("metadata.name={name}"));
    let mut events = pin!(watcher(api, config).backoff(Backoff::of_watch()));
    while let Some(event) = events.next().await {
        let version = match event {
            Ok(watcher::Event::Apply(secret) | watcher::Event::InitApply(secret)) => {
                secret.metadata.resource_version
            }
            Ok(watcher::Event::Delete(_)) => None,
            Ok(watcher::Event::Init | watcher::Event::InitDone) | Err(_) => continue,
        };
        tell.send_replace(version);
    }
}
