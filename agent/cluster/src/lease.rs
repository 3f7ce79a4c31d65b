//! Leader election by a Lease: only its holder writes.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::{Lease as KubeLease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use kube::Api;
use kube::api::{ObjectMeta, PostParams};
use thiserror::Error;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::{ApiError, Lead};

/// What the holder says of where its API is.
const ADDRESS: &str = "tidegate.dev/api";

/// What a process says of where its API is, each time that it renews the Lease.
pub type Announcement = Arc<dyn Fn() -> Option<String> + Send + Sync>;

/// How often a Lease is looked at that somebody else holds: one that is let go is taken within this time.
const LOOK: Duration = Duration::from_secs(1);

/// Which Lease, and how long it lasts.
#[derive(Debug, Clone)]
pub struct LeaseOptions {
    /// The namespace.
    pub namespace: String,
    /// The Lease's name.
    pub name: String,
    /// Who holds it: unique for each process.
    pub holder: String,
    /// How long it lasts without renewal.
    pub duration: Duration,
}

/// A Lease that this process holds, or tries to.
pub struct Lease {
    api: Api<KubeLease>,
    options: LeaseOptions,
    /// What the Lease looked like when it last changed, and when that was by our own clock: another
    /// machine's clock is never compared with ours.
    seen: Option<(String, tokio::time::Instant)>,
    announcement: Announcement,
    lead: watch::Sender<Lead>,
}

/// Who holds a Lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The process.
    pub identity: String,
    /// What it says of where its API is.
    pub address: Option<String>,
}

impl Holder {
    /// Looks who holds a Lease; `None` if nobody does.
    ///
    /// # Errors
    /// If the API server refuses, or does not answer.
    pub async fn of(
        client: kube::Client,
        (namespace, name): (&str, &str),
    ) -> Result<Option<Self>, ApiError> {
        let api: Api<KubeLease> = Api::namespaced(client, namespace);
        let found = api
            .get_opt(name)
            .await
            .map_err(|error| ApiError::of(&error))?;
        Ok(found.and_then(|lease| {
            let identity = lease.spec?.holder_identity.filter(|it| !it.is_empty())?;
            let mut annotations = lease.metadata.annotations.unwrap_or_default();
            let address = annotations.remove(ADDRESS);
            Some(Self { identity, address })
        }))
    }
}

/// The Lease could not be read or written.
#[derive(Debug, Error)]
pub enum LeaseError {
    /// The API server refused, or did not answer.
    #[error("the lease {0} cannot be held: {answer}", answer = ApiError::of(.1))]
    Api(String, #[source] Box<kube::Error>),
    /// No answer in time.
    #[error("the lease {0} cannot be held: no answer within {1} s")]
    Late(String, u64),
}

impl Lease {
    /// Prepares to hold a Lease.
    pub fn new(client: kube::Client, options: LeaseOptions) -> Self {
        let api = Api::namespaced(client, &options.namespace);
        Self {
            api,
            options,
            seen: None,
            announcement: Arc::new(|| None),
            lead: watch::Sender::default(),
        }
    }

    /// Writes into the Lease, while it is held, where this process's API is.
    #[must_use]
    pub fn announcing(self, announcement: Announcement) -> Self {
        Self {
            announcement,
            ..self
        }
    }

    /// Tells who leads.
    pub fn lead(&self) -> watch::Receiver<Lead> {
        self.lead.subscribe()
    }

    /// Holds the Lease as long as it can, and tells whether it does; lets go when stopped.
    pub async fn keep(mut self, leads: watch::Sender<bool>, stop: CancellationToken) {
        let mut renewed = tokio::time::Instant::now();
        loop {
            let held = self.try_hold().await;
            match &held {
                Ok(true) => renewed = tokio::time::Instant::now(),
                Ok(false) => {}
                Err(error) => tracing::warn!(%error, "failed to renew the lease"),
            }
            // An error keeps the lead only while nobody else can have taken it.
            let still = renewed.elapsed() < self.options.duration.mul_f32(0.8) && *leads.borrow();
            let lead = held.unwrap_or(still);
            leads.send_if_modified(|leads| std::mem::replace(leads, lead) != lead);
            if lead {
                self.note(&Lead::Ours);
            } else if *self.lead.borrow() == Lead::Ours {
                self.note(&Lead::Unknown);
            }
            let pause = self.options.duration / 3;
            let pause = if lead { pause } else { pause.min(LOOK) };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = stop.cancelled() => break,
            }
        }
        let led = leads.send_replace(false);
        self.note(&Lead::Unknown);
        if led && let Err(error) = self.release().await {
            tracing::warn!(%error, "failed to let go of the lease");
        }
    }

    /// Takes or renews the Lease if nobody else holds it; tells whether we hold it now.
    ///
    /// # Errors
    /// If the API server refuses, or does not answer.
    pub async fn try_hold(&mut self) -> Result<bool, LeaseError> {
        let name = self.options.name.clone();
        let Some(found) = self.within(self.api.get_opt(&name)).await? else {
            return self.create().await;
        };
        let spec = found.spec.clone().unwrap_or_default();
        let ours = spec.holder_identity.as_deref() == Some(&self.options.holder);
        if !ours && !self.has_lapsed(&found) {
            let address = found.metadata.annotations.unwrap_or_default();
            self.note(&Lead::Theirs(address.get(ADDRESS).cloned()));
            return Ok(false);
        }
        self.replace(found, self.spec(&spec, &self.options.holder))
            .await
    }

    fn note(&self, lead: &Lead) {
        self.lead.send_if_modified(|known| {
            let is_new = known != lead;
            known.clone_from(lead);
            is_new
        });
    }

    async fn release(&mut self) -> Result<bool, LeaseError> {
        let name = self.options.name.clone();
        let Some(found) = self.within(self.api.get_opt(&name)).await? else {
            return Ok(false);
        };
        let spec = found.spec.clone().unwrap_or_default();
        if spec.holder_identity.as_deref() != Some(&self.options.holder) {
            return Ok(false);
        }
        self.replace(
            found,
            LeaseSpec {
                holder_identity: Some(String::new()),
                ..spec
            },
        )
        .await
    }

    fn has_lapsed(&mut self, found: &KubeLease) -> bool {
        let spec = found.spec.clone().unwrap_or_default();
        if spec
            .holder_identity
            .as_deref()
            .unwrap_or_default()
            .is_empty()
        {
            return true;
        }
        let version = found.metadata.resource_version.clone().unwrap_or_default();
        let now = tokio::time::Instant::now();
        match &self.seen {
            Some((seen, since)) if *seen == version => {
                let lasts = u64::try_from(spec.lease_duration_seconds.unwrap_or(15)).unwrap_or(15);
                now.duration_since(*since) > Duration::from_secs(lasts)
            }
            _ => {
                self.seen = Some((version, now));
                false
            }
        }
    }

    fn spec(&self, before: &LeaseSpec, holder: &str) -> LeaseSpec {
        let now = MicroTime(Timestamp::now());
        let ours = before.holder_identity.as_deref() == Some(holder);
        let transitions = before.lease_transitions.unwrap_or(0);
        let seconds = i32::try_from(self.options.duration.as_secs()).unwrap_or(i32::MAX);
        LeaseSpec {
            holder_identity: Some(holder.into()),
            lease_duration_seconds: Some(seconds),
            acquire_time: if ours {
                before.acquire_time.clone()
            } else {
                Some(now.clone())
            },
            renew_time: Some(now),
            lease_transitions: Some(if ours {
                transitions
            } else {
                transitions.saturating_add(1)
            }),
            ..LeaseSpec::default()
        }
    }

    async fn create(&self) -> Result<bool, LeaseError> {
        let spec = self.spec(&LeaseSpec::default(), &self.options.holder);
        let mut metadata = ObjectMeta {
            name: Some(self.options.name.clone()),
            ..ObjectMeta::default()
        };
        self.announce(&mut metadata);
        let lease = KubeLease {
            metadata,
            spec: Some(spec),
        };
        Self::won(
            self.within(self.api.create(&PostParams::default(), &lease))
                .await,
        )
    }

    /// Says where the API is, in place of what the holder before has said.
    fn announce(&self, metadata: &mut ObjectMeta) {
        let annotations = metadata.annotations.get_or_insert_default();
        annotations.remove(ADDRESS);
        annotations.extend((self.announcement)().map(|address| (ADDRESS.to_owned(), address)));
    }

    async fn replace(&self, mut found: KubeLease, spec: LeaseSpec) -> Result<bool, LeaseError> {
        self.announce(&mut found.metadata);
        let lease = KubeLease {
            spec: Some(spec),
            ..found
        };
        let params = PostParams::default();
        Self::won(
            self.within(self.api.replace(&self.options.name, &params, &lease))
                .await,
        )
    }

    /// A conflict means that somebody else was faster.
    fn won(answer: Result<KubeLease, LeaseError>) -> Result<bool, LeaseError> {
        match answer {
            Ok(_) => Ok(true),
            Err(LeaseError::Api(_, error)) if matches!(&*error, kube::Error::Api(status) if status.code == 409) => {
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    async fn within<T>(
        &self,
        call: impl Future<Output = Result<T, kube::Error>>,
    ) -> Result<T, LeaseError> {
        let deadline = self.options.duration / 3;
        let name = || format!("{}/{}", self.options.namespace, self.options.name);
        match tokio::time::timeout(deadline, call).await {
            Ok(answer) => answer.map_err(|error| LeaseError::Api(name(), Box::new(error))),
            Err(_) => Err(LeaseError::Late(name(), deadline.as_secs())),
        }
    }
}

impl std::fmt::Debug for Lease {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lease")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
